#!/usr/bin/env python3
"""test_controls.py ROOT OBJECTS SHARED COMPILER... - the other project tests notice what they are there for.

Works on a copy of the sources in a temporary directory: plants one violation, runs the test, and expects it to fail and
to name the place.
"""

import os
import shutil
import sys
import tempfile

from project import SOURCE_DIRECTORIES, Report, read, run

HEADER = "include/storage/planted.h"
DECLARED = "#include <storage/macros.h>\n/* Nobody defines this function. */\nSTORAGE_API int storage_planted(void);\n"

# (what is planted, test, file, text that is appended, what the test has to say)
IN_SOURCES = [
    ("a file of 801 lines", "rules", "src/core/status.c", "\n" * 801, "src/core/status.c: "),
    ("a function of 71 lines", "rules", "src/core/status.c", "int f(void)\n{\n" + "    ;\n" * 71 + "}\n",
     "71 lines"),
    ("a line of 121 columns", "rules", "src/core/status.c", "/*" + "-" * 117 + "*/\n", "121 columns"),
    ("unfinished work", "rules", "src/core/status.c", "/* TO" + "DO: more */\n", "src/core/status.c:"),
    ("a path of one machine", "rules", "README.md", "cd /ho" + "me/somebody/libstorage\n", "README.md:"),
    ("a source that is not built", "rules", "src/core/planted.c", "/* planted */\n", "src/core/planted.c"),
    ("a test that is not run", "rules", "tests/project/test_planted.py", "pass\n", "tests/project/test_planted.py"),
    ("a file without an opening comment", "rules", "src/core/planted.h", "int planted;\n", "src/core/planted.h"),
    ("a printf in the library", "rules", "src/core/status.c", 'void f(void) { printf("x"); }\n', "printf("),
    ("core that uses a backend", "includes", "src/core/status.c", '#include "backends/memory/map.h"\n', "src/core"),
    ("the library that uses its tests", "includes", "src/core/status.c", "#include <storage_testutil/clock.h>\n",
     "src/core"),
    ("the program that looks inside", "includes", "cli/planted.c", '#include "core/call.h"\n', "cli/planted.c"),
    ("an include that goes up", "includes", "cli/planted.c", '#include "../src/core/call.h"\n', "goes up"),
    ("a library used where it is not allowed", "includes", "src/wrappers/planted.c", "#include <openssl/evp.h>\n",
     "src/wrappers"),
    ("a directory without a row", "includes", "src/planted/planted.c", "/* planted */\n", "is in no row"),
    ("a path that is not there", "documents", "README.md", "see `src/core/planted.c`\n", "src/core/planted.c does not"),
    ("a file that the code map forgets", "documents", "src/core/planted.c", "/* planted */\n", "src/core/planted.c"),
    ("a suite that is not there", "documents", "README.md", "meson test --suite planted\n", "suite planted"),
    ("a header that needs another one first", "headers", HEADER, "StorageStatus planted(void);\n",
     "planted.h compiles alone as c11"),
    ("a header that is not C++", "headers", HEADER, "int planted(int class);\n", "planted.h compiles alone as c++17"),
]

# (what is planted, test, file of the library, its text, what the test has to say)
IN_OBJECTS = [
    ("malloc beside the seam", "seam", "core/planted.c", "#include <stdlib.h>\nvoid *f(void) { return malloc(8); }\n",
     "core/planted.c calls malloc"),
    ("a clock beside the seam", "seam", "core/planted.c", "#include <time.h>\nlong f(void) { return time(NULL); }\n",
     "core/planted.c calls time"),
    ("a file beside the seam", "seam", "core/planted.c",
     "#include <fcntl.h>\nint f(void) { return open(\".\", O_RDONLY); }\n", "core/planted.c calls open"),
    ("randomness beside the seam", "seam", "core/planted.c",
     "#include <stdlib.h>\nlong f(void) { return random(); }\n", "core/planted.c calls random"),
    ("a function that nobody has decided on", "seam", "core/planted.c",
     "#include <locale.h>\nvoid f(void) { setlocale(LC_ALL, \"\"); }\n", "calls setlocale"),
    ("a mutable global", "symbols", "core/planted.c", "int planted_state;\nint f(void) { return planted_state++; }\n",
     "planted_state in"),
]


class Copy:
    """A copy of our sources in which things are planted."""

    def __init__(self, root):
        self.place = tempfile.TemporaryDirectory()
        self.root = os.path.join(self.place.name, "tree")
        for directory in SOURCE_DIRECTORIES:
            if os.path.isdir(os.path.join(root, directory)):
                shutil.copytree(os.path.join(root, directory), os.path.join(self.root, directory),
                                ignore=shutil.ignore_patterns("__pycache__"))
        for name in os.listdir(root):
            if name.endswith(".md"):
                shutil.copy(os.path.join(root, name), self.root)

    def plant(self, path, text):
        """Appends `text`; returns a function that takes it away again."""
        full = os.path.join(self.root, path)
        before = read(self.root, path) if os.path.exists(full) else None
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "a", encoding="utf-8") as file:
            file.write(text)

        def restore():
            if before is None:
                os.remove(full)
            else:
                with open(full, "w", encoding="utf-8") as file:
                    file.write(before)
        return restore


def failures(text):
    return {line for line in text.splitlines() if line.startswith(("FAILED", "    "))}


def noticed(code, text, wanted, before=frozenset()):
    """Problems when a test did not fail, or failed with no line that is new and names what was planted."""
    if code == 1 and any(wanted in line for line in failures(text) - before):
        return []
    return [f"exit code {code}, and no failed case says: {wanted}", text[-2000:]]


def in_sources(root, report, compilers):
    copy = Copy(root)
    before = {test: failures(run(sys.executable, f"{root}/tests/project/test_{test}.py", copy.root)[1])
              for test in ("rules", "includes", "documents")}
    for what, test, path, text, wanted in IN_SOURCES:
        restore = copy.plant(path, text)
        arguments = ["--c", *compilers["c"], "--cpp", *compilers["cpp"]] if test == "headers" else []
        if test == "headers" and not compilers["cpp"]:
            report.skip(f"noticed: {what}", "no C++ compiler")
        else:
            code, output = run(sys.executable, f"{root}/tests/project/test_{test}.py", copy.root, *arguments)
            report.case(f"noticed: {what}", noticed(code, output, wanted, before.get(test, frozenset())))
        restore()


def in_objects(root, report, objects, shared, compilers):
    copy = Copy(root)
    archive = os.path.join(copy.place.name, "objects.a")
    for what, test, path, text, wanted in IN_OBJECTS:
        restore = copy.plant(os.path.join("src", path), text)
        planted = os.path.join(copy.place.name, path.replace("/", "_") + ".o")
        code, output = run(*compilers["c"], "-O0", "-fPIC", "-c", "-o", planted, os.path.join(copy.root, "src", path))
        if code == 0:
            script = f"CREATE {archive}\nADDLIB {objects}\nADDMOD {planted}\nSAVE\nEND\n"
            code, output = run("ar", "-M", input=script)
        if code == 0:
            arguments = [shared, archive] if test == "symbols" else []
            code, output = run(sys.executable, f"{root}/tests/project/test_{test}.py", copy.root, archive, *arguments)
        report.case(f"noticed: {what}", noticed(code, output, wanted))
        restore()


def in_headers(root, report, objects, shared):
    """A declaration without a definition, and a definition without a declaration."""
    copy = Copy(root)
    copy.plant(HEADER, DECLARED)
    code, output = run(sys.executable, f"{root}/tests/project/test_symbols.py", copy.root, objects, shared)
    report.case("noticed: a declared function that is not exported", noticed(code, output, "missing: storage_planted"))
    os.remove(os.path.join(copy.root, HEADER))
    os.remove(os.path.join(copy.root, "include/storage/status.h"))
    code, output = run(sys.executable, f"{root}/tests/project/test_symbols.py", copy.root, objects, shared)
    report.case("noticed: an exported function that is not declared",
                noticed(code, output, "extra: storage_status_name"))


def main(root, objects, shared, *commands):
    at = commands.index("--cpp") if "--cpp" in commands else len(commands)
    compilers = {"c": commands[:at], "cpp": commands[at + 1:]}
    report = Report()
    in_sources(root, report, compilers)
    in_objects(root, report, objects, shared, compilers)
    in_headers(root, report, objects, shared)
    report.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
