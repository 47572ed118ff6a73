#!/usr/bin/env python3
"""test_completion.py STORAGECTL COMPLETION - completion of command lines, asked in a real bash.

What storagectl says of its verbs (help --json) is what has to be offered, no less and no more.
"""

import json
import os
import shlex
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "project"))

from project import Report  # noqa: E402


class Bash:
    """One bash that has loaded the completion and is asked line after line."""

    def __init__(self, completion):
        self.process = subprocess.Popen(["bash", "--norc", "--noprofile"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        # Outside of a completion compopt fails; what it is asked for is an answer too.
        self.run(f"set -u; compopt() {{ COMPREPLY=(\"compopt $*\"); }}; source {shlex.quote(completion)}")

    def run(self, text):
        self.process.stdin.write(text + "\necho END\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.process.stdout.readline()) not in ("END\n", ""):
            lines.append(line.rstrip("\n"))
        return lines

    def complete(self, *words):
        """What is offered for the last word."""
        quoted = " ".join(map(shlex.quote, ("storagectl", *words)))
        return self.run(f"COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _storagectl; "
                        'printf "%s\\n" ${COMPREPLY[@]+"${COMPREPLY[@]}"}')

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


def differences(found, expected):
    found, expected = [word for word in found if word], list(expected)
    return [f"missing: {word}" for word in expected if word not in found] + \
        [f"too much: {word}" for word in found if word not in expected]


def names_of(options):
    return [option["name"] for option in options]


def check_options(report, bash, told, verb):
    name = verb["name"]
    expected = names_of(verb["options"]) + names_of(told["program_options"])
    expected += names_of(told["bytes_options"]) if verb["has_bytes_options"] else []
    expected += names_of(told["json_options"]) if verb["has_json_option"] else []
    report.case(f"options of {name}", differences(bash.complete(name, "-"), expected))
    for option in verb["options"] + told["program_options"]:
        if option["value"] is None:
            continue
        answer = bash.complete(name, option["name"], "")
        attached = bash.complete(name, option["name"], "=", "")
        expected = ["compopt -o default"] if option["file"] else (option["choices"] or "").split()
        report.case(f"value of {name} {option['name']}", differences(answer, expected))
        report.case(f"value of {name} {option['name']}=", differences(attached, expected) +
                    differences(bash.complete(name, option["name"], "="), expected))


def check_lines(report, bash, told):
    verbs = [verb["name"] for verb in told["verbs"] if not verb["only_in_shell"]]
    program = names_of(told["program_options"] + told["bytes_options"] + told["json_options"])
    file = ["compopt -o default"]
    lines = [
        ([""], verbs), (["-"], program), (["--conf"], ["--config"]), (["-c", ""], file),
        (["-c", "x.json", "ge"], ["get"]), (["--config", "=", "x.json", "ge"], ["get"]),
        (["--memory", "ex"], ["export", "explain"]), (["get", ""], []),
        (["help", "com"], ["commit"]), (["import", ""], file), (["config", ""], ["check", "schema", "explain"]),
        (["config", "check", ""], file), (["scan", "--format", "=", "js"], ["jsonl"]), (["scan", "--", "-"], []),
        (["scan", "--limit", "3", "--rev"], ["--reverse"]), (["import", "--format", "tsv", ""], file),
        (["scan", "-c", "f", "--keys"], ["--keys-only"]), (["nonsense", ""], []),
        (["get", "$(echo x)", "`id`", "*"], []),
    ]
    for words, expected in lines:
        report.case("storagectl " + " ".join(words), differences(bash.complete(*words), expected))


def main(program, completion):
    report = Report()
    told = json.loads(subprocess.run([program, "help", "--json"], stdout=subprocess.PIPE, check=True).stdout)
    bash = Bash(completion)
    report.case("it is registered", differences(bash.run("complete -p storagectl"),
                                                ["complete -F _storagectl storagectl"]))
    for verb in told["verbs"]:
        if not verb["only_in_shell"]:
            check_options(report, bash, told, verb)
    check_lines(report, bash, told)
    report.case("bash ends well", [] if bash.close() == 0 else ["it failed"])
    report.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
