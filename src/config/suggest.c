/*
 * config/suggest.c - the name that somebody may have meant.
 *
 * Nearness is the optimal string alignment distance (insert, delete, replace, swap two neighbours), after letters are
 * lowered and '-' is read as '_'. A name is near when at most one character in three is wrong, and nearest when only
 * the unit of the C field is too much ("limit_bytes").
 */
#include "config/suggest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NAME_LEN_MAX 40 /* longer ones are not suggested and get no suggestion */

static char fold(char character)
{
    return character == '-' ? '_' : (char)tolower((unsigned char)character);
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

static size_t distance_between(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][NAME_LEN_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_len; j++)
        above[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *spare = before;
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t replace = above[j - 1] + (fold(a[i - 1]) != fold(b[j - 1]));
            row[j] = smallest(above[j] + 1, row[j - 1] + 1, replace);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]) &&
                before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        before = above;
        above = row;
        row = spare;
    }
    return above[b_len];
}

static int has_unit_added(const char *given, const char *candidate, size_t candidate_len)
{
    if (strncmp(given, candidate, candidate_len) != 0)
        return 0;
    given += candidate_len;
    return strcmp(given, "_bytes") == 0 || strcmp(given, "_ns") == 0;
}

/* A name that does not fit is left out, and so are those after it. */
static void add_to_list(char list[SUGGEST_LIST_SIZE], const char *name)
{
    size_t used = strlen(list), size = strlen(name) + sizeof(", \"\"");
    if (used >= 3 && strcmp(list + used - 3, "...") == 0)
        return;
    if (used + size + sizeof(", ...") > SUGGEST_LIST_SIZE)
        (void)snprintf(list + used, SUGGEST_LIST_SIZE - used, ", ...");
    else
        (void)snprintf(list + used, SUGGEST_LIST_SIZE - used, "%s\"%s\"", used > 0 ? ", " : "", name);
}

void suggest_offer(Suggestion *self, const char *candidate)
{
    size_t given_len, candidate_len = strlen(candidate), distance;
    add_to_list(self->list, candidate);
    given_len = self->given != NULL ? strlen(self->given) : NAME_LEN_MAX + 1;
    if (given_len > NAME_LEN_MAX || candidate_len > NAME_LEN_MAX)
        return;
    if (has_unit_added(self->given, candidate, candidate_len))
        distance = 0;
    else
        distance = distance_between(self->given, given_len, candidate, candidate_len);
    if (distance * 3 <= candidate_len && (self->name == NULL || distance < self->distance)) {
        self->name = candidate;
        self->distance = distance;
    }
}
