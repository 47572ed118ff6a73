#!/usr/bin/env python3
"""test_includes.py ROOT - every directory uses only what the table in ARCHITECTURE.md allows it.

The table between the markers `include-rules` in ARCHITECTURE.md is read: a row per directory, with the header prefixes
that it may include besides the C library, POSIX and its own files. The row with the longest matching path counts.
A name like `openssl/` stands for another library's headers; they are allowed only where a row says so.
"""

import os
import re
import sys

from project import Report, files_of, read

# Headers of the system: no prefix of ours, none of the libraries below.
LIBRARIES = ["openssl/", "cjson/", "xxhash.h", "jemalloc/", "bsd/", "check.h", "editline/", "histedit.h", "glib.h"]
OURS = ["storage/", "storage_testutil/", "core/", "backends/", "wrappers/", "config/"]


def rules_of(text):
    """{directory: allowed prefixes} from ARCHITECTURE.md."""
    table = re.search(r"<!-- include-rules -->\n(.*?)<!-- /include-rules -->", text, flags=re.S)
    rules = {}
    for line in table.group(1).splitlines() if table else []:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        directory = re.fullmatch(r"`([^`]+)`", cells[0])
        if directory:
            rules[directory.group(1).rstrip("/")] = re.findall(r"`([^`]+)`", cells[1])
    return rules


def row_of(rules, path):
    matching = [directory for directory in rules if path == directory or path.startswith(directory + "/")]
    return max(matching, key=len) if matching else None


def problem_of(root, path, name, allowed):
    """What is wrong with the #include of `name` in `path`, or None."""
    if name.startswith("../") or "/../" in name:
        return "goes up: include from the include path"
    library = next((prefix for prefix in LIBRARIES + OURS if name.startswith(prefix)), None)
    if any(name == prefix or prefix.endswith("/") and name.startswith(prefix) for prefix in allowed):
        return None
    if library is None:
        own = os.path.join(os.path.dirname(path), name)
        if os.path.exists(os.path.join(root, own)) or re.fullmatch(r"(sys/|netinet/|linux/)?\w+(\.h)?", name):
            return None
        return "is neither the system's, nor its own, nor in the table"
    return f"is not allowed; allowed: {' '.join(allowed) or 'nothing'}"


def main(root):
    report = Report()
    rules = rules_of(read(root, "ARCHITECTURE.md"))
    report.case("ARCHITECTURE.md has the table", [] if "src/core" in rules else ["no row for src/core"])
    report.case("rows of the table exist",
                sorted(f"{path} does not exist" for path in rules if not os.path.exists(os.path.join(root, path))))
    problems = {directory: [] for directory in rules}
    homeless = []
    for path in files_of(root, endings=(".c", ".h", ".cc")):
        row = row_of(rules, path)
        if row is None:
            homeless.append(f"{path} is in no row")
            continue
        for number, line in enumerate(read(root, path).splitlines(), 1):
            include = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
            problem = include and problem_of(root, path, include.group(1), rules[row])
            if problem:
                problems[row].append(f"{path}:{number}: {include.group(1)} {problem}")
    report.case("every source file is in a row", homeless)
    for row, found in problems.items():
        report.case(f"includes of {row}", found)
    report.finish()


if __name__ == "__main__":
    main(sys.argv[1])
