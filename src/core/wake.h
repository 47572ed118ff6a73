/* core/wake.h - a descriptor that poll() finds readable while it is raised. */
#ifndef CORE_WAKE_H
#define CORE_WAKE_H

/* Returns the descriptor (close-on-exec, non-blocking), or the negative errno number. */
int wake_open(void);
void wake_raise(int descriptor);
void wake_lower(int descriptor);
void wake_close(int descriptor);

#endif
