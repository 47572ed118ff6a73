/* storage/macros.h - what the public headers share: linkage, visibility, attributes. */
#ifndef STORAGE_MACROS_H
#define STORAGE_MACROS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define STORAGE_BEGIN_DECLS extern "C" {
#define STORAGE_END_DECLS }
#else
#define STORAGE_BEGIN_DECLS
#define STORAGE_END_DECLS
#endif

#if defined(__GNUC__)
#define STORAGE_API __attribute__((visibility("default")))
#define STORAGE_MUST_USE __attribute__((warn_unused_result))
#define STORAGE_PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))
#else
#define STORAGE_API
#define STORAGE_MUST_USE
#define STORAGE_PRINTF(format_index, first_index)
#endif

#endif
