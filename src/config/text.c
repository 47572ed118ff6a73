/*
 * config/text.c - the text that a string of a document stands for.
 *
 * It refuses files of more than 64 KiB, files that are not text, and whatever stands next to "$file". A mistake is a
 * problem of the document, whatever the file said.
 *
 * 1. What came from a file is in no message, and no message says what it is near to. Nor is a secret: it is a string,
 *    and no text is a wrong string.
 */
#include "config/text.h"

#include "config/expand.h"
#include "config/file.h"
#include "config/keys.h"
#include "config/wipe.h"

#include <stdio.h>
#include <string.h>

#define FILE_KEY "$file"
#define PATH_TEXT_SIZE 256 /* of a path that is shown */

static const char *keep(ConfigReader *reader, StorageSlice text)
{
    const char *copy = config_strings_add(reader->strings, text);
    if (copy == NULL)
        report_no_memory(reader->report);
    return copy;
}

/* What a string stands for, in a text of its own. NULL after a problem. */
static const char *expand(ConfigReader *reader, const char *source, const ConfigPath *path, ConfigOrigin *ret_origin)
{
    Expansion expansion = {.size_max = TEXT_SIZE_MAX};
    const char *text = NULL;
    *ret_origin = CONFIG_ORIGIN_DOCUMENT;
    if (!config_has_expansion(source)) {
        if (strlen(source) <= TEXT_SIZE_MAX)
            return keep(reader, storage_string(source));
        report_problem(reader->report, path, "longer than %zu KiB; shorten it", TEXT_SIZE_MAX / 1024);
        return NULL;
    }
    expansion.buffer = storage_allocate(TEXT_SIZE_MAX);
    if (expansion.buffer == NULL) {
        report_no_memory(reader->report);
        return NULL;
    }
    if (config_expand(&expansion, source, reader->options, path, reader->report))
        text = keep(reader, storage_bytes(expansion.buffer, expansion.size));
    if (expansion.has_variable)
        *ret_origin = CONFIG_ORIGIN_VARIABLE;
    wipe_and_release(expansion.buffer, TEXT_SIZE_MAX);
    return text;
}

const char *config_text_resolve(ConfigReader *reader, const char *path)
{
    StorageSlice directory = reader->directory;
    size_t path_size = strlen(path);
    const char *resolved;
    char *joined;
    if (directory.size == 0 || path[0] == '\0' || path[0] == '/' || path[0] == ':')
        return path;
    joined = storage_allocate(directory.size + path_size + 2);
    if (joined == NULL) {
        report_no_memory(reader->report);
        return NULL;
    }
    memcpy(joined, directory.data, directory.size);
    if (joined[directory.size - 1] != '/')
        joined[directory.size++] = '/';
    memcpy(joined + directory.size, path, path_size + 1);
    resolved = keep(reader, storage_bytes(joined, directory.size + path_size));
    wipe_and_release(joined, directory.size + path_size);
    return resolved;
}

/* ---- files ---- */

/* The one string in an object that stands for a file; NULL after it has reported what else there is. */
static const cJSON *file_item(ConfigReader *reader, const cJSON *object, const ConfigPath *path)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, FILE_KEY);
    int is_good = config_check_keys(object, path, reader->report);
    const cJSON *other = is_good ? object->child : NULL;
    for (; other != NULL; other = other->next)
        if (strcmp(other->string, FILE_KEY) != 0) {
            report_problem(reader->report, &(ConfigPath){.parent = path, .key = other->string},
                           "\"" FILE_KEY "\" stands alone; take this key away");
            is_good = 0;
        }
    if (!cJSON_IsString(item)) {
        report_problem(reader->report, &(ConfigPath){.parent = path, .key = FILE_KEY}, "must be a string, not %s",
                       config_kind_of(item));
        is_good = 0;
    }
    return is_good ? item : NULL;
}

/* One newline at the end belongs to the file and not to the text. */
static size_t size_without_newline(const char *text, size_t size)
{
    if (size > 0 && text[size - 1] == '\n')
        size--;
    else
        return size;
    return size > 0 && text[size - 1] == '\r' ? size - 1 : size;
}

static const char *keep_file(ConfigReader *reader, const ConfigFile *file, const char *shown_path,
                             const ConfigPath *path)
{
    if (memchr(file->text, '\0', file->size) != NULL) {
        report_problem(reader->report, path, "the file \"%s\" holds a zero byte; it must be text", shown_path);
        return NULL;
    }
    if (!config_is_utf8(storage_bytes(file->text, file->size))) {
        report_problem(reader->report, path, "the file \"%s\" is not UTF-8; save it as text in UTF-8", shown_path);
        return NULL;
    }
    return keep(reader, storage_bytes(file->text, size_without_newline(file->text, file->size)));
}

static const char *read_file(ConfigReader *reader, const cJSON *object, const ConfigPath *path)
{
    ConfigPath file_path = {.parent = path, .key = FILE_KEY};
    const cJSON *item = file_item(reader, object, path);
    const char *file_name = NULL, *text = NULL;
    char shown_path[PATH_TEXT_SIZE];
    ConfigOrigin origin;
    ConfigFile file;
    StorageStatus status;
    if (item != NULL)
        file_name = expand(reader, item->valuestring, &file_path, &origin);
    if (file_name != NULL)
        file_name = config_text_resolve(reader, file_name);
    if (file_name == NULL)
        return NULL;
    (void)report_printable(file_name, shown_path, sizeof(shown_path));
    status = config_file_read(&file, reader->files, file_name, TEXT_SIZE_MAX);
    if (status == STORAGE_OK) {
        text = keep_file(reader, &file, shown_path, &file_path);
        config_file_done(&file);
    } else if (status == STORAGE_NO_MEMORY) {
        report_no_memory(reader->report);
    } else {
        report_problem(reader->report, &file_path, "the file \"%s\": %s", shown_path, file.problem);
    }
    return text;
}

/* ---- both ---- */

int config_text_is_given(const cJSON *item)
{
    return cJSON_IsString(item) || (cJSON_IsObject(item) && cJSON_GetObjectItemCaseSensitive(item, FILE_KEY) != NULL);
}

int config_text_read(ConfigReader *reader, const cJSON *item, const ConfigPath *path, ConfigText *ret_text)
{
    *ret_text = (ConfigText){0};
    if (cJSON_IsString(item)) {
        ret_text->source = item->valuestring;
        ret_text->text = expand(reader, item->valuestring, path, &ret_text->origin);
    } else {
        ret_text->origin = CONFIG_ORIGIN_FILE;
        ret_text->text = read_file(reader, item, path);
    }
    return ret_text->text != NULL;
}

const char *config_text_quoted(const ConfigText *self, char buffer[TEXT_QUOTED_SIZE])
{
    char source[64], text[64];
    if (self->origin == CONFIG_ORIGIN_FILE)
        return "what the file holds";
    (void)report_printable(self->text, text, sizeof(text));
    if (self->origin == CONFIG_ORIGIN_VARIABLE)
        (void)snprintf(buffer, TEXT_QUOTED_SIZE, "\"%s\" (\"%s\")",
                       report_printable(self->source, source, sizeof(source)), text);
    else
        (void)snprintf(buffer, TEXT_QUOTED_SIZE, "\"%s\"", text);
    return buffer;
}

const char *config_text_shown(const ConfigText *self)
{
    return self->origin == CONFIG_ORIGIN_FILE ? NULL : self->text; /* 1 */
}
