"""Manual pages as they stand in the comment at the head of a program's main source file, or,
without the slashes, in a file of proto/ that is named like the page: proto/master.5.

    // NAME
    //   name - summary
    // DESCRIPTION
    //   A paragraph, which may have
    //   several lines.
    //
    //   -x  An item of a list: a term, two blanks or more, and text
    //       that goes on farther to the right.
    //   -y value
    //       Another one, whose term has a line of its own.
    //   - An item without a term.
    //
    //       What stands farther to the right on its own stays as it is; so does what follows a line
    //       that ends in a colon.

Headings are in capitals, one blank behind the slashes; the text stands farther to the right. The
line "@parameters" stands for the rows of params.def that the program reads; "@parameters except
max_use, max_idle" leaves some out that code which it shares with others reads for these.
"""

import itertools
import pathlib
import re
from dataclasses import dataclass
from typing import List, Tuple

HEADING = re.compile(r"[A-Z][A-Z ]*$")
COMMENT = "// "
TERM = re.compile(r"(\S(?:.*?\S)?)(?: {2,}(\S.*))$")
PARAMETERS = "@parameters"


@dataclass(frozen=True)
class Block:
    """`kind` is paragraph, item, bullet, verbatim or parameters. `more` belongs to an item."""

    kind: str
    text: str
    term: str = ""
    more: "Tuple[Block, ...]" = ()


@dataclass(frozen=True)
class Section:
    title: str
    blocks: Tuple[Block, ...]
    lines: Tuple[str, ...]  # as written, less the indentation


@dataclass(frozen=True)
class Page:
    name: str
    volume: str  # 1, 5, 8
    summary: str
    sections: Tuple[Section, ...]

    def section(self, title: str) -> "Section | None":
        return next((section for section in self.sections if section.title == title), None)

    @property
    def aliases(self) -> List[str]:
        """Other names under which the program is called: SYNOPSIS shows them."""
        synopsis = self.section("SYNOPSIS")
        names = [line.split()[0] for line in synopsis.lines if line] if synopsis else []
        return sorted({name for name in names if name != self.name})


class Blocks:
    """Takes lines, gives blocks."""

    def __init__(self) -> None:
        self.done: List[Block] = []
        self._kind = ""
        self._term = ""
        self._lines: List[str] = []

    def end(self) -> None:
        if not self._kind:
            return
        text = "\n".join(self._lines) if self._kind == "verbatim" else " ".join(
            line.strip() for line in self._lines)
        self.done.append(Block(self._kind, text, self._term))
        self._kind, self._term, self._lines = "", "", []

    def begin(self, kind: str, line: str, term: str = "") -> None:
        self.end()
        self._kind, self._term, self._lines = kind, term, [line] if line else []

    def take(self, line: str) -> None:
        if not line:
            self.end()
        elif line.startswith(" "):
            self._take_indented(line)
        elif line.startswith(PARAMETERS):
            self.begin("parameters", line)
        elif line.startswith("- "):
            self.begin("bullet", line[2:])
        elif match := TERM.match(line):
            self.begin("item", match.group(2), match.group(1))
        elif self._kind in {"paragraph", "parameters"}:
            self._lines.append(line)
        else:
            self.begin("paragraph", line)

    def _take_indented(self, line: str) -> None:
        if self._kind in {"item", "bullet", "verbatim"}:
            self._lines.append(line)
        elif self._kind == "paragraph" and not self._lines[-1].endswith(":"):
            term = self._lines.pop()  # it was none
            if self._lines:
                self.end()
            self.begin("item", line, term)
        else:
            self.begin("verbatim", line)


def blocks_of(lines: List[str]) -> List[Block]:
    blocks = Blocks()
    for line in lines:
        blocks.take(line.rstrip())
    blocks.end()
    return blocks.done


def indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def lines_of(source: pathlib.Path) -> List[str]:
    """The text of a page; of a program's, what its head comment says."""
    lines = source.read_text(encoding="utf-8").splitlines()
    if source.suffix != ".cc":
        return [line for line in lines if not line.startswith("#")]
    comment = itertools.takewhile(lambda line: line.startswith(COMMENT.strip()), lines)
    return [line[len(COMMENT):] for line in comment]


def read_page(source: pathlib.Path, name: str, volume: str) -> Page:
    """The page of the program whose main source file this is, or the file of proto/ itself."""
    sections: List[Tuple[str, List[str]]] = []
    for line in lines_of(source):
        if HEADING.match(line):
            sections.append((line, []))
        elif sections:
            sections[-1][1].append(line)
        elif line:
            raise ValueError(f"{source}: must begin with its manual page: NAME")
    if not sections or sections[0][0] != "NAME":
        raise ValueError(f"{source}: must begin with its manual page: NAME")
    margin = min(indentation(line) for _, lines in sections for line in lines if line.strip())
    made = []
    for title, lines in sections:
        text = [line[margin:] for line in lines]
        made.append(Section(title, tuple(blocks_of(text)), tuple(text)))
    summary = made[0].blocks[0].text
    if not summary.startswith(f"{name} - "):
        raise ValueError(f"{source}: NAME must be \"{name} - what it does\"")
    return Page(name, volume, summary[len(f"{name} - "):], tuple(made))
