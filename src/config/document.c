/*
 * config/document.c - JSON text to a tree.
 *
 * cJSON parses. It recurses for each level of nesting, cuts strings at \u0000 and lets control characters into strings,
 * so a first pass over the text refuses these. Duplicate keys survive in the tree; whoever reads an object looks for
 * them. cJSON allocates with malloc and cannot say that it had no memory: that would be reported as a syntax error. It
 * also keeps the position of its last error in a global, which is never read here.
 */
#include "config/document.h"

#include <stdio.h>
#include <string.h>

typedef struct Position {
    size_t line, column; /* from 1; the column counts bytes */
} Position;

static Position position_of(const char *text, size_t offset)
{
    Position position = {1, 1};
    for (size_t i = 0; i < offset; i++) {
        position.column++;
        if (text[i] == '\n') {
            position.line++;
            position.column = 1;
        }
    }
    return position;
}

static void report_at(ConfigReport *report, const char *text, size_t offset, const char *problem)
{
    Position position = position_of(text, offset);
    report_problem(report, NULL, "line %zu, column %zu: %s", position.line, position.column, problem);
}

/* The offset of the quote that ends the string after the quote at `start`. A problem is put into `*ret_problem`, and
 * then the offset is where that is. */
static size_t skip_string(const char *text, size_t size, size_t start, const char **ret_problem)
{
    for (size_t i = start + 1; i < size; i++) {
        if (text[i] == '"')
            return i;
        if ((unsigned char)text[i] < 0x20) {
            *ret_problem = "a string is not ended, or holds a control character; write \\n, \\t or \\u00XX";
            return i;
        }
        if (text[i] != '\\')
            continue;
        if (size - i > 5 && memcmp(text + i, "\\u0000", 6) == 0) {
            *ret_problem = "a string holds \\u0000";
            return i;
        }
        i++;
    }
    *ret_problem = "the string that begins here is not ended";
    return start;
}

/* What cJSON would let pass. Returns 0 after it has reported something. */
static int first_pass(const char *text, size_t size, ConfigReport *report)
{
    const char *problem = NULL;
    size_t depth = 0, i;
    for (i = 0; i < size && problem == NULL; i++) {
        switch (text[i]) {
        case '"':
            i = skip_string(text, size, i, &problem);
            break;
        case '{':
        case '[':
            if (++depth > DOCUMENT_DEPTH_MAX)
                problem = "objects and arrays are nested too deeply";
            break;
        case '}':
        case ']':
            depth -= depth > 0;
            break;
        case '\0':
            problem = "a zero byte";
            break;
        default:
            break;
        }
    }
    if (problem != NULL)
        report_at(report, text, i - 1, problem);
    return problem == NULL;
}

/* cJSON stands one byte too far when it looks for a key and finds none. */
static size_t correct_offset(const char *text, size_t offset)
{
    size_t before = offset - (offset > 0);
    if (offset == 0 || text[before] == '"')
        return offset;
    while (before > 0 && (unsigned char)text[before - 1] <= ' ')
        before--;
    if (before > 0 && (text[before - 1] == ',' || text[before - 1] == '{'))
        return offset - 1;
    return offset;
}

static void report_syntax(ConfigReport *report, const char *text, size_t size, size_t offset)
{
    char problem[64];
    unsigned char found;
    offset = correct_offset(text, offset);
    while (offset < size && (text[offset] == ' ' || (text[offset] >= '\t' && text[offset] <= '\r')))
        offset++;
    if (offset >= size) {
        report_at(report, text, size, "the document ends too early");
        return;
    }
    found = (unsigned char)text[offset];
    if (found > 0x20 && found < 0x7f)
        (void)snprintf(problem, sizeof(problem), "not valid JSON from '%c' on", (char)found);
    else
        (void)snprintf(problem, sizeof(problem), "not valid JSON from the byte 0x%02x on", found);
    report_at(report, text, offset, problem);
}

cJSON *document_parse(const char *text, size_t size, ConfigReport *report)
{
    const char *end = text;
    cJSON *tree;
    if (!first_pass(text, size, report))
        return NULL;
    /* With the zero byte: cJSON looks for it to be sure that nothing follows the document. */
    tree = cJSON_ParseWithLengthOpts(text, size + 1, &end, 1);
    if (tree == NULL)
        report_syntax(report, text, size, (size_t)(end - text));
    return tree;
}
