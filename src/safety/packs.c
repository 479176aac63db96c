#include "safety/packs.h"

/* One line a pack. When two packs have a rule for a program, both count; its words are read as the
 * first pack in this list that names it says. */
const cm_pack *const cm_packs[] = {
    /* files and devices */

    /* processes, network, start-up, interpreters, packages */

    /* versions, containers, cloud, databases */
    &cm_pack_git, &cm_pack_git_other, &cm_pack_container, &cm_pack_kube, &cm_pack_cloud,
    &cm_pack_host, &cm_pack_infra, &cm_pack_store, &cm_pack_vm, &cm_pack_db, &cm_pack_db_tool,
    &cm_pack_db_run,

    NULL,
};
