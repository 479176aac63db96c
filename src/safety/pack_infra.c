/* Infrastructure as code and configuration management: terraform, pulumi, ansible, vault … */
#include "safety/packs.h"
#include "safety/remote_code.h"

#define TERRAFORM "terraform|tofu|terragrunt|tf"
#define TF_VALUES                                                                              \
  "chdir= var= var-file= target= replace= out= state= state-out= backup= backend-config= "     \
  "lock-timeout= parallelism= refresh=? lock=? input=? backend=? destroy auto-approve json "   \
  "no-color compact-warnings detailed-exitcode migrate-state reconfigure upgrade force "       \
  "terragrunt-working-dir= terragrunt-config= working-dir= generate-config-out= from-module= " \
  "dry-run "
#define ANSIBLE_SHORTS "i:l:e:u:f:t:m:a:c:M:B:P:T:K::"
#define ANSIBLE                                                                                 \
  "inventory= limit= extra-vars= user= forks= tags= skip-tags= module-name= args= connection= " \
  "module-path= background= poll= timeout= private-key= key-file= vault-password-file= "        \
  "vault-id= "                                                                                  \
  "start-at-task= become-user= become-method= ssh-common-args= ssh-extra-args= check diff "     \
  "list-hosts list-tasks list-tags syntax-check become ask-become-pass playbook-dir= tree= "
#define VAULT                                                                               \
  "address= namespace= format= field= mount= path= method= ca-cert= ca-path= client-cert= " \
  "client-key= header= versions= ttl= policy= role= cas= wrap-ttl= prefix force recurse "

static const cm_program programs[] = {
    {"ansible", ANSIBLE_SHORTS, ANSIBLE, 0, CM_MODERATE},
    {"ansible-doc|ansible-lint|ansible-config|ansible-test|yamllint", NULL, NULL, 0, CM_SAFE},
    {"ansible-galaxy", "p:r:s:", "roles-path= role-file= server= collections-path=", 0,
     CM_MODERATE},
    {"ansible-inventory", "i:l:", ANSIBLE "output=", 0, CM_SAFE},
    {"ansible-playbook|ansible-pull|ansible-console", "i:l:e:u:f:t:M:c:U:d:", ANSIBLE, 0,
     CM_MODERATE},
    {"ansible-vault", NULL, "vault-password-file= vault-id= output= new-vault-id=", 0,
     CM_MODERATE},
    {"atlantis|infracost|terracost|driftctl|inframap|terraform-docs|terrascan|tflint|tfsec|"
     "checkov|"
     "tfswitch|tfupdate|terraformer|rover",
     NULL, NULL, 0, CM_SAFE},
    {"bolt|facter|hiera|mco|puppet|r10k",
     "e:i:u:", "execute= environment= modulepath= server= confdir= targets= noop", 0, CM_MODERATE},
    {"cdk|cdktf", "a:c:o:p:", "app= context= profile= output= require-approval= role-arn= dry-run",
     0, CM_MODERATE},
    {"chef-client|chef-solo|chef-apply|cinc-client", "o:r:j:c:L:l:E:",
     "override-runlist= json-attributes= config= log_level= environment= why-run", 0, CM_MODERATE},
    {"consul", NULL, "http-addr= token= datacenter= ca-file= name= recurse cas= node= service=",
     CM_ARGV_DASH, CM_MODERATE},
    {"knife|chef|berks|kitchen|inspec",
     "c:E:u:r:N:", "config= environment= user= run-list= node-name= yes", 0, CM_MODERATE},
    {"nomad", NULL, "address= region= namespace= token= job= var= purge force detach yes",
     CM_ARGV_DASH, CM_MODERATE},
    {"packer", NULL, "var= var-file= only= except= on-error= parallel-builds= force", CM_ARGV_DASH,
     CM_MODERATE},
    {"pulumi", "s:C:m:c:t:r:p:f:y",
     "stack= cwd= message= config= target= replace= parallel= color= verbose= yes preview-only "
     "force",
     0, CM_MODERATE},
    {"salt-key", "a:d:r:p:f:c:",
     "accept= delete= reject= print= finger= delete-all accept-all list=", 0, CM_MODERATE},
    {"salt|salt-call|salt-run|salt-cloud|salt-ssh|salt-cp", "t:b:c:G:l:C:E:L:N:I:S:",
     "timeout= batch= config-dir= log-level= out= output= file-root= profile=", 0, CM_MODERATE},
    {"serverless|sls", "s:r:f:", "stage= region= function= aws-profile= config= param=", 0,
     CM_MODERATE},
    {"sops|age|age-keygen", "i:o:r:R:p:k:",
     "input-type= output-type= output= extract= set= pgp= age= kms= config= encrypt decrypt "
     "in-place "
     "recipient= identity=",
     0, CM_SAFE},
    {TERRAFORM, NULL, TF_VALUES, CM_ARGV_DASH, CM_MODERATE},
    {"vault|bao", NULL, VAULT, CM_ARGV_DASH, CM_MODERATE},
};

static const cm_rule rules[] = {
    {"infra.help",
     TERRAFORM "|pulumi|packer|vault|bao|consul|nomad|cdk|serverless|sls|knife|sops|salt|"
               "ansible|ansible-playbook|ansible-galaxy|ansible-vault|puppet|chef-client "
               "--help|-help|--version|-version",
     CM_FX_HARMLESS, "shows help"},
    {"infra.help", TERRAFORM "|packer|vault|consul|nomad|pulumi|cdk|ansible|ansible-playbook -h",
     CM_FX_HARMLESS, "shows help"},
    {"infra.help", TERRAFORM "|pulumi|packer|vault|bao|consul|nomad|cdk !*", CM_FX_SAFE,
     "shows help"},
    {"infra.dry-run",
     "ansible|ansible-playbook -C|--check|--list-hosts|--syntax-check|--list-tasks|"
     "--list-tags",
     CM_FX_HARMLESS, "only says what it would do"},
    {"infra.dry-run", "puppet|bolt|r10k --noop !--no-noop", CM_FX_HARMLESS,
     "only says what it would do"},
    {"infra.dry-run", "chef-client|chef-solo|cinc-client -W|--why-run", CM_FX_HARMLESS,
     "only says what it would do"},
    {"infra.dry-run", "salt|salt-call|salt-ssh ~test=[Tt]rue", CM_FX_HARMLESS,
     "only says what it would do"},
    {"infra.dry-run", TERRAFORM "|cdk|cdktf|pulumi --dry-run|--preview-only", CM_FX_HARMLESS,
     "only says what it would do"},

    /* terraform */
    {"terraform.destroy", TERRAFORM " destroy|destroy-all", CM_FX_HIGH,
     "destroys everything that the configuration describes"},
    {"terraform.destroy", TERRAFORM " apply --destroy !--destroy=false", CM_FX_HIGH,
     "destroys everything that the configuration describes"},
    {"terraform.destroy", "terragrunt run-all|run|stack ~destroy", CM_FX_HIGH,
     "destroys everything in all modules"},
    {"terraform.destroy", TERRAFORM " workspace delete --force", CM_FX_HIGH,
     "forgets resources that still exist"},
    {"terraform.destroy", TERRAFORM " state push --force", CM_FX_HIGH,
     "overwrites the recorded state"},
    {"terraform.change",
     TERRAFORM " apply|apply-all|import|taint|untaint|force-unlock|refresh|push|"
               "login|logout|run-all|run|stack",
     CM_FX_MODERATE, "changes what runs in the cloud or its recorded state"},
    {"terraform.change", TERRAFORM " state rm|mv|push|replace-provider", CM_FX_MODERATE,
     "changes the recorded state"},
    {"terraform.change", TERRAFORM " workspace delete|select", CM_FX_MODERATE,
     "changes the workspace"},
    {"terraform.change", TERRAFORM " init --migrate-state|--force-copy|--upgrade|--reconfigure",
     CM_FX_MODERATE, "moves the state or updates providers"},
    {"terraform.read",
     TERRAFORM " plan|plan-all|show|validate|fmt|output|providers|version|graph|get|"
               "console|test|metadata|modules|hclfmt|render-json|graph-dependencies|help|"
               "validate-all|output-all|hcl|find|list|info|dag",
     CM_FX_SAFE, "reads"},
    {"terraform.read", TERRAFORM " init !--migrate-state|--force-copy|--upgrade|--reconfigure",
     CM_FX_SAFE, "fetches providers"},
    {"terraform.read", TERRAFORM " state list|show|pull", CM_FX_SAFE, "reads"},
    {"terraform.read", TERRAFORM " workspace list|show|new", CM_FX_SAFE, "reads"},
    {"terraform.write", TERRAFORM " plan @--out", CM_FX_CREATE, "writes the plan to a file"},

    /* pulumi, cdk, serverless, packer */
    {"infra.destroy", "pulumi destroy|down", CM_FX_HIGH, "destroys everything in the stack"},
    {"infra.destroy", "pulumi stack rm", CM_FX_HIGH, "deletes a stack with its history"},
    {"infra.destroy", "pulumi state delete --force|--all", CM_FX_HIGH,
     "forgets resources that still exist"},
    {"infra.destroy", "cdk|cdktf destroy", CM_FX_HIGH, "destroys a stack"},
    {"infra.destroy", "serverless|sls remove", CM_FX_HIGH, "removes the whole service"},
    {"infra.change",
     "pulumi up|update|refresh|import|cancel|state|config|stack|watch|login|logout|"
     "new|plugin|policy|env",
     CM_FX_MODERATE, "changes what runs in the cloud or its recorded state"},
    {"infra.change", "cdk|cdktf deploy|bootstrap|import|watch|migrate|rollback|gc", CM_FX_MODERATE,
     "changes what runs in the cloud"},
    {"infra.change", "serverless|sls deploy|rollback|invoke|config|plugin|login|create|install",
     CM_FX_MODERATE, "changes what runs in the cloud"},
    {"infra.change", "packer build|push", CM_FX_MODERATE, "builds machine images"},
    {"infra.read", "pulumi preview|pre|logs|whoami|version|about|console|help|convert|schema",
     CM_FX_SAFE, "reads"},
    {"infra.read",
     "pulumi stack|config|plugin|state|policy ls|output|export|get|history|graph|list",
     CM_FX_HARMLESS, "reads"},
    {"infra.read",
     "cdk|cdktf diff|synth|synthesize|list|ls|doctor|docs|metadata|init|context|output|get",
     CM_FX_SAFE, "reads"},
    {"infra.read", "serverless|sls info|logs|metrics|print|package|test|offline|help", CM_FX_SAFE,
     "reads or builds"},
    {"infra.read", "packer validate|inspect|fmt|init|version|plugins|console|hcl2_upgrade",
     CM_FX_SAFE, "reads"},

    /* Configuration management */
    {"ansible.run", "ansible-playbook|ansible-pull|ansible-console", CM_FX_MODERATE,
     "changes the machines of the inventory"},
    {"ansible.run", "ansible !--module-name|-m", CM_FX_MODERATE,
     "runs a command on the machines of the inventory"},
    {"ansible.run", "ansible -m|--module-name", CM_FX_MODERATE,
     "changes the machines of the inventory"},
    {"ansible.ping",
     "ansible -m|--module-name=ping|*.ping|setup|*.setup|debug|stat|*.stat|win_ping|gather_facts",
     CM_FX_HARMLESS, "only asks the machines"},
    {"ansible.wipe", "ansible -m|--module-name=file|*.file -a|--args=*state=absent*", CM_FX_HIGH,
     "deletes files on the machines of the inventory"},
    {"ansible.wipe", "ansible -m|--module-name=reboot|*.reboot", CM_FX_HIGH,
     "restarts the machines of the inventory"},
    {"ansible.wipe", "ansible -m|--module-name=user|*.user -a|--args=*state=absent*remove=[yt]*",
     CM_FX_HIGH, "deletes users and their homes"},
    {"ansible.vault", "ansible-vault view", CM_FX_SAFE, "shows a secret"},
    {"ansible.vault", "ansible-vault encrypt|decrypt|rekey|edit @", CM_FX_EDIT,
     "changes a file in place"},
    {"ansible.vault", "ansible-vault create @", CM_FX_CREATE, "makes a file"},
    {"ansible.vault", "ansible-vault encrypt_string", CM_FX_SAFE, "prints an encrypted text"},
    {"ansible.galaxy", "ansible-galaxy install|remove|delete|import|setup|publish", CM_FX_MODERATE,
     "installs or removes roles"},
    {"ansible.galaxy", "ansible-galaxy role|collection install|remove|delete|publish|import",
     CM_FX_MODERATE, "installs or removes roles"},
    {"ansible.galaxy",
     "ansible-galaxy list|search|info|init|login|role|collection|help "
     "!install|remove|delete|publish|import",
     CM_FX_SAFE, "reads"},
    {"salt.keys", "salt-key -D|--delete-all", CM_FX_HIGH, "takes the trust from all minions"},
    {"salt.keys", "salt-key -A|--accept-all", CM_FX_HIGH, "trusts whoever asks"},
    {"salt.keys", "salt-key -d|--delete|-r|--reject|-a|--accept", CM_FX_MODERATE,
     "changes which minions are trusted"},
    {"salt.keys", "salt-key -L|--list-all|-l|--list|-f|--finger|-F|-p|--print", CM_FX_SAFE,
     "reads"},
    {"salt.run",
     "salt|salt-ssh|salt-call ~system.reboot|system.shutdown|system.poweroff|system.halt",
     CM_FX_HIGH, "switches machines off"},
    {"salt.run", "salt-cloud -d|--destroy", CM_FX_HIGH, "destroys machines in the cloud"},
    {"salt.run", "salt|salt-ssh|salt-call ~file.remove|user.delete|lvm.*remove|disk.wipe",
     CM_FX_HIGH, "deletes on the machines of the inventory"},
    {"salt.run", "salt|salt-ssh|salt-call|salt-run|salt-cloud|salt-cp", CM_FX_MODERATE,
     "changes the machines of the inventory"},
    {"salt.ping",
     "salt|salt-ssh * test.*|grains.*|pillar.*|status.*|disk.usage|pkg.list_pkgs|network.*",
     CM_FX_HARMLESS, "only asks the machines"},
    {"salt.ping", "salt-call test.*|grains.get|grains.items|pillar.*|status.*", CM_FX_HARMLESS,
     "only asks the machine"},
    {"puppet.run", "puppet apply|agent|resource|node|cert|ssl|module|device|config|bolt",
     CM_FX_MODERATE, "changes the machine"},
    {"puppet.run", "puppet facts|help|lookup|parser|describe|doc|epp|strings|lint", CM_FX_SAFE,
     "reads"},
    {"puppet.run", "puppet cert|ssl|node clean --all", CM_FX_HIGH, "revokes all certificates"},
    {"puppet.run", "facter|hiera", CM_FX_SAFE, "reads"},
    {"puppet.run", "bolt|r10k|mco", CM_FX_MODERATE, "changes the machines of the inventory"},
    {"chef.run", "chef-client|chef-solo|chef-apply|cinc-client", CM_FX_MODERATE,
     "changes the machine"},
    {"chef.knife", "knife * bulk", CM_FX_HIGH, "deletes many things at once"},
    {"chef.knife", "knife ec2|azure|google|openstack|vsphere server delete", CM_FX_HIGH,
     "deletes a machine in the cloud"},
    {"chef.knife", "knife delete -r|--recurse", CM_FX_HIGH,
     "deletes everything below on the server"},
    {"chef.knife",
     "knife|chef|berks ~delete|upload|create|edit|bootstrap|from|set|add|remove|install|"
     "update|push|apply|run_list|ssh",
     CM_FX_MODERATE, "changes the server or its nodes"},
    {"chef.knife",
     "knife|chef|berks ~list|show|search|status|diff|download|export|verify|env|exec|"
     "generate|info|outdated|viz|help",
     CM_FX_SAFE, "reads"},
    {"chef.kitchen", "kitchen converge|create|setup|login|destroy|exec|package", CM_FX_MODERATE,
     "changes test machines"},
    {"chef.kitchen",
     "kitchen|inspec list|test|verify|diagnose|version|help|exec|check|json|detect|shell",
     CM_FX_SAFE, "tests"},

    /* Secrets, services */
    {"vault.destroy", "vault|bao secrets|auth|audit disable", CM_FX_HIGH,
     "deletes everything that is stored there"},
    {"vault.destroy", "vault|bao kv destroy", CM_FX_HIGH, "deletes a secret for good"},
    {"vault.destroy", "vault|bao kv metadata delete", CM_FX_HIGH, "deletes a secret for good"},
    {"vault.destroy", "vault|bao lease revoke --prefix|--force", CM_FX_HIGH,
     "revokes many secrets at once"},
    {"vault.destroy",
     "vault|bao operator seal|step-down|rekey|raft|migrate|rotate !list-peers|"
     "autopilot|save",
     CM_FX_HIGH, "closes or rebuilds the vault"},
    {"vault.change",
     "vault|bao write|delete|login|unwrap|patch|kv|token|lease|policy|secrets|auth|audit|"
     "operator|plugin|namespace|ssh|transit|pki "
     "!get|list|read|lookup|capabilities|status|list-peers|metadata|info|fmt",
     CM_FX_MODERATE, "changes the vault"},
    {"vault.read",
     "vault|bao read|list|status|version|server|agent|print|path-help|debug|monitor|events",
     CM_FX_SAFE, "reads"},
    {"vault.read",
     "vault|bao kv|token|lease|policy|secrets|auth|audit|plugin|namespace|operator "
     "get|list|read|lookup|capabilities|members|info|fmt|key-status|diagnose",
     CM_FX_SAFE, "reads"},
    {"vault.read", "vault|bao operator raft list-peers|autopilot", CM_FX_SAFE, "reads"},
    {"consul.destroy", "consul kv delete --recurse", CM_FX_HIGH, "deletes every key below"},
    {"consul.destroy", "consul snapshot restore", CM_FX_HIGH, "replaces the data of the store"},
    {"consul.destroy", "consul operator raft remove-peer", CM_FX_HIGH, "removes a server"},
    {"consul.destroy", "consul force-leave --prune", CM_FX_HIGH, "removes a node"},
    {"consul.change",
     "consul kv|acl|config|services|intention|leave|force-leave|join|reload|maint|"
     "event|lock|exec|connect|peering|keyring "
     "!get|list|read|export|match|check",
     CM_FX_MODERATE, "changes the store or the cluster"},
    {"consul.read",
     "consul members|catalog|info|monitor|version|validate|agent|debug|rtt|watch|tls|"
     "operator|login",
     CM_FX_SAFE, "reads"},
    {"consul.read",
     "consul kv|acl|config|intention|peering get|list|read|export|match|check|token", CM_FX_SAFE,
     "reads"},
    {"consul.read", "consul snapshot save @1", CM_FX_CREATE, "writes a snapshot"},
    {"nomad.destroy", "nomad job stop|system --purge", CM_FX_HIGH,
     "removes a job with its history"},
    {"nomad.destroy", "nomad namespace|volume|node delete|purge|deregister", CM_FX_HIGH,
     "deletes data or a node"},
    {"nomad.destroy", "nomad stop --purge", CM_FX_HIGH, "removes a job with its history"},
    {"nomad.change",
     "nomad run|stop|job|alloc|deployment|node|acl|var|system|volume|namespace|quota|"
     "operator|eval|server "
     "!status|list|inspect|logs|plan|validate|history|get|info|fs|read|members|init|exec",
     CM_FX_MODERATE, "changes what runs in the cluster"},
    {"nomad.read",
     "nomad status|plan|validate|logs|inspect|init|fmt|monitor|version|ui|agent|agent-info|"
     "server-members|service",
     CM_FX_SAFE, "reads"},
    {"nomad.read",
     "nomad job|alloc|deployment|node|acl|var|volume|namespace|quota|operator|eval|server "
     "status|list|inspect|logs|plan|validate|history|get|info|fs|read|members|init|exec",
     CM_FX_SAFE, "reads"},
    {"sops.write", "sops -i|--in-place @", CM_FX_EDIT, "encrypts or decrypts a file in place"},
    {"sops.write", "sops|age|age-keygen @-o|--output", CM_FX_CREATE,
     "writes the output to a file"},
};

const cm_pack cm_pack_infra = {"infra", programs,        CM_COUNT(programs),
                               rules,   CM_COUNT(rules), cm_remote_code};
