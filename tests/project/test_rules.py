#!/usr/bin/env python3
"""test_rules.py ROOT - the rules of the tree that a machine can check.

Sizes (files up to 800 lines, functions up to 70, lines up to 120), unfinished work, things that are true on one
machine only, opening comments, sources and tests that nobody listed for the build, output and exits in the library.
"""

import os
import re
import socket
import sys

from project import Report, files_of, read, without_comments

FILE_LINES_MAX = 800
FUNCTION_LINES_MAX = 70
LINE_LENGTH_MAX = 120
TEXT = (".c", ".h", ".cc", ".py", ".sh", ".json", ".md", ".build", ".txt", ".map", "/run", "/test", "/check",
        "/generate", ".dict", ".1", ".5", ".7", ".bash")
# Written in two parts, so that this file may be checked too.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")
MACHINE = re.compile(r"(?<![\w.])/(work|root|home|mnt|srv|tmp/[a-z])" + r"\b|" + "fa" + "rm-|" + r"\.lib" + "rary")


def functions_of(text):
    """(line number, lines of the body) of each function: from `{` in column 0 to `}` in column 0."""
    start = None
    for number, line in enumerate(text.splitlines(), 1):
        if line == "{":
            start = number
        elif line.startswith("}") and start is not None:
            yield start, number - start - 1
            start = None


def sizes(root, report, sources):
    too_long, functions, wide = [], [], []
    for path in sources:
        lines = read(root, path).splitlines()
        if len(lines) > FILE_LINES_MAX:
            too_long.append(f"{path}: {len(lines)} lines")
        wide += [f"{path}:{n}: {len(line)} columns" for n, line in enumerate(lines, 1) if len(line) > LINE_LENGTH_MAX]
        if path.endswith((".c", ".cc")):
            functions += [f"{path}:{number}: {count} lines" for number, count in functions_of("\n".join(lines))
                          if count > FUNCTION_LINES_MAX]
    report.case(f"no source file over {FILE_LINES_MAX} lines", too_long)
    report.case(f"no function over {FUNCTION_LINES_MAX} lines", functions)
    report.case(f"no source line over {LINE_LENGTH_MAX} columns", wide)


def words(root, report, texts):
    unfinished, machine = [], []
    host = socket.gethostname()
    this_host = re.compile(r"\b" + re.escape(host) + r"\b") if len(host) > 4 and host != "localhost" else None
    for path in texts:
        for number, line in enumerate(read(root, path).splitlines(), 1):
            if UNFINISHED.search(line):
                unfinished.append(f"{path}:{number}: {line.strip()[:80]}")
            if MACHINE.search(line) or (this_host and this_host.search(line)):
                machine.append(f"{path}:{number}: {line.strip()[:80]}")
    report.case("nothing is left unfinished", unfinished)
    report.case("nothing is true on one machine only", machine)


def listed(root, report, sources):
    """A file that no meson.build names is not built, and its tests do not run."""
    builds = {path: read(root, path) for path in files_of(root, endings=("meson.build",))}
    missing = []
    for path in sources:
        if not re.search(r"\.(c|cc)$|^tests/.*/test_.*\.(py|sh)$", path):
            continue
        place, named = os.path.dirname(path), False
        while not named and place:
            build = builds.get(os.path.join(place, "meson.build"), "")
            stem = os.path.splitext(os.path.relpath(path, place))[0]
            # 'lists/of/names', also where the loop that reads the list adds test_ to them.
            named = re.search(rf"(?<![\w/]){re.escape(stem)}(?!\w)|'{re.escape(stem.removeprefix('test_'))}'",
                              build) is not None
            place = os.path.dirname(place)
        if not named and not any("../" + path in build for build in builds.values()):
            missing.append(path)
    report.case("every source and test is listed by name in a meson.build", missing)


def main(root):
    report = Report()
    sources = files_of(root, endings=(".c", ".h", ".cc", ".py", ".sh"))
    report.case("sources were found", [] if "src/core/status.c" in sources else ["src/core/status.c is missing"])
    sizes(root, report, sources)
    words(root, report, files_of(root, endings=TEXT, top_level=True))
    listed(root, report, sources)
    report.case("C files open with a comment on what they do",
                [path for path in sources if path.endswith((".c", ".h", ".cc"))
                 and not read(root, path).startswith(("/*", "//"))])
    report.case("nothing in src calls for the standard output or ends the process",
                [f"{path}: {match.group()}" for path in files_of(root, ["src"], (".c", ".h"))
                 for match in re.finditer(r"\b(printf|fprintf|puts|exit|perror)\(",
                                          without_comments(read(root, path)))])
    report.finish()


if __name__ == "__main__":
    main(sys.argv[1])
