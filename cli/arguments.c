/*
 * cli/arguments.c - words into the arguments and options of a verb.
 *
 * A word that starts with "-" is an option unless "--" came before it or it is "-" alone.
 */
#include "arguments.h"

#include <string.h>

static int starts_with(StorageSlice word, const char *start)
{
    size_t len = strlen(start);
    return word.size >= len && memcmp(word.data, start, len) == 0;
}

static int usage_error(Session *session, const Verb *verb, const char *problem, StorageSlice word)
{
    return session_usage_error(session, "%s%.*s; \"%shelp %s\" shows the usage", problem,
                               (int)(word.size < 60 ? word.size : 60), word.size > 0 ? (const char *)word.data : "",
                               session->in_shell ? "" : "storagectl ", verb->name);
}

/* Takes the option at words[*index], and its value when it has one. */
static int take_option(Session *session, const Verb *verb, const StorageSlice *words, size_t word_count, size_t *index,
                       Arguments *arguments)
{
    StorageSlice word = words[*index];
    for (size_t i = 0; i < verb->option_count; i++) {
        const Option *option = &verb->options[i];
        size_t len = strlen(option->name);
        int has_value = starts_with(word, option->name) && word.size > len && ((const char *)word.data)[len] == '=';
        if (!has_value && storage_slice_compare(word, storage_string(option->name)) != 0)
            continue;
        if (arguments->is_given[i])
            return usage_error(session, verb, "given twice: ", storage_string(option->name));
        arguments->is_given[i] = 1;
        if (option->value_name == NULL)
            return has_value ? usage_error(session, verb, "takes no value: ", storage_string(option->name)) : EXIT_DONE;
        if (has_value) {
            arguments->values[i] = storage_bytes((const char *)word.data + len + 1, word.size - len - 1);
            return EXIT_DONE;
        }
        if (*index + 1 == word_count)
            return usage_error(session, verb, "a value is missing after ", word);
        arguments->values[i] = words[++*index];
        return EXIT_DONE;
    }
    return session_usage_error(session,
                               "unknown option %.*s; \"--\" ends the options: write it before an argument that "
                               "begins with \"-\"; \"%shelp %s\" shows the usage",
                               (int)(word.size < 60 ? word.size : 60), (const char *)word.data,
                               session->in_shell ? "" : "storagectl ", verb->name);
}

int arguments_parse(Session *session, const Verb *verb, const StorageSlice *words, size_t word_count,
                    Arguments *ret_arguments)
{
    int options_ended = 0;
    memset(ret_arguments, 0, sizeof(*ret_arguments));
    for (size_t i = 0; i < word_count; i++) {
        if (!options_ended && storage_slice_compare(words[i], storage_string("--")) == 0) {
            options_ended = 1;
        } else if (!options_ended && words[i].size > 1 && starts_with(words[i], "-")) {
            int exit_code = take_option(session, verb, words, word_count, &i, ret_arguments);
            if (exit_code != EXIT_DONE)
                return exit_code;
        } else if (ret_arguments->count == verb->argument_max) {
            return usage_error(session, verb, "too many arguments, from here on: ", words[i]);
        } else {
            ret_arguments->words[ret_arguments->count++] = words[i];
        }
    }
    if (ret_arguments->count < verb->argument_min)
        return usage_error(session, verb, "needs ", storage_string(verb->usage));
    return EXIT_DONE;
}

/* Reads digits at `*position`; 0 when there are none or they do not fit. */
static int take_number(const char **position, const char *end, uint64_t *ret_number)
{
    const char *start = *position;
    uint64_t number = 0;
    for (; *position < end && **position >= '0' && **position <= '9'; (*position)++) {
        uint64_t digit = (uint64_t)(**position - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return 0;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return *position > start;
}

int arguments_number(StorageSlice text, uint64_t *ret_number)
{
    const char *position = text.data, *end = position + text.size;
    return text.size > 0 && take_number(&position, end, ret_number) && position == end;
}

/* A duration in nanoseconds; 0 when `text` is none or does not fit. */
static int parse_duration(StorageSlice text, int64_t *ret_ns)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {
        {"d", UINT64_C(86400000000000)},
        {"h", UINT64_C(3600000000000)},
        {"m", UINT64_C(60000000000)},
        {"s", UINT64_C(1000000000)},
        {"ms", UINT64_C(1000000)},
        {"us", UINT64_C(1000)},
        {"ns", UINT64_C(1)},
    };
    const size_t unit_count = sizeof(units) / sizeof(units[0]);
    const char *position = text.data, *end = position + text.size;
    uint64_t total = 0, number;
    size_t next_unit = 0; /* each unit once, the largest first */
    while (position < end) {
        size_t len = 0, i = next_unit;
        if (!take_number(&position, end, &number))
            return 0;
        while (position + len < end && position[len] >= 'a' && position[len] <= 'z')
            len++;
        while (i < unit_count && (strlen(units[i].name) != len || memcmp(units[i].name, position, len) != 0))
            i++;
        if (i == unit_count || number > ((uint64_t)INT64_MAX - total) / units[i].ns)
            return 0;
        total += number * units[i].ns;
        position += len;
        next_unit = i + 1;
    }
    *ret_ns = (int64_t)total;
    return text.size > 0;
}

int arguments_expiry(StorageSlice text, StorageExpiry *ret_expiry)
{
    int64_t ns;
    if (storage_slice_compare(text, storage_string("never")) == 0)
        *ret_expiry = storage_expiry_never();
    else if (storage_slice_compare(text, storage_string("keep")) == 0)
        *ret_expiry = storage_expiry_keep();
    else if (parse_duration(text, &ns))
        *ret_expiry = storage_expiry_after(ns);
    else
        return 0;
    return 1;
}

int arguments_set_options(Session *session, const Arguments *arguments, size_t ttl_index,
                          StorageSetOptions *ret_options)
{
    *ret_options = (StorageSetOptions)STORAGE_SET_OPTIONS_INIT;
    if (arguments->is_given[ttl_index] && !arguments_expiry(arguments->values[ttl_index], &ret_options->expiry))
        return session_usage_error(session, "not a time to live: write a duration such as 30s or 1h30m, or never, or "
                                            "keep");
    return EXIT_DONE;
}
