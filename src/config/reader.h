/* config/reader.h - what everything that reads a document needs to know. */
#ifndef CONFIG_READER_H
#define CONFIG_READER_H

#include "config/report.h"
#include "config/strings.h"
#include "storage/config.h"

typedef struct ConfigReader {
    ConfigReport *report;
    const StorageConfigOptions *options; /* complete */
    const StorageFiles *files;
    StorageSlice directory; /* where relative paths start; empty: the working directory */
    ConfigStrings *strings; /* takes the texts that the option structs point to */
} ConfigReader;

#endif
