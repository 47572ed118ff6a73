/* cli/watch.c - watch [PREFIX]: a line for each change, as it is committed, until Ctrl-C. */
#include "arguments.h"
#include "json.h"
#include "output.h"
#include "terminal/interrupt.h"

#include <inttypes.h>
#include <time.h>

enum { FORMAT_TEXT, FORMAT_JSONL };

static const Option options[] = {
    OPTION_RANGE_ROWS,
    {.name = "--revision", .value_name = "N", .doc = "from the changes of revision N on; without it: from now on"},
    {.name = "--count", .value_name = "N", .doc = "end after N changes"},
    {.name = "--for", .value_name = "TIME", .doc = "end after this long (0s: what there is already)"},
    {.name = "--format", .value_name = "FORMAT", .doc = "text (the default) or jsonl", .choices = "text jsonl"},
    {0},
};

static const char *kind_name(uint32_t kind)
{
    static const char *const names[] = {"unknown", "set", "deleted", "expired", "cleared"};
    return names[kind <= STORAGE_CHANGE_CLEARED ? kind : 0];
}

static const char *bound_name(uint32_t kind)
{
    static const char *const names[] = {"open", "included", "excluded", "prefix_end"};
    return names[kind <= STORAGE_BOUND_PREFIX_END ? kind : 0];
}

static void print_text_bound(const StorageBound *bound, Encoding encoding)
{
    output_format("\t%s", bound_name(bound->kind));
    if (bound->kind == STORAGE_BOUND_OPEN)
        return;
    output_text(" ");
    output_encoded(bound->key, encoding);
}

static void print_text(const StorageChange *change, Encoding encoding)
{
    output_format("%" PRIu64 "\t%s", change->revision, kind_name(change->kind));
    if (change->kind == STORAGE_CHANGE_CLEARED) {
        print_text_bound(&change->range.start, encoding);
        print_text_bound(&change->range.end, encoding);
    } else {
        output_text("\t");
        output_encoded(change->key, encoding);
    }
    if (change->kind == STORAGE_CHANGE_SET) {
        output_text("\t");
        output_encoded(change->value, encoding);
    }
    output_text("\n");
}

static void print_json_bound(const char *name, const StorageBound *bound)
{
    output_format(",\"%s\":{\"kind\":\"%s\"", name, bound_name(bound->kind));
    if (bound->kind != STORAGE_BOUND_OPEN) {
        output_text(",");
        json_bytes(stdout, "key", bound->key);
    }
    output_text("}");
}

static void print_json(const StorageChange *change)
{
    output_format("{\"revision\":%" PRIu64 ",\"change\":\"%s\"", change->revision, kind_name(change->kind));
    if (change->kind == STORAGE_CHANGE_CLEARED) {
        print_json_bound("start", &change->range.start);
        print_json_bound("end", &change->range.end);
    } else {
        output_text(",");
        json_bytes(stdout, "key", change->key);
    }
    if (change->kind == STORAGE_CHANGE_SET) {
        output_text(",");
        json_bytes(stdout, "value", change->value);
        if (change->expires_at_ns != STORAGE_NEVER) {
            output_text(",");
            json_time(stdout, "expires_at", change->expires_at_ns);
        }
    }
    output_text("}\n");
    output_note();
}

typedef struct Watching {
    uint64_t revision, count_max, duration_ns;
    int has_duration;
} Watching;

static int print_changes(Session *session, const Arguments *arguments, const Watching *watching, StorageWatch *watch)
{
    size_t fallback = session->preferences.wants_json ? FORMAT_JSONL : FORMAT_TEXT;
    int is_json = arguments_choice(arguments, "--format", fallback) == FORMAT_JSONL;
    const StorageChange *change;
    StorageStatus status = STORAGE_OK;
    uint64_t count = 0;
    while (output_error() == 0 && count < watching->count_max &&
           (status = storage_watch_next(watch, &change, session->ctx)) == STORAGE_OK) {
        if (is_json)
            print_json(change);
        else
            print_text(change, arguments->preferences.encoding);
        output_flush(); /* whoever reads wants it now */
        count++;
    }
    if (status == STORAGE_OK || (status == STORAGE_TIMEOUT && watching->has_duration) ||
        (status == STORAGE_CANCELLED && interrupt_requested() != 0))
        return EXIT_DONE;
    return session_fail(session, status);
}

static int parse_watching(Session *session, const Arguments *arguments, StorageRange *ret_range, Watching *ret_watching)
{
    int exit_code = arguments_range(session, arguments, ret_range);
    *ret_watching = (Watching){.count_max = UINT64_MAX};
    if (exit_code == EXIT_DONE)
        exit_code = arguments_number_option(session, arguments, "--revision", 1, UINT64_MAX, &ret_watching->revision);
    if (exit_code == EXIT_DONE)
        exit_code = arguments_number_option(session, arguments, "--count", 1, UINT64_MAX, &ret_watching->count_max);
    if (exit_code == EXIT_DONE)
        exit_code = arguments_duration_option(session, arguments, "--for", &ret_watching->duration_ns);
    ret_watching->has_duration = arguments_option(arguments, "--for") != NULL;
    return exit_code;
}

static int run(Session *session, const Arguments *arguments)
{
    StorageRange range;
    StorageWatch *watch;
    Watching watching;
    StorageStatus status;
    int exit_code = parse_watching(session, arguments, &range, &watching);
    if (exit_code != EXIT_DONE)
        return exit_code;
    status = storage_watch(session->backend, &range, watching.revision, &watch, session->ctx);
    if (status != STORAGE_OK)
        return session_fail(session, status);
    if (watching.has_duration)
        session_set_deadline(session, watching.duration_ns);
    exit_code = print_changes(session, arguments, &watching, watch);
    storage_watch_close(watch);
    return exit_code;
}

const Verb watch_verb = {
    .name = "watch",
    .usage = "[PREFIX]",
    .summary = "print changes as they are committed",
    .details = "Prints a line for each change: the revision, a tab, what happened (set, deleted,\n"
               "expired, cleared), a tab, the key, and for set a tab and the value; for cleared\n"
               "the two bounds of the range. Ends with Ctrl-C, --count or --for. A revision that\n"
               "is no longer kept ends with exit code 4.\n",
    .example = "storagectl watch user/\n"
               "storagectl watch --revision 1 --for 0s --format jsonl\n",
    .options = options,
    .argument_max = 1,
    .bytes_mask = 1u << 0,
    .flags = VERB_NEEDS_STORE | VERB_HAS_BYTES,
    .run = run,
};
