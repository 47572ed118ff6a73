#!/usr/bin/env python3
"""test_symbols.py ROOT OBJECTS SHARED [STATIC [TESTUTIL]] - the libraries offer exactly what the headers declare.

1. Every function that a header declares STORAGE_API is exported by the shared library, and nothing else is.
2. The static library defines the same global symbols and no others.
3. The test library defines global symbols that start with testutil_ and no others.
4. The library has no mutable global state but what MUTABLE lists, with the reason.
"""

import re
import sys

from project import Report, files_of, output_lines, read, without_comments

MUTABLE = {
    "custom_allocator": "storage_set_allocator, the one global of the library",
}


def declared(root):
    """Names that the public headers declare STORAGE_API."""
    names = set()
    for header in files_of(root, ["include"], [".h"]):
        text = re.sub(r"^\s*#.*$", "", without_comments(read(root, header)), flags=re.M)
        for declaration in re.findall(r"STORAGE_API([^;]*);", text):
            name = re.search(r"\b(storage_\w+)\s*\(", declaration)
            names.add(name.group(1) if name else f"unreadable declaration in {header}: {declaration.strip()}")
    return names


def exported(library):
    """Names that a shared library exports, symbol versions left out."""
    lines = (line.split() for line in output_lines("nm", "-D", "--defined-only", "-f", "posix", library))
    return {line[0].split("@")[0] for line in lines if line[1] != "A"}


def global_symbols(archive):
    lines = (line.split() for line in output_lines("nm", "-g", "--defined-only", "-f", "posix", archive))
    return {line[0] for line in lines if len(line) >= 2}


def mutable_symbols(objects):
    """(name, section) of data that can be written, relocated constants and what tools add left out."""
    for line in output_lines("nm", "-A", "--defined-only", "-f", "sysv", objects):
        columns = [column.strip() for column in line.split("|")]
        if len(columns) < 7 or columns[3] not in ("OBJECT", "TLS"):
            continue
        name, section = columns[0].rpartition(":")[2], columns[6]
        if re.match(r"\.(data|bss|tdata|tbss)|\*COM\*", section) and not section.startswith(".data.rel.ro"):
            yield re.sub(r"\.\d+$", "", name), section


def main(root, objects, shared, static=None, testutil=None):
    report = Report()
    headers, library = declared(root), exported(shared)
    report.case("headers declare functions", [] if "storage_get" in headers else ["storage_get is not among them"])
    report.case("what the headers declare is exported", sorted(f"missing: {name}" for name in headers - library))
    report.case("what is exported is declared in a header", sorted(f"extra: {name}" for name in library - headers))
    report.case("exported names start with storage_",
                sorted(name for name in library if not name.startswith("storage_")))
    if static is None:
        report.skip("the static library offers the same symbols", "not built for sanitizers")
        report.skip("no mutable globals", "sanitizers add their own")
    else:
        symbols = global_symbols(static)
        report.case("the static library offers the same symbols",
                    sorted(f"missing: {name}" for name in library - symbols) +
                    sorted(f"extra: {name}" for name in symbols - library))
        state = {f"{name} in {section}" for name, section in mutable_symbols(objects) if name not in MUTABLE}
        report.case("no mutable globals", sorted(state))
    if testutil is not None:
        symbols = global_symbols(testutil)
        report.case("the test library offers the contract suite",
                    [] if "testutil_contract_run" in symbols else ["testutil_contract_run is missing"])
        report.case("the test library offers nothing else",
                    sorted(f"extra: {name}" for name in symbols if not name.startswith("testutil_")))
    report.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
