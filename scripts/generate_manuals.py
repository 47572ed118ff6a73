"""generate_manuals.py - the generated parts of the manual, for scripts/generate.

A page is written by hand but for regions between the lines `.\\" begin NAME` and `.\\" end NAME`, which are filled
from what the program says of itself: storagectl(1) from `storagectl help --json`, storage.json(5) from the schema of
configurations, libstorage(7) from the list of statuses. Section 3 is not committed: the build makes it.
"""

import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "man"))
import generate_common  # noqa: E402
import headers  # noqa: E402
from prose import bold, code, escaped, example, filled, italic, quoted  # noqa: E402


def with_regions(text, regions, path):
    """`text` with each region between its marks replaced."""
    for name, content in regions.items():
        marks = (f'.\\" begin {name}', f'.\\" end {name}')
        text = generate_common.with_region(text, *marks, content.rstrip("\n") + "\n", path)
    return text


# ---- storagectl(1) ----


def marked_up(text):
    """A text of the program with its options in bold."""
    parts = re.split(r"((?<![\w-])--?[a-z][\w-]*)", text)
    return "".join(bold(part) if index % 2 else escaped(part) for index, part in enumerate(parts))


def option_entry(option):
    value = " " + italic(option["value"]) if option["value"] else ""
    short = bold(option["short"]) + ", " if option["short"] else ""
    return f".TP\n{short}{bold(option['name'])}{value}\n{filled(marked_up(option['doc']))}"


def paragraph(lines):
    """A paragraph of a help text: filled, a list with terms, or, when it is laid out in columns, as it stands."""
    rows, indent = [], min(len(line) - len(line.lstrip()) for line in lines)
    for line in (line[indent:] for line in lines):
        term = re.match(r"(\S+)  +(\S.*)", line)
        if term:
            rows.append(list(term.groups()))
        elif rows and line.startswith("    "):
            rows[-1][1] += " " + line.strip()
        else:
            rows = []
            break
    if rows and not any("  " in text for _, text in rows):
        return "\n".join(f".TP\n{bold(term)}\n{filled(marked_up(text))}" for term, text in rows)
    if any(line.startswith("  ") for line in lines):
        return example(lines)
    return ".PP\n" + filled(marked_up(" ".join(lines)))


def verb_section(verb):
    """A verb under a heading of its own."""
    out = [f".SS {quoted(code((verb['name'] + ' ' + verb['usage']).strip()))}"]
    out.append(filled(marked_up(verb["summary"][0].upper() + verb["summary"][1:] + ".")))
    out += [paragraph(part.split("\n")) for part in verb["details"].strip("\n").split("\n\n")]
    out += [option_entry(option) for option in verb["options"]]
    others = ["the options of keys and values"] * verb["has_bytes_options"] + [bold("--json")] * verb["has_json_option"]
    if others:
        out.append(".PP\n" + filled("Takes " + " and ".join(others) + "."))
    if verb["example"]:
        out.append(example(verb["example"].rstrip("\n").split("\n"), 2))
    return "\n".join(out)


def program_regions(build):
    program = os.path.join(build, "cli", "storagectl")
    told = json.loads(subprocess.run([program, "help", "--json"], stdout=subprocess.PIPE, check=True).stdout)
    verbs = [verb for verb in told["verbs"] if not verb["only_in_shell"]]
    shell_verbs = [verb for verb in told["verbs"] if verb["only_in_shell"]]
    return {
        "options": "\n".join(map(option_entry, told["program_options"])),
        "options of keys and values": "\n".join(map(option_entry, told["bytes_options"] + told["json_options"])),
        "verbs": "\n".join(map(verb_section, verbs)),
        "verbs of the shell": "\n".join(map(verb_section, shell_verbs)),
        "exit codes": "\n".join(f".TP\n{bold(str(row['code']))}\n{filled(escaped(row['meaning']))}"
                                for row in told["exit_codes"]),
    }


# ---- storage.json(5) ----

KINDS = {"size": "SIZE", "duration": "DURATION", "rate": "RATE", "count": "NUMBER", "string": "STRING",
         "bool": "true|false"}
EFFECTS = {"x-needs": "The stack below has to have", "x-adds": "It has", "x-removes": "It takes away",
           "x-weakens": "It weakens a rule of the contract", "x-forbids": "It refuses a stack below with"}
RELATIONS = {"above": "stands above {other}", "below": "stands below {other}",
             "without": "is never in one stack with {other}", "once": "is in a stack once only"}


def choices_of(option):
    """The values that a choice takes, as the schema lists them among the forms of the option."""
    return next((form["enum"] for form in [option, *option.get("anyOf", [])] if "enum" in form), [])


def config_option(name, option, is_required):
    value = "|".join(choices_of(option)) or KINDS[option["x-kind"]]
    facts = [f"Default: {option['x-default']}." if option.get("x-default") else "",
             f"At least {option['x-minimum']}." if option.get("x-minimum") else "",
             f"At most {option['x-maximum']}." if option.get("x-maximum") else "",
             "Required." if is_required else "", "No output shows it." if option.get("x-secret") else "",
             "A relative path starts at the directory of the configuration." if option.get("x-path") else ""]
    text = " ".join([option["description"], *filter(None, facts)])
    return f".TP\n{bold(name)}: {italic(value)}\n{filled(escaped(text))}"


def effects_of(definition):
    """What a type does to a stack, a sentence each."""
    for member, text in EFFECTS.items():
        if member in definition:
            yield f"{text}: {', '.join(definition[member])}."
    for rule in definition.get("x-rules", []):
        relation = RELATIONS[rule["relation"]].format(other=rule.get("other", ""))
        strength = "" if rule["severity"] == "refused" else " (otherwise there is a warning)"
        yield f"It {relation}{strength}: {rule['reason']}."


def config_type(definition):
    """A type of backend or layer: what it is, then its options."""
    out = [f".SS {quoted(code(definition['title']))}", filled(escaped(definition["description"]))]
    out += [".PP\n" + filled(escaped(sentence)) for sentence in effects_of(definition)]
    options = {name: option for name, option in definition["properties"].items() if name != "type"}
    out += [config_option(name, option, name in definition.get("required", [])) for name, option in options.items()]
    return "\n".join(out + ([] if options else [".PP\nIt has no options."]))


def config_regions(build):
    definitions = generate_common.schema(build)["$defs"]
    return {f"{role}s": "\n".join(config_type(definition) for definition in definitions.values()
                                  if definition.get("x-role") == role) for role in ("backend", "layer")}


# ---- libstorage(7) ----


def status_regions(root):
    header = headers.parse(os.path.join(root, "include/storage/status.h"), "storage/status.h")
    rows = next(declaration.members for entry in header.entries for declaration in entry.declarations
                if declaration.name == "STORAGE_STATUS_LIST")
    out = []
    for row in rows:
        number, transient, text = row.text.split(", ", 2)
        facts = code(number) + (", transient" if transient == "1" else "")
        out.append(f".TP\n{bold('STORAGE_' + row.name)} ({facts})\n{filled(escaped(text.strip(chr(34))))}")
    return {"statuses": "\n".join(out)}


def generated(root, build):
    """{path of a page, relative to `root`: its whole text}"""
    pages = {"man/storagectl.1": program_regions(build), "man/storage.json.5": config_regions(build),
             "man/libstorage.7": status_regions(root)}
    texts = {}
    for path, regions in pages.items():
        with open(os.path.join(root, path), encoding="utf-8") as file:
            texts[path] = with_regions(file.read(), regions, path)
    return texts
