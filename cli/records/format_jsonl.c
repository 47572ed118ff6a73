/*
 * cli/records/format_jsonl.c - a JSON object on a line for each record.
 *
 * Members: key or key_base64; value or value_base64; expires_at (RFC 3339) or ttl (a duration), both left out for
 * never; revision, which is read and dropped, because a store gives its own. Anything else is a mistake in the line,
 * and so is whatever cJSON would let pass silently: bytes that are no UTF-8, control characters, a zero in a string
 * (which would end it), a member twice, text behind the object.
 *
 * 1. What cJSON gets has no byte that is no text and no \u0000: its strings, which have no length, are whole.
 */
#include "records/record_format.h"

#include "json.h"
#include "timestamp.h"
#include "utf8.h"

#include <storage/units.h>

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

enum {
    MEMBER_KEY,
    MEMBER_KEY_BASE64,
    MEMBER_VALUE,
    MEMBER_VALUE_BASE64,
    MEMBER_EXPIRES_AT,
    MEMBER_TTL,
    MEMBER_REVISION,
    MEMBER_COUNT
};

static const char *const member_names[MEMBER_COUNT] = {"key",        "key_base64", "value",   "value_base64",
                                                       "expires_at", "ttl",        "revision"};

/* ---- the text ---- */

/* Refuses what cJSON would take wrongly. */
static RecordOutcome check_text(RecordReader *self, const char *line, size_t size)
{
    const unsigned char *data = (const unsigned char *)line;
    for (size_t i = 0; i < size;) {
        size_t len = data[i] < 0x80 ? 1 : utf8_character_size(data + i, size - i);
        if (len == 0)
            return record_bad(self, "byte %zu is not UTF-8; give bytes that are no text as value_base64 or key_base64",
                              i + 1);
        if (data[i] == '\0')
            return record_bad(
                self, "byte %zu is a zero byte; give bytes that are no text as value_base64 or key_base64", i + 1);
        if (data[i] < 0x20 && data[i] != '\t')
            return record_bad(self,
                              "byte %zu is a control character (0x%02x); write it as \\u%04x, or the value as "
                              "value_base64",
                              i + 1, data[i], data[i]);
        if (data[i] == '\\' && size - i >= 6 && memcmp(data + i, "\\u0000", 6) == 0)
            return record_bad(self, "\\u0000 in a string, which many programs take for its end; give the bytes as "
                                    "value_base64 or key_base64");
        i += data[i] == '\\' && size - i >= 2 && data[i + 1] < 0x80 ? 2 : len; /* "\\" is no start of an escape */
    }
    return RECORD_READ;
}

static RecordOutcome parse(RecordReader *self, const char *line, size_t size)
{
    const char *end = line;
    errno = 0;
    self->document = cJSON_ParseWithLengthOpts(line, size, &end, 0);
    if (self->document == NULL)
        return errno == ENOMEM ? RECORD_NO_MEMORY
                               : record_bad(self, "not valid JSON at byte %zu", (size_t)(end - line) + 1);
    if (end + strspn(end, " \t") != line + size)
        return record_bad(self, "more text behind the object, from byte %zu on; a line holds one record",
                          (size_t)(end - line) + 1);
    if (!cJSON_IsObject((cJSON *)self->document))
        return record_bad(self, "not a JSON object; a line is {\"key\":\"...\",\"value\":\"...\"}");
    return RECORD_READ;
}

/* ---- the members ---- */

/* A name that begins as `name` does, or that `name` is but for the case of its letters; NULL when there is none. */
static const char *nearest_member(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        if (strcasecmp(name, member_names[i]) == 0)
            return member_names[i];
    for (size_t i = 0; i < MEMBER_COUNT && len >= 3; i++)
        if (strncasecmp(name, member_names[i], 3) == 0)
            return member_names[i];
    return NULL;
}

static RecordOutcome refuse_member(RecordReader *self, const char *name)
{
    char excerpt[RECORD_EXCERPT_SIZE];
    const char *nearest = nearest_member(name);
    (void)record_excerpt(storage_string(name), excerpt);
    if (nearest != NULL)
        return record_bad(self, "unknown member \"%s\"; did you mean \"%s\"?", excerpt, nearest);
    return record_bad(self,
                      "unknown member \"%s\"; there are key, value, expires_at, ttl, and key_base64 and "
                      "value_base64",
                      excerpt);
}

/* Sorts the members of the document by name: each at most once, each of the right type. */
static RecordOutcome take_members(RecordReader *self, const cJSON **members)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, (const cJSON *)self->document)
    {
        size_t i = 0;
        while (i < MEMBER_COUNT && strcmp(member->string, member_names[i]) != 0)
            i++;
        if (i == MEMBER_COUNT)
            return refuse_member(self, member->string);
        if (members[i] != NULL)
            return record_bad(self, "\"%s\" is given twice", member_names[i]);
        if (i == MEMBER_REVISION ? !cJSON_IsNumber(member) : !cJSON_IsString(member))
            return record_bad(self, "\"%s\" must be a %s", member_names[i], i == MEMBER_REVISION ? "number" : "string");
        members[i] = member;
    }
    return RECORD_READ;
}

/* Decodes base64 into `self->decoded[slot]`. */
static RecordOutcome take_base64(RecordReader *self, const cJSON *member, size_t slot, StorageSlice *ret_bytes)
{
    const char *text = member->valuestring;
    size_t len = strlen(text), capacity = len / 4 * 3 + 3;
    int size = -1;
    self->decoded[slot] = malloc(capacity);
    if (self->decoded[slot] == NULL)
        return RECORD_NO_MEMORY;
    /* b64_pton counts in an int, and passes over white space. */
    if (capacity <= INT32_MAX && len % 4 == 0 && strpbrk(text, " \t\n\v\f\r") == NULL)
        size = b64_pton(text, self->decoded[slot], capacity);
    if (size < 0)
        return record_bad(self,
                          "\"%s\" is not base64; write A to Z, a to z, 0 to 9, + and /, with = at the end up to a "
                          "multiple of four",
                          member->string);
    *ret_bytes = storage_bytes(self->decoded[slot], (size_t)size);
    return RECORD_READ;
}

/* Takes the member `index`, a string, or the one behind it, the same as base64. */
static RecordOutcome take_bytes(RecordReader *self, const cJSON *const *members, size_t index, size_t slot,
                                StorageSlice *ret_bytes)
{
    const cJSON *text = members[index], *base64 = members[index + 1];
    if (text != NULL && base64 != NULL)
        return record_bad(self, "both \"%s\" and \"%s\"; give one of them", member_names[index],
                          member_names[index + 1]);
    if (text == NULL && base64 == NULL)
        return record_bad(self, "\"%s\" is missing", member_names[index]);
    if (base64 != NULL)
        return take_base64(self, base64, slot, ret_bytes);
    *ret_bytes = storage_string(text->valuestring);
    return RECORD_READ;
}

static RecordOutcome take_expiry(RecordReader *self, const cJSON *const *members, StorageExpiry *ret_expiry)
{
    const cJSON *expires_at = members[MEMBER_EXPIRES_AT], *ttl = members[MEMBER_TTL];
    const cJSON *given = expires_at != NULL ? expires_at : ttl;
    char excerpt[RECORD_EXCERPT_SIZE];
    const char *problem;
    uint64_t duration_ns = 0;
    int64_t unix_ns = 0;
    *ret_expiry = storage_expiry_never();
    if (given == NULL)
        return RECORD_READ;
    if (expires_at != NULL && ttl != NULL)
        return record_bad(self, "both \"expires_at\" and \"ttl\"; give one of them");
    if (given == ttl)
        problem = storage_parse_duration(storage_string(given->valuestring), &duration_ns);
    else
        problem = timestamp_parse(storage_string(given->valuestring), &unix_ns);
    if (problem != NULL)
        return record_bad(self, "%s: \"%s\" %s", given->string,
                          record_excerpt(storage_string(given->valuestring), excerpt), problem);
    *ret_expiry = given == ttl ? storage_expiry_after((int64_t)duration_ns) : storage_expiry_at(unix_ns);
    return RECORD_READ;
}

RecordOutcome jsonl_read(RecordReader *self, char *line, size_t size, Record *ret_record)
{
    const cJSON *members[MEMBER_COUNT] = {NULL};
    Record record;
    RecordOutcome outcome = check_text(self, line, size);
    jsonl_done(self);
    if (outcome == RECORD_READ)
        outcome = parse(self, line, size);
    if (outcome == RECORD_READ)
        outcome = take_members(self, members);
    if (outcome == RECORD_READ)
        outcome = take_bytes(self, members, MEMBER_KEY, 0, &record.key);
    if (outcome == RECORD_READ)
        outcome = take_bytes(self, members, MEMBER_VALUE, 1, &record.value);
    if (outcome == RECORD_READ)
        outcome = take_expiry(self, members, &record.expiry);
    if (outcome == RECORD_READ)
        *ret_record = record;
    return outcome;
}

void jsonl_done(RecordReader *self)
{
    cJSON_Delete(self->document);
    self->document = NULL;
    for (size_t i = 0; i < 2; i++) {
        free(self->decoded[i]);
        self->decoded[i] = NULL;
    }
}

/* ---- writing ---- */

void jsonl_write(const RecordWriter *self, const StorageEntry *entry)
{
    FILE *stream = self->stream;
    (void)putc_unlocked('{', stream);
    json_bytes(stream, "key", entry->key);
    if ((self->flags & RECORD_KEYS_ONLY) == 0) {
        (void)putc_unlocked(',', stream);
        json_bytes(stream, "value", entry->value);
    }
    if (entry->expires_at_ns != STORAGE_NEVER) {
        (void)putc_unlocked(',', stream);
        json_time(stream, "expires_at", entry->expires_at_ns);
    }
    if ((self->flags & RECORD_REVISIONS) != 0)
        (void)fprintf(stream, ",\"revision\":%" PRIu64, entry->revision);
    (void)fputs_unlocked("}\n", stream);
}
