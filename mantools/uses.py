"""Which parameters a program uses: what its own room reads of Params, and what the functions and
classes of the rooms below read that it calls, directly or through others.

Nothing is compiled for it. It trusts the project's style: what is in a namespace begins in the first
column, and so does the end of its body; types and constants are in CamelCase, functions are not. Of
a class that is mentioned all members count.
"""

import functools
import pathlib
import re
from dataclasses import dataclass
from typing import Dict, Iterator, List, Set, Tuple

# Reading main.cf itself, and what every program checks for the sake of all.
LEFT_OUT = {"params", "known_params", "config", "config_defaults", "bad_values", "check_installation",
            "try_check_installation", "check_words", "find_bad_words", "configure_tables"}
# Every daemon is ready for tables; their settings matter where one is opened, some where one is made.
OPENING = {"map_list", "string_list", "domain_list"}
SETTINGS = "table_settings"
OF_MAKING = {"berkeley_db_create_buffer_size", "proxywrite_service_name"}
# What is not read where it is used.
ELSEWHERE = {"MailOwner": "mail_owner"}

USE = re.compile(r"(?:[pP]arams(?:_|\(\))?(?:\.|->|::)|[cC]onfig(?:_|\(\))?\.value\(\")(\w+)")
LOOK_UP = re.compile(r"[cC]onfig(?:_|\(\))?\.value\(\w+\)")
NAME = re.compile(r'"([a-z]\w*)"')
INCLUDE = re.compile(r'^#include "(.+)"$', re.MULTILINE)
TYPE = re.compile(r"(?:template <[^\n]*>\s*)?(?:class|struct|enum class) (\w+)")
FUNCTION = re.compile(r"([\w:~]+)\(")
CONSTANT = re.compile(r"(k[A-Z]\w*)\b")
CALL = re.compile(r"(?<![.>\w])([a-z]\w*)\(")
MENTION = re.compile(r"\b([A-Z]\w*|k[A-Z]\w*)\b")


@dataclass(frozen=True)
class Piece:
    """A definition or declaration."""

    name: str
    file: pathlib.Path
    text: str

    def mentions(self) -> Set[str]:
        return {*CALL.findall(self.text), *MENTION.findall(self.text)}


def pieces_of_text(source: str) -> Iterator[str]:
    lines: List[str] = []
    body = False
    for line in re.sub(r"//.*", "", source).splitlines():
        if not lines and (not line or line[0] in " }#" or line.startswith(("namespace", "using"))):
            continue
        lines.append(line)
        body = body or line.endswith("{")
        if line.startswith("}") if body else line.endswith((";", "}")):
            yield "\n".join(lines)
            lines, body = [], False


def name_of(piece: str) -> str:
    head = re.split(r"[{;]", piece, maxsplit=1)[0]
    if named := TYPE.match(head) or CONSTANT.search(head.split("(")[0]):
        return named.group(1)
    if named := FUNCTION.search(head):
        return named.group(1).split("::")[0]  # a member belongs to its class
    return ""


@functools.lru_cache(maxsize=None)
def pieces_of(file: pathlib.Path) -> Tuple[Piece, ...]:
    return tuple(Piece(name_of(text), file, text) for text in pieces_of_text(file.read_text(encoding="utf-8")))


def twin(file: pathlib.Path) -> List[pathlib.Path]:
    """x.h of x.cc, x.cc of x.h."""
    other = file.with_suffix(".h" if file.suffix == ".cc" else ".cc")
    return [other] if other.exists() else []


class Sources:
    def __init__(self, root: pathlib.Path) -> None:
        self._root = root
        self._headers: Dict[pathlib.Path, Set[pathlib.Path]] = {}

    def headers(self, file: pathlib.Path) -> Set[pathlib.Path]:
        """What it includes, directly and through others."""
        if file not in self._headers:
            found: Set[pathlib.Path] = set()
            waiting = [file, *twin(file)]
            while waiting:
                names = INCLUDE.findall(waiting.pop().read_text(encoding="utf-8"))
                new = {self._root / name for name in names} - found
                found |= new
                waiting += new
            self._headers[file] = found
        return self._headers[file]

    def named_in(self, piece: Piece) -> List[Piece]:
        """What it may mean by the names in it: of its own file, else of headers that it sees."""
        wanted = piece.mentions() - LEFT_OUT
        found = [other for file in (piece.file, *twin(piece.file)) for other in pieces_of(file)
                 if other.name in wanted]
        wanted -= {other.name for other in found}
        for header in self.headers(piece.file):
            if header.stem in LEFT_OUT:
                continue
            declared = wanted & {other.name for other in pieces_of(header)}
            found += [other for file in (header, *twin(header)) for other in pieces_of(file)
                      if other.name in declared]
        return found

    def reached(self, room: str) -> Set[Piece]:
        """What its programs may get to."""
        files = [path for path in (self._root / room).glob("*.*") if path.suffix in {".cc", ".h"}]
        seen = {piece for file in files for piece in pieces_of(file)}
        waiting = list(seen)
        while waiting:
            new = set(self.named_in(waiting.pop())) - seen
            seen |= new
            waiting += new
        return seen

    def settings_of_tables(self) -> Set[str]:
        pieces = pieces_of(self._root / "global/table_settings.cc")
        return {name for piece in pieces if piece.name == SETTINGS for name in USE.findall(piece.text)}


def listed(piece: Piece) -> Set[str]:
    """The names in a constant of its file, all of which it looks up."""
    if not LOOK_UP.search(piece.text):
        return set()
    constants = [other for other in pieces_of(piece.file) if other.name in piece.mentions()]
    return {name for constant in constants for name in NAME.findall(constant.text)}


def used_by(root: pathlib.Path, room: str) -> Set[str]:
    """The parameters that the programs of this room use, among other words; `root` is src."""
    sources = Sources(root)
    reached = sources.reached(room)
    names = {piece.name for piece in reached}
    used = {name for piece in reached for name in {*USE.findall(piece.text), *listed(piece)}}
    if names & OPENING and SETTINGS not in names:
        used |= sources.settings_of_tables() - OF_MAKING
    return used | {parameter for name, parameter in ELSEWHERE.items() if name in names}
