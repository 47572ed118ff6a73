#!/usr/bin/env python3
"""test_documents.py ROOT - what the documents say about the tree is so.

1. Every path that a document or an opening comment names in our directories exists.
2. ARCHITECTURE.md names every file of core and every layer.
3. Every suite that a document tells people to run is one that the build has.
"""

import os
import re
import sys

from project import SOURCE_DIRECTORIES, Report, files_of, read

PATH = re.compile(r"(?<![\w/.])((?:" + "|".join(re.escape(name) for name in SOURCE_DIRECTORIES) + r")/[\w./{},*-]+)")


def expanded(path):
    """a/{b,c}.d as a/b.d and a/c.d."""
    braces = re.search(r"\{([^}]*)\}", path)
    if braces is None:
        return [path]
    return [path[:braces.start()] + word + path[braces.end():] for word in braces.group(1).split(",")]


def missing_paths(root, document, text):
    for number, line in enumerate(text.splitlines(), 1):
        for path in PATH.findall(line):
            path = path.rstrip(".,:*")
            if "*" in path or "NAME" in path or re.search(r"(^|/)build/", line[:line.index(path)][-8:]):
                continue
            for each in expanded(path):
                if not os.path.exists(os.path.join(root, each)):
                    yield f"{document}:{number}: {each} does not exist"


def main(root):
    report = Report()
    documents = files_of(root, endings=(".md",), top_level=True)
    report.case("documents were found", [] if "README.md" in documents else ["no README.md"])
    for document in documents:
        report.case(f"paths in {document} exist", missing_paths(root, document, read(root, document)))
    comments = []
    for path in files_of(root, ["include", "src", "cli", "testutil", "examples"], (".c", ".h")):
        opening = re.match(r"/\*.*?\*/", read(root, path), flags=re.S)
        comments += missing_paths(root, path, opening.group() if opening else "")
    report.case("paths in opening comments exist", comments)

    architecture = read(root, "ARCHITECTURE.md")
    for directory, what in (("src/core", "file of core"), ("src/wrappers", "layer")):
        report.case(f"ARCHITECTURE.md names every {what}",
                    [path for path in files_of(root, [directory], (".c",))
                     if not re.search(rf"`[^`]*\b{re.escape(os.path.basename(path))}`", architecture)])

    builds = "".join(read(root, path) for path in files_of(root, ["tests", "fuzz"], ("meson.build",)))
    suites = {suite for document in documents for suite in re.findall(r"--suite (\w+)", read(root, document))}
    report.case("suites that documents name exist",
                sorted(f"suite {suite}" for suite in suites if not re.search(rf"suite: '{suite}'", builds)))
    report.finish()


if __name__ == "__main__":
    main(sys.argv[1])
