#!/usr/bin/env python3
"""test_explain.py CONFIG_PROBE - what a configuration means, as storage_config_explain says it.

1. Every option is there with its value, where it comes from and what it does.
2. The document of an explanation is right, and explains to itself.
3. Secrets, and what files hold, are in no answer of any call, also when they are what is wrong.
"""

import json
import os
import sys
import tempfile

from probe import Probe, seeded_random
from documents import FILES, VARIABLES, Generator
from project import Report

DOCUMENT_COUNT = 1000
SECRET = "Xk3vQ9"  # 6 characters that no message has

VESSEL = {"type": "vessel", "path": "data", "capacity": "${SIZE}", "timeout": "90s", "rate": "600/1m", "retry_count": 5,
          "name": "co$$t", "password": SECRET, "verbose": "${TRUTH}", "check": False,
          "sync": "never"}

# name: (value, origin) for VESSEL below the directory "conf".
VESSEL_MEANS = {"path": ("conf/data", "document"), "capacity": ("32MiB", "variable"), "timeout": ("90s", "document"),
                "rate": ("600/m", "document"), "retry_count": (5, "document"), "name": ("co$t", "document"),
                "password": ("(redacted)", "document"), "verbose": (True, "variable"), "check": (False, "document"),
                "sync": ("never", "document")}
DEFAULTS_MEAN = {"path": ("p", "document"), "capacity": ("64MiB", "default"), "timeout": ("30s", "default"),
                 "rate": (None, "default"), "retry_count": (3, "default"), "name": (None, "default"),
                 "password": (None, "default"), "verbose": (False, "default"),
                 "check": (True, "default"), "sync": ("always", "default")}

# Each option of vessel with a secret in it that is right, or wrong in one way; of its files, each in one way.
SECRET_VALUES = [SECRET, SECRET * 20, SECRET[:3], {"$file": "secret"}, {"$file": "long"}, {"$file": "short"},
                 {"$file": "binary"}, {"$file": "zero"}, {"$file": "invalid"}, "${HIDDEN}", "${HIDDEN}${HIDDEN}" * 10]
SECRET_FILES = {"secret": SECRET, "long": SECRET * 40, "short": SECRET[:3], "binary": SECRET + "\x01\x02",
                "zero": SECRET + "\0", "invalid": SECRET + "\udcff"}


def means(explanation):
    return {option["name"]: (option.get("value"), option["origin"]) for option in explanation["options"]}


def value_problems(probe):
    vessel = probe.explain({"backend": VESSEL}, variables=VARIABLES, directory="conf")["backend"]
    if means(vessel) != VESSEL_MEANS:
        yield f"{means(vessel)}"
    if means(probe.explain({"backend": {"type": "vessel", "path": "p"}})["backend"]) != DEFAULTS_MEAN:
        yield "defaults"
    if vessel["doc"] != "A store with an option of every kind." or vessel["type"] != "vessel":
        yield f"{vessel['type']}: {vessel['doc']}"
    for option in vessel["options"]:
        if not option["doc"].endswith("."):
            yield f"{option['name']} has no doc"
    with_file = probe.explain({"backend": {**VESSEL, "capacity": {"$file": "size"}}}, variables=VARIABLES,
                              directory="files")
    if means(with_file["backend"])["capacity"] != ("(redacted)", "file"):
        yield f"from a file: {means(with_file['backend'])['capacity']}"


def stack_problems(probe):
    document = {"layers": [{"type": "shrink"}, {"type": "live"}, {"type": "remember"}],
                "backend": {"type": "vessel", "path": "p"}}
    explanation = probe.explain(document)
    if [layer["type"] for layer in explanation["layers"]] != ["shrink", "live", "remember"]:
        yield "layers are not in the order of the document"
    if explanation["capabilities"] != ["transactions", "watch"]:
        yield f"capabilities: {explanation['capabilities']}"
    if explanation["weakenings"] != ["scan_live"]:
        yield f"weakenings: {explanation['weakenings']}"
    if explanation["warnings"]:
        yield f"warnings: {explanation['warnings']}"
    if set(explanation) != {"document", "layers", "backend", "capabilities", "weakenings", "warnings"}:
        yield f"members: {sorted(explanation)}"
    document["layers"] = [{"type": "remember"}, {"type": "shrink"}]
    checked = probe("check", document)
    explanation = probe.explain(document)
    if len(explanation["warnings"]) != 1 or explanation["warnings"] != checked["warnings"]:
        yield f"warnings: {explanation['warnings']}, of the check: {checked['warnings']}"


def varying_problems(probe):
    """With a limit the default is another: nothing is said that would not hold, nor written into the document."""
    explanation = probe.explain({"backend": {"type": "memory", "limit": "1MiB"}})
    option = next(option for option in explanation["backend"]["options"] if option["name"] == "watch_history")
    if "value" in option or option["default"] != "16MiB" or option["origin"] != "default":
        yield f"{option}"
    if explanation["document"]["backend"] != {"type": "memory", "limit": "1MiB", "watch_history_count": 16384,
                                              "idempotency_count": 65536, "idempotency_age": "1d"}:
        yield f"{explanation['document']}"


def document_problems(probe):
    explanation = probe.explain({"backend": VESSEL}, variables=VARIABLES, directory="conf")
    expected = {"layers": [], "backend": {
        "type": "vessel", "path": "conf/data", "capacity": "32MiB", "timeout": "90s", "rate": "600/m",
        "retry_count": 5, "name": "co$$t", "password": "(redacted)", "verbose": True, "check": False,
        "sync": "never"}}
    if explanation["document"] != expected:
        yield f"{explanation['document']}"


def fixed_point_problems(probe, generator, directory):
    right = 0
    for _ in range(DOCUMENT_COUNT):
        document = generator.document()
        answer = probe("explain", document, variables=VARIABLES, directory=directory)
        if answer["status"] != probe("check", document, variables=VARIABLES, directory=directory)["status"]:
            yield f"check and explain differ: {json.dumps(document)}"
        if answer["status"] != "OK":
            continue
        first = json.loads(answer["output"])["document"]
        if "(redacted)" in json.dumps(first):
            continue
        right += 1
        second = probe("explain", first)
        if second["status"] != "OK":
            yield f"{json.dumps(first)}: {second['errors']}"
        elif json.loads(second["output"])["document"] != first:
            yield f"{json.dumps(first)} explains to {second['output']}"
    if right < DOCUMENT_COUNT / 20:
        yield f"only {right} documents were tried"


def secret_problems(probe, directory):
    request = {"variables": {"HIDDEN": SECRET}, "directory": directory}
    answers = 0
    for name in VESSEL_MEANS:
        for value in SECRET_VALUES:
            # What stands in the document itself, or in a variable, is secret in an option that says so.
            if name != "password" and not isinstance(value, dict):
                continue
            for action in ("check", "explain", "open"):
                answer = probe(action, {"backend": {"type": "vessel", "path": "p", name: value}}, **request)
                answers += answer["status"] != "OK"
                if SECRET[:3] in json.dumps(answer):
                    yield f"{action} shows the secret for {name}: {value}: {answer}"
    for document in ({"backend": {"type": {"$file": "secret"}}},
                     {"layers": [{"type": {"$file": "long"}}], "backend": {"type": "memory"}},
                     {"layers": [{"type": "throttle", "rate": {"$file": "short"}}], "backend": {"type": "memory"}}):
        answer = probe("explain", document, **request)
        if SECRET[:3] in json.dumps(answer) or answer["status"] != "CONFIG":
            yield f"{json.dumps(document)}: {answer}"
    if answers < 50:
        yield f"only {answers} answers were failures"


def file_problems(probe, directory):
    os.makedirs(os.path.join(directory, "conf"))
    with open(os.path.join(directory, "conf", "app.json"), "w", encoding="utf-8") as file:
        json.dump({"backend": {"type": "vessel", "path": "data", "name": {"$file": "../word"}}}, file)
    vessel = probe.explain(path=os.path.join(directory, "conf", "app.json"))["backend"]
    if means(vessel)["path"] != (os.path.join(directory, "conf", "data"), "document"):
        yield f"path: {means(vessel)['path']}"
    answer = probe("explain", path=os.path.join(directory, "conf", "absent.json"))
    if answer["status"] != "CONFIG" or "output" in answer:
        yield f"a file that is not there: {answer}"


def main(program):
    report = Report()
    program = os.path.abspath(program)
    with tempfile.TemporaryDirectory() as directory, Probe(program, cwd=directory) as probe:
        for name, text in {**FILES, **SECRET_FILES, "files/size": FILES["size"]}.items():
            path = os.path.join(directory, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(text)
        report.case("values and origins of every kind of option", value_problems(probe))
        report.case("the stack: layers, capabilities, weakenings, warnings", stack_problems(probe))
        report.case("the document spells every option out", document_problems(probe))
        report.case("a default that varies has no value", varying_problems(probe))
        generator = Generator(probe.schema(), seeded_random("explain"))
        report.case("random documents explain to themselves", fixed_point_problems(probe, generator, directory))
        report.case("no answer shows a secret", secret_problems(probe, directory))
        report.case("a file is explained from its directory", file_problems(probe, directory))
    report.finish()


if __name__ == "__main__":
    main(sys.argv[1])
