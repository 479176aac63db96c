/* The network: fetching, sending, copying to other machines, and shells that listen or call home.
 * Sources: curl 8, wget 1.24, OpenSSH 9, rsync 3.3, ncat and socat manual pages. */
#include "safety/packs.h"
#include "safety/shape.h"

#define SENDS   CM_PROGRAM_SENDS
#define FETCHES CM_PROGRAM_FETCHES
#define BOTH    (CM_PROGRAM_SENDS | CM_PROGRAM_FETCHES)

#define CURL_LONGS                                                                              \
  "abstract-unix-socket= alt-svc= append aws-sigv4= cacert= capath= cert= cert-type= ciphers= " \
  "compressed config= connect-timeout= connect-to= continue-at= cookie= cookie-jar= "           \
  "create-dirs create-file-mode= crlfile= curves= data= data-ascii= data-binary= data-raw= "    \
  "data-urlencode= delegation= disable dns-interface= dns-ipv4-addr= dns-ipv6-addr= "           \
  "dns-servers= doh-url= dump-header= egd-file= engine= etag-compare= etag-save= "              \
  "expect100-timeout= fail fail-with-body form= form-escape form-string= ftp-account= "         \
  "ftp-alternative-to-user= ftp-method= ftp-port= ftp-ssl-ccc-mode= get globoff "               \
  "happy-eyeballs-timeout-ms= haproxy-clientip= head header= help hostpubmd5= hostpubsha256= "  \
  "hsts= include insecure interface= ip-tos= ipfs-gateway= json= junk-session-cookies "         \
  "keepalive-cnt= keepalive-time= key= key-type= krb= libcurl= limit-rate= list-only "          \
  "local-port= location location-trusted login-options= mail-auth= mail-from= mail-rcpt= "      \
  "manual max-filesize= max-redirs= max-time= netrc netrc-file= netrc-optional next noproxy= "  \
  "oauth2-bearer= output= output-dir= parallel parallel-max= pass= pinnedpubkey= preproxy= "    \
  "progress-bar proto= proto-default= proto-redir= proxy= proxy-cacert= proxy-capath= "         \
  "proxy-cert= proxy-cert-type= proxy-ciphers= proxy-crlfile= proxy-header= proxy-key= "        \
  "proxy-key-type= proxy-pass= proxy-pinnedpubkey= proxy-service-name= proxy-tls13-ciphers= "   \
  "proxy-tlsauthtype= proxy-tlspassword= proxy-tlsuser= proxy-user= proxy1.0= pubkey= quote= "  \
  "random-file= range= rate= referer= remote-header-name remote-name remote-name-all "          \
  "remote-time remove-on-error request= request-target= resolve= retry= retry-all-errors "      \
  "retry-delay= retry-max-time= sasl-authzid= service-name= show-error silent socks4= "         \
  "socks4a= socks5= socks5-gssapi-service= socks5-hostname= speed-limit= speed-time= stderr= "  \
  "telnet-option= tftp-blksize= time-cond= tls-max= tls13-ciphers= tlsauthtype= tlspassword= "  \
  "tlsuser= trace= trace-ascii= trace-config= trace-ids trace-time unix-socket= upload-file= "  \
  "url= url-query= user= user-agent= variable= verbose version vlan-priority= write-out="
#define WGET_LONGS                                                                             \
  "accept= accept-regex= append-output= ask-password auth-no-challenge background base= "      \
  "bind-address= body-data= body-file= ca-certificate= ca-directory= certificate= "            \
  "certificate-type= ciphers= compression= config= connect-timeout= content-disposition "      \
  "continue convert-links crl-file= cut-dirs= debug default-page= delete-after "               \
  "directory-prefix= dns-timeout= domains= dot-style= exclude-directories= exclude-domains= "  \
  "execute= follow-tags= force-directories force-html ftp-password= ftp-user= header= help "   \
  "hsts-file= http-password= http-user= https-only ignore-tags= include-directories= "         \
  "input-file= level= limit-rate= load-cookies= local-encoding= max-redirect= method= mirror " \
  "no-check-certificate no-clobber no-directories no-host-directories no-parent no-verbose "   \
  "output-document= output-file= page-requisites password= pinnedpubkey= post-data= "          \
  "post-file= prefer-family= private-key= private-key-type= progress= quiet quota= "           \
  "random-file= random-wait read-timeout= recursive referer= regex-type= reject= "             \
  "reject-regex= rejected-log= remote-encoding= report-speed= restrict-file-names= "           \
  "retry-connrefused retry-on-http-error= save-cookies= save-headers secure-protocol= "        \
  "server-response span-hosts spider start-pos= timeout= timestamping tries= use-askpass= "    \
  "user= user-agent= verbose version wait= waitretry= warc-file= warc-max-size= "              \
  "warc-tempdir="

static const cm_program programs[] = {
    {"GET|HEAD|POST|lwp-download|lwp-request", "m:b:t:i:c:C:o:p:H:", NULL, BOTH, CM_SAFE},
    {"aria2c", "d:o:i:l:j:s:x:k:t:m:T:S:Z",
     "dir= out= input-file= log= max-concurrent-downloads= split= max-connection-per-server= "
     "save-session= on-download-complete= on-download-start= on-download-error= "
     "on-bt-download-complete= on-download-stop= on-download-pause= conf-path= header= "
     "http-user= http-passwd= referer= save-cookies= load-cookies= user-agent= all-proxy=",
     BOTH, CM_SAFE},
    {"autossh|dbclient|mosh|slogin|ssh", "B:b:c:D:E:e:F:I:i:J:L:l:M:m:O:o:P:p:Q:R:S:W:w:", NULL,
     BOTH | CM_ARGV_STOP, CM_SAFE},
    {"axel|lftpget|wput|yafc", "s:n:o:S:H:U:", "output= max-speed= header= user-agent=", BOTH,
     CM_SAFE},
    {"chisel|cloudflared|frpc|frps|gost|localtunnel|lt|ngrok|bore|inlets", NULL, NULL, BOTH,
     CM_MODERATE},
    {"croc|ffsend|magic-wormhole|warp|wormhole", NULL, "code= text= code-length=", BOTH, CM_SAFE},
    {"curlftpfs", "o:p:F:", NULL, 0, CM_MODERATE},
    {"curl|curlie|tiny-curl", "A:b:c:C:d:D:e:E:F:h:H:K:m:o:P:Q:r:t:T:u:U:w:x:X:y:Y:z:", CURL_LONGS,
     BOTH, CM_SAFE},
    {"elinks|links|links2|lynx|w3m",
     "o:I:T:", "dump= dump-width= cfg= cookie_file=", BOTH | CM_ARGV_DASH, CM_SAFE},
    {"fetch", "B:o:S:T:N:i:w:h:", "output= user-agent= timeout=", BOTH, CM_SAFE},
    {"ftp|lftp|ncftp|sftp|tftp|tnftp", "b:B:c:D:e:F:i:J:l:o:p:P:R:s:S:u:f:X:", NULL, BOTH,
     CM_SAFE},
    {"gallery-dl|yt-dlp|youtube-dl", "f:o:P:a:u:p:r:R:N:S:",
     "exec= output= paths= format= batch-file= config-location= config-locations= cookies= "
     "download-archive= external-downloader= downloader= postprocessor-args= ppa= username= "
     "password= proxy= sub-lang= sub-langs= audio-format= merge-output-format= limit-rate=",
     BOTH, CM_SAFE},
    {"grpcurl|evans", "d:H:", "import-path= proto= protoset= plaintext max-time=",
     BOTH | CM_ARGV_DASH, CM_MODERATE},
    {"http|https|xh|xhs", "a:A:o:p:P:s:",
     "auth= auth-type= output= print= pretty= style= session= session-read-only= proxy= verify= "
     "cert= cert-key= timeout= max-redirects= download form json multipart offline raw= ssl= "
     "follow headers body verbose stream check-status ignore-stdin",
     BOTH, CM_SAFE},
    {"ldapadd|ldapdelete|ldapmodify|ldapmodrdn|ldappasswd",
     "D:w:y:H:h:p:f:Y:U:X:o:P:s:S:e:E:", NULL, BOTH, CM_MODERATE},
    {"ldapsearch|ldapwhoami|snmpbulkwalk|snmpget|snmpwalk", "D:w:y:H:h:p:b:s:Y:U:c:v:", NULL, BOTH,
     CM_SAFE},
    {"mail|mailx|s-nail|mutt|neomutt", "s:a:b:c:r:S:q:u:f:e:F:H:i:A:M:",
     "attach= subject= append= return-address= file=", SENDS, CM_SAFE},
    {"mosquitto_pub|snmpset", "h:p:t:m:f:u:P:i:q:c:v:", NULL, SENDS, CM_MODERATE},
    {"mosquitto_sub|websocat|wscat", "h:p:t:u:P:i:q:c:H:", NULL, BOTH, CM_SAFE},
    {"msmtp|sendmail|ssmtp|swaks|mpack|sendEmail", "f:F:t:u:m:a:s:o:",
     "to= from= server= body= attach= header= auth-user= auth-password= data=", SENDS,
     CM_MODERATE},
    {"ncat", "c:e:g:G:i:m:o:p:s:w:x:d:",
     "exec= sh-exec= lua-exec= listen keep-open recv-only send-only ssl ssl-cert= ssl-key= proxy= "
     "proxy-type= proxy-auth= allow= allowfile= deny= output= hex-dump= source= source-port= "
     "wait= idle-timeout= delay= max-conns= broker chat",
     BOTH, CM_SAFE},
    {"nc|nc.traditional|nc.openbsd|netcat", "c:e:g:G:i:I:m:M:O:o:P:p:q:s:T:V:w:W:X:x:", NULL, BOTH,
     CM_SAFE},
    {"openfortivpn|openconnect|vpnc|sshuttle|openvpn", "r:x:e:c:", "config= up= down= remote=", 0,
     CM_MODERATE},
    {"rcp|scp|pscp", "c:D:F:i:J:l:o:P:S:X:", NULL, BOTH, CM_SAFE},
    {"rdesktop|remmina|vncviewer|xfreerdp|x2goclient", NULL, NULL, 0, CM_SAFE},
    {"smbclient|smbget",
     "A:c:d:D:E:I:k:l:m:n:O:p:s:T:U:W:", "command= user= authentication-file=", BOTH, CM_SAFE},
    {"socat|socat1|filan", "l:b:s:t:T:L:W:", NULL, BOTH | CM_ARGV_DASH, CM_SAFE},
    {"sshpass", "f:d:p:P:e", NULL, CM_ARGV_STOP, CM_SAFE},
    {"telnet", "S:X:b:e:k:l:n:", NULL, BOTH, CM_SAFE},
    {"transmission-cli|transmission-remote|rtorrent|qbittorrent|deluge", NULL, NULL, BOTH,
     CM_SAFE},
    {"wget|wget2", "a:A:B:D:e:i:I:l:n::o:O:P:Q:R:t:T:U:w:X:", WGET_LONGS, BOTH, CM_SAFE},
    {"x11vnc|vncserver|xrdp|ttyd|gotty|shellinaboxd", "p:c:", "port= credential= rfbport=", 0,
     CM_MODERATE},
};

static const cm_rule rules[] = {
    /* Only printing. */
    {"net.help", "curl -V|--version|--help|-M|--manual", CM_FX_HARMLESS, "only prints"},
    {"net.help", "wget|aria2c|http|https|yt-dlp|youtube-dl --version|--help", CM_FX_HARMLESS,
     "only prints"},
    {"net.help", "wget|ssh|lftp|aria2c -V", CM_FX_HARMLESS, "only prints"},
    {"net.help", "wget -h", CM_FX_HARMLESS, "only prints"},
    {"net.help", "nc|netcat|ncat|socat --help|--version|-V", CM_FX_HARMLESS, "only prints"},
    {"net.help", "socat -h|-hh|-hhh", CM_FX_HARMLESS, "only prints"},
    {"net.help", "http|https|xh|xhs --offline", CM_FX_HARMLESS, "prints the request only"},
    {"net.dry-run", "ldapadd|ldapdelete|ldapmodify|ldapmodrdn -n", CM_FX_HARMLESS,
     "only tells what it would do"},

    /* What is fetched, into which file. */
    {"net.save", "curl @-o|--output|-D|--dump-header|--output-dir", CM_FX_WRITE,
     "saves what it fetches here"},
    {"net.save",
     "curl @-c|--cookie-jar|--trace|--trace-ascii|--stderr|--libcurl|--etag-save|--hsts|--alt-svc",
     CM_FX_CREATE, "writes this file"},
    {"net.save", "wget @-O|--output-document", CM_FX_WRITE, "saves what it fetches here"},
    {"net.save", "wget @-P|--directory-prefix", CM_FX_CREATE, "saves what it fetches here"},
    {"net.save", "wget @-o|--output-file|--save-cookies|--warc-file|--rejected-log", CM_FX_CREATE,
     "writes this file"},
    {"net.save", "wget @-a|--append-output", CM_FX_APPEND, "adds to this file"},
    {"net.save", "aria2c @-o|-d|--out|--dir|--save-session|-l|--log", CM_FX_CREATE,
     "saves what it fetches here"},
    {"net.save", "axel|fetch @-o|--output", CM_FX_WRITE, "saves what it fetches here"},
    {"net.save", "http|https|xh|xhs @-o|--output", CM_FX_WRITE, "saves what it fetches here"},
    {"net.save", "yt-dlp|youtube-dl @-o|--output|-P|--paths", CM_FX_CREATE,
     "saves what it fetches here"},
    {"net.hook", "aria2c --on-*", CM_FX_MODERATE, "starts a program after the download"},
    {"net.hook", "yt-dlp|youtube-dl|gallery-dl --exec|--exec-before-download", CM_FX_MODERATE,
     "starts a command for what it fetched"},
    {"net.hook", "wget --use-askpass", CM_FX_MODERATE, "starts a program to ask for a password"},
    {"net.hook", "ssh|sftp|scp -o=*[Pp]roxy[Cc]ommand*|*[Ll]ocal[Cc]ommand*", CM_FX_MODERATE,
     "starts a command on this machine to make the connection"},
    {"net.hook", "openvpn --up|--down|--route-up|--script-security", CM_FX_HIGH,
     "starts scripts with the rights of the tunnel"},
    {"net.config", "curl -K|--config", CM_FX_MODERATE,
     "takes its options from a file that isn't known here"},

    /* What is sent. */
    {"net.upload",
     "curl !-G|--get !-X|--request=GET -d|--data|--data-ascii|--data-binary|--data-raw|"
     "--data-urlencode|--json",
     CM_FX_MODERATE, "sends data to a server"},
    {"net.upload", "curl -F|--form|--form-string|-T|--upload-file", CM_FX_MODERATE,
     "sends a file or a form to a server"},
    {"net.upload", "curl --mail-rcpt|--mail-from", CM_FX_MODERATE, "sends a mail"},
    {"net.upload", "curl -Q|--quote", CM_FX_MODERATE, "gives commands to a file server"},
    {"net.upload", "wget --post-data|--post-file|--body-data|--body-file", CM_FX_MODERATE,
     "sends data to a server"},
    {"net.request",
     "curl -X|--request=[Pp][Oo][Ss][Tt]|[Pp][Uu][Tt]|[Pp][Aa][Tt][Cc][Hh]|MKCOL|MOVE",
     CM_FX_MODERATE, "changes something on a server"},
    {"net.request", "curl -X|--request=[Dd][Ee][Ll][Ee][Tt][Ee]", CM_FX_MODERATE,
     "deletes something on a server"},
    {"net.request", "wget --method=POST|PUT|PATCH|DELETE|post|put|patch|delete", CM_FX_MODERATE,
     "changes something on a server"},
    {"net.request", "http|https|xh|xhs POST|PUT|PATCH|DELETE|post|put|patch|delete",
     CM_FX_MODERATE, "changes something on a server"},
    {"net.request", "http|https|xh|xhs ?* ~*=* !*==*", CM_FX_MODERATE, "sends data to a server"},
    {"net.request", "POST", CM_FX_MODERATE, "sends data to a server"},
    {"net.request", "lwp-request -m=POST|PUT|DELETE|PATCH", CM_FX_MODERATE,
     "changes something on a server"},
    {"net.request", "grpcurl|evans !list !describe", CM_FX_MODERATE, "calls a remote service"},
    {"net.request", "grpcurl ~list|describe", CM_FX_HARMLESS, "lists remote services"},
    {"net.delete-index", "curl -X|--request=DELETE ~*:9200/[!_]* !*/_doc/*", CM_FX_HIGH,
     "deletes an index of a search server"},
    {"net.delete-index",
     "curl -X|--request=DELETE ~*:9200/_all*|*:9200/_data_stream/*|*:9200/\\**", CM_FX_HIGH,
     "deletes indices of a search server"},
    {"net.delete-index", "curl ~*/_delete_by_query*", CM_FX_HIGH,
     "deletes documents of a search server"},
    {"net.delete-index", "http|https|xh|xhs DELETE ~*:9200/* !*/_doc/*", CM_FX_HIGH,
     "deletes an index of a search server"},
    {"net.delete-repo", "curl -X|--request=DELETE ~*api.github.com/repos/?*/?* !*/repos/*/*/*",
     CM_FX_HIGH, "deletes a whole repository"},
    {"net.delete-repo", "curl -X|--request=DELETE ~*/api/v4/projects/?* !*/projects/*/*",
     CM_FX_HIGH, "deletes a whole repository"},
    {"net.mail", "mail|mailx|s-nail|mutt|neomutt ?*", CM_FX_MODERATE, "sends a mail"},
    {"net.mail", "msmtp|sendmail|ssmtp|swaks|mpack|sendEmail", CM_FX_MODERATE, "sends a mail"},
    {"net.message", "mosquitto_pub|snmpset", CM_FX_MODERATE, "sends a value to another machine"},
    {"net.share", "croc|ffsend|wormhole|magic-wormhole send|upload|tx", CM_FX_MODERATE,
     "sends files to somebody"},
    {"net.directory", "ldapdelete -r", CM_FX_HIGH, "deletes a whole part of a directory"},
    {"net.directory", "ldapadd|ldapdelete|ldapmodify|ldapmodrdn|ldappasswd", CM_FX_MODERATE,
     "changes entries of a directory server"},
    {"net.ftp",
     "lftp|ftp|ncftp|smbclient -e|-c|--command=*rm?-r*|*--delete*|*mrm?*|*deltree*|"
     "*rmdir*",
     CM_FX_HIGH, "deletes many files on a server"},
    {"net.ftp",
     "lftp|ftp|ncftp|smbclient -e|-c|--command=*put?*|*mirror*-R*|*--reverse*|*rm?*|"
     "*del?*|*rename?*|*mkdir?*|*mv?*",
     CM_FX_MODERATE, "changes files on a server"},

    /* Copies between machines. */
    {"net.copy", "scp|rcp|pscp ?* @last", CM_FX_CREATE, "copies files here"},
    {"net.ssh-reverse", "ssh|autossh -R", CM_FX_MODERATE,
     "lets the other machine reach into this network"},
    {"net.tunnel", "chisel|cloudflared|frpc|frps|gost|localtunnel|lt|ngrok|bore|inlets",
     CM_FX_MODERATE, "lets others reach a port of this machine"},
    {"net.tunnel", "x11vnc|vncserver|xrdp|ttyd|gotty|shellinaboxd", CM_FX_MODERATE,
     "lets others use this screen or terminal"},
    {"net.tunnel", "openfortivpn|openconnect|vpnc|sshuttle|openvpn", CM_FX_MODERATE,
     "sends the traffic of this machine through a tunnel"},
    {"net.tunnel-help",
     "chisel|cloudflared|frpc|frps|gost|lt|ngrok|bore|openvpn|openconnect|ttyd|sshuttle --help|"
     "--version|-v|-V",
     CM_FX_HARMLESS, "only prints"},
    {"net.tunnel-help", "ngrok|cloudflared|chisel help|version|update", CM_FX_HARMLESS,
     "only prints"},
    {"net.mount", "curlftpfs", CM_FX_MODERATE, "mounts another machine's files"},

    /* Programs behind a port. */
    {"net.shell",
     "nc|netcat|nc.traditional|ncat -e|-c|--exec|--sh-exec=sh|*/sh|*bash*|*zsh*|*dash*|"
     "sh?-*|*/sh?*|*ksh*|*fish*|cmd*|*powershell*|*pwsh*|*python*|*perl*|*busybox*",
     CM_FX_CRITICAL, "gives whoever is at the other end a shell on this machine"},
    {"net.serve-program", "nc|netcat|nc.traditional|ncat -e|--exec|--sh-exec|--lua-exec",
     CM_FX_HIGH, "gives whoever is at the other end this program"},
    {"net.shell",
     "socat "
     "~[Ee][Xx][Ee][Cc]:*sh|[Ee][Xx][Ee][Cc]:*sh,*|[Ee][Xx][Ee][Cc]:*/sh?*|[Ee][Xx][Ee][Cc]:sh?-*|"
     "[Ee][Xx][Ee][Cc]:*bash*|[Ss][Yy][Ss][Tt][Ee][Mm]:*sh|[Ss][Yy][Ss][Tt][Ee][Mm]:*sh,*|[Ss][Hh]"
     "[Ee][Ll][Ll]*",
     CM_FX_CRITICAL, "gives whoever is at the other end a shell on this machine"},
    {"net.serve-program", "socat ~[Ee][Xx][Ee][Cc]:*|[Ss][Yy][Ss][Tt][Ee][Mm]:*", CM_FX_HIGH,
     "gives whoever is at the other end this program"},
    {"net.relay", "socat ~*-[Ll][Ii][Ss][Tt][Ee][Nn]:*", CM_FX_MODERATE,
     "lets others reach a port through this machine"},
};

static bool is_shell_prompt(const cm_run *run) {
  if (!cm_glob_any(CM_STR("sh|bash|dash|zsh|ksh|mksh|ash|fish|csh|tcsh|pwsh"), run->program))
    return false;
  for (size_t i = 1; i < run->n; i++) {
    cm_str word = run->words[i].text;
    if (!word.n || word.p[0] != '-' || cm_glob_any(CM_STR("-*c*"), word)) return false;
  }
  return true;
}

/* sh | nc host port: what the shell answers leaves through this run. */
static bool shell_behind(const cm_run *run) {
  const cm_run *from = run->in;
  for (int hops = 0; from && hops < 16; hops++, from = from->in)
    if (is_shell_prompt(from)) return true;
  return false;
}

static bool file_on_stdin(const cm_run *run) {
  for (size_t i = 0; i < run->n_redirs; i++)
    if (run->redirs[i].fd == 0 && run->redirs[i].op == CM_REDIR_READ) return true;
  return run->in && !run->in_text;
}

static void look(cm_judging *j, const cm_run *run) {
  if (run->n == 0) return;
  if (!cm_glob_any(CM_STR("nc|nc.*|netcat|ncat|socat|telnet"), run->program)) return;
  if (shell_behind(run))
    cm_report(j, "net.shell", CM_CRITICAL,
              "gives whoever is at the other end a shell on this machine", run, run->span);
  else if (file_on_stdin(run))
    cm_report(j, "net.send", CM_MODERATE, "sends what it reads to another machine", run,
              run->span);
}

const cm_pack cm_pack_net = {
    "net", programs, CM_COUNT(programs), rules, CM_COUNT(rules), look,
};
