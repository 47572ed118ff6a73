#!/usr/bin/env python3
"""test_manuals.py ROOT MAN3 STORAGECTL LIBRARY COMPILER... - the manual is complete, well formed and true.

MAN3 is the directory of pages that the build made. What a page must have is read from the headers, from the program and
from the schema, by other means than the generators use. Examples are run, and print what the page says.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from project import Report, files_of, read, run, without_comments

PAGES = ["man/storagectl.1", "man/storage.json.5", "man/libstorage.7"]
OUTSIDE = {"clock_gettime(2)", "fork(2)", "poll(2)"}
COLUMNS = 80


def plain(source):
    """What troff would print for a line of source, fonts left out."""
    source = re.sub(r"\\f[BIRP]", "", source)
    for escape, character in (("\\-", "-"), ("\\(aq", "'"), ("\\(ga", "`"), ("\\(ha", "^"), ("\\(ti", "~"),
                              ("\\(dq", '"'), ("\\&", ""), ("\\e", "\\")):
        source = source.replace(escape, character)
    return source


def own_pages(root, man3):
    """{name(section): source} of all pages of the manual."""
    pages = {}
    for path in [os.path.join(root, page) for page in PAGES] + [os.path.join(man3, name) for name in os.listdir(man3)]:
        with open(path, encoding="utf-8") as file:
            stem, _, section = os.path.basename(path).rpartition(".")
            pages[f"{stem}({section})"] = file.read()
    return pages


def form(report, root, man3):
    """Lint, width, and a NAME that whatis can read."""
    paths = [os.path.join(root, page) for page in PAGES]
    paths += sorted(os.path.join(man3, name) for name in os.listdir(man3))
    paths = [path for path in paths if not open(path, encoding="utf-8").read(4).startswith(".so")]
    if shutil.which("mandoc"):
        _, text = run("mandoc", "-T", "lint", "-W", "warning", *paths)
        report.case("mandoc finds nothing", text.splitlines()[:20])
        wide = []
        for path in paths:
            _, text = run("mandoc", "-T", "utf8", "-O", f"width={COLUMNS - 2}", path)
            wide += [f"{os.path.basename(path)}: {line.strip()}" for line in re.sub(".\b", "", text).splitlines()
                     if len(line) > COLUMNS]
        report.case(f"no page is wider than {COLUMNS} columns", wide[:20])
    else:
        report.skip("mandoc finds nothing", "there is no mandoc")
    if shutil.which("lexgrog"):
        _, text = run("lexgrog", *paths)
        report.case("every page has a NAME", [line for line in text.splitlines() if "parse failed" in line])
    else:
        report.skip("every page has a NAME", "there is no lexgrog")


def completeness(report, root, pages):
    """Everything that the headers declare has a page, and every page that is named exists."""
    declared, types = set(), set()
    for path in files_of(root, ["include"], (".h",)):
        text = without_comments(read(root, path))
        declared |= set(re.findall(r"STORAGE_API[^;]*?\b(storage_\w+)\s*\(", text))
        types |= set(re.findall(r"typedef struct (Storage\w+) [{S]", text))
    report.case("functions were found", [] if {"storage_get", "storage_set_allocator"} <= declared else ["too few"])
    report.case("every function has a page", sorted(name for name in declared if name + "(3)" not in pages))
    report.case("every type has a page", sorted(name for name in types if name + "(3)" not in pages))
    report.case("no page is about a function that is gone",
                sorted(page for page in pages if re.match(r"storage_\w+\(3\)", page) and page[:-3] not in declared))
    missing = []
    for page, source in pages.items():
        if source.startswith(".so "):
            named = [re.sub(r"\.so man3/(.*)\.3\n", r"\1(3)", source)]
        else:
            named = re.findall(r"(?:\\fB|^)([\w.]+)(?:\\fR)?(\(\d\))", plain_names(source), flags=re.M)
            named = [name + section for name, section in named]
        missing += [f"{page} names {name}" for name in named if name not in pages and name not in OUTSIDE]
    report.case("every page that is named exists", sorted(set(missing)))


def plain_names(source):
    return source.replace("\\-", "-")


def section_of(source, heading):
    """The source under a heading, up to the next one of its kind or above."""
    found = re.search(rf'^\.S[SH] "?{re.escape(heading)}(?![\w-]).*?$(.*?)(?=^\.S[SH] |\Z)', source,
                      flags=re.S | re.M)
    return found.group(1) if found else None


def program(report, page, storagectl):
    """Every verb, option, value of an option and exit code stands in storagectl(1)."""
    told = json.loads(subprocess.run([storagectl, "help", "--json"], stdout=subprocess.PIPE, check=True).stdout)
    missing = [option["name"] for kind in ("program_options", "bytes_options", "json_options")
               for option in told[kind] if "fB" + option["name"].replace("-", "\\-") + "\\" not in page]
    for verb in told["verbs"]:
        text = section_of(page, verb["name"])
        if text is None:
            missing.append(f"verb {verb['name']}")
            continue
        missing += [f"{verb['name']} {option['name']}" for option in verb["options"]
                    if "\\fB" + option["name"].replace("-", "\\-") + "\\fR" not in text]
    report.case("storagectl(1) has every verb and option", missing)
    codes = section_of(page, "EXIT STATUS")
    report.case("storagectl(1) has every exit code",
                [str(row["code"]) for row in told["exit_codes"] if f"\\fB{row['code']}\\fR" not in codes])


def configuration(report, page, storagectl):
    """Every type and option of the schema stands in storage.json(5)."""
    schema = json.loads(subprocess.run([storagectl, "config", "schema"], stdout=subprocess.PIPE, check=True).stdout)
    missing, count = [], 0
    for definition in schema["$defs"].values():
        if "x-role" not in definition:
            continue
        text = section_of(page, definition["title"])
        if text is None:
            missing.append(definition["title"])
            continue
        names = [name for name in definition["properties"] if name != "type"]
        count += len(names)
        missing += [f"{definition['title']}.{name}" for name in names if f"\\fB{name}\\fR" not in text]
    report.case("storage.json(5) has every type and option", missing or ([] if count else ["there are no options"]))


SAMPLE = {"title": "sample", "description": "A layer.", "x-role": "layer", "x-needs": ["watch"],
          "required": ["type", "mode"],
          "x-rules": [{"relation": "above", "other": "cached", "severity": "warned", "reason": "it \\ is late"},
                      {"relation": "once", "severity": "refused", "reason": "one is enough"}],
          "properties": {"type": True, "rate": {"description": "How much.", "x-kind": "rate", "x-maximum": "9/s"},
                         "mode": {"description": "How.", "x-kind": "choice", "anyOf": [{"enum": ["a", "b"]}]},
                         "key": {"description": "Whose.", "x-kind": "string", "x-secret": True, "x-path": True}}}
SAMPLE_SAYS = ["The stack below has to have: watch.", "It is in a stack once only: one is enough.",
               "\\fBmode\\fR: \\fIa|b\\fR", "It stands above cached (otherwise there is a warning): it \\e is late.",
               "Required.", "At most 9/s.",
               "\\fBrate\\fR: \\fIRATE\\fR", "No output shows it.", "A relative path starts"]


def sample_type(report, root):
    """What the types of the library do not have yet: rates, choices, secrets, paths, rules."""
    sys.path.insert(0, os.path.join(root, "scripts"))
    import generate_manuals
    text = generate_manuals.config_type(SAMPLE)
    report.case("storage.json(5) can show every kind of option and rule",
                [f"does not say: {said}" for said in SAMPLE_SAYS if said not in text])


def overview(report, root, page):
    """libstorage(7) leads to every header and has every status."""
    headers = [path for path in files_of(root, ["include"], (".h",)) if not path.endswith("/macros.h")]
    names = [re.sub("storage_storage", "storage", path.removeprefix("include/").replace("/", "_")) for path in headers]
    report.case("libstorage(7) names every header", [name for name in names if f"\\fB{name}\\fR(3)" not in page])
    names = re.findall(r"\bX\(([A-Z]\w+), -?\d", read(root, "include/storage/status.h"))
    text = section_of(page, "STATUSES")
    report.case("libstorage(7) has every status",
                [name for name in names if f"\\fBSTORAGE_{name}\\fR" not in text] or ([] if names else ["none found"]))


def example_steps(page):
    """(command, what it prints) of the examples of a page; four blanks begin the rest of a line that is too long."""
    for source in re.findall(r'^\.\\" begin example\n(.*?)^\.\\" end example', page, flags=re.S | re.M):
        steps = []
        for line in source.splitlines():
            if line.startswith("."):
                continue
            line = plain(line)
            if line.startswith("$ "):
                steps.append([line[2:] + "\n", ""])
            elif line.startswith("> "):
                steps[-1][0] += line[2:] + "\n"
            elif line.startswith("    "):
                steps[-1][1] = steps[-1][1].rstrip("\n") + " " + line.strip() + "\n"
            else:
                steps[-1][1] += line + "\n"
        yield steps


def examples(report, name, page, storagectl, environment):
    """The examples of a page print what it says."""
    for number, steps in enumerate(example_steps(page), 1):
        problems = []
        with tempfile.TemporaryDirectory() as place:
            os.symlink(os.path.abspath(storagectl), os.path.join(place, "storagectl"))
            path = place + ":" + environment["PATH"]
            for command, wanted in steps:
                _, text = run("sh", "-c", command, cwd=place, env={**environment, "PATH": path, "HOME": place})
                if text != wanted:
                    problems += [f"{command.strip()}\n    should print:\n{wanted}    and prints:\n{text}"]
        report.case(f"example {number} of {name} prints what the page says", problems)
    report.case(f"{name} has examples", [] if list(example_steps(page)) else ["none"])


STAND_INS = {"mdb_dump": "printf 'VERSION=3\\nformat=bytevalue\\ntype=btree\\nHEADER=END\\n 6b\\n 76\\nDATA=END\\n'",
             "mdb_load": "cat >mdb_load.log"}
FILES = {"ada.jpg": "Ada", "users.jsonl": '{"key":"user/7","value":"Ada"}\n',
         "app.json": '{"backend": {"type": "memory"}}', "storage.json": '{"backend": {"type": "memory"}}'}

NEEDS_RECORDS = "there are no records to run on"  # of a benchmark that goes on where an earlier one stopped


def verb_examples(report, storagectl, environment):
    """The examples of each verb are no mistakes of usage. Those that take long, or wait, are cut off."""
    told = json.loads(subprocess.run([storagectl, "help", "--json"], stdout=subprocess.PIPE, check=True).stdout)
    problems, count = [], 0
    with tempfile.TemporaryDirectory() as place:
        os.symlink(os.path.abspath(storagectl), os.path.join(place, "storagectl"))
        for name, text in [*FILES.items(), *((name, "#!/bin/sh\n" + text) for name, text in STAND_INS.items())]:
            with open(os.path.join(place, name), "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(os.path.join(place, name), 0o755)
        for line in [line for verb in told["verbs"] for line in (verb["example"] or "").splitlines()]:
            count += 1
            code, said = run("timeout", "2", "sh", "-c", line, cwd=place, stdin=subprocess.DEVNULL,
                             env={**environment, "PATH": place + ":" + environment["PATH"], "HOME": place})
            if code in (2, 126, 127) and NEEDS_RECORDS not in said:
                problems.append(f"{line}: exit code {code}: {said}")
    report.case("the examples of the verbs are right", problems or ([] if count > 10 else ["too few were found"]))


def first_program(report, page, root, library, compiler):
    """The C program of libstorage(7) compiles without a warning, and runs."""
    source = re.search(r'^\.\\" begin program\n(.*?)^\.\\" end program', page, flags=re.S | re.M).group(1)
    lines = [plain(line) for line in source.splitlines() if not line.startswith(".")]
    with tempfile.TemporaryDirectory() as place:
        path, built = os.path.join(place, "program.c"), os.path.join(place, "program")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        code, text = run(*compiler, "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{root}/include", path,
                         "-o", built, library, "-Wl,-rpath," + os.path.dirname(os.path.abspath(library)))
        if code == 0:
            code, text = run(built)
        report.case("the program of libstorage(7) runs", [] if (code, text) == (0, "hello\n") else [f"{code}: {text}"])


REFUSED = [
    ("a function without a comment", "STORAGE_API int storage_bare(void);\n", "storage_bare has no comment"),
    ("a comment with a blank line below it", "/* About it. */\n\nSTORAGE_API int storage_bare(void);\n", "no comment"),
    ("a StorageStatus without outcomes", "/* Does it. */\nSTORAGE_API StorageStatus storage_mute(void);\n",
     "storage_mute returns a StorageStatus"),
    ("what is no declaration", "/* Odd. */\nodd odd odd;\n", "not a declaration"),
]


def refusals(report, root, man3):
    """The generator of section 3 refuses what would leave a hole, and makes the directory anew."""
    generator = os.path.join(root, "man", "headers_to_man.py")
    with tempfile.TemporaryDirectory() as place:
        for name, text, wanted in REFUSED:
            path = os.path.join(place, "sample.h")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"/* storage/sample.h - a sample. */\n\n{text}")
            code, said = run(sys.executable, generator, os.path.join(place, "out"), "1.0", "2026-01-01", path)
            is_refused = code == 1 and wanted in said and "sample.h:" in said
            report.case(f"refused: {name}", [] if is_refused else [f"{code}: {said}"])
        output = os.path.join(place, "man3")
        os.mkdir(output)
        with open(os.path.join(output, "storage_gone.3"), "w", encoding="utf-8") as file:
            file.write("gone")
        headers = [os.path.join(root, path) for path in files_of(root, ["include"], (".h",))]
        code, said = run(sys.executable, generator, output, "libstorage 0.1.0", "2026-01-01", *headers)
        differing = set(os.listdir(output)) ^ set(os.listdir(man3))
        report.case("section 3 is made anew", [said] if code else sorted(differing))


def main(root, man3, storagectl, library, *compiler):
    report = Report()
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("STORAGE_CONFIG", "XDG_CONFIG_HOME", "XDG_STATE_HOME")}
    pages = own_pages(root, man3)
    form(report, root, man3)
    completeness(report, root, pages)
    program(report, pages["storagectl(1)"], storagectl)
    configuration(report, pages["storage.json(5)"], storagectl)
    sample_type(report, root)
    overview(report, root, pages["libstorage(7)"])
    for name in ("storagectl(1)", "storage.json(5)"):
        examples(report, name, pages[name], storagectl, environment)
    verb_examples(report, storagectl, environment)
    first_program(report, pages["libstorage(7)"], root, library, compiler)
    refusals(report, root, man3)
    releases = {re.search(r'^\.TH .*"(libstorage [0-9][^"]*)"', source, flags=re.M).group(1)
                for source in pages.values() if not source.startswith(".so")}
    report.case("all pages are of one release", [] if len(releases) == 1 else sorted(releases))
    report.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
