"""What postmap(1) does with files: whose they are, what their modes are, and who sees what while
they are built. Ours beside stock's.

What differs on purpose: a table is replaced, so a file that is in the way is not written into; big
inputs show on a terminal how far they have got.
"""

import concurrent.futures
import contextlib
import itertools
import os
import pathlib
import pty
import pwd
import re
import select
import shutil
import subprocess
import tempfile
import threading
from typing import Callable, Iterator, List, NamedTuple, Sequence

import pytest

from support.conditions import wait_until
from support.layout import ROOTLESS_USER
from support.postmaps import Postmaps, Said
from support.root import needs_root

pytestmark = needs_root("only root can become the owner of a source")

BOTH = ("ours", "stock")
FILES = {"hash": ".db", "btree": ".db", "lmdb": ".lmdb", "cdb": ".cdb"}
CHANGEABLE = ("hash", "btree", "lmdb")
OWNER = pwd.getpwnam(ROOTLESS_USER)
REBUILDS = 100


@pytest.fixture(scope="module")
def desk() -> Iterator[Postmaps]:
    directory = pathlib.Path(tempfile.mkdtemp(prefix="handoff-", dir="/tmp")).resolve()
    directory.chmod(0o755)
    yield Postmaps(directory)
    shutil.rmtree(directory)


# Owners and modes.

class Made(NamedTuple):
    """What a program said, and the file that is there afterwards: user, group and mode."""

    status: int
    complaints: List[str]
    file: "tuple[int, int, int] | None"


class Place:
    """A directory with one source, in which a table is made."""

    def __init__(self, desk: Postmaps, name: str, kind: str, owned_directory: bool = True) -> None:
        self._desk = desk
        self._kind = kind
        self.directory = desk.directory / name
        self.directory.mkdir()
        self.source = self.directory / "source"
        self.source.write_text("key value\n")
        self.table = pathlib.Path(str(self.source) + FILES[kind])
        if owned_directory:
            os.chown(self.directory, OWNER.pw_uid, OWNER.pw_gid)

    def make(self, whose: str, *options: str, text: str = "", umask: int = 0o022) -> Made:
        before = os.umask(umask)
        try:
            said = self._desk.run(whose, *options, f"{self._kind}:{self.source}", text=text)
        finally:
            os.umask(before)
        complaints = [line.replace(str(self.directory), "DIR") for line in said.err]
        return Made(said.status, complaints, self.file())

    def file(self) -> "tuple[int, int, int] | None":
        if not self.table.exists():
            return None
        state = self.table.stat()
        return state.st_uid, state.st_gid, state.st_mode & 0o7777


_places = itertools.count()


def both(desk: Postmaps, kind: str, act: Callable[[Place, str], Made], **choices: bool) -> Made:
    """The same in two places of which nobody knows anything; the outcomes are equal."""
    made = {whose: act(Place(desk, f"place{next(_places)}", kind, **choices), whose)
            for whose in BOTH}
    assert made["ours"] == made["stock"]
    return made["ours"]


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("options", [(), ("-o",), ("-p",), ("-op",)])
def test_the_file_belongs_to_the_owner_of_the_source(desk, kind, options):
    def act(place: Place, whose: str) -> Made:
        os.chown(place.source, OWNER.pw_uid, OWNER.pw_gid)
        return place.make(whose, *options)

    made = both(desk, kind, act)
    drops = not any("o" in option for option in options)
    assert made == (0, [], (*((OWNER.pw_uid, OWNER.pw_gid) if drops else (0, 0)), 0o644))


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("mode, copied", [(0o600, 0o600), (0o640, 0o640), (0o644, 0o644),
                                          (0o604, 0o604), (0o666, 0o644), (0o400, 0o600),
                                          (0o777, 0o644), (0o620, 0o600)])
def test_the_mode_of_the_source_is_copied(desk, kind, mode, copied):
    for options, expected in ((), copied), (("-p",), 0o644):
        def act(place: Place, whose: str) -> Made:
            place.source.chmod(mode)
            return place.make(whose, *options)

        assert both(desk, kind, act) == (0, [], (0, 0, expected))


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("umask", [0, 0o077])
def test_the_umask_of_the_caller_does_not_matter(desk, kind, umask):
    made = both(desk, kind, lambda place, whose: place.make(whose, umask=umask))
    assert made == (0, [], (0, 0, 0o644))


@pytest.mark.parametrize("kind", FILES)
def test_an_owner_who_may_not_write_there(desk, kind):
    """Root could; but the owner of the source is asked."""
    def act(place: Place, whose: str) -> Made:
        os.chown(place.source, OWNER.pw_uid, OWNER.pw_gid)
        return place.make(whose)

    made = both(desk, kind, act, owned_directory=False)
    assert (made.status, made.file) == (1, None)
    assert "Permission denied" in made.complaints[-1]


@pytest.mark.parametrize("kind", FILES)
def test_the_group_of_the_source_is_taken_over(desk, kind):
    """Other groups of root's would let the table be written where its owner may not."""
    def act(place: Place, whose: str) -> Made:
        os.chown(place.source, OWNER.pw_uid, 0)
        return place.make(whose)

    assert both(desk, kind, act) == (0, [], (OWNER.pw_uid, 0, 0o644))


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("owner", [0, OWNER.pw_uid])
def test_a_file_that_was_there_keeps_what_it_keeps_with_stock(desk, kind, owner):
    def act(place: Place, whose: str) -> Made:
        assert place.make("stock").status == 0
        os.chown(place.table, owner, owner)
        place.table.chmod(0o660)
        place.source.chmod(0o600)
        return place.make(whose)

    assert both(desk, kind, act).status == 0


@pytest.mark.parametrize("kind", ["hash", "btree", "cdb"])
def test_what_an_interrupted_postmap_left_lets_nobody_read_secrets(desk, kind):
    source = desk.directory / f"secrets-{kind}"
    source.write_text("host password\n")
    source.chmod(0o600)
    left = source.with_name(source.name + FILES[kind] + ".tmp")
    left.write_bytes(b"half of it" * 1000)
    left.chmod(0o644)
    assert desk.run("ours", f"{kind}:{source.name}") == (0, b"", [])
    made = source.with_name(source.name + FILES[kind])
    assert made.stat().st_mode & 0o777 == 0o600 and not left.exists()
    assert desk.run("stock", "-q", "host", f"{kind}:{source.name}").out == b"password\n"


@pytest.mark.parametrize("kind", CHANGEABLE)
@pytest.mark.parametrize("options", [("-i",), ("-io",), ("-ip",)])
def test_a_file_that_is_made_for_its_first_entries(desk, kind, options):
    """Without a look at the source, which need not be there."""
    def act(place: Place, whose: str) -> Made:
        os.chown(place.source, OWNER.pw_uid, OWNER.pw_gid)
        place.source.chmod(0o600)
        return place.make(whose, *options, text="a b\n", umask=0o077)

    assert both(desk, kind, act) == (0, [], (0, 0, 0o644))


@pytest.mark.parametrize("kind", FILES)
def test_a_source_that_is_missing(desk, kind):
    def act(place: Place, whose: str) -> Made:
        place.source.unlink()
        return place.make(whose)

    assert both(desk, kind, act).file is None


# Options.

BYTES = b"Key one\nkey two\nplain p\n\xc3\xa9t\xc3\xa9 summer\n\xff\xfe bad\nlast \xff\nempty\n"
SCRIPTS = {
    "folded": [((), ""), (("-s",), ""), (("-q", "KEY"), "")],
    "not-folded": [(("-f",), ""), (("-s",), ""), (("-q", "KEY"), ""), (("-fq", "Key"), ""),
                   (("-fq", "key"), ""), (("-fq", "KEY"), ""), (("-q", "Key"), "")],
    "duplicates-ignored": [(("-w",), ""), (("-s",), ""), (("-q", "key"), "")],
    "duplicates-replaced": [(("-r",), ""), (("-s",), ""), (("-q", "key"), "")],
    "ignored-and-replaced": [(("-w", "-r"), ""), (("-s",), "")],
    "replaced-and-ignored": [(("-r", "-w"), ""), (("-s",), "")],
    "bytes": [(("-u",), ""), (("-us",), ""), (("-s",), ""), (("-uq", "plain"), "")],
    "forced-text": [(("-U",), ""), (("-Us",), "")],
    "bytes-not-folded": [(("-fu",), ""), (("-fus",), "")],
    "with-nul": [(("-N",), ""), (("-s",), ""), (("-Nq", "key"), ""), (("-nq", "key"), ""),
                 (("-q", "key"), ""), (("-Ns",), ""), (("-ns",), "")],
    "without-nul": [(("-n",), ""), (("-s",), ""), (("-Nq", "key"), ""), (("-nq", "key"), ""),
                    (("-q", "key"), ""), (("-Ns",), ""), (("-ns",), "")],
    "last-nul-counts": [(("-n", "-N"), ""), (("-s",), ""), (("-N", "-n"), ""), (("-s",), "")],
    "entered": [(("-i",), "Key other\nk3 3\nk3 4\nbad\n \n# no\n\"x y\" z\n"), (("-s",), ""),
                (("-ir",), "k3 5\nk4 1\nk4 2\n"), (("-s",), ""), (("-iw",), "k3 6\nK5 7\n"),
                (("-s",), ""), (("-if",), "K5 upper\n"), (("-fq", "K5"), ""), (("-s",), "")],
    "entered-with-another-nul": [(("-N",), ""), (("-in",), "k3 3\n"), (("-s",), ""),
                                 (("-q", "k3"), ""), (("-q", "key"), "")],
    "entered-nothing": [(("-i",), ""), (("-s",), "")],
    "entered-unfinished": [(("-i",), "a b"), (("-s",), "")],
    "deleted": [((), ""), (("-d", "KEY"), ""), (("-d", "key"), ""), (("-d", "-"), "plain\nno\n"),
                (("-s",), ""), (("-d", "-"), "no\n"), (("-d", "-"), ""), (("-fd", "EMPTY"), ""),
                (("-s",), "")],
    "deleted-with-another-nul": [(("-N",), ""), (("-nd", "key"), ""), (("-Nd", "key"), ""),
                                 (("-s",), "")],
    "asked": [((), ""), (("-q", "-"), "key\nno\nPLAIN\nkey\0x\n"), (("-q", "-"), ""),
              (("-q", "-"), "no\n"), (("-q", "no"), ""), (("-q", "-"), "key")],
    "empty-key": [((), ""), (("-q", ""), ""), (("-d", ""), ""), (("-q", "-"), "\nkey\n\n")],
    "message": [(("-i",), "subject: 1\nfrom: 2\n\"subject: x\" head\nbody text\n"),
                (("-hq", "-"), "Subject: x\nFrom: a\n\nbody\n"),
                (("-bq", "-"), "Subject: x\nFrom: a\n\nbody\n"),
                (("-hbq", "-"), "\"subject: x\"\nbody\n"),
                (("-hmq", "-"), "Content-Type: message/rfc822\n\nbody: 1\n\nbody\n"),
                (("-bmq", "-"), "Content-Type: message/rfc822\n\nsubject: 1\n\nbody\n"),
                (("-mq", "-"), "body\n")],
}


def normal(said: Said, name: str) -> Said:
    return said._replace(err=[line.replace(name, "FILE") for line in said.err])


@pytest.mark.parametrize("script, kind", [
    (script, kind) for script in SCRIPTS for kind in FILES
    # LMDB cannot have an empty key, and stock ends there; a cdb file cannot be changed.
    if kind not in ("lmdb", "cdb") or script not in ("empty-key", "message")])
def test_options(desk, script, kind):
    steps = [(options, text) for options, text in SCRIPTS[script]
             # A cdb file cannot be changed, and stock cannot list it.
             if kind != "cdb" or not any(set("isd") & set(option[1:]) for option in options
                                         if option.startswith("-"))]

    def play(whose: str) -> List[Said]:
        name = f"{script}-{kind}-{whose}"
        (desk.directory / name).write_bytes(BYTES)
        return [normal(desk.run(whose, *options, f"{kind}:{name}", text=text), name)
                for options, text in steps]

    ours, stock = (play(whose) for whose in BOTH)
    assert [(step, said) for step, said in zip(steps, ours)] == \
        [(step, said) for step, said in zip(steps, stock)]


def test_verbose_answers_are_the_same_on_standard_output(desk):
    (desk.directory / "verbose").write_text("key value\n")
    for options, line in ((("-v",), "open hash verbose"),
                          (("-vv", "-q", "key"), "dict_open: hash:verbose"),
                          (("-v", "-s"), "dict_open: hash:verbose"),
                          (("-v", "-q", "no"), "dict_open: hash:verbose")):
        ours, stock = (desk.run(whose, *options, "hash:verbose") for whose in BOTH)
        assert ours[:2] == stock[:2]
        assert line in ours.err and line in stock.err


def test_the_directory_of_main_cf(desk):
    """-c, before MAIL_CONFIG; and a type that is not named is default_database_type's."""
    other = desk.directory / "other"
    other.mkdir()
    main_cf = (desk.config / "main.cf").read_text() + "default_database_type = btree\n"
    (other / "main.cf").write_text(main_cf)
    (desk.directory / "typeless").write_text("key value\n")
    results = []
    for whose in BOTH:
        for path in desk.directory.glob("typeless.*"):
            path.unlink()
        told = [desk.run(whose, "-c", str(other), "typeless"),
                desk.run(whose, "-c", str(other), "-q", "key", "typeless"),
                desk.run(whose, "-q", "key", "btree:typeless"),
                desk.run(whose, "-c", str(desk.directory / "nosuch"), "-q", "key", "btree:typeless"),
                desk.run(whose, "-q", "key", "hash:typeless")]
        results.append(told)
    ours, stock = results
    assert ours[:4] == stock[:4]
    assert ours[4].status == stock[4].status == 1
    assert [said.out for said in ours[1:3]] == [b"value\n"] * 2


def test_values_that_are_no_files_do_not_end_a_listing(desk):
    (desk.directory / "coded").write_text("a !!!\nb aGVsbG8=\nc ???\n")
    assert desk.run("stock", "hash:coded").status == 0
    stock, ours = (desk.run(whose, "-s", "-F", "hash:coded") for whose in ("stock", "ours"))
    assert stock[:2] == ours[:2] == (0, b"b\thello\n")
    assert [line.replace("coded.db", "coded") for line in stock.err] == ours.err


def test_what_begins_with_a_continuation_is_told_in_its_place(desk):
    (desk.directory / "stray").write_text("  stray\n more\nbad\nk v\n bad2\nlone\n")
    for options in (["hash:stray"], ["-q", "k", "texthash:stray"]):
        said = [desk.run(whose, *options) for whose in ("stock", "ours")]
        told = [list(dict.fromkeys(one.err)) for one in said]  # stock reads a fresh file again
        assert told[0] == told[1] and len(told[0]) == 3


# Progress.

class Shown(NamedTuple):
    status: int
    text: bytes


def on_a_terminal(command: Sequence[str], text: bytes, cwd: pathlib.Path) -> Shown:
    """Standard error is a terminal, standard input a file."""
    controller, terminal = pty.openpty()
    with tempfile.TemporaryFile() as source:
        source.write(text)
        source.seek(0)
        process = subprocess.Popen(command, stdin=source, stderr=terminal,
                                   stdout=subprocess.DEVNULL, cwd=cwd)
    os.close(terminal)
    shown = b""
    with contextlib.suppress(OSError):  # EIO: nobody has the terminal open any more
        while select.select([controller], [], [], 120)[0]:
            piece = os.read(controller, 65536)
            if not piece:
                break
            shown += piece
    os.close(controller)
    return Shown(process.wait(60), shown)


BIG = "".join(f"key{i} value{i}\n" for i in range(600_000)).encode()


def test_a_big_input_shows_on_a_terminal_how_far_it_has_got(desk):
    command = desk.command("ours", "-i", "hash:progress")
    shown = on_a_terminal(command, BIG, desk.directory)
    assert shown.status == 0
    steps = re.findall(rb"\r\x1b\[Khash:progress: (\d+) entries, (\d+) %", shown.text)
    assert steps, shown.text[:200]
    done = [int(entries) for entries, _ in steps]
    assert done == sorted(set(done)) and done[-1] <= 600_000
    assert all(int(percent) == int(entries) * 100 // 600_000 for entries, percent in steps)
    assert shown.text.endswith(b"\r\x1b[K")  # and nothing is left of it


def test_without_a_terminal_it_is_silent(desk):
    assert desk.run("ours", "-i", "hash:silent", text=BIG) == (0, b"", [])


def test_a_small_input_shows_nothing_on_a_terminal(desk):
    shown = on_a_terminal(desk.command("ours", "-i", "hash:little"), b"a b\n", desk.directory)
    assert shown == (0, b"")


# Several at once.

class Reader(threading.Thread):
    """Asks for a key that is always there until it is told to stop; `odd` is what else it heard."""

    def __init__(self, desk: Postmaps, whose: str, table: str) -> None:
        super().__init__(daemon=True)
        self._desk = desk
        self._over = threading.Event()
        self.whose = whose
        self.table = table
        self.asked = 0
        self.odd: List[object] = []
        self.start()

    def run(self) -> None:
        """A new process for each question."""
        while not self._over.is_set() and not self.odd:
            said = self._desk.run(self.whose, "-q", "always", self.table)
            if said != (0, b"here\n", []):
                self.odd.append((self.whose, said))
            self.asked += 1

    def stop(self) -> None:
        self._over.set()
        self.join(60)
        assert not self.is_alive()


class LongReader(Reader):
    """One process that keeps the table open. (Stock's says what it has found when it is done.)"""

    def run(self) -> None:
        with self._desk.start(self.whose, "-q", "-", self.table, stdin=subprocess.PIPE) as process:
            while not self._over.wait(0.002):
                process.stdin.write(b"always\n")
                process.stdin.flush()
                self.asked += 1
            out, err = process.communicate(timeout=60)
        if (process.returncode, out, err) != (0, b"always\there\n" * self.asked, b""):
            self.odd.append((self.whose, "long-running", process.returncode, out[-200:], err))


def generation(number: int) -> str:
    """`always` is always there, at another place each time; all else comes and goes."""
    lines = [f"g{number}-{i} {'v' * (1 + number % 50)}\n" for i in range(50 + number % 100)]
    lines.insert(number % len(lines), "always here\n")
    return "".join(lines)


@pytest.mark.parametrize("builder", BOTH)
@pytest.mark.parametrize("kind", FILES)
def test_readers_never_miss_a_key_during_a_hundred_rebuilds(desk, kind, builder):
    """Whoever keeps a table open that stock rewrites in place must look for changes, as daemons do;
    so only those are asked then that open it each time."""
    name = f"rebuilt-{kind}-{builder}"
    table = f"{kind}:{name}"
    source = desk.directory / name
    source.write_text(generation(0))
    assert desk.run(builder, table) == (0, b"", [])
    kept_open = BOTH if builder == "ours" or kind in ("lmdb", "cdb") else ()
    readers = [Reader(desk, whose, table) for whose in BOTH]
    readers += [LongReader(desk, whose, table) for whose in kept_open]
    try:
        for number in range(1, REBUILDS + 1):
            source.write_text(generation(number))
            assert desk.run(builder, table) == (0, b"", [])
        wait_until(lambda: all(reader.asked > 20 or reader.odd for reader in readers), 60,
                   "readers that have asked")
    finally:
        for reader in readers:
            reader.stop()
    assert [odd for reader in readers for odd in reader.odd] == []


def run_at_once(desk: Postmaps, commands: Sequence["tuple[str, Sequence[str], str]"]) -> List[Said]:
    with concurrent.futures.ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(lambda one: desk.run(one[0], *one[1], text=one[2]), commands))


@pytest.mark.parametrize("kind", FILES)
def test_several_rebuild_one_table(desk, kind):
    """Nobody fails and nothing is lost. (Of stock's own, one fails now and then, or tells of
    duplicates.)"""
    players = ("ours",) * 6
    name = f"contended-{kind}"
    source = desk.directory / name
    source.write_text("".join(f"key{i} value{i}\n" for i in range(3000)))
    for _ in range(5):
        told = run_at_once(desk, [(whose, [f"{kind}:{name}"], "") for whose in players])
        assert told == [(0, b"", [])] * len(players)
        for reader in BOTH:
            keys = "".join(f"key{i}\n" for i in range(3000))
            found = desk.run(reader, "-q", "-", f"{kind}:{name}", text=keys)
            assert found.out.count(b"\n") == 3000
    assert list(desk.directory.glob(f"{name}.*tmp")) == []


@pytest.mark.parametrize("kind", CHANGEABLE)
def test_several_enter_into_one_table(desk, kind):
    """Nobody's entries are lost. (With several of stock's postmaps they are.)"""
    players = ("ours",) * 4
    name = f"entered-{kind}"
    (desk.directory / name).write_text("key value\n")
    assert desk.run("ours", f"{kind}:{name}").status == 0
    parts = ["".join(f"p{part}-{i} v\n" for i in range(200)) for part in range(len(players))]
    told = run_at_once(desk, [(whose, ["-i", f"{kind}:{name}"], part)
                              for whose, part in zip(players, parts)])
    assert told == [(0, b"", [])] * len(players)
    for reader in BOTH:
        listed = desk.run(reader, "-s", f"{kind}:{name}")
        assert listed.out.count(b"\n") == 1 + 200 * len(players)
