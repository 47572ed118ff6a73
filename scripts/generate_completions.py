"""generate_completions.py - the tables of completions/storagectl.bash, for scripts/generate.

One function for each question that the completion asks: the options of a verb, what an option takes, what an argument
takes. The answer is given in the variable `takes`: words, @file, or @any. They come from `storagectl help --json`.
"""

import json
import os
import subprocess
import textwrap

import generate_common

PAGE = "completions/storagectl.bash"
WIDTH = 116


def words_of(options):
    return " ".join(option["name"] for option in options)


def spellings(options):
    return [name for option in options for name in (option["name"], option["short"]) if name]


def option_takes(option):
    return "@file" if option["file"] else option["choices"] or "@any"


def argument_takes(place, verb_names):
    """What a word of the usage text stands for."""
    if "|" in place:
        return place.replace("|", " ")
    return {"FILE": "@file", "VERB": " ".join(verb_names)}.get(place, "@any")


def filled(text, indent, end=""):
    """Words over as many lines as they need, each but the last with `end` behind it."""
    lines = textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "    ",
                          break_long_words=False, break_on_hyphens=False)
    return (end + "\n").join(lines) + "\n"


def variable(name, words):
    return filled(f"{name}='{words}'", "")


def function(name, comment, subject, answers, last):
    """A function that chooses by `subject`; `answers` is {answer: patterns}."""
    text = f"\n# {comment}\n{name}() {{\n    case {subject} in\n"
    for answer, patterns in answers.items():
        text += filled("\u00a0| ".join(patterns) + ")", "    ", " \\").replace("\u00a0", " ")
        text += filled(f'takes="{answer}"', "        ")
        text += "        ;;\n"
    return text + f"    {last}\n    esac\n}}\n"


def grouped(rows):
    """{answer: patterns} from (pattern, answer), in order."""
    answers = {}
    for pattern, answer in rows:
        answers.setdefault(answer, []).append(pattern)
    return answers


def options_rows(verbs):
    for verb in verbs:
        words = [words_of(verb["options"]), "$_storagectl_bytes" if verb["has_bytes_options"] else "",
                 "$_storagectl_json" if verb["has_json_option"] else "", "$_storagectl_program"]
        yield verb["name"], " ".join(word for word in words if word)


def values_rows(verbs, program):
    owners = [(verb["name"] + ":{}", verb["options"]) for verb in verbs] + [("*:{}", program)]
    for pattern, options in owners:
        for option in options:
            if option["value"] is not None:
                for name in spellings([option]):
                    yield pattern.format(name), option_takes(option)


def arguments_rows(verbs, verb_names):
    for verb in verbs:
        for index, place in enumerate(verb["usage"].replace("[", " ").replace("]", " ").split()):
            takes = argument_takes(place, verb_names)
            if takes != "@any":
                yield f"{verb['name']}:{index}", takes


def tables(told):
    in_bytes, in_json, program = told["bytes_options"], told["json_options"], told["program_options"]
    verbs = [verb for verb in told["verbs"] if not verb["only_in_shell"]]
    verb_names = [verb["name"] for verb in told["verbs"]]
    return "".join([
        variable("_storagectl_verbs", " ".join(verb["name"] for verb in verbs)),
        variable("_storagectl_bytes", words_of(in_bytes)),
        variable("_storagectl_json", words_of(in_json)),
        variable("_storagectl_program", words_of(program)),
        function("_storagectl_options", "The options that stand behind VERB, or before any verb.", "$1",
                 grouped(options_rows(verbs)),
                 '*) takes="$_storagectl_bytes $_storagectl_json $_storagectl_program" ;;'),
        function("_storagectl_option_takes", "What stands behind OPTION of VERB; empty: it takes nothing.",
                 '"$1:$2"', grouped(values_rows(verbs, program)), "*) takes='' ;;"),
        function("_storagectl_argument_takes", "What VERB takes as argument INDEX.", '"$1:$2"',
                 grouped(arguments_rows(verbs, verb_names)), "*) takes=@any ;;")])


def generated(root, build):
    """{path: its whole text, as it should be}."""
    program = os.path.join(build, "cli", "storagectl")
    told = json.loads(subprocess.run([program, "help", "--json"], stdout=subprocess.PIPE, check=True).stdout)
    with open(os.path.join(root, PAGE), encoding="utf-8") as file:
        text = file.read()
    return {PAGE: generate_common.with_region(text, "# begin tables", "# end tables", tables(told), PAGE)}
