/*
 * config/expand.c - variables in a string.
 *
 * It refuses a dollar that stands for nothing, variables inside defaults and messages, values that are not UTF-8, and
 * results that do not fit into the buffer. It shows the names of variables and never a value.
 *
 * 1. The value of a variable is taken as it is: a dollar in it starts nothing.
 */
#include "config/expand.h"

#include "core/process.h"
#include "core/utf8.h"

#include <ctype.h>
#include <string.h>

#define NAME_LEN_MAX 128
#define MESSAGE_SIZE 400 /* of what is shown of a message */

/* A reference as it stands in the text. */
typedef struct Reference {
    char name[NAME_LEN_MAX + 1];
    char form;        /* '-' or '?' after the colon; 0: none */
    const char *word; /* after the form: the default or the message */
    size_t word_len;
} Reference;

/* Where a string is expanded, for what is reported of it. */
typedef struct Place {
    const char *text;
    const StorageConfigOptions *options;
    const ConfigPath *path;
    ConfigReport *report;
} Place;

static int refuse(const Place *place, const char *position, const char *problem)
{
    report_problem(place->report, place->path, "byte %zu: %s; write $$ for a dollar",
                   (size_t)(position - place->text) + 1, problem);
    return 0;
}

static int refuse_size(const Expansion *self, const Place *place)
{
    report_problem(place->report, place->path, "longer than %zu KiB with its variables; shorten it",
                   self->size_max / 1024);
    return 0;
}

static int append(Expansion *self, const char *text, size_t size, const Place *place)
{
    if (size > self->size_max - self->size)
        return refuse_size(self, place);
    memcpy(self->buffer + self->size, text, size);
    self->size += size;
    return 1;
}

/* Writes what the default or message stands for, as far as there is room. Returns how many bytes it has. */
static size_t copy_word(const Reference *reference, char *buffer, size_t room)
{
    size_t size = 0;
    for (size_t i = 0; i < reference->word_len; i++) {
        if (size < room)
            buffer[size] = reference->word[i];
        size++;
        i += reference->word[i] == '$'; /* check_word has seen the other one */
    }
    return size;
}

static int append_default(Expansion *self, const Reference *reference, const Place *place)
{
    size_t room = self->size_max - self->size;
    size_t size = copy_word(reference, self->buffer + self->size, room);
    if (size > room)
        return refuse_size(self, place);
    self->size += size;
    return 1;
}

/* Letters, digits, underscores; no digit first. */
static size_t name_len(const char *text)
{
    size_t len = 0;
    if (isdigit((unsigned char)text[0]))
        return 0;
    while ((text[len] >= 'a' && text[len] <= 'z') || (text[len] >= 'A' && text[len] <= 'Z') ||
           (text[len] >= '0' && text[len] <= '9') || text[len] == '_')
        len++;
    return len;
}

/* Looks at a default or a message, used or not: only $$ means something in it. */
static int check_word(const Reference *reference, const Place *place)
{
    for (size_t i = 0; i < reference->word_len; i++) {
        if (reference->word[i] != '$')
            continue;
        if (i + 1 == reference->word_len || reference->word[i + 1] != '$')
            return refuse(place, reference->word + i, "a default or a message holds no variable");
        i++;
    }
    return 1;
}

/* Reads the reference that starts at `start`, with "${", and moves `*ret_end` behind it. */
static int read_reference(const char *start, const char **ret_end, const Place *place, Reference *ret_reference)
{
    const char *position = start + 2;
    size_t len = name_len(position);
    *ret_reference = (Reference){0};
    if (strchr(position, '}') == NULL)
        return refuse(place, start, "\"${\" without \"}\"; close it, as in ${NAME}");
    if (len == 0)
        return refuse(place, start, "after \"${\" belongs the name of a variable: letters, digits and underscores");
    if (len > NAME_LEN_MAX)
        return refuse(place, start, "the name of a variable has at most 128 characters");
    memcpy(ret_reference->name, position, len);
    position += len;
    if (position[0] == ':' && (position[1] == '-' || position[1] == '?')) {
        ret_reference->form = position[1];
        ret_reference->word = position + 2;
        ret_reference->word_len = strcspn(ret_reference->word, "}");
        position += 2 + ret_reference->word_len;
    }
    if (position[0] != '}')
        return refuse(place, start,
                      "after the name of a variable belongs \"}\", \":-\" with a default or \":?\" with "
                      "a message");
    *ret_end = position + 1;
    return check_word(ret_reference, place);
}

int config_is_utf8(StorageSlice text)
{
    size_t offset = 0, size;
    for (; offset < text.size; offset += size) {
        size = utf8_character_size((const char *)text.data + offset, text.size - offset);
        if (size == 0)
            return 0;
    }
    return 1;
}

static const char *value_of(const Reference *reference, const StorageConfigOptions *options)
{
    if (options->variable != NULL)
        return options->variable(options->user_data, reference->name);
    return process_variable(reference->name);
}

static int report_missing(const Reference *reference, const Place *place)
{
    /* Of a message that is too long there is more in `text` than in `message`, which shows that it was cut. */
    char text[MESSAGE_SIZE + 8] = "", message[MESSAGE_SIZE];
    if (reference->form != '?') {
        report_problem(place->report, place->path, "the variable %s is not set; set it, or write ${%s:-default}",
                       reference->name, reference->name);
        return 0;
    }
    (void)copy_word(reference, text, sizeof(text) - 1);
    report_problem(place->report, place->path, "the variable %s is not set or empty%s%s", reference->name,
                   text[0] != '\0' ? ": " : "; set it", report_printable(text, message, sizeof(message)));
    return 0;
}

static int append_reference(Expansion *self, const Reference *reference, const Place *place)
{
    const char *value = value_of(reference, place->options);
    self->has_variable = 1;
    if (value == NULL || (value[0] == '\0' && reference->form != 0))
        return reference->form == '-' ? append_default(self, reference, place) : report_missing(reference, place);
    if (!config_is_utf8(storage_string(value))) {
        report_problem(place->report, place->path, "the value of the variable %s is not UTF-8; set it to text",
                       reference->name);
        return 0;
    }
    return append(self, value, strlen(value), place);
}

int config_has_expansion(const char *text)
{
    return strchr(text, '$') != NULL;
}

int config_expand(Expansion *self, const char *text, const StorageConfigOptions *options, const ConfigPath *path,
                  ConfigReport *report)
{
    Place place = {text, options, path, report};
    const char *position = text;
    int is_good = 1;
    for (;;) {
        size_t len = strcspn(position, "$");
        Reference reference;
        if (!append(self, position, len, &place))
            return 0;
        position += len;
        if (position[0] == '\0')
            return is_good;
        if (position[1] == '$') {
            if (!append(self, "$", 1, &place))
                return 0;
            position += 2;
            continue;
        }
        if (position[1] != '{')
            return refuse(&place, position, "a \"$\" that starts no variable");
        if (!read_reference(position, &position, &place, &reference))
            return 0;
        is_good = append_reference(self, &reference, &place) && is_good;
    }
}
