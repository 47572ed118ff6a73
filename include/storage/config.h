/*
 * storage/config.h - a stack from a JSON document.
 *
 *   {"layers": [{"type": "read_only"}],
 *    "backend": {"type": "memory", "limit": "64MiB"}}
 *
 * Layers are listed top first, in the order in which a request meets them. Inside strings ${NAME}, ${NAME:-default} and
 * ${NAME:?message} stand for variables of the environment and $$ for a dollar; {"$file": "path"} instead of a string
 * stands for what a file holds. The reference of every type is docs/configuration.md.
 *
 * Every mistake of a document is reported at once, one error text each (the first 64; more are counted), with its place
 * (`layers[1].rate: ...`), before anything is opened. All functions may be called from any thread.
 */
#ifndef STORAGE_CONFIG_H
#define STORAGE_CONFIG_H

#include "storage/environment.h"
#include "storage/operations.h"

STORAGE_BEGIN_DECLS

struct StorageRegistry; /* storage/registry.h */

typedef struct StorageConfigOptions {
    uint32_t struct_size, flags;            /* no flags yet */
    const StorageEnvironment *environment;  /* of the stack and for reading files; NULL: the system's */
    const struct StorageRegistry *registry; /* the types that there are; NULL: those of the library */
    /* Where relative paths start. NULL: the directory of the configuration file, the working directory for a text. */
    const char *directory;
    /* Looks a variable up: its value, which need not outlive the next call; NULL when it is not defined. NULL: those of
     * the process (getenv), which no other thread may change meanwhile. */
    const char *(*variable)(void *user_data, const char *name);
    /* Takes each warning, one line, such as an order of layers that is legal and hardly meant. NULL: they are dropped.
     */
    void (*warn)(void *user_data, const char *text);
    void *user_data; /* for `variable` and `warn` */
} StorageConfigOptions;
#define STORAGE_CONFIG_OPTIONS_INIT                                         \
    {                                                                       \
        sizeof(StorageConfigOptions), 0, NULL, NULL, NULL, NULL, NULL, NULL \
    }

/*
 * Opens the stack that the JSON text describes.
 * Returns OK; CONFIG with all mistakes of the document; NO_MEMORY; INVALID_ARGUMENT; UNSUPPORTED for options that are
 * newer than the library; what opening the backend or a layer returns, and then nothing is left open.
 * The caller owns `*ret_backend` and closes it with storage_close.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_config_open(const char *json, const StorageConfigOptions *options,
                                                               StorageBackend **ret_backend, StorageContext *ctx);

/*
 * As storage_config_open, from a file of at most 1 MiB.
 * Returns also IO (for a directory, a pipe, or a file that is being written too) and ACCESS_DENIED when it cannot be
 * read, CONFIG when the path leads to no file or the file is too large.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_config_open_file(const char *path,
                                                                    const StorageConfigOptions *options,
                                                                    StorageBackend **ret_backend, StorageContext *ctx);

/*
 * Does everything that storage_config_open does before it opens: reads the document, its variables and its files, and
 * checks the order of the layers. Opens no backend and no layer.
 * Returns OK; CONFIG with all mistakes of the document; NO_MEMORY; INVALID_ARGUMENT; UNSUPPORTED.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_config_check(const char *json, const StorageConfigOptions *options,
                                                                StorageContext *ctx);
/*
 * As storage_config_check, from a file.
 * Returns as storage_config_check, and what storage_config_open_file says of files.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_config_check_file(const char *path,
                                                                     const StorageConfigOptions *options,
                                                                     StorageContext *ctx);

/*
 * What a document means, as JSON: "document" (the whole document with every option spelt out), "layers" and "backend"
 * (each with its type, its doc, and for each option its name, "value", "origin" ("default", "document", "variable" or
 * "file") and doc; an option without a default has no value, and one whose default other options change has "default"
 * instead), "capabilities", "weakenings", "warnings". Secrets, and whatever came from a file, are "(redacted)".
 * Relative paths in it start at the working directory. Opens nothing.
 * Returns as storage_config_check. The caller releases `*ret_json`.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_config_explain(const char *json, const StorageConfigOptions *options,
                                                                  StorageValue *ret_json, StorageContext *ctx);
STORAGE_API STORAGE_MUST_USE StorageStatus storage_config_explain_file(const char *path,
                                                                       const StorageConfigOptions *options,
                                                                       StorageValue *ret_json, StorageContext *ctx);

/*
 * The JSON Schema (draft 2020-12) of the documents that the registry of `options` allows, for editors and other tools.
 * It cannot say everything: duplicate keys, the order of layers, variables, and what numbers fit are known to
 * storage_config_check alone. Keywords that start with x- say what validators have no use for: kinds, defaults, limits.
 * Returns OK; NO_MEMORY; INVALID_ARGUMENT; UNSUPPORTED. The caller releases `*ret_json`.
 */
STORAGE_API STORAGE_MUST_USE StorageStatus storage_config_schema(const StorageConfigOptions *options,
                                                                 StorageValue *ret_json, StorageContext *ctx);

STORAGE_END_DECLS

#endif
