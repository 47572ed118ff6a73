#!/usr/bin/env python3
"""headers_to_man.py OUTPUT RELEASE DATE HEADER... - section 3 of the manual, from the comments of the public headers.

OUTPUT is a directory and is made anew:

  storage_get.3                 a function, or those under one comment; for the others of such a group,
                                a page that leads there
  storage_operations.h.3        a header: its opening comment, its types, and a line for each function
  StorageSlice.3                leads to the header that has the type

It refuses (exit code 1, every problem with file and line) a function without a comment, and one that returns a
StorageStatus without a sentence "Returns ..." that names one.
"""

import itertools
import os
import re
import shutil
import sys

import headers
from declarations import declaration_lines, member_title, prototype
from prose import blocks_of, bold, code, escaped, example, filled, italic, quoted, sentences

TITLE_LENGTH_MAX = 27  # stands twice in a line of 80 columns, with the name of the manual between
EVERYWHERE = {"StorageBackend", "StorageContext", "StorageSlice", "StorageStatus"}  # in hardly any page worth a mention
ANY_THREAD = re.compile(r"^Any thread(, at any time)?\.$")


class Manual:
    """What the pages need to know of each other."""

    def __init__(self, release, date, parsed):
        self.release, self.date, self.headers = release, date, parsed
        self.functions, self.types, self.constants, self.statuses = {}, {}, set(), {}
        self.initialisers = {}  # of option structs: the macro that stands under the struct
        # backend.h spells out structs that users see only as handles: for them the other headers go first.
        for header in sorted(parsed, key=lambda header: (header.name.endswith("backend.h"), header.name)):
            for entry in header.entries:
                for declaration in entry.declarations:
                    self.learn(header, entry, declaration)

    def learn(self, header, entry, declaration):
        if declaration.kind == "function":
            self.functions[declaration.name] = entry.functions()[0].name
        elif declaration.kind in ("struct", "typedef"):
            self.types.setdefault(declaration.name, header)
        elif declaration.kind == "enum":
            self.constants.update(member.name for member in declaration.members)
        elif declaration.name.endswith("_INIT"):
            self.initialisers[entry.declarations[0].name] = declaration.name
        elif declaration.name == "STORAGE_STATUS_LIST":
            self.statuses = {row.name: row.text.split(", ", 2) for row in declaration.members}

    def full_name(self, word, is_outcome):
        """STORAGE_NOT_FOUND for NOT_FOUND, STORAGE_SCAN_REVERSE for REVERSE; None where the word may mean two."""
        status = ["STORAGE_" + word] if word in self.statuses else []
        meant = status if is_outcome and status else [
            *status, *(name for name in self.constants if name.endswith("_" + word))]
        return meant[0] if len(meant) == 1 else None

    def public_text(self, word):
        return self.statuses[word][2].strip('"') if word in self.statuses else ""

    def marked_up(self, text, page, names=(), is_outcome=False):
        """Prose of a comment with functions, parameters and statuses marked."""
        def replace(match):
            quotation, quoted_name, function, word = match.groups()
            if quotation is not None:
                return escaped(quotation)
            if quoted_name is not None:
                return italic(quoted_name) if quoted_name.lstrip("*") in names else bold(quoted_name)
            if function is not None:
                if function not in self.functions:
                    return bold(function)
                is_call = text.startswith("(", match.end())
                is_here = self.functions[function] == page
                return bold(function) + ("" if is_call else "()" if is_here else "(3)")
            name = self.full_name(word, is_outcome)
            return bold(name or word) if name or word.startswith("STORAGE_") else word
        pattern = re.compile(r"(\"[^\"]*\")|`([^`]+)`|\b(storage_\w+)\b(?!/|\.h)|\b([A-Z][A-Z_]+)\b")
        pieces, at = [], 0
        for match in pattern.finditer(text):
            pieces += [escaped(text[at:match.start()]), replace(match)]
            at = match.end()
        return "".join(pieces) + escaped(text[at:])

    def rendered(self, blocks, page, names=()):
        """Blocks of a comment, as man(7)."""
        out = []
        for block in blocks:
            if block.kind == "paragraph":
                out.append(".PP\n" + filled(self.marked_up(block.text, page, names)))
            elif block.kind == "numbered":
                out += [f'.IP "{number}." 4\n' + filled(self.marked_up(item, page, names))
                        for number, item in enumerate(block.items, 1)]
            elif block.kind == "terms":
                out += [".TP\n" + self.term(term, page) + "\n"
                        + filled(self.marked_up(re.sub("^and ", "", text) or self.public_text(term), page, names))
                        for term, text in block.items]
            else:
                out.append(example(block.items))
        return out

    def term(self, term, page):
        return self.marked_up(term, page, is_outcome=True) or "other statuses"

    def top(self, name, brief, names=None):
        title = name.upper() if len(name) <= TITLE_LENGTH_MAX else "LIBSTORAGE"
        title = f'.TH {quoted(title)} 3 {self.date} {quoted(self.release)} "libstorage manual"'
        listed = ", ".join(code(each) for each in names or [name])
        return ['.\\" Made by man/headers_to_man.py: change the comments of the header instead.', title, ".ad l", ".nh",
                ".SH NAME", f"{listed} \\- {brief}"]


# ---- pages ----


def outcomes(blocks):
    """The blocks without what they say of results, and the paragraphs that say it."""
    rest, results = [], []
    for block in blocks:
        if block.kind != "paragraph":
            rest.append(block)
            continue
        parts = sentences(block.text)
        first = next((index for index, part in enumerate(parts) if re.match(r"Returns? ", part)), len(parts))
        thread = [part for part in parts[first:] if ANY_THREAD.match(part)]
        before = parts[:first] + thread
        if before:
            rest.append(type(block)("paragraph", " ".join(before)))
        if first < len(parts):
            results.append(" ".join(part for part in parts[first:] if part not in thread))
    return rest, results


def spoken(blocks, is_group):
    """`Any thread.` as a sentence."""
    for block in blocks:
        if block.kind == "paragraph":
            block.text = re.sub(r"(?:^|(?<=\. ))Any thread(, at any time)?\.",
                                lambda match: f"{'They' if is_group else 'It'} may be called from any thread"
                                              f"{match.group(1) or ''}.", block.text)
    return blocks


def status_list(manual, text, page, names):
    """"Returns OK; NOT_FOUND when ...; what ... returns. More." as a list of statuses and what follows it."""
    first, *more = sentences(text)
    parts = re.split(r"; ", re.sub(r"^Returns? ", "", first).rstrip("."))
    items = []
    for part in parts:
        statuses = re.match(r"(?:and )?((?:[A-Z][A-Z_]+(?:, | and | or )?)+)(?![\w])", part)
        words = re.findall(r"[A-Z][A-Z_]+", statuses.group(1)) if statuses else []
        if words and all(word in manual.statuses for word in words):
            meaning = part[statuses.end():].lstrip(" ,")
            items.append([", ".join(words), meaning or "; ".join(manual.public_text(word) for word in words)])
        elif items and not re.match(r"(and )?(what|as|the (last )?status)\b", part):
            items[-1][1] += "; " + part
        else:
            items.append(["", re.sub(r"^and ", "", part)])
    out = []
    for term, meaning in items:
        meaning = manual.marked_up(meaning, page, names, True)
        out.append(f".TP\n{manual.term(term, page)}\n{filled(meaning)}")
    if more:
        out.append(".PP\n" + filled(manual.marked_up(" ".join(more), page, names, True)))
    return out


def brief_of(text):
    """The first sentence of a comment, as the line of NAME that `apropos` shows."""
    first = sentences(text)[0].rstrip(".").replace("`", "")
    first = re.sub(r"\s*\([^()]*\)", "", first)
    first = re.split(r"[;:] ", first)[0]
    return escaped(first[0].lower() + first[1:] if not re.match(r"[A-Z]{2}|C ", first) else first)


def header_page_name(header):
    return "storage.h" if header.name == "storage/storage.h" else header.name.replace("/", "_")


def types_of(manual, entry):
    """The types in the prototypes of an entry that have something to tell."""
    text = " ".join(" ".join([*function.parameters, function.result]) for function in entry.functions())
    return {name for name in re.findall(r"Storage\w+", text) if name in manual.types} - EVERYWHERE


def see_also(manual, header, entry, page):
    """The header, the types in the prototypes, the neighbours, libstorage(7)."""
    neighbours = {manual.functions[function.name] for other in header.entries if other.section == entry.section
                  for function in other.functions()} - {page}
    pages = sorted(neighbours | types_of(manual, entry) | {header_page_name(header)})
    return [".SH SEE ALSO", ",\n".join(f"{bold(name)}(3)" for name in pages) + f",\n{bold('libstorage')}(7)"]


def function_page(manual, header, entry):
    functions = entry.functions()
    page = functions[0].name
    names = {headers.declared_name(parameter) for function in functions for parameter in function.parameters}
    description, results = outcomes(blocks_of(entry.comment))
    description = spoken(description, len(functions) > 1)
    notes = [f"{bold(function.name)}(): {manual.marked_up(block.text, page, names)}." for function in functions
             for block in blocks_of(function.comment)]
    out = manual.top(page, brief_of(description[0].text), [function.name for function in functions])
    out += [".SH LIBRARY", f"libstorage ({bold('pkg-config --cflags --libs storage')})",
            ".SH SYNOPSIS", ".nf", bold(f"#include <{header.name}>"), ""]
    out += [prototype(function) for function in functions] + [".fi", ".SH DESCRIPTION"]
    notes += [f"A {bold(name)}(3) begins as {bold(manual.initialisers[name])}." for name in
              sorted(types_of(manual, entry) & set(manual.initialisers))]
    out += manual.rendered(description, page, names) + [".PP\n" + filled(note) for note in notes]
    if results:
        out.append(".SH RETURN VALUE")
        for result in results:
            is_list = re.match(r"Returns? OK\b", result) and any(f.result == "StorageStatus" for f in functions)
            out += status_list(manual, result, page, names) if is_list else [
                ".PP\n" + filled(manual.marked_up(result, page, names, True))]
    if any(function.result == "StorageStatus" for function in functions):
        out.append(".PP\n" + filled("Further statuses, and what all calls of the header have in common, are in "
                                    f"{bold(header_page_name(header))}(3)."))
    return without_empty_paragraphs(out + see_also(manual, header, entry, page))


def members_list(manual, declaration, page):
    """The members that have a comment."""
    out = []
    if declaration.name == "STORAGE_STATUS_LIST":
        return [f".TP\n{bold('STORAGE_' + row.name)} ({code(number)}{', transient' if transient == '1' else ''})\n"
                + filled(escaped(text.strip('"')))
                for row in declaration.members for number, transient, text in [row.text.split(", ", 2)]]
    for member in declaration.members:
        blocks = blocks_of(member.comment) if member.comment else []
        if blocks:
            first, *more = manual.rendered(blocks, page)
            out.append("\n".join([".TP", bold(member_title(declaration, member)), first.removeprefix(".PP\n"), *more]))
    return out


def header_entry(manual, entry, page):
    """An entry of a header page: the comment, the declarations, the members with comments."""
    out = manual.rendered(blocks_of(entry.comment), page) if entry.comment else []
    shown = [declaration for declaration in entry.declarations if declaration.kind != "function"]
    lines = [line for declaration in shown for line in declaration_lines(declaration)]
    if lines:
        out.append(example(lines))
    for declaration in shown:
        for block in blocks_of(declaration.comment) if declaration.comment else []:
            out.append(f".TP\n{bold(declaration.name)}\n{filled(manual.marked_up(block.text, page))}")
        out += members_list(manual, declaration, page)
    return out


def function_line(entry):
    """The functions of an entry and what they are for, in a line."""
    brief = brief_of(outcomes(blocks_of(entry.comment))[0][0].text)
    return ".TP\n" + ", ".join(f"{bold(function.name)}(3)" for function in entry.functions()) + f"\n{brief}"


def header_page(manual, header):
    page = header_page_name(header)
    opening = blocks_of(header.comment)
    opening[0].text = re.sub(r"^\S+ - ", "", opening[0].text)
    name_line, _, rest = opening[0].text.partition(". ")
    opening[0].text = rest
    out = manual.top(page, escaped(name_line.rstrip(".").replace("`", "")))
    out += [".SH SYNOPSIS", bold(f"#include <{header.name}>"), ".SH DESCRIPTION"]
    out += manual.rendered([block for block in opening if block.text or block.items], page)
    if header.includes and not header.entries:
        included = [f"{bold(header_page_name(each))}(3)" for each in manual.headers if each.name in header.includes]
        out.append(".PP\n" + filled(f"It includes {', '.join(included)}."))
    for section, entries in itertools.groupby(header.entries, lambda entry: entry.section):
        entries = list(entries)
        if section:
            out.append(f".SS {quoted(escaped(section[0].upper() + section[1:]))}")
        for entry in entries:
            if not entry.functions():
                out += header_entry(manual, entry, page)
        functions = [function_line(entry) for entry in entries if entry.functions()]
        out += ([".SS Functions"] if functions and not section else []) + functions
    out += [".SH SEE ALSO", f"{bold('storagectl')}(1),\n{bold('libstorage')}(7)"]
    return without_empty_paragraphs(out)


def without_empty_paragraphs(lines):
    """No .PP right after a heading: it does nothing there."""
    text = "\n".join(lines) + "\n"
    return re.sub(r"(\n\.S[HS][^\n]*\n)\.PP\n", r"\1", text)


def problems_of(manual, parsed):
    """What a page cannot be made of."""
    for header in parsed:
        for entry in header.entries:
            blocks = blocks_of(entry.comment) if entry.comment else []
            for function in entry.functions():
                where = f"{header.name}:{function.line}: {function.name}"
                if not blocks:
                    yield f"{where} has no comment above it"
                elif not outcomes(blocks)[0]:
                    yield f"{where}: its comment says what it returns, and not what it does"
                elif function.result == "StorageStatus" and not outcomes(blocks)[1]:
                    yield f"{where} returns a StorageStatus and its comment has no \"Returns ...\""


def pages_of(manual):
    """{name of the page: its text}"""
    pages = {}
    for header in manual.headers:
        pages[header_page_name(header)] = header_page(manual, header)
        for entry in header.entries:
            functions = entry.functions()
            if functions:
                pages[functions[0].name] = function_page(manual, header, entry)
            pages.update({other.name: f".so man3/{functions[0].name}.3\n" for other in functions[1:]})
    pages.update({name: f".so man3/{header_page_name(header)}.3\n" for name, header in manual.types.items()})
    return pages


def main(output, release, date, *paths):
    try:
        parsed = [headers.parse(path, "storage/" + os.path.basename(path)) for path in sorted(paths)
                  if os.path.basename(path) != "macros.h"]
    except headers.HeaderError as error:
        raise SystemExit(f"headers_to_man.py: {error}") from None
    manual = Manual(release, date, parsed)
    problems = list(problems_of(manual, parsed))
    if problems:
        raise SystemExit("\n".join(f"headers_to_man.py: {problem}" for problem in problems))
    # The whole directory is replaced, so that no page of a function that is gone stays behind.
    shutil.rmtree(output, ignore_errors=True)
    os.makedirs(output)
    for name, text in pages_of(manual).items():
        with open(os.path.join(output, name + ".3"), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
