#!/usr/bin/env python3
"""test_headers.py ROOT [--c COMPILER...] [--cpp COMPILER...] - every public header compiles alone.

In C11 and in C++17, without a warning; and twice in one file, so that the guard works. The headers of the test library
are public too.
"""

import os
import sys
import tempfile

from project import Report, files_of, run

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]


def split_arguments(arguments):
    """The root, and the compiler command per language."""
    compilers, current = {}, None
    for argument in arguments[1:]:
        if argument in ("--c", "--cpp"):
            current = compilers.setdefault(argument[2:], [])
        else:
            current.append(argument)
    return arguments[0], compilers


def main(arguments):
    root, compilers = split_arguments(arguments)
    includes = [f"-I{root}/include", f"-I{root}/testutil/include"]
    headers = files_of(root, ["include", "testutil/include"], [".h"])
    report = Report()
    report.case("public headers are there", [] if "include/storage/storage.h" in headers else ["no storage.h"])
    with tempfile.TemporaryDirectory() as place:
        for header in headers:
            name = header.split("include/", 1)[1]
            for language, standard, ending in (("c", "c11", "c"), ("cpp", "c++17", "cc")):
                case = f"{name} compiles alone as {standard}"
                if language not in compilers:
                    report.skip(case, "no compiler")
                    continue
                path = os.path.join(place, f"alone.{ending}")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(f'#include "{name}"\n#include "{name}"\nint alone;\n')
                code, text = run(*compilers[language], f"-std={standard}", *WARNINGS, *includes, path)
                report.case(case, [text] if code else [])
    report.finish()


if __name__ == "__main__":
    main(sys.argv[1:])
