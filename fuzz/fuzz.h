/*
 * fuzz.h - what fuzz targets and their driver share.
 *
 * A target is one file with the function below, and LLVMFuzzerInitialize when it has something to prepare. It is linked
 * with libFuzzer (clang, -Dfuzz=true), or with driver.c, which replays a corpus and mutates it.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "storage/macros.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Tries one input. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Runs once, before the first input. Returns 0. */
int LLVMFuzzerInitialize(int *argument_count, char ***arguments);

/* Says what does not hold, and ends the process so that the fuzzer keeps the input. */
#define fuzz_require(condition, text, ...)                            \
    do {                                                              \
        if (!(condition)) {                                           \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, text); \
            fprintf(stderr, __VA_ARGS__);                             \
            fputc('\n', stderr);                                      \
            abort();                                                  \
        }                                                             \
    } while (0)

#endif
