#!/usr/bin/env python3
"""test_schema.py ROOT CONFIG_PROBE - the JSON Schema of the configuration, against a validator that is not ours.

1. It is a schema, of the library's own types and of types from outside.
2. It never refuses what storage_config_check takes.
3. It lets pass what storage_config_check refuses only for the reasons in UNSAYABLE, each of which occurs.
4. Both take the documents that people are shown.
"""

import copy
import itertools
import json
import os
import re
import sys
import tempfile

from probe import Probe, seeded_random
from documents import FILES, VARIABLES, Generator
from project import Report, files_of, read

try:
    import jsonschema
except ImportError:
    print("cases: 0 passed, 0 failed, 1 skipped (python3-jsonschema is not installed)")
    sys.exit(77)

DOCUMENT_COUNT = 3000

MEMORY = {"type": "memory"}
VESSEL = {"type": "vessel", "path": "p"}


def vessel(**options):
    return {"backend": {**VESSEL, **options}}


def layers(*parts, backend=None):
    return {"layers": list(parts), "backend": backend or MEMORY}


# What JSON Schema has no words for: the errors of documents that the schema lets pass.
UNSAYABLE = {
    "a variable that is not set": r"the variable \w+ is not set",
    "a text that a variable made": r'^[^"]*: "[^"]*\$.*" \(".*"\) ',
    "a file that is not there, or holds something else": r'\["\$file"\]: the file|what the file holds',
    "a number that does not fit": r"is too (large|long|fast)",
    "a quantity beyond its limits": r": (the number before the slash )?must be at (least|most) \d",
    "a text of too many or too few bytes": r"the number of its bytes must be at (least|most) ",
    "a text of more than 64 KiB": r"longer than 64 KiB",
    "a string that is no text": r"a string holds \\u0000|half of a surrogate pair",
    "an order of layers": r'" (must (not )?(stand|be)|needs the capability) ',
    "a check over two options": r"more than 5 retries",
    "a key that is given twice": r"given more than once",
}

# (document, what the library says, what the schema says); a text where JSON cannot be made from a value.
TABLE = [
    ({"backend": MEMORY}, True, True),
    ({"layers": [], "backend": MEMORY}, True, True),
    (layers({"type": "read_only"}), True, True),
    (layers(*[{"type": "read_only"}] * 32), True, True),
    (layers(*[{"type": "read_only"}] * 33), False, False),
    ({"$schema": "storage.schema.json", "backend": MEMORY}, True, True),
    ({"$schema": 5, "backend": MEMORY}, False, False),
    ({}, False, False),
    ([], False, False),
    ("5", False, False),
    ({"backend": None}, False, False),
    ({"backend": []}, False, False),
    ({"backend": {}}, False, False),
    ({"backend": {"type": "memry"}}, False, False),
    ({"backend": {"type": "read_only"}}, False, False),
    ({"backend": MEMORY, "layer": []}, False, False),
    ({"backend": MEMORY, "layers": {}}, False, False),
    (layers("read_only"), False, False),
    (layers({"type": "memory"}), False, False),
    (layers({"type": "read_only", "on": True}), False, False),
    ({"backend": {"type": "${KIND}"}}, True, True),
    ({"backend": {"type": "${KIND}", "limit": "64MiB"}}, True, True),
    ({"backend": {"type": "${KIND}", "limits": "64MiB"}}, False, True),
    (vessel(), True, True),
    ({"backend": {"type": "vessel"}}, False, False),
    (vessel(path=""), False, False),
    (vessel(path="x" * 65536), True, True),
    (vessel(path="x" * 65537), False, True),
    (vessel(path="a\0b"), False, True),
    (vessel(path="\ud83d"), False, True),
    (vessel(path={"$file": "word"}), True, True),
    (vessel(path={"$file": "absent"}), False, True),
    (vessel(path={"$file": "word", "key": 1}), False, False),
    (vessel(path={"$file": ""}), False, False),
    (vessel(path={"$file": 5}), False, False),
    (vessel(path={"file": "word"}), False, False),
    (vessel(capacity="64MiB"), True, True),
    (vessel(capacity="64 MiB"), True, True),
    (vessel(capacity="${SIZE}"), True, True),
    (vessel(capacity="${NUMBER}MiB"), True, True),
    (vessel(capacity="${NO:-64MiB}"), True, True),
    (vessel(capacity={"$file": "size"}), True, True),
    (vessel(capacity="64"), False, False),
    (vessel(capacity=64), False, False),
    (vessel(capacity="64mib"), False, False),
    (vessel(capacity="1.5MiB"), False, False),
    (vessel(capacity="64MiB\n"), False, False),
    (vessel(capacity="64MiB$$"), False, False),
    (vessel(capacity="${NO}"), False, True),
    (vessel(capacity="${WORD}"), False, True),
    (vessel(capacity="1023B"), False, True),
    (vessel(capacity="2TiB"), False, True),
    (vessel(capacity="99999999999999999999B"), False, True),
    (vessel(timeout="1m30s"), True, True),
    (vessel(timeout="1h30m5s5ms5us5ns"), True, True),
    (vessel(timeout="30s1m"), False, False),
    (vessel(timeout="1s1s"), False, False),
    (vessel(timeout=""), False, False),
    (vessel(timeout="2d"), False, True),
    (vessel(rate="50000/s"), True, True),
    (vessel(rate="10/30s"), True, True),
    (vessel(rate="10/1m30s"), True, True),
    (vessel(rate="0/s"), False, False),
    (vessel(rate="10/"), False, False),
    (vessel(rate="10/0s"), False, False),
    (vessel(rate="10/0h30s"), True, True),
    (vessel(rate="10"), False, False),
    (vessel(rate="10/x"), False, False),
    (vessel(rate="1/s"), False, True),
    (vessel(retry_count=5), True, True),
    (vessel(retry_count=5.0), True, True),
    (vessel(retry_count="${NUMBER}"), True, True),
    (vessel(retry_count="5"), False, False),
    (vessel(retry_count=0), False, False),
    (vessel(retry_count=11), False, False),
    (vessel(retry_count=2.5), False, False),
    (vessel(name="ab"), True, True),
    (vessel(name="\u20ac"), True, True),
    (vessel(name="a"), False, True),
    (vessel(name=""), False, False),
    (vessel(name="x" * 16), True, True),
    (vessel(name="x" * 17), False, False),
    (vessel(name="\u20ac" * 6), False, True),
    (vessel(name="$$" * 16), True, True),
    (vessel(name="${WORD:-" + "x" * 40 + "}"), True, True),
    (vessel(name="$"), False, False),
    (vessel(name="${WORD"), False, False),
    (vessel(name="$WORD"), False, False),
    (vessel(name="${WORD:-${NUMBER}}"), False, False),
    (vessel(name="$${WORD}"), True, True),
    (vessel(name="${NO:?say it}"), False, True),
    (vessel(name=5), False, False),
    (vessel(password="secret"), True, True),
    (vessel(verbose=True), True, True),
    (vessel(verbose="${TRUTH}"), True, True),
    (vessel(verbose="true"), False, False),
    (vessel(verbose=1), False, False),
    (vessel(sync="every"), True, True),
    (vessel(sync="${NO:-never}"), True, True),
    (vessel(sync="Every"), False, False),
    (vessel(sync=1), False, False),
    (vessel(retry_count=9, timeout="5ms"), False, True),
    (layers({"type": "throttle"}), False, False),
    (layers({"type": "throttle", "rate": "5/s"}, {"type": "remember"}), True, True),
    (layers({"type": "remember"}, {"type": "throttle", "rate": "5/s"}), False, True),
    (layers({"type": "solo"}, {"type": "solo"}), False, True),
    (layers({"type": "solo"}, {"type": "shrink"}), False, True),
    (layers({"type": "sync"}), False, True),
    (layers({"type": "sync"}, backend=VESSEL), True, True),
    (layers({"type": "strict"}, {"type": "live"}), False, True),
    ('{"backend": {"type": "memory", "limit": "1MiB", "limit": "1MiB"}}', False, True),
    ('{"backend": {"type": "memory"}, "backend": {"type": "memory"}}', False, True),
]


def pattern(_, expression, text, __):
    """`$` as in ECMA-262: the end, also before a last line end."""
    if isinstance(text, str) and not re.search(expression[:-1] + r"\Z", text):
        yield jsonschema.ValidationError(f"{text!r} does not match {expression!r}")


Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"pattern": pattern})


def is_allowed(validator, document):
    return validator.is_valid(json.loads(document) if isinstance(document, str) else document)


def unexplained(errors, seen):
    """Those of the errors for which UNSAYABLE has no reason."""
    for error in errors:
        reasons = [reason for reason, form in UNSAYABLE.items() if re.search(form, error)]
        seen.update(reasons)
        if not reasons:
            yield error


def table_problems(probe, validator, request, seen):
    for document, expected, expected_of_schema in TABLE:
        answer = probe("check", document, **request)
        allowed = is_allowed(validator, document)
        text = document if isinstance(document, str) else json.dumps(document)
        if (answer["status"] == "OK") != expected:
            yield f"the library says {answer['status']} {answer['errors']}: {text}"
        if allowed != expected_of_schema:
            yield f"the schema says {allowed}: {text}"
        if answer["status"] != "OK" and allowed and "${KIND}" not in text:
            yield from (f"no reason for: {error}: {text}" for error in unexplained(answer["errors"], seen))


def random_problems(probe, validator, request, seen):
    random = seeded_random("schema")
    generator = Generator(probe.schema(), random)
    right = 0
    for _ in range(DOCUMENT_COUNT):
        document = generator.document()
        answer = probe("check", document, **request)
        allowed = is_allowed(validator, document)
        right += answer["status"] == "OK"
        text = json.dumps(document)
        if answer["status"] == "OK" and not allowed:
            yield f"the schema refuses what is right: {text}"
        elif answer["status"] != "OK" and allowed and not has_open_type(document):
            yield from (f"no reason for: {error}: {text}" for error in unexplained(answer["errors"], seen))
    if not DOCUMENT_COUNT / 20 < right < DOCUMENT_COUNT * 19 / 20:
        yield f"{right} of {DOCUMENT_COUNT} documents are right, so the comparison says little"


def has_open_type(document):
    """Whether a type comes from a variable or a file: of its options a schema cannot know anything."""
    parts = [document.get("backend")] + list(document.get("layers") or [])
    return any(isinstance(part, dict) and (isinstance(part.get("type"), dict) or "$" in str(part.get("type")))
               for part in parts)


def schema_problems(schema, type_names):
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        yield str(error)
    found = {definition["title"] for definition in schema["$defs"].values() if "x-role" in definition}
    if not found >= set(type_names):
        yield f"types: {sorted(found)}"
    for definition in schema["$defs"].values():
        for name, option in definition.get("properties", {}).items():
            if name not in ("type", "$file") and not {"description", "x-kind"} <= set(option):
                yield f"{definition['title']}.{name} lacks its description or its kind"
    for reference in set(re.findall(r'"\$ref": "#/\$defs/([^"]*)"', json.dumps(schema))):
        if reference not in schema["$defs"]:
            yield f"a reference to {reference} leads nowhere"


def keyword_problems(schema):
    """Every part of the tables of sample_types.c, as the reference pages will find it."""
    options = schema["$defs"]["backend.vessel"]["properties"]
    expected = {
        "path": {"x-kind": "string", "x-minimum": "1", "x-path": True},
        "capacity": {"x-kind": "size", "x-default": "64MiB", "default": "64MiB", "x-minimum": "1KiB",
                     "x-maximum": "1TiB"},
        "timeout": {"x-kind": "duration", "x-default": "30s", "default": "30s", "x-minimum": "1ms", "x-maximum": "1d"},
        "rate": {"x-kind": "rate", "x-minimum": "2", "x-maximum": "1000000"},
        "retry_count": {"x-kind": "count", "x-default": "3", "default": 3, "x-minimum": "1", "x-maximum": "10"},
        "name": {"x-kind": "string", "x-minimum": "2", "x-maximum": "16"},
        "password": {"x-kind": "string", "x-minimum": "4", "x-maximum": "64", "x-secret": True, "writeOnly": True},
        "verbose": {"x-kind": "bool", "x-default": "false", "default": False},
        "check": {"x-kind": "bool", "x-default": "true", "default": True},
        "sync": {"x-kind": "choice", "x-default": "always", "default": "always"},
    }
    for name, keywords in expected.items():
        found = {key: value for key, value in options[name].items()
                 if key.startswith("x-") or key in ("default", "writeOnly")}
        if found != keywords:
            yield f"{name}: {found}"
    varying = {name for name, option in schema["$defs"]["backend.memory"]["properties"].items()
               if name != "type" and option.get("x-default-varies")}
    if varying != {"watch_history", "idempotency"}:
        yield f"defaults that vary: {sorted(varying)}"
    effects = {name: {key: value for key, value in schema["$defs"]["layer." + name].items() if key.startswith("x-")}
               for name in ("remember", "sync", "live", "strict", "solo")}
    if effects != {
            "remember": {"x-role": "layer", "x-removes": ["durable"],
                         "x-rules": [{"relation": "below", "other": "shrink", "severity": "warned",
                                      "reason": "what is small already would be remembered"}]},
            "sync": {"x-role": "layer", "x-needs": ["durable"]},
            "live": {"x-role": "layer", "x-weakens": ["scan_live"]},
            "strict": {"x-role": "layer", "x-forbids": ["scan_live"]},
            "solo": {"x-role": "layer",
                     "x-rules": [{"relation": "once", "severity": "refused",
                                  "reason": "the second would find nothing to do"},
                                 {"relation": "without", "other": "shrink", "severity": "refused",
                                  "reason": "both rewrite values"}]}}:
        yield f"effects: {effects}"


def shown_documents(root):
    """(where, text) of each whole document in our pages and examples."""
    for path in files_of(root, ["docs"], (".md",), top_level=True):
        if path.endswith(".md"):
            for text in re.findall(r"```json\n(.*?)```", read(root, path), flags=re.S):
                if '"backend":' in text:
                    yield path, text
    for path in files_of(root, ["examples"], (".json",)):
        yield path, read(root, path)


def shown_problems(root, probe, schema):
    documents = list(shown_documents(root))
    for path, text in documents:
        answer = probe("check", text, types="library", variables={})
        if answer["status"] != "OK":
            yield f"{path}: {answer['errors']}: {text}"
        if not is_allowed(Validator(schema), text):
            yield f"{path}: the schema refuses: {text}"
    if len(documents) < 4:
        yield f"only {len(documents)} documents were found"


def main(root, program):
    report = Report()
    with Probe(program) as probe, tempfile.TemporaryDirectory() as directory:
        for name, text in FILES.items():
            with open(os.path.join(directory, name), "w", encoding="utf-8", newline="") as file:
                file.write(text)
        request = {"variables": VARIABLES, "directory": directory}
        schema, library_schema = probe.schema(), probe.schema(types="library")
        report.case("the schema of the library is one", schema_problems(library_schema, ["memory", "read_only"]))
        report.case("the schema of types from outside is one", schema_problems(schema, ["memory", "vessel", "solo"]))
        report.case("it has the types of the registry alone",
                    [name for name in ("backend.vessel", "layer.solo") if name in library_schema["$defs"]])
        report.case("it says what the tables say", keyword_problems(schema))
        report.case("documents in pages and examples are right", shown_problems(root, probe, library_schema))
        seen = set()
        report.case("a table of documents: schema and library agree, or have a reason",
                    table_problems(probe, Validator(schema), request, seen))
        report.case("every reason occurs", [reason for reason in UNSAYABLE if reason not in seen])
        report.case("random documents: schema and library agree, or have a reason",
                    itertools.islice(random_problems(probe, Validator(schema), request, copy.copy(seen)), 10))
    report.finish()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
