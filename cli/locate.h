/* cli/locate.h - where the configuration is when the command line does not say. */
#ifndef CLI_LOCATE_H
#define CLI_LOCATE_H

/*
 * The first that there is of: what $STORAGE_CONFIG names; ./storage.json; storage/storage.json in $XDG_CONFIG_HOME
 * (without it in ~/.config); /etc/storage/storage.json. What STORAGE_CONFIG names counts whether it is there or not: it
 * was meant. Sets `*ret_path`, to be freed; NULL when there is none. Returns 0 when out of memory.
 */
int locate_config(char **ret_path);

#endif
