#!/usr/bin/env python3
"""test_golden.py [--write] ROOT CONFIG_PROBE CALL_MISTAKES - every message of the configuration, word for word.

golden/errors.txt holds cases: a name, what surrounds the document, the document, and what the library says to it.
golden/calls.txt is what the program CALL_MISTAKES prints. `--write` writes what the library says now, for a
reviewer to see the difference. A text in src/config that no line of the two files holds is a failure.
"""

import difflib
import os
import re
import sys
import tempfile

from probe import Probe
from project import Report, files_of, output_lines, read, without_comments

ERRORS = "tests/config/golden/errors.txt"
PAGE = "docs/configuration.md"
CALLS = "tests/config/golden/calls.txt"

# Messages that no case leads to, and why.
ELSEWHERE = {
    "out of memory while reading the configuration": "there is memory; tests/fault takes it away",
    "out of memory": "likewise",
    "no memory to add a type": "likewise",
    "no memory for the explanation": "likewise",
    "%s; it must be readable to this process": "root may read every file; test_open.c has files that nobody may",
    "unknown error": "the system has a text for each of its errors",
}

# Files of src/config whose texts are not messages: docs of options, and what a schema says.
SILENT = ("src/config/types.c", "src/config/schema.c", "src/config/schema_option.c")


class Case:
    """One case: its lines as they stand in the file, and what they mean."""

    def __init__(self, name):
        self.name, self.input, self.output = name, [], []

    def run(self, program):
        """What the library says, line by line."""
        settings, document = {"variable": {}, "file": {}}, []
        for line in self.input:
            if line.startswith(": "):
                key, _, value = line[2:].partition(" ")
                if key in settings:
                    name, _, text = value.partition("=")
                    settings[key][name] = unescaped(text)
                else:
                    settings[key] = value
            else:
                document.append(line)
        document = unescaped("\n".join(document))
        with tempfile.TemporaryDirectory() as place:
            for name, text in settings["file"].items():
                write_bytes(os.path.join(place, name), text)
            if "make" in settings:
                os.system(f"cd '{place}' && {settings['make']}")
            request = {"variables": settings["variable"], "directory": settings.get("directory")}
            if "path" in settings:
                request["path"] = settings["path"]
                if document:
                    write_bytes(os.path.join(place, settings["path"]), document)
            else:
                request["document"] = document
            with Probe(program, cwd=place) as probe:
                answer = probe("check", **request)
        return [answer["status"], *answer["errors"], *("warning: " + text for text in answer["warnings"])]


def unescaped(text):
    """<<x*70000>> as that many x (a # in it is the number of each), \\xHH as a byte; lone ones as surrogates."""
    text = re.sub(r"<<(.*?)\*(\d+)>>", lambda match: "".join(match.group(1).replace("#", str(number))
                                                             for number in range(int(match.group(2)))), text)
    if "\\x" in text or "\\r" in text:
        text = re.sub(r"\\x([0-9a-f]{2})", lambda match: bytes([int(match.group(1), 16)]).decode(
            "utf-8", "surrogateescape"), text).replace("\\r", "\r")
    return text


def write_bytes(path, text):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as file:
        file.write(text.encode("utf-8", "surrogateescape"))


def parse(text):
    """(lines before the first case, cases). A case is `== name`, lines, `->` and an answer, and a blank line."""
    head, cases = [], []
    target = head
    for line in text.splitlines():
        if line.startswith("== "):
            cases.append(Case(line[3:]))
            target = cases[-1].input
        elif line == "->" and cases:
            target = cases[-1].output
        elif line or target is head:
            target.append(line.removeprefix("   ") if cases and target is cases[-1].output else line)
    return head, cases


def render(head, cases, answers):
    lines = list(head)
    for case, answer in zip(cases, answers):
        lines += [f"== {case.name}", *case.input, "->", *("   " + line for line in answer), ""]
    return "\n".join(lines)


def differences(old, new, path):
    return list(difflib.unified_diff(old.splitlines(), new.splitlines(), path, "what the library says", lineterm=""))


def literals(text):
    """String literals of C, neighbours joined; with the text that stands before them."""
    for match in re.finditer(r'(?:"(?:[^"\\\n]|\\.)*"\s*(?:PRI\w+\s*)?)+', text):
        parts = re.findall(r'"((?:[^"\\\n]|\\.)*)"|(PRI\w+)', match.group())
        yield "".join(part if not macro else "d" for part, macro in parts)


def messages(root):
    """Texts of src/config that are part of a message: those with a space in them."""
    for path in files_of(root, ["src/config"], (".c",)):
        if path in SILENT:
            continue
        for literal in literals(re.sub(r"#include[^\n]*", "", without_comments(read(root, path)))):
            text = re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match.group(1), match.group(1)), literal)
            if re.search(r"[a-z]{2,}.* |[a-z]{2,}, ?$| .*[a-z]{2,}", text):
                yield path, text


def form_of(message):
    """The regular expression of a format string."""
    parts = re.split(r"(%[-0-9.*]*(?:z|l|ll|j)?[a-z])", message)
    return "".join(".*?" if part.startswith("%") and len(part) > 1 else re.escape(part) for part in parts)


def unshown(root, lines):
    """Messages that are in no line."""
    text = "\n".join(lines)
    for path, message in messages(root):
        if message in ELSEWHERE:
            continue
        if not re.search(form_of(message), text):
            yield f"{path}: no case shows: {message}"


def unsaid(root, lines):
    """Errors in the reference that no case shows; an ellipsis at the end stands for more."""
    for line in read(root, PAGE).splitlines():
        if line.startswith("app.json: ") and not any(
                shown.startswith(line[:-1]) if line.endswith("\u2026") else shown == line for shown in lines):
            yield f"{PAGE}: nothing says: {line}"


def main(arguments):
    write = "--write" in arguments
    root, program, mistakes = [argument for argument in arguments if argument != "--write"]
    old = read(root, ERRORS)
    head, cases = parse(old)
    new = render(head, cases, [case.run(program) for case in cases]) + "\n"
    old_calls, new_calls = read(root, CALLS), "".join(line + "\n" for line in output_lines(mistakes))
    if write:
        for path, text in ((ERRORS, new), (CALLS, new_calls)):
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return
    report = Report()
    report.case("there are cases", [] if len(cases) > 50 else [f"{len(cases)} cases"])
    names = [case.name for case in cases]
    report.case("cases have names of their own", {name for name in names if names.count(name) > 1})
    report.case("every document has the errors that its case shows", differences(old, new, ERRORS))
    report.case("every call has the errors that its case shows", differences(old_calls, new_calls, CALLS))
    report.case("every error is one line of printable text",
                [line for line in new.splitlines() if line.startswith("   ") and not line.isprintable()])
    report.case("every message is shown by a case",
                unshown(root, [line for line in (new + new_calls).splitlines() if line.startswith("   ")]))
    report.case("every error in the reference is shown by a case",
                unsaid(root, [line.strip() for line in new.splitlines()]))
    texts = {message for _, message in messages(root)}
    report.case("messages that are shown elsewhere exist", [text for text in ELSEWHERE if text not in texts])
    report.finish()


if __name__ == "__main__":
    main(sys.argv[1:])
