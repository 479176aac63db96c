/* The clients of the large clouds: aws, gcloud, gsutil, bq, az. Their subcommands are many and
 * regular, so that most rules go by verb; what holds data or a whole installation is named. */
#include "safety/db.h"
#include "safety/packs.h"
#include "safety/remote_code.h"

#define AWS_GLOBAL                                                                           \
  "region= profile= output= query= endpoint-url= color= ca-bundle= cli-read-timeout= "       \
  "cli-connect-timeout= cli-input-json= cli-input-yaml= generate-cli-skeleton=? page-size= " \
  "max-items= starting-token= cli-binary-format= acl= public-access-block-configuration= "   \
  "parameters= commands= "                                                                   \
  "no-sign-request no-verify-ssl debug "
#define AWS_S3                                                                                 \
  AWS_GLOBAL                                                                                   \
  "include= exclude= storage-class= grants= sse=? sse-c=? sse-c-key= sse-kms-key-id= "         \
  "content-type= cache-control= content-disposition= content-encoding= content-language= "     \
  "expires= metadata= metadata-directive= expected-size= source-region= website-redirect= "    \
  "request-payer=? expires-in= index-document= error-document= recursive delete dryrun force " \
  "quiet "
#define GCLOUD                                                                                    \
  "project= account= billing-project= configuration= flags-file= format= filter= limit= "         \
  "sort-by= page-size= impersonate-service-account= access-token-file= verbosity= trace-token= "  \
  "zone= region= location= cluster= instance= zones= regions= machine-type= image= "              \
  "image-family= "                                                                                \
  "image-project= member= role= source= tags= labels= runtime= trigger-topic= data-file= "        \
  "ssh-key-file= command= container= port= memory= cpu= timeout= network= subnet= allow= rules= " \
  "source-ranges= description= display-name= keyring= keyspace= version= async quiet recursive "  \
  "delete-unmatched-destination-objects "
#define AZ                                                                                        \
  "name= resource-group= location= subscription= output= query= ids= account-name= account-key= " \
  "container-name= file= file-path= destination= source= vault-name= value= sku= image= size= "   \
  "server= tag= tags= password= username= scope= role= assignee= template-file= parameters= "     \
  "command-id= scripts= node-count= settings= connection-string= sas-token= pattern= yes "

static const cm_program programs[] = {
    {"aws", NULL, AWS_GLOBAL, 0, CM_MODERATE},
    {"aws s3", NULL, AWS_S3, 0, CM_MODERATE},
    {"aws s3 cp|mv|sync", NULL, AWS_S3, CM_PROGRAM_SENDS | CM_PROGRAM_FETCHES, CM_MODERATE},
    {"aws-vault|saml2aws|granted|assume|aws-sso|gimme-aws-creds|awslogs|saw", NULL,
     "profile= region= duration=", 0, CM_SAFE},
    {"az", "n:g:l:o:f:c:s:d:p:u:", AZ, 0, CM_MODERATE},
    {"azcopy", NULL,
     "recursive=? delete-destination=? include-pattern= exclude-pattern= from-to= overwrite= "
     "log-level= output-type= dry-run",
     CM_PROGRAM_SENDS | CM_PROGRAM_FETCHES, CM_MODERATE},
    {"bq", "n:f:t:r:d:",
     "project_id= dataset_id= location= format= max_rows= job_id= destination_table= "
     "source_format= use_legacy_sql=? schema= description= expiration= dry_run=? api=",
     0, CM_MODERATE},
    {"eb|sam|copilot|chalice|amplify|ecs-cli|awslocal|cdklocal|samlocal", "e:r:n:t:",
     "region= profile= stack-name= template-file= config-env= name= env= app= template= dry-run",
     0, CM_MODERATE},
    {"gcloud", NULL, GCLOUD, 0, CM_MODERATE},
    {"gcloud storage cp|mv|rsync", NULL, GCLOUD, CM_PROGRAM_SENDS | CM_PROGRAM_FETCHES,
     CM_MODERATE},
    {"gsutil", "h:o:i:p:l:c:b:u:", NULL, 0, CM_MODERATE},
    {"gsutil cp|mv|rsync", "h:o:i:x:a:", NULL, CM_PROGRAM_SENDS | CM_PROGRAM_FETCHES, CM_MODERATE},
};

static const cm_rule rules[] = {
    {"cloud.help", "aws ~help", CM_FX_HARMLESS, "shows help"},
    {"cloud.help", "aws|az|gcloud|gsutil|bq|azcopy|eb|sam|copilot --help|--version",
     CM_FX_HARMLESS, "shows help"},
    {"cloud.help", "az|eb|sam|copilot|gcloud -h", CM_FX_HARMLESS, "shows help"},
    {"cloud.help", "aws|az|gcloud|gsutil|bq|azcopy|eb|sam !*", CM_FX_SAFE, "shows help"},
    {"cloud.dry-run", "aws --dry-run|--dryrun|--generate-cli-skeleton !--no-dry-run",
     CM_FX_HARMLESS, "only says what it would do"},
    {"cloud.dry-run", "aws cloudformation deploy --no-execute-changeset", CM_FX_HARMLESS,
     "only prepares the change"},
    {"cloud.dry-run", "gcloud|az|azcopy|amplify --dry-run|--what-if", CM_FX_HARMLESS,
     "only says what it would do"},
    {"cloud.dry-run", "bq --dry_run !--dry_run=false", CM_FX_HARMLESS,
     "only says what it would do"},
    {"cloud.dry-run", "gsutil rsync -n", CM_FX_HARMLESS, "only says what it would do"},

    /* aws s3 */
    {"aws.s3-delete", "aws s3 rm --recursive", CM_FX_HIGH,
     "deletes everything below in the bucket"},
    {"aws.s3-delete", "aws s3 rb", CM_FX_HIGH, "deletes a bucket"},
    {"aws.s3-delete", "aws s3 sync --delete", CM_FX_HIGH, "deletes what the source doesn't have"},
    {"aws.s3-delete", "aws s3api delete-bucket|delete-objects", CM_FX_HIGH,
     "deletes a bucket or many objects"},
    {"aws.s3-open", "aws s3|s3api --acl=public-read*", CM_FX_HIGH, "lets everybody read it"},
    {"aws.s3-open", "aws s3api|s3control delete-public-access-block", CM_FX_HIGH,
     "takes the guard against public access away"},
    {"aws.s3-open",
     "aws s3api|s3control put-public-access-block "
     "--public-access-block-configuration=*false*|*False*",
     CM_FX_HIGH, "takes the guard against public access away"},
    {"aws.s3-open", "aws s3api|s3control put-public-access-block ~*BlockPublic*=[Ff]alse*",
     CM_FX_HIGH, "takes the guard against public access away"},
    {"aws.s3", "aws s3 ls|presign", CM_FX_SAFE, "reads"},
    {"aws.s3", "aws s3 mb|website|rm|mv", CM_FX_MODERATE, "changes buckets or objects"},
    {"aws.s3", "aws s3 cp|sync * s3://*", CM_FX_MODERATE, "sends files to a bucket"},
    {"aws.s3", "aws s3 cp|sync s3://* @last", CM_FX_CREATE, "writes what it fetched to a file"},
    {"aws.s3", "aws s3api get-object @last", CM_FX_CREATE, "writes what it fetched to a file"},

    /* aws: what ends whole installations or their guards. */
    {"aws.cluster",
     "aws eks|ecs|redshift|emr|kafka|dax|memorydb delete-cluster|terminate-job-flows",
     CM_FX_CRITICAL, "deletes a whole cluster"},
    {"aws.cluster", "aws organizations delete-organization|close-account|leave-organization",
     CM_FX_CRITICAL, "closes accounts or the organization"},
    {"aws.destroy", "aws * terminate-*", CM_FX_HIGH, "ends instances for good"},
    {"aws.destroy",
     "aws * "
     "delete-stack*|delete-db-*|delete-*bucket|delete-table|delete-file-system|delete-volume|"
     "delete-snapshot|delete-vpc|delete-cluster*|delete-hosted-zone|delete-user|delete-role|"
     "delete-function|delete-queue|delete-topic|delete-repository|delete-log-group|delete-domain|"
     "delete-environment|delete-application|delete-app|delete-stream|delete-delivery-stream|"
     "delete-user-pool|delete-identity-pool|delete-rest-api|delete-api|delete-load-balancer|"
     "delete-auto-scaling-group|delete-nodegroup|delete-global-cluster|delete-replication-group|"
     "delete-cache-cluster|delete-elasticsearch-domain|delete-distribution|delete-vault|"
     "delete-backup-vault|delete-recovery-point|delete-state-machine|delete-database|"
     "delete-instance|delete-workspace*|delete-directory|delete-project|delete-service|"
     "delete-global-table|delete-backup|delete-fargate-profile|delete-certificate-authority|"
     "delete-key-material|delete-transit-gateway|delete-subnet|delete-pipeline|delete-secret",
     CM_FX_HIGH, "deletes cloud resources with their data"},
    {"aws.destroy", "aws * delete-imported-key-material|schedule-key-deletion|disable-key",
     CM_FX_HIGH, "makes everything that the key encrypts unreadable"},
    {"aws.destroy", "aws * purge-queue|batch-delete-*|deregister-image|reset-*|release-hosts",
     CM_FX_HIGH, "deletes many things at once"},
    {"aws.guard", "aws cloudtrail stop-logging|delete-trail|put-event-selectors", CM_FX_HIGH,
     "switches the audit log off"},
    {"aws.guard",
     "aws guardduty|securityhub|config|macie2|inspector2|accessanalyzer "
     "delete-*|disable-*|stop-*",
     CM_FX_HIGH, "switches a guard off"},
    {"aws.guard",
     "aws iam attach-*-policy|put-*-policy ~*AdministratorAccess*|*IAMFullAccess*|*PowerUser*",
     CM_FX_HIGH, "gives somebody all rights in the account"},
    {"aws.guard",
     "aws iam delete-account-password-policy|deactivate-mfa-device|delete-virtual-mfa-device",
     CM_FX_HIGH, "weakens the account's protection"},
    {"aws.guard", "aws ec2 authorize-security-group-ingress ~0.0.0.0/0|::/0 ~all|-1|0-65535",
     CM_FX_HIGH, "opens every port to the internet"},
    {"aws.guard",
     "aws ec2 authorize-security-group-ingress ~*0.0.0.0/0*IpProtocol=-1*|"
     "*IpProtocol=-1*0.0.0.0/0*",
     CM_FX_HIGH, "opens every port to the internet"},
    {"aws.guard", "aws ec2 modify-image-attribute|modify-snapshot-attribute ~all", CM_FX_HIGH,
     "lets everybody read it"},

    /* aws: by verb */
    {"aws.change",
     "aws * delete-*|remove-*|deregister-*|disassociate-*|detach-*|revoke-*|cancel-*|"
     "release-*|stop-*|start-*|reboot-*|run-*|create-*|update-*|put-*|modify-*|set-*|"
     "attach-*|associate-*|add-*|register-*|authorize-*|enable-*|disable-*|send-*|"
     "publish*|invoke*|tag-*|untag-*|import-*|copy-*|restore-*|execute-*|change-*|"
     "deploy|upload-*|rotate-*|reset-*|accept-*|reject-*|allocate-*|apply-*|complete-*|"
     "abort-*|promote-*|failover-*|suspend-*|resume-*|terminate-*|transact-write-*|"
     "batch-write-*|rollback-*|signal-*|continue-*|purge-*|unlock-*|request-*|sync",
     CM_FX_MODERATE, "changes the cloud account"},
    {"aws.change", "aws configure !list|list-profiles|get|export-credentials", CM_FX_MODERATE,
     "changes the client's settings"},
    {"aws.change", "aws eks|ecr|sso|codeartifact update-kubeconfig|login|logout", CM_FX_MODERATE,
     "changes local settings"},
    {"aws.read",
     "aws * describe-*|list-*|get-*|head-*|scan|query|ls|lookup-*|search*|filter-*|tail|"
     "wait|estimate-*|validate-*|simulate-*|batch-get-*|view-*|select-*|preview-*|"
     "decode-*|check-*|test-*|verify*|show|status|generate-presigned-url|decrypt|"
     "assume-role*|start-query|export-*|package|detect-*|discover-*|transact-get-*",
     CM_FX_SAFE, "reads"},
    {"aws.read", "aws configure list|list-profiles|get|export-credentials", CM_FX_SAFE, "reads"},
    {"aws.read", "aws ssm start-session", CM_FX_SAFE, "opens a session"},
    {"aws.read", "aws ecs execute-command", CM_FX_MODERATE, "runs a command in a container"},

    /* Tools around aws */
    {"aws.stack", "eb terminate", CM_FX_HIGH, "deletes an environment"},
    {"aws.stack", "sam|chalice|amplify delete", CM_FX_HIGH, "deletes a stack"},
    {"aws.stack", "copilot app|env|svc|job delete", CM_FX_HIGH, "deletes a stack"},
    {"aws.stack", "ecs-cli down", CM_FX_CRITICAL, "deletes a whole cluster"},
    {"aws.stack", "awslocal|samlocal|cdklocal", CM_FX_MODERATE, "changes the local test cloud"},
    {"aws.stack",
     "eb|sam|copilot|chalice|amplify logs|list|status|health|events|validate|build|local|"
     "show|printenv|init|package|generate-sdk|console|open|version|docs|pull",
     CM_FX_SAFE, "reads or builds"},
    {"aws.stack", "copilot app|env|svc|job|task ls|show|status|logs|package|init", CM_FX_SAFE,
     "reads"},
    {"aws.stack",
     "eb|sam|copilot|chalice|amplify deploy|create|swap|scale|clone|restore|config|use|"
     "push|publish|sync|setenv|upgrade|add|remove|abort",
     CM_FX_MODERATE, "changes what runs in the cloud"},

    /* gcloud */
    {"gcloud.project", "gcloud projects delete", CM_FX_CRITICAL, "deletes a whole project"},
    {"gcloud.project", "gcloud container ~clusters ~delete", CM_FX_CRITICAL,
     "deletes a whole cluster"},
    {"gcloud.project", "gcloud resource-manager|organizations ~delete", CM_FX_CRITICAL,
     "deletes a whole folder of projects"},
    {"gcloud.delete",
     "gcloud ~instances|instance-groups|managed|disks|snapshots|images|databases|"
     "buckets|functions|services|clusters|networks|node-pools|sql|backups|keys|"
     "versions|topics|service-accounts|managed-zones|repositories|app|datasets|"
     "builds|zones|queues|deployments|filestore|redis|spanner|bigtable|composer "
     "~delete|destroy",
     CM_FX_HIGH, "deletes cloud resources with their data"},
    {"gcloud.delete", "gcloud storage rm -r|-R|--recursive", CM_FX_HIGH,
     "deletes everything below in the bucket"},
    {"gcloud.delete", "gcloud storage rsync --delete-unmatched-destination-objects", CM_FX_HIGH,
     "deletes what the source doesn't have"},
    {"gcloud.delete", "gcloud firestore ~bulk-delete|import", CM_FX_HIGH, "deletes data"},
    {"gcloud.open", "gcloud ~add-iam-policy-binding --member=allUsers|allAuthenticatedUsers",
     CM_FX_HIGH, "lets everybody in"},
    {"gcloud.open", "gcloud ~add-iam-policy-binding --role=roles/owner|roles/editor", CM_FX_HIGH,
     "gives somebody all rights in the project"},
    {"gcloud.open", "gcloud services disable", CM_FX_HIGH,
     "switches a service off for the project"},
    {"gcloud.change",
     "gcloud ~delete|create|update|deploy|set|start|stop|reset|resize|restart|"
     "enable|disable|add|remove|patch|import|insert|apply|submit|cp|mv|rm|publish|"
     "undelete|rollback|promote|clone|move|attach-disk|detach-disk|resize|"
     "add-iam-policy-binding|remove-iam-policy-binding|set-iam-policy|add-metadata|"
     "activate|login|revoke|install|ack|pause|resume|call|execute|scp|"
     "set-traffic|update-traffic|rsync|init|upgrade|suspend|cancel|retry|"
     "activate-service-account|get-credentials|configure-docker|set-machine-type",
     CM_FX_MODERATE, "changes the cloud project or local settings"},
    {"gcloud.read",
     "gcloud ~list|describe|read|get-value|get-iam-policy|search|lookup|info|version|ls|"
     "cat|du|tail|ssh|print-access-token|print-identity-token|get-server-config|"
     "get-serial-port-output|help|get-ancestors|topic|feedback|logs|connect-to-serial-port|"
     "hash|stat|get-health|list-*|describe-*|start-iap-tunnel|cheat-sheet|proxy|"
     "browse|connect|access",
     CM_FX_SAFE, "reads"},

    /* gsutil, bq */
    {"gsutil.delete", "gsutil rm -r|-R|-a", CM_FX_HIGH, "deletes everything below in the bucket"},
    {"gsutil.delete", "gsutil rm ~*\\*\\**|gs://*/\\*", CM_FX_HIGH,
     "deletes everything below in the bucket"},
    {"gsutil.delete", "gsutil rb", CM_FX_HIGH, "deletes a bucket"},
    {"gsutil.delete", "gsutil rsync -d", CM_FX_HIGH, "deletes what the source doesn't have"},
    {"gsutil.open", "gsutil iam ch ~allUsers*|allAuthenticatedUsers*", CM_FX_HIGH,
     "lets everybody in"},
    {"gsutil.open", "gsutil acl ~AllUsers*|public-read*", CM_FX_HIGH, "lets everybody in"},
    {"gsutil.change",
     "gsutil cp|mv|rsync|rm|mb|setmeta|iam|acl|defacl|rewrite|compose|lifecycle|cors|"
     "web|versioning|notification|retention|label|kms|config|update|hmac|ubla|pap",
     CM_FX_MODERATE, "changes buckets or objects"},
    {"gsutil.read", "gsutil ls|cat|du|stat|hash|version|help|signurl|perfdiag|test", CM_FX_SAFE,
     "reads"},
    {"gsutil.read", "gsutil cp gs://* @last", CM_FX_CREATE, "writes what it fetched to a file"},
    {"bq.delete", "bq rm", CM_FX_HIGH, "deletes a table or data set"},
    {"bq.change",
     "bq load|insert|mk|update|cp|cancel|extract|partition|add-iam-policy-binding|"
     "remove-iam-policy-binding|set-iam-policy|init",
     CM_FX_MODERATE, "changes data sets"},
    {"bq.read", "bq ls|show|head|query|wait|version|get-iam-policy|info|help|mkdef", CM_FX_SAFE,
     "reads"},

    /* az */
    {"az.group", "az group delete", CM_FX_HIGH, "deletes a resource group with everything in it"},
    {"az.group", "az aks delete", CM_FX_CRITICAL, "deletes a whole cluster"},
    {"az.group", "az account management-group|subscription delete|cancel", CM_FX_CRITICAL,
     "closes a subscription"},
    {"az.delete",
     "az vm|vmss|sql|mysql|postgres|cosmosdb|disk|snapshot|image|webapp|"
     "functionapp|keyvault|acr|network|redis|eventhubs|servicebus|ad|container|"
     "containerapp|appservice|deployment|stack|backup|resource|datafactory|synapse|"
     "databricks|iot|search|cognitiveservices|netappfiles|hdinsight|staticwebapp|"
     "monitor ~delete|purge|delete-batch|delete-directory|remove",
     CM_FX_HIGH, "deletes cloud resources with their data"},
    {"az.delete", "az storage account|container|share|table|queue|fs|container-rm|share-rm delete",
     CM_FX_HIGH, "deletes a store with its data"},
    {"az.delete", "az storage ~sync|delete-batch", CM_FX_HIGH,
     "deletes what the source doesn't have"},
    {"az.guard", "az role assignment create --role=Owner|Contributor|*Administrator*", CM_FX_HIGH,
     "gives somebody all rights"},
    {"az.change",
     "az ~delete|create|update|set|start|stop|restart|deallocate|deploy|add|remove|"
     "upload|upload-batch|import|import-image|scale|swap|attach|detach|assign|reset|"
     "up|invoke|login|logout|get-credentials|enable|disable|resize|regenerate|renew|"
     "rotate|move|apply|cancel|clear|copy|sync|build|config|configure|upgrade|"
     "run|restore|invoke-action|redeploy|generalize|capture|purge|install",
     CM_FX_MODERATE, "changes the cloud account or local settings"},
    {"az.read",
     "az ~list|show|list-*|show-*|get-access-token|query|get-*|version|find|exists|download|"
     "download-batch|tail|log|logs|ssh|wait|validate|what-if|url|check-*|interactive|"
     "browse|generate-sas|get|feedback|export",
     CM_FX_SAFE, "reads"},

    /* azcopy */
    {"azcopy.delete", "azcopy rm|remove --recursive|--recursive=true", CM_FX_HIGH,
     "deletes everything below"},
    {"azcopy.delete", "azcopy sync --delete-destination=true", CM_FX_HIGH,
     "deletes what the source doesn't have"},
    {"azcopy.change",
     "azcopy copy|cp|c|sync|rm|remove|make|login|logout|bench|jobs|set-properties", CM_FX_MODERATE,
     "copies or changes files in the cloud"},
    {"azcopy.read", "azcopy list|ls|env|doc|version|help", CM_FX_SAFE, "reads"},
};

static void look(cm_judging *j, const cm_run *run) {
  cm_db_look(j, run);
  cm_remote_code(j, run);
}

const cm_pack cm_pack_cloud = {"cloud", programs,        CM_COUNT(programs),
                               rules,   CM_COUNT(rules), look};
