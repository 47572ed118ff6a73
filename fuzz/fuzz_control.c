/* fuzz_control.c - a target that dies of inputs with a "B" in them: the driver must find one, tell, and keep it. */
#include "fuzz.h"

#include <string.h>

int LLVMFuzzerInitialize(int *argument_count, char ***arguments)
{
    (void)argument_count;
    (void)arguments;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (memchr(data, 'B', size) != NULL)
        abort();
    return 0;
}
