/*
 * config/document.c - JSON text to a tree.
 *
 * A first pass over the text decides whether it is JSON and says where it is not: cJSON reports neither positions nor
 * lack of memory, recurses for each level of nesting, and lets much pass (control characters, \u0000, 01, bytes that
 * are not UTF-8). Then cJSON makes the tree. Duplicate keys survive in it; whoever reads an object looks for them.
 *
 * 1. What the first pass accepts, cJSON accepts too: when that fails, there was no memory.
 */
#include "config/document.h"

#include "core/utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_LEN_MAX 63 /* cJSON reads no more of a number */

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

/* The first pass: where it stands, and what ends the objects and arrays that it is in. */
typedef struct Scanner {
    const char *text;
    size_t size, offset;
    char closers[DOCUMENT_DEPTH_MAX];
    size_t depth;
    const char *problem; /* NULL: none so far; else it is at `offset` */
    char buffer[64];     /* room for a problem */
} Scanner;

/* The byte `ahead` of where the scanner stands; 0 at the end, which is part of no JSON. */
static char peek(const Scanner *self, size_t ahead)
{
    return self->size - self->offset > ahead ? self->text[self->offset + ahead] : '\0';
}

/* Returns 0, as everything below does after a problem. */
static int refuse(Scanner *self, const char *problem)
{
    self->problem = problem;
    return 0;
}

static int refuse_byte(Scanner *self)
{
    unsigned char found = (unsigned char)peek(self, 0);
    if (self->offset == self->size)
        return refuse(self, "the document ends too early; something is missing or not closed");
    if (found == '\0')
        return refuse(self, "a zero byte; a document is text");
    if (found > 0x20 && found < 0x7f)
        (void)snprintf(self->buffer, sizeof(self->buffer), "not valid JSON from '%c' on", (char)found);
    else
        (void)snprintf(self->buffer, sizeof(self->buffer), "not valid JSON from the byte 0x%02x on", found);
    return refuse(self, self->buffer);
}

static void skip_space(Scanner *self)
{
    while (peek(self, 0) == ' ' || peek(self, 0) == '\t' || peek(self, 0) == '\n' || peek(self, 0) == '\r')
        self->offset++;
}

/* The number in the escape \uXXXX that is `ahead`; 0 when there is none. */
static unsigned long peek_unicode(const Scanner *self, size_t ahead)
{
    char digits[5] = "";
    if (peek(self, ahead) != '\\' || peek(self, ahead + 1) != 'u')
        return 0;
    for (size_t i = 0; i < 4; i++) {
        digits[i] = peek(self, ahead + 2 + i);
        if (!isxdigit((unsigned char)digits[i]))
            return 0;
    }
    return strtoul(digits, NULL, 16);
}

static int skip_escape(Scanner *self)
{
    char kind = peek(self, 1);
    unsigned long unit, second;
    if (kind != '\0' && strchr("\"\\/bfnrt", kind) != NULL) {
        self->offset += 2;
        return 1;
    }
    if (self->size - self->offset > 5 && memcmp(self->text + self->offset, "\\u0000", 6) == 0)
        return refuse(self, "a string holds \\u0000; take it out");
    unit = peek_unicode(self, 0);
    second = peek_unicode(self, 6);
    if (unit == 0)
        return refuse_byte(self);
    self->offset += 6;
    if (unit < 0xd800 || unit > 0xdfff)
        return 1;
    if (unit <= 0xdbff && second >= 0xdc00 && second <= 0xdfff) {
        self->offset += 6;
        return 1;
    }
    self->offset -= 6;
    return refuse(self, "half of a surrogate pair; write both halves");
}

static int skip_character(Scanner *self)
{
    size_t size = utf8_character_size(self->text + self->offset, self->size - self->offset);
    if (size == 0)
        return refuse(self, "a string is not UTF-8 from here on; save the document as UTF-8");
    self->offset += size;
    return 1;
}

static int skip_string(Scanner *self)
{
    size_t start = self->offset;
    if (peek(self, 0) != '"')
        return refuse_byte(self);
    self->offset++;
    while (self->offset < self->size) {
        unsigned char byte = (unsigned char)peek(self, 0);
        if (byte < 0x20)
            return refuse(self, "a string is not ended, or holds a control character; write \\n, \\t or \\u00XX");
        if (byte == '\\') {
            if (!skip_escape(self))
                return 0;
            continue;
        }
        if (byte == '"') {
            self->offset++;
            return 1;
        }
        if (!skip_character(self))
            return 0;
    }
    self->offset = start;
    return refuse(self, "the string that begins here is not ended");
}

static int skip_digits(Scanner *self)
{
    if (!isdigit((unsigned char)peek(self, 0)))
        return refuse_byte(self);
    while (isdigit((unsigned char)peek(self, 0)))
        self->offset++;
    return 1;
}

static int skip_number(Scanner *self)
{
    size_t start = self->offset;
    self->offset += peek(self, 0) == '-';
    if (peek(self, 0) == '0')
        self->offset++;
    else if (!skip_digits(self))
        return 0;
    if (peek(self, 0) == '.') {
        self->offset++;
        if (!skip_digits(self))
            return 0;
    }
    if (peek(self, 0) == 'e' || peek(self, 0) == 'E') {
        self->offset++;
        self->offset += peek(self, 0) == '+' || peek(self, 0) == '-';
        if (!skip_digits(self))
            return 0;
    }
    if (self->offset - start <= NUMBER_LEN_MAX)
        return 1;
    self->offset = start;
    return refuse(self, "a number of more than 63 characters; write it shorter");
}

static int skip_scalar(Scanner *self)
{
    static const char *const words[] = {"true", "false", "null"};
    if (peek(self, 0) == '"')
        return skip_string(self);
    if (peek(self, 0) == '-' || isdigit((unsigned char)peek(self, 0)))
        return skip_number(self);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t len = strlen(words[i]);
        if (self->size - self->offset >= len && memcmp(self->text + self->offset, words[i], len) == 0) {
            self->offset += len;
            return 1;
        }
    }
    return refuse_byte(self);
}

/* Inside an object: the key of the next member, and its colon. */
static int skip_key(Scanner *self)
{
    if (self->depth == 0 || self->closers[self->depth - 1] != '}')
        return 1;
    skip_space(self);
    if (!skip_string(self))
        return 0;
    skip_space(self);
    if (peek(self, 0) != ':')
        return refuse_byte(self);
    self->offset++;
    return 1;
}

/* Up to the end of a value that holds no other. Sets `*ret_is_opened` after the bracket of one that does. */
static int skip_value_start(Scanner *self, int *ret_is_opened)
{
    char first;
    *ret_is_opened = 0;
    skip_space(self);
    first = peek(self, 0);
    if (first != '{' && first != '[')
        return skip_scalar(self);
    if (self->depth == DOCUMENT_DEPTH_MAX)
        return refuse(self, "objects and arrays inside each other more than 16 deep; nest them less");
    self->closers[self->depth++] = first == '{' ? '}' : ']';
    self->offset++;
    skip_space(self);
    *ret_is_opened = peek(self, 0) != self->closers[self->depth - 1];
    return 1;
}

/* After a value: what ends there, and the comma before the next one. At the end of the document depth is 0. */
static int skip_value_end(Scanner *self)
{
    for (;;) {
        skip_space(self);
        if (self->depth == 0)
            return self->offset == self->size || refuse_byte(self);
        if (peek(self, 0) == ',') {
            self->offset++;
            return 1;
        }
        if (peek(self, 0) != self->closers[self->depth - 1])
            return refuse_byte(self);
        self->offset++;
        self->depth--;
    }
}

/* Returns 0 after it has reported where the text is no JSON. */
static int first_pass(const char *text, size_t size, ConfigReport *report)
{
    Scanner scanner = {.text = text, .size = size};
    int is_opened;
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        scanner.offset = 3; /* a byte order mark: cJSON skips it too */
    do {
        if (!skip_key(&scanner) || !skip_value_start(&scanner, &is_opened) ||
            (!is_opened && !skip_value_end(&scanner))) {
            report_at(report, text, scanner.offset, scanner.problem);
            return 0;
        }
    } while (scanner.depth > 0);
    return 1;
}

cJSON *document_parse(const char *text, size_t size, ConfigReport *report)
{
    cJSON *tree;
    if (!first_pass(text, size, report))
        return NULL;
    tree = cJSON_ParseWithLength(text, size + 1);
    if (tree == NULL)
        report_no_memory(report); /* 1 */
    return tree;
}

/* Goes through the tree in the order of the text. Only what holds something is a parent, so they fit. */
static void wipe_strings(const cJSON *tree)
{
    const cJSON *parents[DOCUMENT_DEPTH_MAX];
    size_t depth = 0;
    const cJSON *item = tree;
    while (item != NULL) {
        if (cJSON_IsString(item))
            explicit_bzero(item->valuestring, strlen(item->valuestring));
        if (item->child != NULL) {
            parents[depth++] = item;
            item = item->child;
            continue;
        }
        while (item->next == NULL && depth > 0)
            item = parents[--depth];
        item = item->next;
    }
}

void document_free(cJSON *tree)
{
    wipe_strings(tree);
    cJSON_Delete(tree);
}
