/* cli/version.c - version: of the program and of the library that it runs with. */
#include "output.h"
#include "verbs.h"

static int run(Session *session, const Arguments *arguments)
{
    (void)session;
    if (arguments->preferences.wants_json)
        output_format("{\"storagectl\":\"%s\",\"libstorage\":\"%s\"}\n", STORAGE_VERSION_STRING, storage_version());
    else
        output_format("storagectl %s (libstorage %s)\n", STORAGE_VERSION_STRING, storage_version());
    return EXIT_DONE;
}

const Verb version_verb = {
    .name = "version",
    .usage = "",
    .summary = "print the versions of the program and the library",
    .details = "The first was compiled with, the second is running.\n",
    .flags = VERB_HAS_JSON,
    .run = run,
};
