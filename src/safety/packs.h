/* safety/packs: the list of all packs. */
#ifndef CM_SAFETY_PACKS_H
#define CM_SAFETY_PACKS_H
#include "safety/rule.h"

extern const cm_pack cm_pack_fs, cm_pack_archive, cm_pack_device, cm_pack_perm;
extern const cm_pack cm_pack_proc, cm_pack_net, cm_pack_startup, cm_pack_code, cm_pack_package;
extern const cm_pack cm_pack_git, cm_pack_container, cm_pack_cloud, cm_pack_db;

extern const cm_pack *const cm_packs[]; /* ends with NULL */

#endif
