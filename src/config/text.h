/* config/text.h - the text that a string of a document stands for: variables, files, where it came from. */
#ifndef CONFIG_TEXT_H
#define CONFIG_TEXT_H

#include "config/plan.h"
#include "config/reader.h"

#include <cjson/cJSON.h>

#define TEXT_SIZE_MAX ((size_t)65536) /* bytes that a string may stand for */
#define TEXT_QUOTED_SIZE 160

typedef struct ConfigText {
    const char *text; /* the strings of the reader own it */
    ConfigOrigin origin;
    const char *source; /* how the document says it */
} ConfigText;

/* Whether a text can be made of `item`: a string, or an object with the key "$file". */
int config_text_is_given(const cJSON *item);

/* What `item`, for which config_text_is_given, stands for. Returns 0 after it has reported why that is nothing. */
int config_text_read(ConfigReader *reader, const cJSON *item, const ConfigPath *path, ConfigText *ret_text);

/*
 * The text for the start of a problem: in quotes, printable and bounded, after what it came from; words in its place
 * when a file holds it. Not for secrets.
 */
const char *config_text_quoted(const ConfigText *self, char buffer[TEXT_QUOTED_SIZE]);

/* The text for messages that come near to it ("did you mean"); NULL when a file holds it. */
const char *config_text_shown(const ConfigText *self);

/* `path` as it is from the directory of the reader. NULL when out of memory, which was reported. */
const char *config_text_resolve(ConfigReader *reader, const char *path);

#endif
