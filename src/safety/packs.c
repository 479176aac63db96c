#include "safety/packs.h"

/* One line a pack. When two packs have a rule for a program, both count; its words are read as the
 * first pack in this list that names it says. */
const cm_pack *const cm_packs[] = {
    /* files and devices */

    /* processes, network, start-up, interpreters, packages */

    /* versions, containers, cloud, databases */

    NULL,
};
