/* cli/arguments.h - words into the arguments and options of a verb, and the values that verbs take. */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include "verbs.h"

/* Fills `*ret_arguments` by the tables of `verb`; "--" ends the options. Returns an exit code and reports. */
int arguments_parse(Session *session, const Verb *verb, const StorageSlice *words, size_t word_count,
                    Arguments *ret_arguments);

/* A whole number. Returns 0 when `text` is none or does not fit. */
int arguments_number(StorageSlice text, uint64_t *ret_number);

/* "never", "keep" or a duration from now on ("5s", "1h30m"). Returns 0 when `text` is none of them. */
int arguments_expiry(StorageSlice text, StorageExpiry *ret_expiry);

/* The option set of --ttl. Returns an exit code and reports. */
int arguments_set_options(Session *session, const Arguments *arguments, size_t ttl_index,
                          StorageSetOptions *ret_options);

#endif
