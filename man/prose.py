"""prose.py - the comments of our headers as paragraphs, and paragraphs as text for man(7).

A comment is split where its author broke a line on purpose: after a full stop, with room left for the next word.
Lines that begin with two blanks or more are lists ("  1. ...", "  NAME  ...") or, without either form, an example
that is shown as it stands.
"""

import re
from dataclasses import dataclass, field

COLUMNS = 116  # up to here a line had room for another word
TEXT_WIDTH = 100  # of the lines of the page's source


@dataclass
class Block:
    kind: str  # "paragraph", "numbered", "terms", "example"
    text: str = ""
    items: list = field(default_factory=list)  # texts; of terms: [term, text]; of an example: lines


def comment_lines(comment):
    """(columns that the line takes in the header, its text), without the marks of the comment."""
    lines = []
    for raw in comment.split("\n"):
        text = re.sub(r"^\s*/\*+ ?|^\s*\* ?(?!/)|^\s*\*/$|^\s+(?=\w)", "", raw)
        lines.append((len(raw.rstrip()), re.sub(r"\s*\*/\s*$", "", text).rstrip()))
    return lines


def begins_paragraph(before, line):
    """Whether `line` was put on a new line on purpose; `before` is the one above it."""
    columns, above = before
    first_word = line.split(" ", 1)[0]
    return (above.endswith((".", ":")) and re.match(r"[A-Z`1]", line) is not None
            and (columns + 1 + len(first_word) <= COLUMNS or first_word in ("Returns", "Return")))


def add_indented(blocks, line, follows_blank):
    """Puts a line that begins with blanks where it belongs."""
    indent, text = len(line) - len(line.lstrip()), line.strip()
    last = blocks[-1] if blocks else None
    numbered = re.match(r"\d+\. (.*)", text)
    term = re.match(r"([A-Z_]+(?:, [A-Z_]+)*)(?:  +(\S.*))?$", text)
    if numbered and indent <= 3:
        if last is None or last.kind != "numbered":
            blocks.append(Block("numbered"))
        blocks[-1].items.append(numbered.group(1))
    elif indent == 2 and (term or (last is not None and last.kind == "terms")):
        if last is None or last.kind != "terms":
            blocks.append(Block("terms"))
        blocks[-1].items.append([term.group(1), term.group(2) or ""] if term else ["", text])
    elif last is not None and last.kind == "numbered" and indent > 3:
        last.items[-1] += " " + text
    elif last is not None and last.kind == "terms":
        last.items[-1][1] += " " + text
    else:
        if last is None or last.kind != "example":
            blocks.append(Block("example"))
        elif follows_blank:
            last.items.append("")
        blocks[-1].items.append(line)


def blocks_of(comment):
    """The blocks of a comment, in order."""
    blocks, before = [], None
    for columns, line in comment_lines(comment):
        if not line:
            before = None
        elif line.startswith("  "):
            add_indented(blocks, line, before is None)
            before = (0, "indented")
        else:
            is_new = before is None or before[1] == "indented" or begins_paragraph(before, line)
            if is_new or blocks[-1].kind != "paragraph":
                blocks.append(Block("paragraph", line))
            else:
                blocks[-1].text += " " + line
            before = (columns, line)
    return blocks


def sentences(text):
    """The sentences of a text."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z`0-9\"])", text)


# ---- man(7) ----


def escaped(text):
    """Text that troff prints as it stands; the hyphens of prose stay hyphens."""
    text = text.replace("\\", "\\e")
    return text.replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha").replace("~", "\\(ti")


def code(text):
    """As escaped, and with minus signs, for what people type."""
    return escaped(text).replace("-", "\\-")


def bold(text):
    return f"\\fB{code(text)}\\fR"


def italic(text):
    return f"\\fI{code(text)}\\fR"


def quoted(text):
    """An argument of a macro."""
    return '"' + text.replace('"', "\\(dq") + '"'


def guarded(line):
    """A line of text that is no request, whatever it begins with."""
    return "\\&" + line if line.startswith((".", "'")) else line


def filled(marked_up):
    """Lines of source for a text that is marked up: a sentence begins a line."""
    lines = []
    for sentence in sentences_of_source(marked_up):
        line = ""
        for word in sentence.split(" "):
            if line and len(line) + 1 + len(word) > TEXT_WIDTH:
                lines.append(guarded(line))
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines.append(guarded(line))
    return "\n".join(lines)


def sentences_of_source(marked_up):
    return re.split(r"(?<=[a-z0-9)R][.!?]) (?=(?:\\f[BI])?(?:\\[\w(]*)?[A-Z(*])", marked_up)


def example(lines, inset=4):
    """Lines shown as they stand, `inset` columns further in."""
    indent = min(len(line) - len(line.lstrip()) for line in lines if line)
    shown = "\n".join(guarded(code(line[indent:])) for line in lines)
    return f".PP\n.in +{inset}n\n.nf\n{shown}\n.fi\n.in"
