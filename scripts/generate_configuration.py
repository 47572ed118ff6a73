"""generate_configuration.py - the types in docs/configuration.md, for scripts/generate: from the schema alone."""

import os

import generate_common

PAGE = "docs/configuration.md"

EFFECTS = {"x-needs": "Needs of the stack below", "x-adds": "Has", "x-removes": "Takes away", "x-weakens": "Weakens",
           "x-forbids": "Refuses below it"}
RELATIONS = {"above": "stands above `{other}`", "below": "stands below `{other}`",
             "without": "is never in one stack with `{other}`", "once": "is in a stack at most once"}


def kind_of(option):
    if option["x-kind"] == "choice":
        return " or ".join(f'`"{choice}"`' for choice in option["anyOf"][0]["enum"])
    return option["x-kind"]


def meaning_of(option):
    unit = " bytes" if option["x-kind"] == "string" else ""
    limits = [("At least", option.get("x-minimum")), ("At most", option.get("x-maximum"))]
    sentences = [option["description"]]
    # "at least one of them" goes without saying: 0 stands for the default.
    sentences += [f"{words} {limit}{unit}." for words, limit in limits if limit and limit not in ("1", "1B", "1ns")]
    if option.get("x-path"):
        sentences.append("A path.")
    if option.get("x-secret"):
        sentences.append("A secret: no output shows it.")
    return " ".join(sentences).replace("|", "\\|")


def rows_of(definition):
    for name, option in definition["properties"].items():
        if name == "type":
            continue
        default = "required" if name in definition["required"] else option.get("x-default", "none")
        if option.get("x-default-varies"):
            default += ", varies"
        yield f"| `{name}` | {kind_of(option)} | {default} | {meaning_of(option)} |"


def effects_of(definition):
    for keyword, words in EFFECTS.items():
        if keyword in definition:
            yield f"{words}: {', '.join(definition[keyword])}."
    for rule in definition.get("x-rules", []):
        relation = RELATIONS[rule["relation"]].format(other=rule.get("other"))
        strength = "Must be so" if rule["severity"] == "refused" else "Otherwise there is a warning"
        yield f"It {relation}: {rule['reason']}. {strength}."


def section_of(definition):
    lines = [f"### `{definition['title']}`", "", definition["description"], ""]
    rows = list(rows_of(definition))
    if rows:
        lines += ["| option | kind | default | meaning |", "|---|---|---|---|", *rows, ""]
    else:
        lines += ["It has no options.", ""]
    for effect in effects_of(definition):
        lines += [effect, ""]
    return "\n".join(lines) + "\n"


def generated(root, build):
    """{path of a page, relative to `root`: its whole text}"""
    definitions = generate_common.schema(build)["$defs"].values()
    with open(os.path.join(root, PAGE), encoding="utf-8") as file:
        text = file.read()
    for role in ("backend", "layer"):
        content = "\n" + "".join(section_of(definition) for definition in definitions
                                 if definition.get("x-role") == role)
        text = generate_common.with_region(text, f"<!-- {role}s -->", f"<!-- /{role}s -->", content, PAGE)
    return {PAGE: text}
