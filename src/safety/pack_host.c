/* Smaller clouds and hosting platforms: doctl, hcloud, heroku, flyctl, vercel, firebase … */
#include "safety/db.h"
#include "safety/packs.h"
#include "safety/remote_code.h"

#define NAMED                                                                                \
  "doctl|linode-cli|hcloud|oci|ibmcloud|scw|vultr-cli|civo|exo|upctl|openstack|nova|cinder|" \
  "glance|"                                                                                  \
  "neutron|swift|yc|tccli|aliyun|ovhcloud|phoenixnap|metal|jelastic|katapult|triton"
#define PLATFORM                                                                                 \
  "heroku|flyctl|fly|vercel|vc|now|netlify|ntl|wrangler|firebase|supabase|railway|render|dokku|" \
  "surge|gigalixir|scalingo|clever|platform|upsun|cf|nf|deployctl|convex|appwrite|pscale|turso|" \
  "neonctl|neon|amplify-cli|expo|eas|shopify|stripe|twilio|datadog-ci|sentry-cli|now-cli|"       \
  "azurite|dapr|porter|koyeb|northflank|hasura"

static const cm_program programs[] = {
    {NAMED, "o:c:t:u:p:g:r:n:",
     "output= context= format= access-token= region= profile= compartment-id= config= query= "
     "name= "
     "image= size= type= zone= project= os-cloud= os-project-name= ssh-command= flavor= network= "
     "key-name= "
     "force "
     "yes",
     0, CM_MODERATE},
    {"civo|doctl|hcloud|linode-cli|scw completion", NULL, NULL, CM_PROGRAM_INIT, CM_SAFE},
    {PLATFORM, "a:r:t:s:p:o:c:C:m:e:g:n:",
     "app= remote= team= org= site= token= scope= project= project-ref= config= env= name= "
     "message= "
     "region= only= except= auth= dir= alias= confirm= command= linked local force yes prod",
     0, CM_MODERATE},
};

static const cm_rule rules[] = {
    {"host.help", NAMED " --help|--version", CM_FX_HARMLESS, "shows help"},
    {"host.help", PLATFORM " --help|--version", CM_FX_HARMLESS, "shows help"},
    {"host.help", "doctl|hcloud|flyctl|fly|supabase|wrangler|firebase|vercel|railway -h",
     CM_FX_HARMLESS, "shows help"},
    {"host.help", NAMED " !*", CM_FX_SAFE, "shows help"},
    {"host.dry-run", PLATFORM " --dry-run", CM_FX_HARMLESS, "only says what it would do"},

    /* Machines, volumes, databases, clusters of the smaller clouds */
    {"host.cluster", "doctl kubernetes|k8s ~cluster ~delete|rm|delete-selective", CM_FX_CRITICAL,
     "deletes a whole cluster"},
    {"host.cluster", "linode-cli lke cluster-delete", CM_FX_CRITICAL, "deletes a whole cluster"},
    {"host.cluster", "ibmcloud ks|oc cluster rm", CM_FX_CRITICAL, "deletes a whole cluster"},
    {"host.cluster", "oci ce cluster delete", CM_FX_CRITICAL, "deletes a whole cluster"},
    {"host.cluster", "scw k8s cluster delete", CM_FX_CRITICAL, "deletes a whole cluster"},
    {"host.cluster", "civo kubernetes|k8s|k3s remove|delete|rm", CM_FX_CRITICAL,
     "deletes a whole cluster"},
    {"host.cluster", "vultr-cli kubernetes delete", CM_FX_CRITICAL, "deletes a whole cluster"},
    {"host.cluster", "openstack coe cluster delete", CM_FX_CRITICAL, "deletes a whole cluster"},
    {"host.cluster", "openstack project purge|delete", CM_FX_CRITICAL, "deletes a whole project"},
    {"host.delete",
     "doctl compute|databases|db|apps|app|registry|vpcs|serverless|projects "
     "~delete|d|rm|delete-manifest",
     CM_FX_HIGH, "deletes cloud resources with their data"},
    {"host.delete",
     "linode-cli linodes|volumes|databases|nodebalancers|domains|images|object-storage|"
     "obj|vpcs|stackscripts|lke "
     "delete|rm|rb|rebuild|*-delete",
     CM_FX_HIGH, "deletes cloud resources with their data"},
    {"host.delete",
     "hcloud server|volume|image|network|load-balancer|floating-ip|primary-ip "
     "delete|rebuild|reset",
     CM_FX_HIGH, "deletes cloud resources with their data"},
    {"host.delete", "oci ~terminate|delete|bulk-delete|schedule-deletion|schedule-key-deletion",
     CM_FX_HIGH, "deletes cloud resources with their data"},
    {"host.delete", "ibmcloud is|resource|cos|cf|fn|ce|iam|sl ~*-delete|delete|*-rm|cancel",
     CM_FX_HIGH, "deletes cloud resources with their data"},
    {"host.delete",
     "scw|civo|exo|upctl|vultr-cli|yc|aliyun|tccli|ovhcloud|metal|triton "
     "~delete|rm|remove|terminate|destroy|Delete*|Terminate*",
     CM_FX_HIGH, "deletes cloud resources with their data"},
    {"host.delete",
     "openstack server|volume|image|stack|network|container|database|snapshot|user|"
     "keypair|share|loadbalancer|router "
     "~delete|rebuild",
     CM_FX_HIGH, "deletes cloud resources with their data"},
    {"host.delete", "nova|cinder|glance|swift delete|*-delete|rebuild", CM_FX_HIGH,
     "deletes cloud resources with their data"},
    {"host.read",
     NAMED " ~list|ls|get|show|describe|info|status|version|logs|help|search|view|list-*|get-*|"
           "describe-*|*-list|*-get|*-view|account|balance|whoami|stat|Describe*|List*|Get*|"
           "ssh|kubeconfig|metrics|download|stats|catalog|target|regions|plans",
     CM_FX_SAFE, "reads"},
    {"host.change",
     NAMED " ~create|delete|rm|remove|update|add|set|start|stop|restart|reboot|shutdown|"
           "poweroff|poweron|power-off|power-on|power-cycle|attach|detach|resize|"
           "rename|enable|disable|deploy|upload|import|change-*|assign|unassign|"
           "terminate|put|init|login|use|boot|action|launch|*-create|*-update|*-add|"
           "create-*|update-*|Create*|Start*|Stop*|Modify*|Run*|scale|post",
     CM_FX_MODERATE, "changes the cloud account"},

    /* Platforms */
    {"host.destroy",
     "heroku apps:destroy|destroy|pg:reset|addons:destroy|pipelines:destroy|"
     "redis:reset|spaces:destroy|pg:push|repo:reset|teams:destroy",
     CM_FX_HIGH, "deletes an application or its data"},
    {"host.destroy",
     "flyctl|fly apps|app|volumes|volume|postgres|pg|redis|mysql|storage|mpg "
     "destroy|delete|rm",
     CM_FX_HIGH, "deletes an application or its data"},
    {"host.destroy", "flyctl|fly destroy", CM_FX_HIGH, "deletes an application"},
    {"host.destroy", "vercel|vc|now remove|rm", CM_FX_HIGH, "deletes deployments or a project"},
    {"host.destroy", "vercel|vc|now project|domains|blob|storage rm|remove|delete", CM_FX_HIGH,
     "deletes a project"},
    {"host.destroy", "netlify|ntl sites:delete|blobs:delete", CM_FX_HIGH, "deletes a site"},
    {"host.destroy", "wrangler delete", CM_FX_HIGH, "deletes a worker"},
    {"host.destroy",
     "wrangler kv:namespace|kv:bulk|r2|d1|queues|pages|hyperdrive|vectorize|kv "
     "~delete",
     CM_FX_HIGH, "deletes stored data"},
    {"host.destroy",
     "firebase firestore:delete|database:remove|hosting:disable|apps:delete|"
     "firestore:databases:delete|hosting:sites:delete|remoteconfig:rollback",
     CM_FX_HIGH, "deletes stored data or takes the site down"},
    {"host.destroy", "supabase db reset", CM_FX_HIGH, "deletes the database and builds it anew"},
    {"host.destroy", "supabase projects|branches|storage delete|rm", CM_FX_HIGH,
     "deletes stored data"},
    {"host.destroy", "supabase stop --no-backup", CM_FX_HIGH, "deletes the local database"},
    {"host.destroy", "railway delete|down", CM_FX_HIGH, "deletes a project or deployment"},
    {"host.destroy",
     "railway|render|koyeb|northflank volume|project|services|service|databases|apps "
     "delete|rm",
     CM_FX_HIGH, "deletes stored data"},
    {"host.destroy", "dokku apps:destroy|*:destroy|cleanup", CM_FX_HIGH,
     "deletes an application or its data"},
    {"host.destroy",
     "scalingo|clever|gigalixir|platform|upsun|cf|surge|eas|convex "
     "destroy|delete|teardown|apps:destroy|*:delete|delete-*|app:delete",
     CM_FX_HIGH, "deletes an application or its data"},
    {"host.destroy",
     "pscale|turso|neonctl|neon database|db|databases|branch|branches|group|groups|"
     "projects "
     "delete|destroy",
     CM_FX_HIGH, "deletes a database"},
    {"host.destroy", "hasura|appwrite ~delete|rollback|down", CM_FX_HIGH, "deletes stored data"},
    {"host.read",
     PLATFORM " ~list|ls|info|status|logs|log|tail|show|get|open|whoami|help|version|inspect|"
              "doctor|dev|serve|start|ps|apps|*:list|*:info|*:get|*:config|docs|ip|ips|"
              "dashboard|emulators:*|login:list|projects:*|projects|platform|regions|"
              "releases|config|pg:info|pg:ps|build|console|checks|diff|history|"
              "functions:log|functions:list|domains|certs|ssh|proxy|*:logs|link|pull|types",
     CM_FX_SAFE, "reads"},
    {"host.read", "heroku pg:psql", CM_FX_SAFE, "opens the database"},
    {"host.read", "wrangler d1 execute", CM_FX_SAFE, "its text is looked at"},
    {"host.read", "turso db shell", CM_FX_SAFE, "opens the database"},
    {"host.change",
     PLATFORM " ~deploy|create|create:*|*:create|push|publish|restart|scale|set|unset|"
              "config:set|config:unset|ps:scale|ps:restart|*:set|*:unset|*:add|*:remove|"
              "run|run:*|rollback|promote|alias|login|logout|launch|migrate|"
              "destroy|delete|rm|up|redeploy|put|add|import|init|functions:delete|"
              "maintenance:*|pg:backups*|pg:copy|pg:promote|pg:credentials*|pg:kill*|pg:upgrade|"
              "domains:*|apps:*|addons:*|upload|trigger|"
              "switch|upgrade|rename|transfer",
     CM_FX_MODERATE, "changes what runs on the platform"},
};

static void look(cm_judging *j, const cm_run *run) {
  cm_db_look(j, run);
  cm_remote_code(j, run);
}

const cm_pack cm_pack_host = {"host", programs, CM_COUNT(programs), rules, CM_COUNT(rules), look};
