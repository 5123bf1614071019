"""What src/global/params.def, known_params.def and proto/postconf.proto say about parameters."""

import pathlib
import re
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from manual import Block, blocks_of

TEXT = r'"(?:[^"\\]|\\.)*"'
PARAM = re.compile(rf'^PARAM\((\w+),\s*(\w+),\s*(kComputed|(?:{TEXT}\s*)+),\s*(\w+), (\w+), "([^"]*)", '
                   r'"([^"]*)"\)', re.MULTILINE)
KNOWN = re.compile(rf"^KNOWN\((\w+),\s*(\w+),\s*((?:{TEXT}\s*)+)\)", re.MULTILINE)
FORMERLY = re.compile(r"^FORMERLY\((\w+), (\w+)\)", re.MULTILINE)
OURS = "Handoff"
OLDEST = "2.1"  # stands for all versions up to that one


class DocumentationError(Exception):
    """A source of the documentation is not as it should be."""


@dataclass(frozen=True)
class Parameter:
    name: str
    kind: str
    default: Optional[str]  # None: computed
    least: Optional[str]
    most: Optional[str]
    since: str
    readers: Tuple[str, ...]
    former: Tuple[str, ...]
    text: Tuple[Block, ...]

    @property
    def summary(self) -> str:
        """The first sentence."""
        first = self.text[0].text
        end = re.search(r"\.(?= [A-Z]|$)", first)
        return first[:end.end()] if end else first

    @property
    def has_use(self) -> bool:
        return not any("Nothing reads it" in block.text for block in self.text)


@dataclass(frozen=True)
class Table:
    read: Dict[str, Parameter]
    unread: Dict[str, str]  # name, default


def literal(text: str) -> str:
    """The value of a C++ string literal in pieces."""
    pieces = re.findall(r'"((?:[^"\\]|\\.)*)"', text)
    return re.sub(r"\\(.)", r"\1", "".join(pieces))


def read_rows(pattern: "re.Pattern[str]", path: pathlib.Path) -> List[Tuple[str, ...]]:
    source = path.read_text(encoding="utf-8")
    rows = pattern.findall(source)
    macro = re.match(r"\^\w+", pattern.pattern).group()
    written = len(re.findall(macro + r"\(", source, re.MULTILINE))
    if len(rows) != written:
        raise DocumentationError(f"{path}: only {len(rows)} of {written} rows are as expected")
    return rows


def read_prose(path: pathlib.Path) -> Dict[str, List[Block]]:
    prose: Dict[str, List[str]] = {}
    name = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#"):
            continue
        if line.startswith("%PARAM "):
            previous, name = name, line[len("%PARAM "):]
            if name <= previous:
                raise DocumentationError(f"{path}, line {number}: {name} must not follow {previous}: "
                                         "entries are in byte order, and each stands there once")
            prose[name] = []
        elif name:
            prose[name].append(line)
        elif line:
            raise DocumentationError(f"{path}, line {number}: text before the first %PARAM")
    return {name: blocks_of(lines) for name, lines in prose.items()}


def check_prose(path: pathlib.Path, prose: Dict[str, List[Block]], names: List[str]) -> None:
    for name in names:
        blocks = prose.get(name)
        if not blocks or not blocks[0].text.endswith((".", ":")):
            raise DocumentationError(f"{path}: {name} needs a text that begins with a sentence")
    for name in prose:
        if name not in names:
            raise DocumentationError(f"{path}: {name} is not in params.def")


def read_table(root: pathlib.Path) -> Table:
    definitions = root / "src/global/params.def"
    rows = read_rows(PARAM, definitions)
    former = read_rows(FORMERLY, definitions)
    texts = root / "proto/postconf.proto"
    prose = read_prose(texts)
    check_prose(texts, prose, [row[1] for row in rows])
    limit = {"kAny": None}
    read = {name: Parameter(name, kind, None if default == "kComputed" else literal(default),
                            limit.get(least, least), limit.get(most, most), since,
                            tuple(readers.split(",")),
                            tuple(old for old, new in former if new == name), tuple(prose[name]))
            for kind, name, default, least, most, since, readers in rows}
    unread = {name: literal(default)
              for _, name, default in read_rows(KNOWN, root / "src/global/known_params.def")}
    return Table(read, unread)
