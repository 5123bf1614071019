"""Manual pages: of programs, in the comment at the head of the main source file, as below; of files,
in proto/, without the slashes and the blank behind them.

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

Headings are in capitals, one blank behind the slashes. The line "@parameters" stands for the rows
of params.def that the program reads; "@parameters except max_use" leaves one out that its server
skeleton reads for others.
"""

import itertools
import pathlib
import re
from dataclasses import dataclass
from typing import List, Tuple

HEADING = re.compile(r" ([A-Z][A-Z ]*)$")
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
            self.end()
        elif line.startswith("- "):
            self.begin("bullet", line[2:])
        elif match := TERM.match(line):
            self.begin("item", match.group(2), match.group(1))
        elif self._kind == "paragraph":
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


def comment_at_head(source: pathlib.Path) -> List[str]:
    lines = source.read_text(encoding="utf-8").splitlines()
    return [line[2:] for line in itertools.takewhile(lambda line: line.startswith("//"), lines)]


def whole_text(source: pathlib.Path) -> List[str]:
    return [f" {line}" for line in source.read_text(encoding="utf-8").splitlines()]


def read_page(source: pathlib.Path, name: str, volume: str) -> Page:
    """The page of the program whose main source file this is, or of a file that proto/ explains."""
    sections: List[Tuple[str, List[str]]] = []
    for line in comment_at_head(source) if source.suffix == ".cc" else whole_text(source):
        if match := HEADING.match(line):
            sections.append((match.group(1), []))
        elif not sections:
            raise ValueError(f"{source}: must begin with its manual page: NAME")
        else:
            sections[-1][1].append(line)
    if not sections or sections[0][0] != "NAME":
        raise ValueError(f"{source}: must begin with its manual page: // NAME")
    margin = min(indentation(line) for _, lines in sections for line in lines if line.strip())
    made = []
    for title, lines in sections:
        text = [line[margin:] for line in lines]
        made.append(Section(title, tuple(blocks_of(text)), tuple(text)))
    summary = made[0].blocks[0].text
    if not summary.startswith(f"{name} - "):
        raise ValueError(f"{source}: NAME must be \"{name} - what it does\"")
    return Page(name, volume, summary[len(f"{name} - "):], tuple(made))
