#!/usr/bin/env python3
"""test_install.py ROOT BUILD STATIC(yes|no) COMPILER... - the library works as it is installed.

Installs the build into a temporary directory (no network, no root), compiles examples/quick_start.c through pkg-config
against the shared and the static library, runs both, and compares what they print. The README shows that very file.
Then does what the author of a backend does: links the installed test library and runs the contract suite.
"""

import os
import re
import sys
import tempfile

from project import Report, read, run

PAGES = ["man/man1/storagectl.1", "man/man3/storage_get.3", "man/man5/storage.json.5", "man/man7/libstorage.7",
         "bash-completion/completions/storagectl", "bin/storagectl"]
EXAMPLE = "examples/quick_start.c"


def pkg_config(library_dir, *arguments, package="storage"):
    environment = {**os.environ, "PKG_CONFIG_PATH": os.path.join(library_dir, "pkgconfig")}
    code, text = run("pkg-config", *arguments, package, env=environment)
    if code:
        raise SystemExit(f"pkg-config: {text}")
    return text.split()


def compile_and_run(report, case, command, program, library_dir):
    code, text = run(*command)
    if code:
        report.case(case, [text])
        return None
    code, text = run(program, env={**os.environ, "LD_LIBRARY_PATH": library_dir})
    report.case(case, [f"exit code {code}", text] if code else [])
    return text


def main(root, build, has_static, *compiler):
    report = Report()
    example = read(root, EXAMPLE)
    shown = re.search(r"```c\n(.*?)```", read(root, "README.md"), flags=re.S)
    report.case("the README's example is examples/quick_start.c",
                [] if shown and shown.group(1) == example else ["the first C block of README.md differs"])
    with tempfile.TemporaryDirectory() as place:
        code, text = run("meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", place)
        report.case("meson install", [text] if code else [])
        pc_file = next((os.path.join(directory, name) for directory, _, names in os.walk(place)
                        for name in names if name == "storage.pc"), None)
        report.case("storage.pc is installed", [] if pc_file else ["it is not"])
        installed = {os.path.join(directory, name) for directory, _, names in os.walk(place) for name in names}
        for path in PAGES:
            report.case(f"{path} is installed", [] if any(each.endswith("/" + path) for each in installed) else ["no"])
        if pc_file is None:
            report.finish()
        library_dir = os.path.dirname(os.path.dirname(pc_file))
        strict = [*compiler, "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
        base = [*strict, os.path.join(root, EXAMPLE), *pkg_config(library_dir, "--cflags")]
        program = os.path.join(place, "quick_start")
        shared = compile_and_run(report, "quick_start runs with the shared library",
                                 [*base, "-o", program, *pkg_config(library_dir, "--libs")], program, library_dir)
        if has_static == "no":
            report.skip("quick_start runs with the static library", "not built for sanitizers")
        else:
            # Only our own library is taken static: Debian has no static cJSON.
            libraries = [option if option != "-lstorage" else "-l:libstorage.a"
                         for option in pkg_config(library_dir, "--static", "--libs")]
            static = compile_and_run(report, "quick_start runs with the static library",
                                     [*base, "-o", program + "_static", *libraries], program + "_static", place)
            report.case("both print the same", [] if shared and static == shared else [str(shared), str(static)])
        program = os.path.join(place, "third_party")
        sources = [os.path.join(root, path) for path in ("tests/project/third_party.c", "examples/custom_backend.c")]
        compile_and_run(report, "a third party's backend passes the installed contract suite",
                        [*strict, "-D_GNU_SOURCE", "-I", os.path.join(root, "examples"), *sources, "-o", program,
                         *pkg_config(library_dir, "--cflags", "--libs", package="storage_testutil"), "-pthread"],
                        program, library_dir)
    report.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
