/* core/process.h - noticing a fork without asking the kernel at each call. */
#ifndef CORE_PROCESS_H
#define CORE_PROCESS_H

/* A byte that is 1 in this process and reads 0 in a forked child. NULL when there is none to be had. */
const volatile unsigned char *process_marker_new(void);
void process_marker_free(const volatile unsigned char *marker);

#endif
