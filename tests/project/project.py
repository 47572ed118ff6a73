"""project.py - what the project tests share: finding our files, and reporting named cases.

A test makes one Report, gives it a list of problems per case (none: the case passed), and ends with report.finish().
"""

import os
import re
import subprocess
import sys

SOURCE_DIRECTORIES = ["include", "src", "cli", "testutil", "tests", "bench", "fuzz", "examples", "scripts", "docs",
                      "man", "completions", ".ci"]


class Report:
    """Counts cases and prints those that failed, in the form that scripts/count_cases.py reads."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def case(self, name, problems):
        problems = list(problems)
        if problems:
            self.failed += 1
            print(f"FAILED {name}")
            for problem in problems:
                print(f"    {problem}")
        else:
            self.passed += 1
            print(f"passed {name}")

    def skip(self, name, reason):
        self.skipped += 1
        print(f"skipped {name}: {reason}")

    def finish(self):
        print(f"cases: {self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        if self.failed or not self.passed + self.skipped:
            sys.exit(1)
        sys.exit(0 if self.passed else 77)


def files_of(root, directories=None, endings=("",), top_level=False):
    """Paths, relative to `root`, of our files with one of the endings; in order. `top_level` adds those of the root."""
    found = []
    for directory in directories or SOURCE_DIRECTORIES:
        for place, names, files in os.walk(os.path.join(root, directory)):
            names[:] = sorted(name for name in names if name != "__pycache__")
            found += [os.path.normpath(os.path.relpath(os.path.join(place, name), root)) for name in sorted(files)]
    if top_level:
        found += sorted(name for name in os.listdir(root) if os.path.isfile(os.path.join(root, name)))
    return [path for path in found if path.endswith(tuple(endings))]


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def without_comments(text):
    """C text with comments replaced by blanks, line numbers kept."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", lambda match: re.sub(r"[^\n]", " ", match.group()), text, flags=re.S)


def run(*command, **options):
    """(exit code, output and errors together) of a command."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                            errors="replace", **options)
    return result.returncode, result.stdout


def output_lines(*command):
    """The lines that a command prints; it must succeed."""
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
