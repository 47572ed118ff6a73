#!/usr/bin/env python3
"""test_configuration_page.py ROOT COMPILER... - the C code in docs/configuration.md is C that compiles."""

import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "project"))

from project import Report, read, run  # noqa: E402

# What the page leaves to the reader: the function that makes the layer, and the one that the last lines are in.
BEFORE = """#include <stddef.h>
#include "storage/storage.h"
StorageStatus wrap_counting(const StorageConfigType *self, StorageBackend *inner, const void *options,
                            StorageBackend **ret_backend, StorageContext *ctx);
"""
FUNCTION = "StorageStatus open_app(StorageContext *ctx);\nStorageStatus open_app(StorageContext *ctx)\n{\n" \
           "StorageBackend *store;\n"


def program_of(page):
    code = re.search(r"```c\n(.*?)```", page, flags=re.S).group(1)
    tables, calls = re.split(r"(?=^StorageRegistry \*)", code, maxsplit=1, flags=re.M)
    return BEFORE + tables + FUNCTION + calls + "return status;\n}\n"


def main(root, compiler):
    report = Report()
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "page.c")
        with open(path, "w", encoding="utf-8") as file:
            file.write(program_of(read(root, "docs/configuration.md")))
        code, text = run(*compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                         "-I" + os.path.join(root, "include"), path)
    report.case("the code for types of your own compiles", [] if code == 0 else text.splitlines())
    report.finish()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
