"""headers.py - reads a public header: its comments and the declarations that they belong to.

It knows the C that our headers are written in, not C. What it refuses, it refuses with file and line (HeaderError), so
that no declaration is left out of the manual by accident.

1. A comment belongs to the declarations that follow it without a blank line, up to the next comment.
2. `/* ---- title ---- */` begins a section. The first comment of a file describes the file.
3. A comment in a struct or enum belongs to the member before it on its line, else to the one below it.
"""

import os
import re
from dataclasses import dataclass, field

SKIPPED_LINES = ("STORAGE_BEGIN_DECLS", "STORAGE_END_DECLS")
ATTRIBUTES = re.compile(r"\b(?:STORAGE_API|STORAGE_MUST_USE|STORAGE_PRINTF\([^)]*\))\s*")


class HeaderError(Exception):
    """A header is not written as the manual needs it."""


@dataclass
class Member:
    """A field of a struct, an enumerator, or a row of an X macro."""
    name: str
    text: str
    comment: str


@dataclass
class Declaration:
    kind: str  # "function", "struct", "enum", "typedef", "forward", "macro"
    name: str
    text: str  # without comments and attributes, white space made single
    line: int
    comment: str = ""  # behind it on its line
    result: str = ""  # of a function
    parameters: list = field(default_factory=list)
    members: list = field(default_factory=list)


@dataclass
class Entry:
    """Declarations under one comment ("" when there is none)."""
    comment: str
    section: str
    declarations: list = field(default_factory=list)

    def functions(self):
        return [declaration for declaration in self.declarations if declaration.kind == "function"]


@dataclass
class Header:
    name: str  # as it is included: storage/types.h
    comment: str
    entries: list
    includes: list  # of our headers


def blank_comments(text):
    """`text` with blanks for comments, so that positions stay."""
    return re.sub(r"/\*.*?\*/", lambda match: re.sub(r"[^\n]", " ", match.group()), text, flags=re.S)


def single_spaced(text):
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"\( ", "(", re.sub(r" ([,;)])", r"\1", text))


def split_outside_brackets(text, separator):
    """The parts of `text` between separators that stand in no bracket."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character == separator and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return parts + [text[start:]]


def declared_name(text):
    """The name that `text`, a field or a parameter, declares."""
    pointer = re.search(r"\(\*\s*(\w+)\s*\)", text)
    if pointer:
        return pointer.group(1)
    names = re.findall(r"\w+", re.sub(r"\[[^\]]*\]", "", text))
    return names[-1] if names else ""


def members_of(body, separator):
    """Members of the text between the braces of a struct (`;`) or an enum (`,`)."""
    members, above = [], ""
    for kind, piece, _ in scan(body, separator):
        if kind == "comment" and is_trailing(piece):
            members[-1].comment = piece[piece.index("/*"):]
        elif kind == "comment":
            above = piece
        elif kind == "declaration" and not re.match(r"\w+\(\w+\)", piece):  # a list macro's rows are its own
            own = re.search(r"/\*.*\*/", piece, flags=re.S)
            text = single_spaced(blank_comments(piece))
            members.append(Member(declared_name(text.split("=")[0]), text, own.group() if own else above))
            above = ""
    return members


def x_macro_rows(text):
    """The rows of a list macro, X(NAME, number, ..., "text")."""
    return [Member(row[0].strip(), ", ".join(word.strip() for word in row[1:]), "")
            for row in (split_outside_brackets(match, ",") for match in re.findall(r"\bX\(([^()]*)\)", text))]


def parse_directive(text, line):
    """The macro that a `#define` makes; None for other directives, and for guards and attributes of the compiler."""
    match = re.match(r"#define\s+(\w+)(\([^)]*\))?[ \t]*(.*)", text, flags=re.S)
    if match is None or not match.group(3).strip() or match.group(1).endswith("_H"):
        return None
    name, arguments, value = match.groups()
    comment = re.search(r"/\*.*\*/", value, flags=re.S)
    value = single_spaced(blank_comments(value).replace("\\\n", " "))
    macro = Declaration("macro", name, f"#define {name}{arguments or ''} {value}", line)
    if arguments == "(X)":
        macro.members = x_macro_rows(text)
    elif comment:
        macro.comment = comment.group()
    return macro


def parse_function(text, line, where):
    match = re.match(r"(.*?[\s*])(\w+)\s*\((.*)\)$", text, flags=re.S)
    if match is None:
        raise HeaderError(f"{where}: not a declaration that the manual knows: {text[:60]}")
    result, name, parameters = match.groups()
    parameters = [single_spaced(part) for part in split_outside_brackets(parameters, ",")]
    return Declaration("function", name, text, line, result=single_spaced(result), parameters=parameters)


def parse_declaration(text, line, where):
    """One declaration, its closing semicolon left out."""
    code = single_spaced(ATTRIBUTES.sub("", blank_comments(text)))
    body = re.search(r"\{(.*)\}", text, flags=re.S)
    if re.match(r"(typedef )?struct \w+ \{", code):
        name = re.match(r"(?:typedef )?struct (\w+)", code).group(1)
        return Declaration("struct", name, code, line, members=members_of(body.group(1), ";"))
    if re.match(r"(typedef )?enum \w* ?\{", code):
        members = members_of(body.group(1), ",")
        return Declaration("enum", members[0].name if members else "", code, line, members=members)
    if re.match(r"struct \w+$", code):
        return Declaration("forward", code.split()[1], code, line)
    if code.startswith("typedef "):
        return Declaration("typedef", declared_name(code), code, line)
    return parse_function(code, line, where)


def scan(text, separator=";"):
    """Pieces of a header in order: (kind, text, line); kinds are blank, comment, directive, declaration."""
    code, at = blank_comments(text), 0
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        white = re.compile(r"\s*").match(text, at).group()
        if white:
            at += len(white)
            if white.count("\n") > 1:
                yield "blank", "", line
        elif text.startswith("/*", at):
            end = text.index("*/", at) + 2
            yield "comment", text[text.rfind("\n", 0, at) + 1:end], line
            at = end
        elif text[at] == "#":
            end = re.compile(r"(?:[^\n]*\\\n)*[^\n]*").match(text, at).end()
            yield "directive", text[at:end], line
            at = end
        elif text.startswith(SKIPPED_LINES, at):
            at = (text + "\n").index("\n", at)
        else:
            end = at + len(split_outside_brackets(code[at:], separator)[0])
            yield "declaration", text[at:end], line
            at = end + 1


def is_trailing(comment):
    """Whether the comment stands behind something on its line."""
    return not comment.lstrip().startswith("/*")


def section_title(comment):
    title = re.fullmatch(r"/\* -+ (.*?) -+ \*/", comment.strip())
    return title.group(1) if title else None


def parse(path, name):
    """The header at `path`, which is included as `name`."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if re.search(r"#ifdef __cplusplus", text):  # macros.h: what is in it is for the other headers
        text = re.sub(r"#(ifdef|if) .*?#endif", "", text, flags=re.S)
    header, entry, section = Header(name, "", [], re.findall(r'#include "([^"]+)"', text)), None, ""
    for kind, piece, line in scan(text):
        where = f"{os.path.basename(path)}:{line}"
        if kind == "blank":
            entry = None
        elif kind == "comment" and not header.comment:
            header.comment = piece
        elif kind == "comment" and is_trailing(piece):
            entry.declarations[-1].comment = piece[piece.index("/*"):]
        elif kind == "comment":
            title = section_title(piece)
            section, entry = (title, None) if title is not None else (section, Entry(piece, section))
            if entry is not None:
                header.entries.append(entry)
        else:
            parsed = (parse_directive(piece, line) if kind == "directive" else parse_declaration(piece, line, where))
            if parsed is None or (parsed.kind == "enum" and not parsed.members):
                continue
            if entry is None:
                entry = Entry("", section)
                header.entries.append(entry)
            entry.declarations.append(parsed)
    if not header.comment:
        raise HeaderError(f"{os.path.basename(path)}: has no opening comment")
    header.entries = [entry for entry in header.entries if entry.declarations]
    return header
