/*
 * cli/terminal/complete.c - what could stand where a person is typing.
 *
 * 1. What is put into the line is read by words_split as exactly the bytes that are meant, in the quotes that the
 * person began with.
 * 2. Keys and values are completed only where they are written as they are: not with --hex and the like.
 */
#include "terminal/complete.h"

#include "options.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The command as far as it stands there. */
typedef struct Typing {
    const Verb *verb;
    const Option *pending; /* whose value the open word is, or NULL */
    size_t argument_count; /* before the open word */
    int options_ended;     /* by "--" */
    int is_encoded;        /* keys and values are hexadecimal or the like */
} Typing;

static int starts_with(StorageSlice word, const char *start)
{
    size_t len = strlen(start);
    return word.size >= len && memcmp(word.data, start, len) == 0;
}

/* ---- options ---- */

/* The option of the verb whose name `word` is, or starts with before "="; NULL when there is none. */
static const Option *find_option(const Verb *verb, StorageSlice word)
{
    const Option *const tables[] = {verb->options, bytes_options, json_options};
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        for (const Option *option = tables[i]; option != NULL && option->name != NULL; option++) {
            size_t len = strlen(option->name);
            if (starts_with(word, option->name) && (word.size == len || ((const char *)word.data)[len] == '='))
                return option;
            if (word.size == 2 && option->short_name != 0 && ((const char *)word.data)[1] == option->short_name)
                return option;
        }
    return NULL;
}

static int is_encoding(const Option *option)
{
    for (const Option *each = bytes_options; each->name != NULL; each++)
        if (each == option)
            return 1;
    return 0;
}

static void add_options(Candidates *candidates, const Option *option)
{
    for (; option != NULL && option->name != NULL; option++)
        candidates_add(candidates, storage_string(option->name), CANDIDATE_WHOLE);
}

static void add_all_options(Candidates *candidates, const Verb *verb)
{
    add_options(candidates, verb->options);
    if ((verb->flags & VERB_HAS_BYTES) != 0)
        add_options(candidates, bytes_options);
    if ((verb->flags & VERB_HAS_JSON) != 0)
        add_options(candidates, json_options);
}

/* ---- what a place takes ---- */

static void add_verbs(Candidates *candidates, uint32_t refused_flags)
{
    for (size_t i = 0; verbs[i] != NULL; i++)
        if ((verbs[i]->flags & refused_flags) == 0)
            candidates_add(candidates, storage_string(verbs[i]->name), CANDIDATE_WHOLE);
}

/* A look into a serializable transaction would be a read that its commit validates. */
static void add_keys(Candidates *candidates, const Session *session, const Typing *typing)
{
    int looks_inside = session->txn != NULL && session->txn_isolation != STORAGE_ISOLATION_SERIALIZABLE;
    if (!typing->is_encoded && session->preferences.encoding == ENCODING_TEXT && session->backend != NULL)
        candidates_add_keys(candidates, session->backend, looks_inside ? session->txn : NULL);
}

/* The place is named as in the usage text: "KEY", "FILE", "check|schema|explain". */
static void add_place(Candidates *candidates, const Session *session, const Typing *typing, StorageSlice place)
{
    char name[64];
    if (place.size == 0 || place.size >= sizeof(name))
        return;
    memcpy(name, place.data, place.size);
    name[place.size] = '\0';
    if (strcmp(name, "KEY") == 0 || strcmp(name, "PREFIX") == 0)
        add_keys(candidates, session, typing);
    else if (strcmp(name, "FILE") == 0)
        candidates_add_files(candidates);
    else if (strcmp(name, "VERB") == 0)
        add_verbs(candidates, 0);
    else if (strchr(name, '|') != NULL)
        candidates_add_words(candidates, name, "|");
}

static void add_option_values(Candidates *candidates, const Session *session, const Typing *typing,
                              const Option *option)
{
    if (option->choices != NULL)
        candidates_add_words(candidates, option->choices, " ");
    else if ((option->flags & OPTION_FILE) != 0)
        candidates_add_files(candidates);
    else
        add_place(candidates, session, typing, storage_string(option->value_name));
}

/* Word `index` of the usage text, without brackets; empty when there are fewer. */
static StorageSlice place_of_argument(const char *usage, size_t index)
{
    static const char separators[] = " []";
    for (;;) {
        size_t len;
        usage += strspn(usage, separators);
        len = strcspn(usage, separators);
        if (len == 0 || index-- == 0)
            return storage_bytes(usage, len);
        usage += len;
    }
}

/* ---- the line ---- */

static void follow_word(Typing *typing, StorageSlice word)
{
    if (typing->pending != NULL) {
        typing->pending = NULL;
    } else if (!typing->options_ended && storage_slice_compare(word, storage_string("--")) == 0) {
        typing->options_ended = 1;
    } else if (!typing->options_ended && word.size > 1 && starts_with(word, "-")) {
        const Option *option = find_option(typing->verb, word);
        if (option == NULL)
            return;
        if (option->value_name != NULL && memchr(word.data, '=', word.size) == NULL)
            typing->pending = option;
        typing->is_encoded = typing->is_encoded || is_encoding(option);
    } else {
        typing->argument_count++;
    }
}

/* The value in an open word such as --format=js. Returns 0 when the word is none of that kind. */
static int split_attached_value(const Typing *typing, StorageSlice line, OpenWord *open, const Option **ret_option)
{
    const char *text = line.data, *equals;
    size_t name_len;
    if (typing->options_ended || open->quote != 0 || !starts_with(open->bytes, "--"))
        return 0;
    *ret_option = find_option(typing->verb, open->bytes);
    if (*ret_option == NULL || (*ret_option)->value_name == NULL)
        return 0;
    name_len = strlen((*ret_option)->name);
    equals = memchr(text + open->start, '=', line.size - open->start);
    if (open->bytes.size == name_len || equals == NULL)
        return 0;
    open->bytes = storage_bytes((const char *)open->bytes.data + name_len + 1, open->bytes.size - name_len - 1);
    open->start = (size_t)(equals + 1 - text);
    return 1;
}

static void add_candidates(Candidates *candidates, const Session *session, const Typing *typing, const OpenWord *open,
                           const Option *attached)
{
    if (typing->verb == NULL)
        add_verbs(candidates, VERB_NOT_IN_SHELL);
    else if (attached != NULL)
        add_option_values(candidates, session, typing, attached);
    else if (typing->pending != NULL)
        add_option_values(candidates, session, typing, typing->pending);
    else if (!typing->options_ended && starts_with(open->bytes, "-"))
        add_all_options(candidates, typing->verb);
    else
        add_place(candidates, session, typing, place_of_argument(typing->verb->usage, typing->argument_count));
}

/* What is shared, cut so that it does not end within a UTF-8 sequence. */
static StorageSlice whole_characters(const Candidates *candidates)
{
    const unsigned char *bytes = (const unsigned char *)candidates->shared;
    size_t size = candidates->shared_size, start = size;
    if (candidates->is_whole)
        return storage_bytes(bytes, size);
    while (start > 0 && size - start < 3 && (bytes[start - 1] & 0xc0) == 0x80)
        start--;
    if (start > candidates->typed.size && bytes[start - 1] >= 0xc0) {
        size_t len = bytes[start - 1] >= 0xf0 ? 4 : bytes[start - 1] >= 0xe0 ? 3 : 2;
        if (start - 1 + len > size)
            size = start - 1;
    }
    return storage_bytes(bytes, size);
}

/* The text to put into the line; NULL when nothing is to be added to what was typed. */
static char *text_for(const Candidates *candidates, const Typing *typing, const OpenWord *open)
{
    StorageSlice shared = whole_characters(candidates);
    char *quoted, *text = NULL;
    if (candidates->count == 0 || (!candidates->is_whole && shared.size <= open->bytes.size))
        return NULL;
    /* A key that starts with "-" would be read as an option. */
    if (!typing->options_ended && starts_with(shared, "-") && !starts_with(open->bytes, "-"))
        return NULL;
    quoted = words_quote(shared, open->quote, candidates->is_whole);
    if (quoted != NULL && asprintf(&text, "%s%s", quoted, candidates->is_whole ? " " : "") < 0)
        text = NULL;
    free(quoted);
    return text;
}

void complete_line(Session *session, StorageSlice line, Completion *ret_completion)
{
    Words words;
    OpenWord open;
    Typing typing = {0};
    const Option *attached = NULL;
    memset(ret_completion, 0, sizeof(*ret_completion));
    if (words_split_open(&words, line, &open) == NULL) {
        if (words.count > 0)
            typing.verb = verb_find(words.words[0]);
        for (size_t i = 1; typing.verb != NULL && i < words.count; i++)
            follow_word(&typing, words.words[i]);
        if (typing.verb != NULL && typing.pending == NULL && !split_attached_value(&typing, line, &open, &attached))
            attached = NULL;
        candidates_init(&ret_completion->candidates, open.bytes);
        if (words.count == 0 || typing.verb != NULL)
            add_candidates(&ret_completion->candidates, session, &typing, &open, attached);
        ret_completion->text = text_for(&ret_completion->candidates, &typing, &open);
        ret_completion->start = open.start;
        ret_completion->candidates.typed = storage_bytes(NULL, 0); /* it ends with the words */
    }
    words_done(&words);
}

void completion_done(Completion *completion)
{
    candidates_done(&completion->candidates);
    free(completion->text);
    completion->text = NULL;
}
