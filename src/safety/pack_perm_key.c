/* safety/pack_perm_key: keys and stored passwords. Sources: the manual pages of OpenSSH, GnuPG,
 * pass, libsecret, keyutils, age; security(1) of macOS. */
#include "safety/packs.h"

static const cm_program programs[] = {
    {"age|age-keygen|minisign|rage|signify",
     "e:i:m:o:p:r:R:s:x:", "encrypt decrypt identity= output= recipient=", 0, CM_SAFE},
    {"bw|gopass|lpass|op|rbw", NULL, NULL, 0, CM_SAFE},
    {"certbot-auto|certutil|keytool|trust|update-ca-certificates|update-ca-trust", NULL, NULL,
     CM_ARGV_DASH, CM_MODERATE},
    {"gpg-agent", "c:", NULL, CM_PROGRAM_INIT, CM_SAFE},
    {"dirmngr|gpg-connect-agent|gpgconf|gpgsm|gpgtar|gpgv|kbxutil", NULL, NULL, 0, CM_SAFE},
    {"dropbearkey|ssh-keygen", "C:D:E:F:I:M:N:O:P:R:S:T:V:W:Y:Z:a:b:f:m:n:r:s:t:w:z:", NULL,
     CM_PROGRAM_QUIET, CM_SAFE},
    {"gpg|gpg2", "a:N:o:r:R:u:k:",
     "armor batch card-edit card-status check-signatures clearsign clear-sign command-fd= "
     "dearmor decrypt decrypt-files default-key= delete-keys delete-secret-and-public-key "
     "delete-secret-keys detach-sign edit-key encrypt encrypt-files enarmor export "
     "export-secret-keys export-secret-subkeys export-ownertrust fetch-keys fingerprint "
     "full-generate-key gen-key gen-revoke= generate-key generate-revocation= help homedir= "
     "import import-ownertrust keyid-format= keyring= keyserver= keyserver-options= list-keys "
     "list-packets list-public-keys list-secret-keys list-signatures list-sigs local-user= "
     "locate-keys no-default-keyring options= output= passphrase= passphrase-fd= "
     "passphrase-file= pinentry-mode= print-md quick-add-key quick-generate-key receive-keys "
     "recipient= recv-keys refresh-keys search-keys send-keys show-keys sign symmetric "
     "trust-model= update-trustdb verify verify-files version with-colons yes",
     CM_PROGRAM_DECODES, CM_SAFE},
    {"keyctl", NULL, NULL, 0, CM_MODERATE},
    {"keyring|kwallet-query|secret-tool", NULL, "label=", 0, CM_SAFE},
    {"openssl", NULL,
     "CA= CAfile= CAkey= CApath= config= connect= days= digest= engine= in= inkey= iv= iter= "
     "k= key= keyout= kfile= md= name= newkey= out= pass= passin= passout= pkeyopt= provider= "
     "servername= sigfile= signature= signkey= subj= verify=",
     CM_ARGV_DASH | CM_PROGRAM_DECODES, CM_SAFE},
    {"openssl s_client|s_time", NULL,
     "CAfile= cert= connect= key= port= proxy= servername= starttls=",
     CM_ARGV_DASH | CM_PROGRAM_SENDS | CM_PROGRAM_FETCHES, CM_SAFE},
    {"pass", NULL, "clip force help multiline recursive", 0, CM_SAFE},
    {"security", NULL, NULL, CM_ARGV_NONE, CM_SAFE},
    {"ssh-add", "E:H:S:T:e:h:s:t:", NULL, 0, CM_SAFE},
    {"ssh-agent", "E:O:P:a:t:", NULL, CM_ARGV_STOP | CM_PROGRAM_INIT, CM_SAFE},
    {"ssh-copy-id", "F:i::o:p:t:", NULL, 0, CM_MODERATE},
    {"ssh-keyscan", "D:O:T:f:p:t:", NULL, CM_PROGRAM_FETCHES, CM_SAFE},
};

static const cm_rule rules[] = {
    {"key.list", "keyctl show|list|rlist|describe|search|help|--version|pipe|print|read|request",
     CM_FX_SAFE, "lists keys"},
    {"key.list", "certutil|keytool|trust -L|-list|-K|-printcert|-exportcert|-V|-v", CM_FX_SAFE,
     "lists certificates"},
    {"key.list", "trust list|dump|check-format", CM_FX_SAFE, "lists certificates"},
    {"key.make", "ssh-keygen !-A|-D|-F|-H|-L|-R|-Y|-e|-i|-k|-l|-p|-r|-s|-y|-B|-Q @-f",
     CM_FX_CREATE, "makes a key"},
    {"key.known-hosts", "ssh-keygen -R|-H", CM_FX_MODERATE, "changes the list of known hosts"},
    {"key.change", "ssh-keygen -p|-c", CM_FX_MODERATE,
     "changes the password or the comment of a key"},
    {"key.change", "ssh-keygen -A", CM_FX_MODERATE, "makes the keys of this host"},
    {"key.load", "ssh-keygen|ssh-add -D|-s|-w|-S=*.so*|*/*.so", CM_FX_HIGH,
     "loads foreign code to reach a key"},
    {"key.forget", "ssh-add -D|-d", CM_FX_MODERATE, "takes keys out of the agent"},
    {"key.grant", "ssh-copy-id", CM_FX_MODERATE, "lets a key in on another machine"},
    {"key.delete", "gpg|gpg2 --delete-secret-keys|--delete-secret-and-public-key", CM_FX_HIGH,
     "deletes secret keys"},
    {"key.delete", "gpg|gpg2 --delete-keys", CM_FX_MODERATE, "deletes keys"},
    {"key.change",
     "gpg|gpg2 --edit-key|--import|--import-ownertrust|--recv-keys|--receive-keys|"
     "--refresh-keys|--fetch-keys|--card-edit",
     CM_FX_MODERATE, "changes the ring of keys"},
    {"key.publish", "gpg|gpg2 --send-keys", CM_FX_MODERATE,
     "publishes keys, which can't be taken back"},
    {"key.output", "gpg|gpg2 @-o|--output", CM_FX_CREATE, "writes a file"},
    {"key.output", "age|age-keygen|rage @-o|--output", CM_FX_CREATE, "writes a file"},
    {"key.output", "openssl @-out|-keyout", CM_FX_CREATE, "writes a file"},
    {"key.load", "openssl -engine|-provider=*/*", CM_FX_HIGH, "loads foreign code to reach a key"},
    {"key.store", "pass insert|add|edit|generate|init|mv|rename|cp|copy|git", CM_FX_MODERATE,
     "changes stored passwords"},
    {"key.store-delete", "pass rm|remove|delete -r|--recursive", CM_FX_HIGH,
     "deletes many stored passwords"},
    {"key.store-delete", "pass rm|remove|delete", CM_FX_MODERATE, "deletes a stored password"},
    {"key.store-delete", "secret-tool|keyring clear|del", CM_FX_MODERATE,
     "deletes a stored password"},
    {"key.store", "secret-tool|keyring store|set|lock", CM_FX_MODERATE,
     "changes stored passwords"},
    {"key.store-delete", "security delete-*", CM_FX_HIGH,
     "deletes stored passwords or certificates"},
    {"key.store",
     "security add-*|import|set-*|unlock-keychain|create-keychain|lock-keychain|"
     "default-keychain",
     CM_FX_MODERATE, "changes stored passwords"},
    {"key.trust",
     "security add-trusted-cert|remove-trusted-cert|authorizationdb|trust-settings-import",
     CM_FX_HIGH, "changes what this machine trusts"},
    {"key.show", "security dump-keychain", CM_FX_HIGH, "shows stored passwords"},
};

const cm_pack cm_pack_perm_key = {
    "key", programs, CM_COUNT(programs), rules, CM_COUNT(rules), NULL,
};
