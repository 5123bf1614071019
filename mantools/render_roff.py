"""Pages in the language of man(7)."""

import re
import textwrap
from typing import Iterable, List

from manual import Block, Page, Section

LONG_WORD = 40


def escape(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-")


def breakable(word: str) -> str:
    """A long word may be broken behind its commas, underscores and slashes."""
    return re.sub(r"(?<=[,_/}])(?=.)", r"\\:", word) if len(word) > LONG_WORD else word


def line(text: str) -> str:
    """A line of text, which must not look like a request."""
    return "\\&" + text if text.startswith((".", "'")) else text


def fill(text: str) -> List[str]:
    words = " ".join(breakable(word) for word in escape(text).split(" "))
    return [line(part) for part in textwrap.wrap(words, 96, break_long_words=False, break_on_hyphens=False)]


def bold(text: str) -> str:
    return f"\\fB{escape(text)}\\fR"


def term_of(text: str) -> str:
    """A term; a default behind a parameter's name is not bold."""
    name, _, rest = text.partition(" (default: ")
    words = " ".join(breakable(word) for word in escape(f" (default: {rest}").split(" ")) if rest else ""
    return line(bold(name) + words)


def verbatim(text: str) -> List[str]:
    return [".nf", *(line(escape(part)) for part in textwrap.dedent(text).split("\n")), ".fi"]


def render_more(block: Block) -> List[str]:
    """What stands below an item's text."""
    if block.kind in {"item", "bullet"}:
        return [".RS", *render_block(block), ".RE"]
    if block.kind == "verbatim":
        return [".IP", ".in +4n", *verbatim(block.text), ".in -4n"]
    return [".IP", *fill(block.text)]


def render_block(block: Block) -> List[str]:
    if block.kind == "item":
        return [".TP", term_of(block.term), *fill(block.text),
                *(part for more in block.more for part in render_more(more))]
    if block.kind == "bullet":
        return [".IP \\(bu 2", *fill(block.text)]
    if block.kind == "verbatim":
        return [".PP", ".RS 4", *verbatim(block.text), ".RE"]
    return [".PP", *fill(block.text)]


def render_lines(section: Section) -> Iterable[str]:
    """Each line stands alone, unless the one before ended in a comma."""
    whole = ""
    for text in section.lines:
        whole += " " + text.strip() if whole else text.strip()
        if whole.endswith(","):
            continue
        if whole:
            yield from (".br", line(escape(whole)))
        whole = ""
    if whole:
        yield from (".br", line(escape(whole)))


def render_synopsis(section: Section) -> Iterable[str]:
    yield ".nf"
    for text in section.lines:
        if text.strip():
            name, _, rest = text.strip().partition(" ")
            yield (bold(name) + (" " + escape(rest) if rest else ""))
    yield ".fi"


def render_section(section: Section) -> List[str]:
    lines = [f".SH {section.title}" if " " not in section.title else f'.SH "{section.title}"']
    if section.title == "NAME":
        return lines + [line(escape(section.blocks[0].text))]
    if section.title == "SYNOPSIS":
        return lines + list(render_synopsis(section))
    if section.title == "SEE ALSO":
        return lines + list(render_lines(section))[1:]
    for block in section.blocks:
        lines += render_block(block)
    return lines


def render(page: Page) -> str:
    lines = ['.\\" Made by "make docs"; see mantools/.',
             f'.TH {escape(page.name.upper())} {page.volume} "" "Handoff" "Handoff"',
             ".ad l", ".nh"]
    for section in page.sections:
        lines += render_section(section)
    return "\n".join(lines) + "\n"


def alias(page: Page) -> str:
    return f".so man{page.volume}/{page.name}.{page.volume}\n"
