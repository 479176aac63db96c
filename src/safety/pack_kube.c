/* Kubernetes: kubectl and its relatives, helm, and the tools that make and unmake clusters. */
#include "safety/origin.h"
#include "safety/packs.h"
#include "safety/shape.h"

#define CTL "kubectl|oc|k|kubecolor"
#define GLOBAL                                                                                    \
  "namespace= context= kubeconfig= cluster= user= as= as-group= as-uid= server= token= "          \
  "request-timeout= certificate-authority= client-certificate= client-key= cache-dir= "           \
  "tls-server-name= profile= log-file= v= filename= output= selector= field-selector= "           \
  "kustomize= template= cascade=? dry-run=? grace-period= timeout= now force all all-namespaces " \
  "wait=? replicas= container= image= patch= type= overwrite recursive sort-by= tail= since= "    \
  "since-time= revision= to-revision= port= target-port= name= field-manager= overrides= env= "   \
  "labels= annotations= restart= limits= requests= min= max= cpu-percent= from-literal= "         \
  "from-file= from-env-file= clusterrole= role= serviceaccount= group= verb= resource= "          \
  "schedule= "                                                                                    \
  "chunk-size= ignore-daemonsets delete-emptydir-data delete-local-data disable-eviction "
#define SHORTS "n:f:o:l:k:s:v:c:p:L:"
#define HELM                                                                                      \
  "namespace= kube-context= kubeconfig= kube-token= kube-apiserver= set= set-string= set-file= "  \
  "set-json= values= version= repo= username= password= ca-file= cert-file= key-file= timeout= "  \
  "output= destination= description= post-renderer= keyring= filter= max= history-max= "          \
  "registry-config= repository-cache= repository-config= revision= untardir= dry-run=? cascade= " \
  "name-template= api-versions= kube-version= output-dir= "

static const cm_program programs[] = {
    {"argo|argocd|argo-rollouts", "n:o:p:l:r:",
     "server= namespace= output= grpc-web-root-path= auth-token= config= revision= selector= "
     "project= repo= path= dest-server= dest-namespace= param= dry-run cascade=?",
     0, CM_MODERATE},
    {"calicoctl|cilium|linkerd|istioctl|kuma|consul-k8s", "n:f:o:c:i:",
     "namespace= kubeconfig= context= output= filename= set= revision= dry-run", 0, CM_MODERATE},
    {"argo|argocd|calicoctl|cilium|linkerd|istioctl|eksctl|flux|helm|kind|k3d|kustomize|minikube|"
     "skaffold|velero completion",
     NULL, NULL, CM_PROGRAM_INIT, CM_SAFE},
    {"eksctl", "f:n:r:p:", "config-file= name= region= profile= cluster= nodegroup= timeout=", 0,
     CM_MODERATE},
    {"etcdctl", "w:",
     "endpoints= cacert= cert= key= user= password= write-out= dial-timeout= command-timeout= "
     "data-dir= lease= rev= order= sort-by= limit=",
     0, CM_MODERATE},
    {"etcdutl", "w:", "data-dir= write-out= name=", 0, CM_MODERATE},
    {"flux", "n:", "namespace= kubeconfig= context= source= path= interval= timeout=", 0,
     CM_MODERATE},
    {"helm", "n:f:o:d:", HELM, 0, CM_MODERATE},
    {"helmfile", "f:e:l:n:", "file= environment= selector= namespace= args= set=", 0, CM_MODERATE},
    {"k0s|k0sctl|k3sup|rke|rke2", "c:", "config= data-dir=", 0, CM_MODERATE},
    {"k3d|kind|minikube|microk8s|ctlptl", "p:c:n:", "name= profile= config= image= kubeconfig=", 0,
     CM_MODERATE},
    {"minikube docker-env|podman-env", "p:n:", "profile= shell= unset", CM_PROGRAM_INIT, CM_SAFE},
    {"k3s|k3s-uninstall.sh|k3s-killall.sh|k3s-agent-uninstall.sh", SHORTS, GLOBAL, 0, CM_MODERATE},
    {"k9s|kubectx|kubens|stern|kubetail|kubeval|kubeconform|kube-linter|kubescape|popeye|pluto|"
     "kube-score|"
     "kube-ps1|krew|kubeseal|kail",
     "n:o:", "namespace= context= output=", 0, CM_SAFE},
    {"kops", NULL, "name= state=", 0, CM_MODERATE},
    {"kubeadm",
     "f:v:", "config= cri-socket= cert-dir= kubeconfig= token= discovery-token-ca-cert-hash=", 0,
     CM_MODERATE},
    {CTL, SHORTS, GLOBAL, 0, CM_MODERATE},
    {CTL " exec", "n:c:f:", GLOBAL, CM_ARGV_STOP, CM_SAFE},
    {CTL " get|logs|describe|top", "n:f:o:l:k:s:v:c:L:", GLOBAL, 0, CM_SAFE},
    {CTL " rollout|auth|config|certificate|adm|create|set|apply", SHORTS, GLOBAL, 0, CM_MODERATE},
    {CTL " run", "n:f:o:l:", GLOBAL, 0, CM_MODERATE},
    {"kustomize|jsonnet|tanka|ytt|kapp|skaffold|tilt|garden|telepresence|okteto|devspace",
     "f:n:p:o:a:", "filename= namespace= profile= app= output= file=", 0, CM_MODERATE},
    {"talosctl", "n:e:f:", "nodes= endpoints= talosconfig= context=", 0, CM_MODERATE},
    {"velero", "n:", "namespace= kubeconfig= from-backup= include-namespaces=", 0, CM_MODERATE},
};

/* A kind, its plural and short name; alone, as KIND/NAME and in a list. */
#define NAMESPACES                                                                              \
  "namespace|namespaces|ns|project|projects|namespace/*|namespaces/*|ns/*|project/*|*,ns|ns,*|" \
  "*,ns,*|*namespace,*|*namespaces,*|*,namespace|*,namespaces"
#define STORAGE                                                               \
  "pv|pvc|persistentvolume*|pv/*|pvc/*|*,pv|*,pvc|pv,*|pvc,*|*,pv,*|*,pvc,*|" \
  "*,persistentvolume*|volumesnapshot*|storageclass*|sc|sc/*"
#define KINDS     "crd|crds|crd/*|customresourcedefinition*|*,crd|crd,*"
#define NODES     "node|nodes|no|node/*|nodes/*|no/*"
#define FALSE_DRY "!--dry-run=none|false"

static const cm_rule rules[] = {
    {"kube.help",
     CTL "|helm|kubeadm|kustomize|eksctl|kind|minikube|k3d|argocd|flux|velero|kops|"
         "etcdctl|helmfile|skaffold|istioctl|talosctl|k3s|microk8s -h|--help",
     CM_FX_HARMLESS, "shows help"},
    {"kube.help", "helm|kubeadm|kustomize|eksctl|kind|etcdctl|kops|istioctl|k3s --version",
     CM_FX_HARMLESS, "shows the version"},
    {"kube.help", CTL "|helm|kind|minikube|k3d|argocd|flux|eksctl|kops|etcdctl !*", CM_FX_SAFE,
     "shows help"},
    {"kube.dry-run", CTL "|argo|argocd --dry-run " FALSE_DRY, CM_FX_HARMLESS,
     "only says what it would do"},
    {"kube.dry-run", "helm|kubeadm|velero|flux|istioctl|k3d|skaffold --dry-run " FALSE_DRY,
     CM_FX_HARMLESS, "only says what it would do"},
    {"kube.dry-run", "flux --export", CM_FX_HARMLESS, "only shows what it would apply"},
    {"kube.dry-run", "kapp|tanka --diff-run", CM_FX_HARMLESS, "only says what it would do"},

    /* Whole clusters. */
    {"kube.cluster", "kind|k3d|ctlptl|eksctl|kops delete cluster|clusters|all", CM_FX_CRITICAL,
     "deletes a whole cluster"},
    {"kube.cluster", "k3d|eksctl cluster delete|rm|del", CM_FX_CRITICAL,
     "deletes a whole cluster"},
    {"kube.cluster", "minikube delete", CM_FX_CRITICAL, "deletes a whole cluster"},
    {"kube.cluster", "microk8s reset", CM_FX_CRITICAL, "deletes everything in the cluster"},
    {"kube.cluster", "kubeadm|k0s|k0sctl|talosctl reset", CM_FX_CRITICAL,
     "removes Kubernetes and its data from the machine"},
    {"kube.cluster", "rke remove", CM_FX_CRITICAL, "deletes a whole cluster"},
    {"kube.cluster", "k3s-uninstall.sh|k3s-agent-uninstall.sh", CM_FX_CRITICAL,
     "removes Kubernetes and its data from the machine"},
    {"kube.cluster", CTL " delete " NAMESPACES " --all", CM_FX_CRITICAL,
     "deletes every namespace of the cluster"},
    {"kube.cluster", CTL " delete " NODES " --all", CM_FX_CRITICAL,
     "removes every node from the cluster"},
    {"kube.cluster", CTL " delete all|all,* --all -A|--all-namespaces", CM_FX_CRITICAL,
     "deletes everything that runs in the cluster"},
    {"kube.cluster", CTL " delete " NAMESPACES " ~kube-system|kube-public|default", CM_FX_CRITICAL,
     "deletes a namespace that the cluster needs"},
    {"kube.cluster", CTL " delete ns/kube-system|namespace/kube-system|namespaces/kube-system",
     CM_FX_CRITICAL, "deletes a namespace that the cluster needs"},
    {"kube.cluster", "etcdctl del --prefix ~|/|/registry*", CM_FX_CRITICAL,
     "deletes the whole state of the cluster"},
    {"kube.cluster", "etcdctl del --from-key", CM_FX_CRITICAL,
     "deletes the whole state of the cluster"},

    {"kube.delete-all", "k3s|microk8s|minikube kubectl delete ~--all|-A|ns|namespace|pvc|pv|all",
     CM_FX_HIGH, "deletes namespaces, stored data or all objects of a kind"},
    {"kube.delete-all", "k3s|microk8s|minikube kubectl delete --all|-A|--all-namespaces",
     CM_FX_HIGH, "deletes all objects of a kind"},
    {"kube.change",
     "k3s|microk8s|minikube kubectl apply|create|delete|replace|patch|edit|scale|label|annotate|"
     "run|set|drain|cordon",
     CM_FX_MODERATE, "changes objects of the cluster"},

    /* Many objects, or data with them. */
    {"kube.delete-namespace", CTL " delete " NAMESPACES, CM_FX_HIGH,
     "deletes namespaces with everything in them"},
    {"kube.delete-data", CTL " delete " STORAGE, CM_FX_HIGH, "deletes stored data"},
    {"kube.delete-kind", CTL " delete " KINDS, CM_FX_HIGH,
     "deletes a kind of objects and all objects of it"},
    {"kube.delete-node", CTL " delete " NODES, CM_FX_HIGH, "removes a node from the cluster"},
    {"kube.delete-all", CTL " delete --all|-A|--all-namespaces", CM_FX_HIGH,
     "deletes all objects of a kind"},
    {"kube.delete-all", CTL " delete all|all,*", CM_FX_HIGH, "deletes objects of all kinds"},
    {"kube.delete-all", CTL " apply --prune", CM_FX_HIGH,
     "deletes the objects that the files don't name"},
    {"kube.drain", CTL " drain --force|--delete-emptydir-data|--delete-local-data", CM_FX_HIGH,
     "evicts pods with their local data"},
    {"kube.drain", CTL " adm drain --force|--delete-emptydir-data|--delete-local-data", CM_FX_HIGH,
     "evicts pods with their local data"},
    {"kube.rights",
     CTL " create clusterrolebinding|rolebinding "
         "--clusterrole|--role=cluster-admin|admin",
     CM_FX_HIGH, "gives somebody all rights in the cluster"},
    {"kube.rights",
     "oc adm policy add-cluster-role-to-user|add-cluster-role-to-group|"
     "add-scc-to-user|add-scc-to-group",
     CM_FX_HIGH, "gives somebody strong rights in the cluster"},
    {"kube.rights", CTL " run|debug --privileged", CM_FX_HIGH, "runs with all rights on the host"},
    {"kube.rights", CTL " run|create --overrides=*\"privileged\"*|*\"hostPID\"*|*\"hostPath\"*",
     CM_FX_HIGH, "runs with all rights on the host"},
    {"helm.uninstall", "helm uninstall|delete|del|un", CM_FX_HIGH,
     "removes a release with all its objects"},
    {"helm.uninstall", "helmfile destroy|delete", CM_FX_HIGH, "removes all releases"},
    {"kube.stack", "kapp|skaffold|tilt|devspace|garden|tanka delete|down|purge|destroy|cleanup",
     CM_FX_HIGH, "removes everything that it deployed"},
    {"kube.stack", "argocd app|appset|proj|cluster delete|rm", CM_FX_HIGH,
     "removes an application with all its objects"},
    {"kube.stack", "argocd app sync --prune", CM_FX_HIGH,
     "deletes the objects that aren't in git"},
    {"kube.stack", "argo delete --all", CM_FX_HIGH, "deletes all workflows"},
    {"kube.stack", "flux uninstall", CM_FX_HIGH, "removes flux from the cluster"},
    {"kube.stack", "flux delete", CM_FX_HIGH, "removes a source or what it deployed"},
    {"kube.stack", "istioctl|linkerd|cilium uninstall|x", CM_FX_HIGH,
     "removes the network layer of the cluster"},
    {"kube.stack", "eksctl delete", CM_FX_HIGH, "deletes a part of a cluster"},
    {"kube.stack", "kops delete", CM_FX_HIGH, "deletes a part of a cluster"},
    {"kube.stack", "velero backup|schedule|restore delete", CM_FX_HIGH, "deletes backups"},
    {"kube.etcd", "etcdctl del --prefix", CM_FX_HIGH, "deletes every key below"},
    {"kube.etcd", "etcdctl member|snapshot|auth|user|role remove|restore|disable|delete",
     CM_FX_HIGH, "changes the members or data of the store"},
    {"kube.etcd", "etcdutl snapshot restore", CM_FX_HIGH, "replaces the data of the store"},
    {"kube.etcd",
     "etcdctl put|del|txn|compact|defrag|lease|lock|elect|member|user|role|auth|alarm",
     CM_FX_MODERATE, "changes the store"},
    {"kube.etcd", "etcdctl get|watch|endpoint|version|check", CM_FX_SAFE, "reads the store"},
    {"kube.etcd", "etcdctl member|user|role|lease|alarm list|get|timetolive", CM_FX_HARMLESS,
     "reads"},
    {"kube.etcd", "etcdctl snapshot save @1", CM_FX_CREATE, "writes a snapshot"},
    {"kube.etcd", "etcdctl|etcdutl snapshot status", CM_FX_SAFE, "reads a snapshot"},

    /* Ordinary changes. */
    {"kube.delete", CTL " delete", CM_FX_MODERATE, "deletes objects of the cluster"},
    {"kube.change",
     CTL " apply|create|replace|patch|edit|scale|autoscale|label|annotate|expose|run|"
         "set|taint|cordon|uncordon|drain|evict|debug|certificate|new-app|new-project|"
         "start-build|import-image|process|deploy|rollback|tag|policy|adm|patch",
     CM_FX_MODERATE, "changes objects of the cluster"},
    {"kube.change", CTL " rollout restart|undo|pause|resume|latest|retry|cancel", CM_FX_MODERATE,
     "changes which version runs"},
    {"kube.change", CTL " config set*|use*|delete*|rename*|unset", CM_FX_MODERATE,
     "changes which cluster is used"},
    {"kube.change", CTL " cp @last", CM_FX_CREATE, "copies files out of the pod"},
    {"kube.change", CTL " cp * ?*:*", CM_FX_MODERATE, "copies files into the pod"},
    {"kube.change", "oc login|logout|project|rsync", CM_FX_MODERATE, "changes what is used"},
    {"helm.change", "helm install|upgrade|rollback|push|test|plugin|registry", CM_FX_MODERATE,
     "changes what runs in the cluster"},
    {"helm.change", "helm repo add|remove|rm|update|index", CM_FX_MODERATE,
     "changes where charts come from"},
    {"helm.change", "helmfile apply|sync|test", CM_FX_MODERATE,
     "changes what runs in the cluster"},
    {"kube.tool",
     "kind|k3d|minikube|microk8s|kubeadm|k0s|rke|talosctl "
     "create|start|stop|pause|unpause|init|join|up|upgrade|load|image|addons|enable|"
     "disable|token|certs|config|node|registry|cluster|mount|apply-config|bootstrap",
     CM_FX_MODERATE, "changes a cluster"},
    {"kube.tool", "kustomize edit", CM_FX_MODERATE, "edits the kustomization"},

    /* Reading. */
    {"kube.read",
     CTL " get|describe|logs|top|explain|version|cluster-info|api-resources|"
         "api-versions|diff|wait|events|completion|kustomize|port-forward|proxy|attach|"
         "exec|rsh|options|plugin|status|whoami|projects|observe|help",
     CM_FX_SAFE, "reads"},
    {"kube.read", CTL " auth can-i|whoami", CM_FX_SAFE, "reads"},
    {"kube.read", CTL " config view|get-*|current-context", CM_FX_SAFE, "reads"},
    {"kube.read", CTL " rollout status|history", CM_FX_SAFE, "reads"},
    {"kube.read", CTL " create token", CM_FX_SAFE, "makes a token"},
    {"kube.read", CTL " adm top|inspect|must-gather", CM_FX_SAFE, "reads"},
    {"kube.read",
     "helm list|ls|status|get|history|hist|show|inspect|template|lint|search|version|"
     "env|dependency|dep|pull|fetch|verify|completion|create|package|diff|help",
     CM_FX_SAFE, "reads"},
    {"kube.read", "helm repo|plugin list|ls", CM_FX_SAFE, "reads"},
    {"kube.read", "helmfile diff|list|status|template|lint|build|fetch|deps|version", CM_FX_SAFE,
     "reads"},
    {"kube.read", "kind|k3d get|list|version|export|completion", CM_FX_SAFE, "reads"},
    {"kube.read", "k3d cluster|node|registry list|ls|get", CM_FX_HARMLESS, "reads"},
    {"kube.read",
     "minikube|microk8s status|ip|logs|dashboard|service|profile|kubectl|ssh|version|"
     "docker-env|podman-env|tunnel|inspect|help|completion|update-check",
     CM_FX_SAFE, "reads"},
    {"kube.read", "kubeadm version|completion|help", CM_FX_SAFE, "reads"},
    {"kube.read",
     "kubeadm token|certs|config|upgrade list|check-expiration|print|plan|images|"
     "generate",
     CM_FX_HARMLESS, "reads"},
    {"kube.read", "eksctl|kops get|version|info|utils|validate|export|completion", CM_FX_SAFE,
     "reads"},
    {"kube.read", "kustomize build|version|cfg|fn|localize|create|completion", CM_FX_SAFE,
     "reads"},
    {"kube.read",
     "skaffold|tilt|devspace|jsonnet|ytt|tanka|kapp "
     "build|render|diagnose|version|list|ls|logs|inspect|show|diff|eval|fmt|ci|test",
     CM_FX_SAFE, "reads"},
    {"kube.read",
     "argocd app|appset|repo|proj|cluster|account list|get|diff|history|logs|manifests|"
     "resources|wait|can-i|get-user-info",
     CM_FX_SAFE, "reads"},
    {"kube.read", "argo list|get|logs|lint|watch|wait|version", CM_FX_SAFE, "reads"},
    {"kube.read",
     "flux get|logs|events|tree|trace|check|version|stats|diff|build|export|completion",
     CM_FX_SAFE, "reads"},
    {"kube.read",
     "istioctl|linkerd|cilium|calicoctl analyze|proxy-status|ps|proxy-config|pc|"
     "version|dashboard|describe|bug-report|check|stat|top|tap|viz|status|get|node|"
     "diagnostics|validate|manifest|connectivity|hubble",
     CM_FX_SAFE, "reads"},
    {"kube.read", "velero backup|schedule|restore|backup-location get|describe|logs|download",
     CM_FX_SAFE, "reads"},
    {"kube.read",
     "talosctl get|dashboard|logs|dmesg|health|version|services|containers|stats|ls|"
     "list|read|kubeconfig|memory|processes",
     CM_FX_SAFE, "reads"},
    {"kube.read", "k3s kubectl|check-config|token|--version", CM_FX_SAFE, "reads"},
};

/* --- all of them ----------------------------------------------------------------------------- */

/* `kubectl get pods` and the like, without a condition. */
static bool lists_all(const cm_run *from) {
  return cm_glob_any(CM_STR(CTL), from->program) && cm_has_word(from, "get") &&
         !cm_has_word(from, "-l*|--selector*|--field-selector*");
}

static void look(cm_judging *j, const cm_run *run) {
  if (!cm_glob_any(CM_STR(CTL), run->program) || !cm_has_word(run, "delete")) return;
  for (size_t i = 1; i < run->n; i++) {
    const cm_run *from = cm_origin(run, &run->words[i]);
    if (!from || !lists_all(from)) continue;
    cm_report(j, "kube.delete-all", CM_HIGH, "deletes everything that was listed", run,
              run->words[i].span);
    return;
  }
}

const cm_pack cm_pack_kube = {"kube", programs, CM_COUNT(programs), rules, CM_COUNT(rules), look};
