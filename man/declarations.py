"""declarations.py - C declarations as they stand on a page: in lines that fit, without comments."""

import re

import headers
from prose import code

PROTOTYPE_WIDTH = 72
EXAMPLE_WIDTH = 68  # examples stand further in
FUNCTION_POINTER = re.compile(r"(.*\(\*\w+\))\((.*)\)$")


def wrapped(text, parameters, width=PROTOTYPE_WIDTH):
    """A prototype in lines of up to `width` columns; `text` ends before the opening bracket."""
    lines, line = [], text + "("
    for index, parameter in enumerate(parameters):
        piece = parameter + (");" if index == len(parameters) - 1 else ",")
        if len(line) + 1 + len(piece) > width and line.strip():
            lines.append(line)
            line = "    " + piece
        else:
            line += piece if line.endswith("(") else " " + piece
    return lines + [line]


def prototype(function):
    """A prototype in bold, its parameters' names in italics."""
    result = function.result + ("" if function.result.endswith("*") else " ")
    out = []
    for line in wrapped(result + function.name, function.parameters):
        line = code(line)
        for parameter in function.parameters:
            name = headers.declared_name(parameter)
            if name and name != "void":
                line = re.sub(rf"\b{name}(?=[,)\[])", rf"\\fI{name}\\fB", line)
        out.append(f"\\fB{line}\\fR")
    return "\n".join(out)


def variable_lines(text, width):
    """A field or a typedef, a semicolon behind it."""
    pointer = FUNCTION_POINTER.match(text)
    if pointer is None:
        return [text + ";"]
    parameters = [part.strip() for part in headers.split_outside_brackets(pointer.group(2), ",")]
    return wrapped(pointer.group(1), parameters, width)


def member_title(declaration, member):
    """What stands before the explanation of a member: `limit`, `key, value`, `STORAGE_SCAN_REVERSE`."""
    if declaration.kind == "enum" or FUNCTION_POINTER.match(member.text):
        return member.name
    return re.sub(r"^.*?[ *](?=\w+(?:\[\d+\])?(?:,|$))", "", member.text).replace("*", "")


def declaration_lines(declaration):
    """A declaration as C without comments."""
    if declaration.kind == "macro":
        short = re.match(r"#define \w+(\([^)]*\))?", declaration.text).group()
        return [declaration.text if len(declaration.text) <= EXAMPLE_WIDTH else short]
    if declaration.kind in ("typedef", "forward"):
        return variable_lines(declaration.text, EXAMPLE_WIDTH)
    if declaration.kind == "enum":
        return ["enum {", *[f"    {member.text}," for member in declaration.members], "};"]
    opening, closing = re.match(r"([^{]*\{).*(\}.*)", declaration.text).groups()
    fields = [line for member in declaration.members for line in variable_lines(member.text, EXAMPLE_WIDTH - 4)]
    return [opening, *["    " + line for line in fields], closing + ";"]
