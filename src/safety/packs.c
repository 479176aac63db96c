#include "safety/packs.h"

/* One line a pack. When two packs have a rule for a program, both count; its words are read as the
 * first pack in this list that names it says. */
const cm_pack *const cm_packs[] = {
    /* files and devices */
    &cm_pack_fs,
    &cm_pack_fs_text,
    &cm_pack_fs_edit,
    &cm_pack_fs_builtin,
    &cm_pack_media,
    &cm_pack_archive,
    &cm_pack_device,
    &cm_pack_device_volume,
    &cm_pack_device_boot,
    &cm_pack_perm,
    &cm_pack_perm_user,
    &cm_pack_perm_key,

    /* processes, network, start-up, interpreters, packages */
    &cm_pack_proc,
    &cm_pack_proc_service,
    &cm_pack_net,
    &cm_pack_net_tools,
    &cm_pack_server,
    &cm_pack_startup,
    &cm_pack_code,
    &cm_pack_code_build,
    &cm_pack_package,
    &cm_pack_package_lang,

    /* versions, containers, cloud, databases */
    &cm_pack_git,
    &cm_pack_git_other,
    &cm_pack_container,
    &cm_pack_kube,
    &cm_pack_cloud,
    &cm_pack_host,
    &cm_pack_infra,
    &cm_pack_store,
    &cm_pack_vm,
    &cm_pack_windows,
    &cm_pack_db,
    &cm_pack_db_tool,
    &cm_pack_db_run,

    NULL,
};
