/* safety/packs: the list of all packs. */
#ifndef CM_SAFETY_PACKS_H
#define CM_SAFETY_PACKS_H
#include "safety/rule.h"

/* files and devices */
extern const cm_pack cm_pack_fs, cm_pack_fs_builtin, cm_pack_fs_edit, cm_pack_fs_text;
extern const cm_pack cm_pack_archive, cm_pack_device, cm_pack_device_boot, cm_pack_device_volume;
extern const cm_pack cm_pack_perm, cm_pack_perm_key, cm_pack_perm_user;

/* processes, network, start-up, interpreters, packages */
extern const cm_pack cm_pack_proc, cm_pack_proc_service, cm_pack_net, cm_pack_net_tools;
extern const cm_pack cm_pack_media, cm_pack_server;
extern const cm_pack cm_pack_startup, cm_pack_code, cm_pack_code_build;
extern const cm_pack cm_pack_package, cm_pack_package_lang;

/* versions, containers, cloud, databases */
extern const cm_pack cm_pack_git, cm_pack_git_other, cm_pack_container, cm_pack_kube;
extern const cm_pack cm_pack_cloud, cm_pack_host, cm_pack_infra, cm_pack_store, cm_pack_vm;
extern const cm_pack cm_pack_db, cm_pack_db_tool, cm_pack_db_run, cm_pack_windows;

extern const cm_pack *const cm_packs[]; /* ends with NULL */

#endif
