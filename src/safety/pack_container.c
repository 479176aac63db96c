/* Container engines: docker, podman, nerdctl, compose, and the tools around images. */
#include "safety/origin.h"
#include "safety/packs.h"
#include "safety/shape.h"

#define ENGINE  "docker|podman|nerdctl|finch"
#define COMPOSE "docker-compose|podman-compose"
#define ALL     ENGINE "|" COMPOSE
#define GLOBAL                                                                            \
  "config= context= host= log-level= tlscacert= tlscert= tlskey= url= connection= root= " \
  "runroot= "                                                                             \
  "identity= storage-driver= storage-opt= cgroup-manager= namespace= address= filter= format= "
#define RUN_SHORTS "a:c:e:h:l:m:p:u:v:w:"
#define RUN                                                                                    \
  "add-host= annotation= attach= blkio-weight= cap-add= cap-drop= cgroup-parent= cgroupns= "   \
  "cidfile= cpu-period= cpu-quota= cpu-shares= cpus= cpuset-cpus= cpuset-mems= device= "       \
  "device-cgroup-rule= dns= dns-option= dns-search= domainname= entrypoint= env= env-file= "   \
  "expose= gpus= group-add= health-cmd= health-interval= health-retries= health-timeout= "     \
  "hostname= ip= ip6= ipc= isolation= kernel-memory= label= label-file= link= log-driver= "    \
  "log-opt= mac-address= memory= memory-reservation= memory-swap= mount= name= network= net= " \
  "network-alias= oom-score-adj= pid= pids-limit= platform= pod= publish= pull= requires= "    \
  "restart= runtime= secret= security-opt= shm-size= stop-signal= stop-timeout= "              \
  "sysctl= systemd= timeout= tmpfs= ulimit= user= userns= uts= volume= volume-driver= "        \
  "volumes-from= workdir= rm detach interactive tty privileged init read-only publish-all "
#define COMPOSE_GLOBAL \
  "file= project-name= profile= env-file= project-directory= parallel= ansi= progress= "
#define CHANGE                                                                                  \
  "time= timeout= signal= memory= cpus= restart= rmi= until= volumes remove-orphans force all " \
  "latest link "
#define BUILD                                                                                    \
  "file= tag= build-arg= build-context= builder= cache-from= cache-to= target= label= network= " \
  "platform= secret= ssh= output= progress= iidfile= memory= metadata-file= add-host= volume= "  \
  "push load "

static const cm_program programs[] = {
    {"buildah", "f:t:v:", "root= storage-driver= file= tag= build-arg= name=", 0, CM_MODERATE},
    {"crane|regctl|oras", "o:", "platform= output=", CM_PROGRAM_FETCHES, CM_MODERATE},
    {"crictl", "r:i:t:c:", "runtime-endpoint= image-endpoint= timeout= config=", 0, CM_MODERATE},
    {"ctr", "a:n:", "address= namespace= timeout=", 0, CM_MODERATE},
    {"dive|hadolint|trivy|grype|syft|ctop|lazydocker|oxker|dockly|container-diff|dockle",
     "f:o:", "output= format= severity=", 0, CM_SAFE},
    {COMPOSE, "f:p:", COMPOSE_GLOBAL "host= context= log-level= tlscacert= tlscert= tlskey=", 0,
     CM_MODERATE},
    {COMPOSE " down|rm|stop|restart|up", "f:p:t:", COMPOSE_GLOBAL CHANGE, 0, CM_MODERATE},
    {COMPOSE " exec", "e:u:w:", COMPOSE_GLOBAL "env= user= workdir= index=", CM_ARGV_STOP,
     CM_SAFE},
    {COMPOSE " run", RUN_SHORTS, COMPOSE_GLOBAL RUN, CM_ARGV_STOP, CM_MODERATE},
    {"dockerd|containerd|buildkitd|conmon", NULL, NULL, 0, CM_MODERATE},
    {ENGINE, "c:H:l:n:a:f:", GLOBAL, 0, CM_MODERATE},
    {ENGINE " build|buildx|builder", "f:t:m:c:o:v:", GLOBAL BUILD, 0, CM_SAFE},
    {ENGINE " commit|cp|export|save|import|load",
     "a:c:m:o:i:", GLOBAL "author= change= message= output= input=", 0, CM_MODERATE},
    {ENGINE " compose", "f:p:", GLOBAL COMPOSE_GLOBAL, 0, CM_MODERATE},
    {ENGINE " compose down|rm|stop|restart|up", "f:p:t:", GLOBAL COMPOSE_GLOBAL CHANGE, 0,
     CM_MODERATE},
    {ENGINE " compose exec",
     "e:u:w:", GLOBAL COMPOSE_GLOBAL "env= user= workdir= index=", CM_ARGV_STOP, CM_SAFE},
    {ENGINE " compose run", RUN_SHORTS, GLOBAL COMPOSE_GLOBAL RUN, CM_ARGV_STOP, CM_MODERATE},
    {ENGINE " container exec",
     "e:u:w:", GLOBAL "detach-keys= env= env-file= user= workdir=", CM_ARGV_STOP, CM_SAFE},
    {ENGINE " container run|create", RUN_SHORTS, GLOBAL RUN, CM_ARGV_STOP, CM_MODERATE},
    {ENGINE " exec", "e:u:w:", GLOBAL "detach-keys= env= env-file= user= workdir=", CM_ARGV_STOP,
     CM_SAFE},
    {ENGINE " login", "u:p:", GLOBAL "username= password= authfile=", 0, CM_MODERATE},
    {ENGINE " pull|images|ps|logs|search|inspect|stats|top|events",
     "f:n:", GLOBAL "platform= tail= since= until=", 0, CM_SAFE},
    {ENGINE " push", NULL, GLOBAL "authfile= creds=", CM_PROGRAM_SENDS, CM_MODERATE},
    {ENGINE " rm|stop|kill|restart|start|update|rmi|container|pod|system|volume|image",
     "t:s:m:c:", GLOBAL CHANGE, 0, CM_MODERATE},
    {ENGINE " run|create", RUN_SHORTS, GLOBAL RUN, CM_ARGV_STOP, CM_MODERATE},
    {"runc|crun", "b:", "root= bundle= log=", 0, CM_MODERATE},
    {"skopeo", NULL,
     "authfile= command-timeout= policy= override-arch= override-os= creds= format= src-creds= "
     "dest-creds=",
     0, CM_MODERATE},
};

/* Spellings of the host's root in front of the colon. */
#define ROOT       "/:*|//:*|/.:*|/..:*|/./:*|/../:*|/"
#define ROOT_MOUNT "*source=/,*|*src=/,*|*source=/|*src=/"
/* Folders whose change changes the host itself. */
#define SYSTEM                                                                            \
  "/etc:*|/etc/passwd*|/etc/shadow*|/etc/sudoers*|/etc/cron*|/etc/pam.d*|/etc/ssh*|/etc/" \
  "systemd*|/boot:*|/dev:*|/proc:*|/sys:*|/usr:*|/var:*|/root:*|/lib:*|/bin:*|/sbin:*|"   \
  "/home:*|/run:*|/var/run:*|/var/lib:*|*/.ssh:*|*/.ssh/*:*"
#define SOCKET       "*docker.sock*|*podman.sock*|*containerd.sock*|*crio.sock*"
#define WHOLE_DISK   "gives the container the whole disk of the host"
#define HOST_SOCKET  "lets the container control all containers and with them the host"
#define DELETES_DATA "deletes volumes and the data in them"

static const cm_rule rules[] = {
    {"container.help",
     ALL "|buildah|skopeo|crictl|ctr|runc|crun|crane|regctl|oras --help|--version", CM_FX_HARMLESS,
     "shows help"},
    {"container.help", ALL "|buildah|skopeo|crictl|ctr -v|-h !*", CM_FX_HARMLESS, "shows help"},
    {"container.help", ALL "|buildah|skopeo|crictl|ctr|runc|crun !*", CM_FX_SAFE, "shows help"},
    {"container.dry-run", ALL " --dry-run !--dry-run=false", CM_FX_HARMLESS,
     "only says what it would do"},

    /* Doors into the host. */
    {"container.host", ALL " -v|--volume=" ROOT, CM_FX_CRITICAL, WHOLE_DISK},
    {"container.host", ALL " --mount=" ROOT_MOUNT, CM_FX_CRITICAL, WHOLE_DISK},
    {"container.host-part", ALL " -v|--volume=" SYSTEM, CM_FX_HIGH,
     "gives the container a system folder of the host"},
    {"container.host-part", ALL " -v|--volume|--mount=" SOCKET, CM_FX_HIGH, HOST_SOCKET},
    {"container.host-part", ALL " --device=/dev/[snvxm][dvme]*", CM_FX_HIGH,
     "gives the container a disk of the host"},
    {"container.privileged", ALL " --privileged !--privileged=false", CM_FX_HIGH,
     "runs with all rights on the host"},
    {"container.privileged",
     ALL " --cap-add=ALL|all|*SYS_ADMIN|*SYS_MODULE|*SYS_PTRACE|*SYS_RAWIO", CM_FX_HIGH,
     "runs with strong rights on the host"},
    {"container.privileged", ALL " --pid|--userns|--cgroupns=host", CM_FX_HIGH,
     "shares the processes of the host"},

    /* Data that is gone. */
    {"container.volumes", ENGINE " volume rm|remove|prune|reset", CM_FX_HIGH, DELETES_DATA},
    {"container.volumes", ENGINE " system prune --volumes", CM_FX_HIGH, DELETES_DATA},
    {"container.volumes", ENGINE " compose down|rm -v|--volumes", CM_FX_HIGH, DELETES_DATA},
    {"container.volumes", COMPOSE " down|rm -v|--volumes", CM_FX_HIGH, DELETES_DATA},
    {"container.all", ENGINE " system prune -a|--all", CM_FX_HIGH,
     "deletes all stopped containers and all images that aren't in use"},
    {"container.all", ENGINE " rm|rmi -a|--all", CM_FX_HIGH, "removes all of them"},
    {"container.all", ENGINE " container|pod|image rm -a|--all", CM_FX_HIGH,
     "removes all of them"},
    {"container.all", "buildah rm|rmi -a|--all", CM_FX_HIGH, "removes all of them"},
    {"container.all", "podman system|machine reset", CM_FX_HIGH,
     "deletes all containers, images and volumes"},
    {"container.all", "podman machine rm", CM_FX_HIGH,
     "deletes the machine with all its containers"},
    {"container.all", "crictl rm|rmi|rmp -a|--all", CM_FX_HIGH, "removes all of them"},
    {"container.stack", ENGINE " stack rm|remove|down", CM_FX_HIGH, "removes a whole stack"},
    {"container.stack", ENGINE " swarm leave -f|--force", CM_FX_HIGH,
     "takes a manager out of the swarm, maybe the last"},
    {"container.stack", ENGINE " node rm|remove -f|--force", CM_FX_HIGH,
     "takes a node out of the swarm by force"},

    /* Ordinary changes. */
    {"container.run", ENGINE " run|create", CM_FX_MODERATE, "starts a container"},
    {"container.run", ENGINE " container run|create", CM_FX_MODERATE, "starts a container"},
    {"container.run", ENGINE " compose run|up|start|create|restart|scale|watch", CM_FX_MODERATE,
     "starts containers"},
    {"container.run", COMPOSE " run|up|start|create|restart|scale", CM_FX_MODERATE,
     "starts containers"},
    {"container.change",
     ENGINE " rm|stop|kill|restart|start|pause|unpause|rename|update|rmi|load|"
            "import|commit|login|logout|init|play",
     CM_FX_MODERATE, "stops, changes or removes containers or images"},
    {"container.change",
     ENGINE " container|pod rm|stop|kill|restart|start|pause|unpause|rename|"
            "update|prune|commit|clone|restore",
     CM_FX_MODERATE, "stops, changes or removes containers"},
    {"container.change", ENGINE " image rm|remove|prune|load|import|push|trust", CM_FX_MODERATE,
     "removes or changes images"},
    {"container.change",
     ENGINE " network|secret|config|context|plugin|builder|buildx "
            "rm|remove|prune|disconnect|use|update|install|enable|disable|stop",
     CM_FX_MODERATE, "removes or changes parts of the container engine"},
    {"container.change", ENGINE " system prune", CM_FX_MODERATE, "removes what isn't in use"},
    {"container.change",
     ENGINE " service|stack|node|swarm|machine "
            "create|update|scale|rollback|rm|remove|deploy|up|promote|demote|"
            "join|init|leave|ca|unlock|set|start|stop",
     CM_FX_MODERATE, "changes what the swarm or machine runs"},
    {"container.change", ENGINE " kube play|down|apply", CM_FX_MODERATE, "starts or removes pods"},
    {"container.change", ENGINE " compose down|rm|stop|kill|pause|unpause|publish", CM_FX_MODERATE,
     "stops or removes the containers of the project"},
    {"container.change", COMPOSE " down|rm|stop|kill|pause|unpause", CM_FX_MODERATE,
     "stops or removes the containers of the project"},
    {"container.change",
     "buildah|crictl rm|rmi|rmp|stop|stopp|start|commit|push|prune|update|create", CM_FX_MODERATE,
     "stops, changes or removes containers or images"},
    {"container.change",
     "ctr * rm|remove|del|delete|kill|start|pause|resume|run|create|import|tag|push",
     CM_FX_MODERATE, "stops, changes or removes containers or images"},
    {"container.change", "ctr run", CM_FX_MODERATE, "starts a container"},
    {"container.change", "runc|crun delete|kill|run|start|create|pause|resume|update",
     CM_FX_MODERATE, "starts, stops or removes a container"},
    {"container.push", ENGINE "|buildah push", CM_FX_MODERATE, "sends an image to a registry"},
    {"container.push", "crane|oras push|append|copy|cp|attach|tag|mutate", CM_FX_MODERATE,
     "sends an image to a registry"},
    {"container.push", ENGINE " image|compose|manifest push", CM_FX_MODERATE,
     "sends an image to a registry"},
    {"container.push", ENGINE " buildx|build|image ~* --push", CM_FX_MODERATE,
     "sends an image to a registry"},
    {"container.push", "skopeo copy|sync", CM_FX_MODERATE, "copies images between registries"},
    {"container.push", "skopeo|crane|regctl|oras ~delete|rm", CM_FX_MODERATE,
     "deletes an image from a registry"},

    /* Reading. */
    {"container.read",
     ENGINE " attach|diff|events|healthcheck|help|history|images|info|inspect|logs|"
            "port|ps|search|stats|top|version|wait|tag|pull|scan|scout|completion|"
            "mount|exists|untag|tree|generate|sbom|debug",
     CM_FX_SAFE, "reads"},
    {"container.read",
     ENGINE " config|container|context|image|manifest|network|node|plugin|pod|"
            "secret|service|stack|system|trust|volume|machine|builder|buildx|swarm "
            "ls|list|inspect|ps|logs|top|stats|diff|history|port|df|du|info|events|"
            "show|services|wait|attach|exists|export|pull|tag|mount|build|"
            "join-token|dial-stdio|imagetools|bake|version|ssh|connection|create",
     CM_FX_SAFE, "reads"},
    {"container.read",
     ENGINE " compose build|config|convert|events|help|images|logs|ls|port|ps|pull|"
            "stats|top|version|volumes|wait|cp|attach",
     CM_FX_SAFE, "reads"},
    {"container.read",
     COMPOSE " build|config|convert|events|help|images|logs|port|ps|pull|top|version", CM_FX_SAFE,
     "reads"},
    {"container.read",
     "buildah bud|build|containers|from|help|images|info|inspect|login|mount|pull|"
     "run|tag|version|ls|list|copy|add|config",
     CM_FX_SAFE, "reads or builds"},
    {"container.read",
     "crictl completion|events|exec|images|img|imagefsinfo|info|inspect|inspecti|"
     "inspectp|logs|pods|port-forward|ps|pull|stats|statsp|version",
     CM_FX_SAFE, "reads"},
    {"container.read", "ctr * check|info|list|ls|exec|export|metrics|pull|ps", CM_FX_SAFE,
     "reads"},
    {"container.read", "ctr version|plugins|events", CM_FX_SAFE, "reads"},
    {"container.read", "runc|crun list|ps|state|spec|events|features|exec", CM_FX_SAFE, "reads"},
    {"container.read", "skopeo inspect|list-tags|login|logout|manifest-digest|help", CM_FX_SAFE,
     "reads"},
    {"container.read",
     "crane|regctl|oras blob|catalog|config|digest|discover|export|ls|manifest|"
     "pull|validate|version|repo|image|login|auth !delete|rm",
     CM_FX_SAFE, "reads"},

    /* Files that are written. */
    {"container.write", ENGINE " save|export|build @-o|--output", CM_FX_CREATE,
     "writes an archive"},
    {"container.write", ENGINE " save|export !-o|--output", CM_FX_SAFE,
     "writes an archive to stdout"},
    {"container.write", ENGINE " image|container save|export @-o|--output", CM_FX_CREATE,
     "writes an archive"},
    {"container.copy", ENGINE " cp ?*:* @last", CM_FX_CREATE, "copies files out of the container"},
    {"container.copy", ENGINE " cp * ?*:*", CM_FX_MODERATE, "copies files into the container"},
};

/* --- all of them ----------------------------------------------------------------------------- */

/* `docker ps -q` and the like, without a condition: all containers (of a kind) that there are. */
static bool lists_all(const cm_run *from) {
  return cm_glob_any(CM_STR(ENGINE), from->program) && cm_has_word(from, "ps|ls|list|images") &&
         !cm_has_word(from, "--filter*|-f*|-q*f*|-aqf*");
}

static void look(cm_judging *j, const cm_run *run) {
  if (!cm_glob_any(CM_STR(ENGINE), run->program) || !cm_has_word(run, "rm|rmi|remove")) return;
  for (size_t i = 1; i < run->n; i++) {
    const cm_run *from = cm_origin(run, &run->words[i]);
    if (!from || !lists_all(from)) continue;
    cm_report(j, "container.all", CM_HIGH,
              "removes all containers, images or volumes that there are", run, run->words[i].span);
    return;
  }
}

const cm_pack cm_pack_container = {"container", programs,        CM_COUNT(programs),
                                   rules,       CM_COUNT(rules), look};
