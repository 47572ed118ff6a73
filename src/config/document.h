/* config/document.h - JSON text to a tree, with the line and column of what is wrong. */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include "config/report.h"

#include <cjson/cJSON.h>

#define DOCUMENT_DEPTH_MAX 16 /* objects and arrays inside each other; a message names the number */

/*
 * Parses `size` bytes at `text`, which has a zero byte after them. Returns the tree, to be freed with document_free, or
 * NULL after it has reported why: a syntax error, or NO_MEMORY.
 */
cJSON *document_parse(const char *text, size_t size, ConfigReport *report);

/* Wipes the strings of a tree, which may be secrets, and frees it. NULL does nothing. */
void document_free(cJSON *tree);

#endif
