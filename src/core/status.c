/* core/status.c - names and public texts, all from the one list in storage/status.h. */
#include "storage/status.h"

#include "storage/version.h"

const char *storage_status_name(StorageStatus status)
{
    switch (status) {
#define STATUS_NAME(name, number, transient, text) \
    case (number):                                 \
        return #name;
        STORAGE_STATUS_LIST(STATUS_NAME)
#undef STATUS_NAME
    default:
        return "UNKNOWN";
    }
}

const char *storage_status_text(StorageStatus status)
{
    switch (status) {
#define STATUS_TEXT(name, number, transient, text) \
    case (number):                                 \
        return text;
        STORAGE_STATUS_LIST(STATUS_TEXT)
#undef STATUS_TEXT
    default:
        return "an unknown status";
    }
}

int storage_status_is_transient(StorageStatus status)
{
    switch (status) {
#define STATUS_TRANSIENT(name, number, transient, text) \
    case (number):                                      \
        return (transient);
        STORAGE_STATUS_LIST(STATUS_TRANSIENT)
#undef STATUS_TRANSIENT
    default:
        return 0;
    }
}

const char *storage_version(void)
{
    return STORAGE_VERSION_STRING;
}
