/* cli/locate.c - where the configuration is when the command line does not say. */
#include "locate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* One that cannot be looked at is there: opening it will say why it cannot be read. */
static int is_there(const char *path)
{
    return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* The file in the user's own configuration; NULL when there is neither variable. Returns 0 when out of memory. */
static int user_config(char **ret_path)
{
    const char *directory = variable("XDG_CONFIG_HOME"), *home = variable("HOME");
    int size = 0;
    *ret_path = NULL;
    if (directory != NULL && directory[0] == '/') /* by its specification a relative one does not count */
        size = asprintf(ret_path, "%s/storage/storage.json", directory);
    else if (home != NULL)
        size = asprintf(ret_path, "%s/.config/storage/storage.json", home);
    if (size < 0)
        *ret_path = NULL;
    return size >= 0;
}

int locate_config(char **ret_path)
{
    const char *meant = variable("STORAGE_CONFIG");
    if (meant == NULL && is_there("storage.json"))
        meant = "storage.json";
    if (meant == NULL) {
        if (!user_config(ret_path))
            return 0;
        if (*ret_path != NULL && is_there(*ret_path))
            return 1;
        free(*ret_path);
        *ret_path = NULL;
        if (!is_there("/etc/storage/storage.json"))
            return 1;
        meant = "/etc/storage/storage.json";
    }
    *ret_path = strdup(meant);
    return *ret_path != NULL;
}
