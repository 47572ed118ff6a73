/*
 * package_catalog.c - the packages of this machine in a store: import, look-ups, scans, snapshots, transactions,
 * expiry, watch.
 *
 *     package_catalog STACK.json [--input FILE] [--lookups N] [--seed N]
 *
 * A user's program: it includes <storage/storage.h> and nothing else of the library. What stands behind the store is
 * said by STACK.json alone; on a stack that refuses writes it shows just that. The input is what `dpkg-query` says, or
 * FILE with lines of the same form. Every status is checked, and so is what the program claims to show: any surprise
 * ends it with exit code 1.
 *
 *     package/<name>                   version, section, KiB installed, dependencies; tabs between them
 *     section/<section>/<name>         nothing: the packages of a section are a scan
 *     required-by/<dependency>/<name>  nothing: who needs a package is a scan too
 *     history/<name>/<version>         what an upgrade replaced
 *     session/<number>                 somebody looking at the catalog, for a while
 */
#include <storage/storage.h>

#include "package_tools.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH_SIZE 512     /* operations in one commit of the import */
#define CLOSURE_MAX 8192   /* packages that one may need, directly or not */
#define WRITER_PASSES 25   /* how often the writer changes what the reader looks at */
#define SESSION_COUNT 1000 /* every other one ends soon */
#define SHORT_LIFE (5 * MILLISECOND)
#define MILLISECOND INT64_C(1000000) /* in nanoseconds */
#define HOUR (INT64_C(3600000) * MILLISECOND)
#define LAST_KEY "catalog/complete" /* written last: the watcher stops there */

static const char query[] = "dpkg-query -W -f='${db:Status-Abbrev}\\t${Package}\\t${Version}\\t${Section}\\t"
                            "${Installed-Size}\\t${Pre-Depends},${Depends}\\n'";

typedef struct Catalog {
    StorageBackend *store;
    StorageContext *ctx; /* of the main thread */
    char **names;        /* of all packages, in order */
    size_t name_count, name_capacity;
    const char *root;                           /* the package with the most direct dependencies */
    uint64_t random_state;                      /* from --seed */
    atomic_size_t sets;                         /* keys set, by any thread: the watcher must have seen as many */
    size_t lookups_wanted;                      /* --lookups */
    double import_rate, lookup_rate, scan_rate; /* per second, for the summary */
} Catalog;

/* ---- import ---- */

typedef struct Batch {
    StorageOperation operations[BATCH_SIZE];
    char *blocks[2 * BATCH_SIZE]; /* what keys and values point into, until the batch was written */
    size_t count, block_count, commit_count;
} Batch;

static void batch_write(Batch *batch, Catalog *catalog)
{
    check(storage_write(catalog->store, batch->operations, batch->count, STORAGE_WRITE_ATOMIC, NULL, catalog->ctx),
          catalog->ctx, "import");
    atomic_fetch_add(&catalog->sets, batch->count);
    while (batch->block_count > 0)
        free(batch->blocks[--batch->block_count]);
    batch->commit_count += batch->count > 0;
    batch->count = 0;
}

/* Adds a set to the batch, which takes `value` (a heap block, or NULL for an empty value). */
static void batch_set(Batch *batch, Catalog *catalog, StorageSlice key, char *value)
{
    char *key_copy = allocate(key.size + 1);
    if (batch->count == BATCH_SIZE)
        batch_write(batch, catalog);
    memcpy(key_copy, key.data, key.size);
    batch->blocks[batch->block_count++] = key_copy;
    if (value != NULL)
        batch->blocks[batch->block_count++] = value;
    batch->operations[batch->count++] = (StorageOperation){
        .kind = STORAGE_OPERATION_SET,
        .key = storage_bytes(key_copy, key.size),
        .value = storage_string(value),
    };
}

static void remember_name(Catalog *catalog, const char *name)
{
    if (catalog->name_count == catalog->name_capacity) {
        catalog->name_capacity = catalog->name_capacity * 2 + 64;
        catalog->names = realloc(catalog->names, catalog->name_capacity * sizeof(*catalog->names));
        if (catalog->names == NULL)
            surprise("out of memory");
    }
    catalog->names[catalog->name_count++] = copy_text(name);
}

/* Imports one line of dpkg-query. Returns how many dependencies the package has. */
static size_t import_line(Catalog *catalog, Batch *batch, char *line)
{
    char buffer[KEY_SIZE];
    char *status = next_field(&line), *name = next_field(&line), *version = next_field(&line);
    char *section = next_field(&line), *size = next_field(&line), *dependencies = next_field(&line);
    char *item;
    size_t dependency_count = 0;
    int is_installed = strncmp(status, "ii", 2) == 0;
    int is_known = catalog->name_count > 0 && strcmp(catalog->names[catalog->name_count - 1], name) == 0;
    if (!is_installed || is_known || name[0] == '\0')
        return 0;
    remember_name(catalog, name);
    simplify_dependencies(dependencies);
    batch_set(batch, catalog, make_key(buffer, "package/%s", name),
              format_package(version, section, strtoull(size, NULL, 10), dependencies));
    batch_set(batch, catalog, make_key(buffer, "section/%s/%s", section[0] != '\0' ? section : "none", name), NULL);
    while ((item = strsep(&dependencies, ",")) != NULL && item[0] != '\0') {
        batch_set(batch, catalog, make_key(buffer, "required-by/%s/%s", item, name), NULL);
        dependency_count++;
    }
    return dependency_count;
}

static void import_packages(Catalog *catalog, const char *input_path)
{
    FILE *input = input_path != NULL ? fopen(input_path, "re") : popen(query, "re");
    Batch *batch = allocate(sizeof(*batch));
    char *line = NULL;
    size_t capacity = 0, most_dependencies = 0, root_index = 0, sets_before = atomic_load(&catalog->sets);
    double start = seconds_now(), seconds;
    if (input == NULL)
        surprise("the package list cannot be read: %s", input_path != NULL ? input_path : query);
    while (getline(&line, &capacity, input) > 0) {
        size_t dependency_count;
        line[strcspn(line, "\n")] = '\0';
        dependency_count = import_line(catalog, batch, line);
        if (dependency_count > most_dependencies) {
            most_dependencies = dependency_count;
            root_index = catalog->name_count - 1;
        }
    }
    batch_write(batch, catalog);
    seconds = seconds_now() - start;
    if ((input_path != NULL ? fclose(input) : pclose(input)) != 0 || catalog->name_count == 0)
        surprise("no package list came from %s", input_path != NULL ? input_path : query);
    catalog->root = catalog->names[root_index];
    print_chapter(input_path != NULL ? "Import of a package list from a file" : "Import of this machine's packages");
    print_count("packages", catalog->name_count);
    print_count("commits", batch->commit_count);
    catalog->import_rate =
        print_rate("keys written, dpkg-query's own time included", atomic_load(&catalog->sets) - sets_before, seconds);
    free(batch);
    free(line);
}

/* ---- look-ups and scans ---- */

static void look_up_packages(Catalog *catalog)
{
    char buffer[KEY_SIZE];
    uint64_t bytes = 0;
    double start = seconds_now(), seconds;
    StorageValue value;
    for (size_t i = 0; i < catalog->lookups_wanted; i++) {
        const char *name = catalog->names[next_random(&catalog->random_state) % catalog->name_count];
        check(storage_get(catalog->store, make_key(buffer, "package/%s", name), &value, catalog->ctx), catalog->ctx,
              name);
        bytes += value.size;
        storage_value_release(&value);
    }
    seconds = seconds_now() - start;
    expect(STORAGE_NOT_FOUND,
           storage_get(catalog->store, storage_string("package/no such package"), &value, catalog->ctx), catalog->ctx,
           "a package that does not exist");
    print_chapter("Look-ups");
    catalog->lookup_rate = print_rate("random packages looked up", catalog->lookups_wanted, seconds);
    print_count("bytes seen", bytes);
}

/* Counts the keys under a prefix, and hands out the last one through `last_key` unless that is NULL. */
static size_t count_keys(Catalog *catalog, const char *prefix, char *last_key)
{
    StorageRange range = storage_range_prefix(storage_string(prefix));
    StorageScanOptions options = STORAGE_SCAN_OPTIONS_INIT;
    StorageCursor *cursor;
    const StorageEntry *entry;
    StorageStatus status;
    size_t count = 0;
    options.flags = STORAGE_SCAN_KEYS_ONLY;
    check(storage_scan(catalog->store, &range, &options, &cursor, catalog->ctx), catalog->ctx, prefix);
    while ((status = storage_cursor_next(cursor, &entry, catalog->ctx)) == STORAGE_OK) {
        count++;
        if (last_key != NULL)
            snprintf(last_key, KEY_SIZE, "%.*s", (int)entry->key.size, (const char *)entry->key.data);
    }
    expect(STORAGE_END, status, catalog->ctx, prefix);
    storage_cursor_close(cursor);
    return count;
}

/* The package that most others need: the longest run of equal names in the reverse index. */
static void print_most_needed(Catalog *catalog)
{
    StorageRange range = storage_range_prefix(storage_string("required-by/"));
    StorageCursor *cursor;
    const StorageEntry *entry;
    char name[KEY_SIZE] = "", best[KEY_SIZE] = "", line[KEY_SIZE + 64];
    size_t run = 0, longest = 0;
    check(storage_scan(catalog->store, &range, NULL, &cursor, catalog->ctx), catalog->ctx, "reverse index");
    while (storage_cursor_next(cursor, &entry, catalog->ctx) == STORAGE_OK) {
        const char *dependency = (const char *)entry->key.data + range.start.key.size;
        const char *slash = memchr(dependency, '/', entry->key.size - range.start.key.size);
        size_t len = (size_t)(slash - dependency);
        run = strlen(name) == len && memcmp(name, dependency, len) == 0 ? run + 1 : 1;
        snprintf(name, sizeof(name), "%.*s", (int)len, dependency);
        if (run > longest) {
            longest = run;
            memcpy(best, name, sizeof(best));
        }
    }
    storage_cursor_close(cursor);
    snprintf(line, sizeof(line), "packages that need %s, more than any other", best);
    print_count(line, longest);
}

static void scan_packages(Catalog *catalog)
{
    char last_key[KEY_SIZE] = "";
    double start, seconds;
    size_t count = 0, rounds = 0;
    StorageRange all = storage_range_all();
    StorageCursor *cursor;
    const StorageEntry *entry;
    print_chapter("Scans");
    print_count("packages whose name starts with \"lib\"", count_keys(catalog, "package/lib", NULL));
    print_count("packages in section \"libs\"", count_keys(catalog, "section/libs/", NULL));
    require(count_keys(catalog, "package/", last_key) == catalog->name_count, "a scan finds every package once");
    require(strcmp(last_key + strlen("package/"), catalog->names[catalog->name_count - 1]) >= 0,
            "a scan ends with the last name");
    print_most_needed(catalog);
    start = seconds_now();
    do {
        check(storage_scan(catalog->store, &all, NULL, &cursor, catalog->ctx), catalog->ctx, "scan of everything");
        while (storage_cursor_next(cursor, &entry, catalog->ctx) == STORAGE_OK)
            count++;
        storage_cursor_close(cursor);
        seconds = seconds_now() - start;
    } while (++rounds < 20);
    catalog->scan_rate = print_rate("rows of full scans, keys and values", count, seconds);
}

/* ---- dependencies in a snapshot ---- */

/* Everything that a package needs, directly or not. Names without a package are virtual ones. */
typedef struct Closure {
    char *names[CLOSURE_MAX];
    size_t count, virtual_count;
    uint64_t size_kib;
} Closure;

static void closure_add(Closure *closure, const char *name)
{
    for (size_t i = 0; i < closure->count; i++)
        if (strcmp(closure->names[i], name) == 0)
            return;
    require(closure->count < CLOSURE_MAX, "nothing needs that many packages");
    closure->names[closure->count++] = copy_text(name);
}

static void closure_free(Closure *closure)
{
    for (size_t i = 0; i < closure->count; i++)
        free(closure->names[i]);
    free(closure);
}

/* Follows the dependencies of `root` within one transaction. */
static Closure *follow_dependencies(StorageTransaction *txn, const char *root, StorageContext *ctx)
{
    Closure *closure = allocate(sizeof(*closure));
    Package *package = allocate(sizeof(*package));
    char buffer[KEY_SIZE];
    closure_add(closure, root);
    for (size_t i = 0; i < closure->count; i++) {
        StorageValue value;
        char *item;
        StorageStatus status =
            storage_transaction_get(txn, make_key(buffer, "package/%s", closure->names[i]), &value, ctx);
        if (status == STORAGE_NOT_FOUND) {
            closure->virtual_count++;
            continue;
        }
        check(status, ctx, closure->names[i]);
        parse_package(package, &value);
        storage_value_release(&value);
        closure->size_kib += package->size_kib;
        while ((item = strsep(&package->dependencies, ",")) != NULL && item[0] != '\0')
            closure_add(closure, item);
    }
    free(package);
    return closure;
}

typedef struct Writer {
    Catalog *catalog;
    const Closure *closure;
    pthread_t thread;
    atomic_int is_done;
} Writer;

/* One pass: every package of the closure grows by 1 KiB, all in one transaction. */
static StorageStatus grow_packages(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    const Closure *closure = user_data;
    Package *package = allocate(sizeof(*package));
    char buffer[KEY_SIZE];
    StorageStatus status = STORAGE_OK;
    for (size_t i = 0; i < closure->count && status >= 0; i++) {
        StorageSlice key = make_key(buffer, "package/%s", closure->names[i]);
        StorageValue value;
        char *text;
        status = storage_transaction_get(txn, key, &value, ctx);
        if (status != STORAGE_OK)
            continue;
        parse_package(package, &value);
        storage_value_release(&value);
        text = format_package(package->version, package->section, package->size_kib + 1, package->dependencies);
        status = storage_transaction_set(txn, key, storage_string(text), NULL, ctx);
        free(text);
    }
    free(package);
    return status < 0 ? status : STORAGE_OK;
}

static void *run_writer(void *user_data)
{
    Writer *writer = user_data;
    StorageContext *ctx = storage_context_new();
    for (int pass = 0; pass < WRITER_PASSES; pass++) {
        check(storage_update(writer->catalog->store, NULL, grow_packages, (void *)(uintptr_t)writer->closure, ctx), ctx,
              "a pass of the writer");
        atomic_fetch_add(&writer->catalog->sets, writer->closure->count - writer->closure->virtual_count);
    }
    storage_context_free(ctx);
    atomic_store(&writer->is_done, 1);
    return NULL;
}

/* How much the closure has grown in a new snapshot. */
static uint64_t growth_now(Catalog *catalog, const Closure *before)
{
    StorageTransaction *txn;
    Closure *now;
    uint64_t growth;
    check(storage_begin(catalog->store, NULL, &txn, catalog->ctx), catalog->ctx, "a new snapshot");
    now = follow_dependencies(txn, before->names[0], catalog->ctx);
    require(now->count == before->count, "the writer changes sizes only");
    growth = now->size_kib - before->size_kib;
    closure_free(now);
    storage_transaction_close(txn);
    return growth;
}

static void follow_while_writing(Catalog *catalog)
{
    StorageTransactionOptions options = STORAGE_TRANSACTION_OPTIONS_INIT;
    StorageTransaction *snapshot;
    Writer writer = {.catalog = catalog};
    Closure *before;
    size_t walks = 0, package_count;
    uint64_t growth;
    options.flags = STORAGE_TRANSACTION_READ_ONLY;
    check(storage_begin(catalog->store, &options, &snapshot, catalog->ctx), catalog->ctx, "snapshot");
    writer.closure = before = follow_dependencies(snapshot, catalog->root, catalog->ctx);
    package_count = before->count - before->virtual_count;
    require(package_count > 0, "a package needs itself");
    if (pthread_create(&writer.thread, NULL, run_writer, &writer) != 0)
        surprise("no thread for the writer");
    do {
        Closure *again = follow_dependencies(snapshot, catalog->root, catalog->ctx);
        require(again->count == before->count && again->size_kib == before->size_kib, "a snapshot does not move");
        closure_free(again);
        growth = growth_now(catalog, before);
        require(growth % package_count == 0, "a transaction is seen whole or not at all");
        walks++;
    } while (!atomic_load(&writer.is_done) || growth != WRITER_PASSES * package_count);
    pthread_join(writer.thread, NULL);
    storage_transaction_close(snapshot);
    print_chapter("Dependencies in a snapshot, while a writer changes them");
    printf("  %-52s %14s\n", "the package with most direct dependencies", catalog->root);
    print_count("packages that it needs in the end, itself included", package_count);
    print_count("virtual packages among its dependencies", before->virtual_count);
    print_count("installed KiB of all of them, in the snapshot", before->size_kib);
    print_count("... and now, after the writer", before->size_kib + growth);
    print_count("transactions of the writer", WRITER_PASSES);
    print_count("walks through the unmoved snapshot meanwhile", walks);
    closure_free(before);
}

/* ---- an upgrade ---- */

typedef struct Upgrade {
    Catalog *catalog;
    const char *name;
    char new_version[256];
    int runs;
} Upgrade;

/* Somebody else writes the package between our read and our commit: the same record again, so a new revision. */
static void let_a_rival_write(Catalog *catalog, StorageSlice key, const StorageValue *value)
{
    check(storage_set(catalog->store, key, storage_value_slice(value), NULL, NULL), NULL, "the rival's write");
    atomic_fetch_add(&catalog->sets, 1);
}

/* Runs in a transaction, and again in a new one when the commit meets a conflict. */
static StorageStatus upgrade_package(StorageTransaction *txn, void *user_data, StorageContext *ctx)
{
    Upgrade *upgrade = user_data;
    Package *package = allocate(sizeof(*package));
    char package_key[KEY_SIZE], history_key[KEY_SIZE], *text;
    StorageSlice key = make_key(package_key, "package/%s", upgrade->name);
    StorageValue value;
    StorageStatus status = storage_transaction_get(txn, key, &value, ctx);
    check(status, ctx, upgrade->name);
    parse_package(package, &value);
    if (upgrade->runs++ == 0)
        let_a_rival_write(upgrade->catalog, key, &value);
    storage_value_release(&value);
    snprintf(upgrade->new_version, sizeof(upgrade->new_version), "%.200s+upgraded", package->version);
    text = format_package(upgrade->new_version, package->section, package->size_kib, package->dependencies);
    status = storage_transaction_compare_and_set(txn, key, storage_expect_revision(package->revision),
                                                 storage_string(text), NULL, ctx);
    if (status == STORAGE_OK)
        status = storage_transaction_set(txn, make_key(history_key, "history/%s/%s", upgrade->name, package->version),
                                         storage_string("replaced"), NULL, ctx);
    free(text);
    free(package);
    return status;
}

static void upgrade_root(Catalog *catalog)
{
    Upgrade upgrade = {.catalog = catalog, .name = catalog->root};
    char buffer[KEY_SIZE];
    uint32_t attempts;
    uint64_t revision;
    StorageSlice key = make_key(buffer, "package/%s", catalog->root);
    check(storage_update(catalog->store, NULL, upgrade_package, &upgrade, catalog->ctx), catalog->ctx, "upgrade");
    attempts = storage_context_attempts(catalog->ctx);
    revision = storage_context_revision(catalog->ctx);
    atomic_fetch_add(&catalog->sets, 2);
    require(attempts == 2, "the first run met the rival's write, the second did not");
    print_chapter("An upgrade: read, compare and set, keep the history, in one transaction");
    printf("  %-30s %36s\n", catalog->root, upgrade.new_version);
    print_count("runs of the transaction: a rival came first", attempts);
    print_count("revision of the commit", revision);
    /* One who still holds the revision before is told which one the package has now. */
    expect(STORAGE_CONFLICT,
           storage_compare_and_set(catalog->store, key, storage_expect_revision(revision - 1), storage_string("stale"),
                                   NULL, catalog->ctx),
           catalog->ctx, "a stale compare-and-set");
    require(storage_context_revision(catalog->ctx) == revision, "a conflict names the current revision");
    printf("  %-52s %14s\n", "a compare-and-set with an older revision", "CONFLICT");
}

/* ---- sessions that expire ---- */

/* Half of the sessions have a short life, and no longer than that is waited for here. */
static void wait_for_the_end_of(Catalog *catalog, const char *key)
{
    const struct timespec pause = {.tv_nsec = MILLISECOND};
    StorageValue value;
    StorageStatus status;
    while ((status = storage_get(catalog->store, storage_string(key), &value, catalog->ctx)) == STORAGE_OK) {
        storage_value_release(&value);
        nanosleep(&pause, NULL);
    }
    expect(STORAGE_NOT_FOUND, status, catalog->ctx, key);
}

/* Begins them all in one commit; each is decided by itself and has its own status. */
static void begin_sessions(Catalog *catalog)
{
    static char keys[SESSION_COUNT][32];
    static StorageOperation operations[SESSION_COUNT];
    static StorageResult results[SESSION_COUNT];
    for (size_t i = 0; i < SESSION_COUNT; i++) {
        snprintf(keys[i], sizeof(keys[i]), "session/%04zu", i);
        operations[i] = (StorageOperation){
            .kind = STORAGE_OPERATION_SET,
            .key = storage_string(keys[i]),
            .value = storage_string("a visitor"),
            .expiry = storage_expiry_after(i % 2 == 0 ? 24 * HOUR : SHORT_LIFE),
        };
    }
    check(storage_write(catalog->store, operations, SESSION_COUNT, STORAGE_WRITE_INDEPENDENT, results, catalog->ctx),
          catalog->ctx, "the sessions");
    for (size_t i = 0; i < SESSION_COUNT; i++)
        check(results[i].status, catalog->ctx, keys[i]);
    atomic_fetch_add(&catalog->sets, SESSION_COUNT);
}

static void let_sessions_expire(Catalog *catalog)
{
    StorageRange sessions = storage_range_prefix(storage_string("session/"));
    uint64_t swept = 0;
    StorageValue value;
    begin_sessions(catalog);
    wait_for_the_end_of(catalog, "session/0999");
    check(storage_get(catalog->store, storage_string("session/0000"), &value, catalog->ctx), catalog->ctx,
          "a session that lives");
    require(value.expires_at_ns != STORAGE_NEVER, "a session has an end");
    storage_value_release(&value);
    require(count_keys(catalog, "session/", NULL) == SESSION_COUNT / 2, "a scan shows the living sessions only");
    check(storage_sweep(catalog->store, &swept, catalog->ctx), catalog->ctx, "sweep");
    require(swept <= SESSION_COUNT / 2, "a sweep removes what expired and nothing else");
    check(storage_clear_range(catalog->store, &sessions, catalog->ctx), catalog->ctx, "end of all sessions");
    require(count_keys(catalog, "session/", NULL) == 0, "clear_range leaves nothing");
    print_chapter("Sessions that expire");
    print_count("sessions begun in one commit", SESSION_COUNT);
    print_count("... expired, and no longer seen by get and scan", SESSION_COUNT / 2);
    print_count("... removed in passing, by a write or a waiting watch", SESSION_COUNT / 2 - swept);
    print_count("... removed by the sweep", swept);
    print_count("living sessions ended by one clear_range", SESSION_COUNT / 2);
}

/* ---- the watcher ---- */

typedef struct Watcher {
    StorageWatch *watch;
    pthread_t thread;
    uint64_t counts[STORAGE_CHANGE_CLEARED + 1]; /* by kind */
    uint64_t change_count, first_revision, last_revision;
    int is_in_order;
} Watcher;

static void *run_watcher(void *user_data)
{
    Watcher *watcher = user_data;
    StorageContext *ctx = storage_context_new();
    const StorageChange *change;
    int is_last = 0;
    watcher->is_in_order = 1;
    while (!is_last) {
        check(storage_watch_next(watcher->watch, &change, ctx), ctx, "watch");
        require(change->kind >= STORAGE_CHANGE_SET && change->kind <= STORAGE_CHANGE_CLEARED, "a change has a kind");
        watcher->counts[change->kind]++;
        watcher->change_count++;
        watcher->is_in_order = watcher->is_in_order && change->revision >= watcher->last_revision;
        watcher->last_revision = change->revision;
        if (watcher->first_revision == 0)
            watcher->first_revision = change->revision;
        is_last = storage_slice_compare(change->key, storage_string(LAST_KEY)) == 0;
    }
    storage_context_free(ctx);
    return NULL;
}

static void start_watcher(Watcher *watcher, Catalog *catalog)
{
    check(storage_watch(catalog->store, NULL, 0, &watcher->watch, catalog->ctx), catalog->ctx, "watch");
    if (pthread_create(&watcher->thread, NULL, run_watcher, watcher) != 0)
        surprise("no thread for the watcher");
}

static void stop_watcher(Watcher *watcher, Catalog *catalog)
{
    check(storage_set(catalog->store, storage_string(LAST_KEY), storage_string(""), NULL, catalog->ctx), catalog->ctx,
          "the last key");
    atomic_fetch_add(&catalog->sets, 1);
    pthread_join(watcher->thread, NULL);
    storage_watch_close(watcher->watch);
    require(watcher->is_in_order, "changes come in the order of their revisions");
    require(watcher->counts[STORAGE_CHANGE_SET] == atomic_load(&catalog->sets), "a watch loses no change");
    require(watcher->counts[STORAGE_CHANGE_EXPIRED] == SESSION_COUNT / 2, "every expiry is told once");
    print_chapter("What a watch saw meanwhile, on a thread of its own");
    print_count("keys set", watcher->counts[STORAGE_CHANGE_SET]);
    print_count("keys expired", watcher->counts[STORAGE_CHANGE_EXPIRED]);
    print_count("ranges cleared", watcher->counts[STORAGE_CHANGE_CLEARED]);
    print_count("first revision", watcher->first_revision);
    print_count("last revision", watcher->last_revision);
}

/* ---- the stack about itself ---- */

static void describe_stack(Catalog *catalog)
{
    static const struct {
        const char *name;
        StorageDescription description;
    } parts[] = {{"stack", STORAGE_DESCRIBE_STACK},
                 {"statistics", STORAGE_DESCRIBE_STATISTICS},
                 {"memory", STORAGE_DESCRIBE_MEMORY}};
    StorageHealthState state;
    StorageValue json;
    print_chapter("The stack about itself");
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        check(storage_describe(catalog->store, parts[i].description, &json, catalog->ctx), catalog->ctx, "describe");
        print_json(parts[i].name, storage_value_slice(&json));
        storage_value_release(&json);
    }
    check(storage_health_check(catalog->store, STORAGE_PROBE_READINESS, &state, &json, catalog->ctx), catalog->ctx,
          "health");
    print_json("health", storage_value_slice(&json));
    storage_value_release(&json);
    require(state == STORAGE_HEALTH_HEALTHY, "the store is healthy");
}

static void show_read_only(Catalog *catalog)
{
    StorageTransaction *txn;
    StorageValue value;
    StorageSlice key = storage_string("package/bash");
    print_chapter("A stack that refuses writes");
    expect(STORAGE_READ_ONLY, storage_set(catalog->store, key, storage_string("changed"), NULL, catalog->ctx),
           catalog->ctx, "a set");
    printf("  set: %s\n", storage_context_error_text(catalog->ctx, 0));
    check(storage_begin(catalog->store, NULL, &txn, catalog->ctx), catalog->ctx, "begin");
    expect(STORAGE_READ_ONLY, storage_transaction_delete(txn, key, catalog->ctx), catalog->ctx, "a delete");
    printf("  delete in a transaction: %s\n", storage_context_error_text(catalog->ctx, 0));
    storage_transaction_close(txn);
    expect(STORAGE_NOT_FOUND, storage_get(catalog->store, key, &value, catalog->ctx), catalog->ctx, "a get");
    printf("  get: %s\n", storage_context_public_text(catalog->ctx));
}

static void print_summary(Catalog *catalog, const Watcher *watcher)
{
    print_chapter("In short");
    print_count("packages", catalog->name_count);
    print_count("keys imported per second", (uint64_t)catalog->import_rate);
    print_count("random look-ups per second", (uint64_t)catalog->lookup_rate);
    print_count("rows scanned per second", (uint64_t)catalog->scan_rate);
    print_count("changes watched, none lost", watcher->change_count);
}

/* The stack says itself that it refuses writes. */
static int refuses_writes(Catalog *catalog)
{
    StorageStatus status = storage_delete(catalog->store, storage_string(LAST_KEY), catalog->ctx);
    if (status != STORAGE_READ_ONLY)
        check(status, catalog->ctx, "a first write");
    return status == STORAGE_READ_ONLY;
}

static void show_everything(Catalog *catalog, const char *input_path)
{
    Watcher watcher = {0};
    start_watcher(&watcher, catalog);
    import_packages(catalog, input_path);
    look_up_packages(catalog);
    scan_packages(catalog);
    follow_while_writing(catalog);
    upgrade_root(catalog);
    let_sessions_expire(catalog);
    stop_watcher(&watcher, catalog);
    describe_stack(catalog);
    print_summary(catalog, &watcher);
}

/* ---- the program ---- */

typedef struct CommandLine {
    const char *stack_path, *input_path;
    uint64_t lookups, seed;
} CommandLine;

static const char usage[] = "usage: package_catalog STACK.json [--input FILE] [--lookups N] [--seed N]";

static uint64_t parse_count(const char *option, const char *text)
{
    char *end;
    unsigned long long count = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0')
        surprise("%s takes a whole number, not \"%s\"", option, text);
    return count;
}

static void parse_command_line(CommandLine *self, int argc, char **argv)
{
    int i = 2;
    if (argc < 2)
        surprise("%s", usage);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        printf("%s\n", usage);
        exit(0);
    }
    self->stack_path = argv[1];
    for (; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--input") == 0)
            self->input_path = argv[i + 1];
        else if (strcmp(argv[i], "--lookups") == 0)
            self->lookups = parse_count(argv[i], argv[i + 1]);
        else if (strcmp(argv[i], "--seed") == 0)
            self->seed = parse_count(argv[i], argv[i + 1]);
        else
            break;
    }
    if (i < argc)
        surprise("unknown option, or one without its value: %s", argv[i]);
}

int main(int argc, char **argv)
{
    CommandLine command_line = {.lookups = 500000, .seed = 1};
    Catalog catalog = {.ctx = storage_context_new()};
    double start = seconds_now();
    if (catalog.ctx == NULL)
        surprise("out of memory");
    parse_command_line(&command_line, argc, argv);
    catalog.lookups_wanted = (size_t)command_line.lookups;
    catalog.random_state = command_line.seed * 2 + 1;
    printf("libstorage %s, stack from %s, seed %" PRIu64 "\n", storage_version(), command_line.stack_path,
           command_line.seed);
    check(storage_config_open_file(command_line.stack_path, NULL, &catalog.store, catalog.ctx), catalog.ctx, "open");
    if (refuses_writes(&catalog))
        show_read_only(&catalog);
    else
        show_everything(&catalog, command_line.input_path);
    check(storage_close(catalog.store, catalog.ctx), catalog.ctx, "close");
    while (catalog.name_count > 0)
        free(catalog.names[--catalog.name_count]);
    free(catalog.names);
    storage_context_free(catalog.ctx);
    printf("\nEverything held. %.2f seconds.\n", seconds_now() - start);
    return 0;
}
