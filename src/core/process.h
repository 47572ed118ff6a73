/* core/process.h - noticing a fork without asking the kernel at each call, and the variables of the process. */
#ifndef CORE_PROCESS_H
#define CORE_PROCESS_H

/* A byte that is 1 in this process and reads 0 in a forked child. NULL when there is none to be had. */
const volatile unsigned char *process_marker_new(void);
void process_marker_free(const volatile unsigned char *marker);

/* The value of an environment variable, NULL when it is not set. It may change when another thread calls setenv. */
const char *process_variable(const char *name);

#endif
