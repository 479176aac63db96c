/* base/os_hold: folders that a program works in, and that stay when it is killed. */
#ifndef CM_BASE_OS_HOLD_H
#define CM_BASE_OS_HOLD_H

/* Marks a folder as in use until cm_os_release, or until the program ends in whatever way. A
 * descriptor; -1: it can't be marked. */
int cm_os_hold(const char *path);
void cm_os_release(int hold); /* -1 is fine */

enum { CM_OS_LEFT_SECONDS = 60 };

/* Calls `drop` with the path of every folder PREFIX* in `where` that belongs to this user (for
 * root also those of `other_uid`), in which nothing was made or removed for CM_OS_LEFT_SECONDS,
 * and that nobody holds: its program was killed. Links are none. Never fails. */
void cm_os_each_left(const char *where, const char *prefix, unsigned other_uid,
                     void (*drop)(const char *path));

#endif
