"""hash, btree, lmdb, cdb and pcre: files that stock's postmap(1) writes and reads, and ours as well.

What differs on purpose:

- cdb tables can be listed (as in Postfix 3.12), and a damaged one is an error as soon as something
  lies outside of it;
- a key that LMDB cannot have (empty, or longer than 511 bytes) is just not there, where stock ends;
- a key that is too hard for an expression of pcre is an error, not "not found";
- a hash or btree file is replaced when it is built, not written in place.
"""

import fcntl
import os
import pathlib
import shutil
import struct
import tempfile

import pytest

from support.conditions import wait_until
from support.postmaps import Postmaps
from support.root import needs_root

pytestmark = needs_root("stock wants its plug-ins to belong to root")

BOTH = ("ours", "stock")
FILES = {"hash": ".db", "btree": ".db", "lmdb": ".lmdb", "cdb": ".cdb"}
CHANGEABLE = ("hash", "btree", "lmdb")

SOURCE = """\
# comment
Key1   value one\x20\x20
        continued line
key2    v2
  # comment inside
   more2
"quoted key"   quoted value
KEY1 duplicate
nokeyvalue
alias: a@b
"unbal  x
utf8é  wërt
utf8É  dup
a b c d
user@example.com one@x.y, two@x.y
@example.com catch-all
.example.com parent
$1 dollar
% percent
""" + f"{'k' * 400} long\n{'m' * 510} longest\n" + "".join(f"n{i} v{i}\n" for i in range(300))

KEYS = ["key1", "Key1", "KEY1", "key2", "quoted key", '"quoted key"', '"Quoted Key"', "nokeyvalue",
        "alias", "alias:", "unbal", '"unbal', "utf8é", "utf8É", "UTF8é", "a", "A", "b", "a b", " a",
        "a ", "user@example.com", "USER@Example.Com", "user", "@example.com", "example.com",
        ".example.com", "$1", "%", "#", "# comment", "k" * 400, "k" * 399, "m" * 510, "n0", "n299",
        "n300", "N17", "key1\tx", "\\", '"', "é", "x" * 450]


@pytest.fixture(scope="module")
def desk():
    directory = pathlib.Path(tempfile.mkdtemp(prefix="handoff-", dir="/tmp")).resolve()
    directory.chmod(0o755)
    yield Postmaps(directory)
    shutil.rmtree(directory)


def write(desk, name, text):
    path = desk.directory / name
    path.write_text(text)
    return path


def ask(desk, whose, table, keys=None, *options):
    return desk.run(whose, *options, "-q", "-", table, text="\n".join(keys or KEYS) + "\n")


@pytest.mark.parametrize("kind", FILES)
def test_each_reads_what_the_other_wrote(desk, kind):
    said = {}
    for writer in BOTH:
        write(desk, f"{kind}-{writer}", SOURCE)
        built = desk.run(writer, f"{kind}:{kind}-{writer}")
        assert built.status == 0
        warnings = [line.replace(f"{kind}-{writer}", "FILE") for line in built.err]
        for reader in BOTH:
            table = f"{kind}:{kind}-{writer}"
            answers = ask(desk, reader, table)
            unfolded = ask(desk, reader, table, None, "-f")
            said[writer, reader] = (warnings, answers, unfolded)
    assert said["stock", "stock"][1].out.count(b"\n") > 20
    assert all(answer == said["stock", "stock"] for answer in said.values())


@pytest.mark.parametrize("kind", FILES)
def test_each_lists_what_the_other_wrote(desk, kind):
    listings = {}
    for writer in BOTH:
        name = f"list-{kind}-{writer}"
        write(desk, name, SOURCE)
        assert desk.run(writer, f"{kind}:{name}").status == 0
        readers = BOTH if kind in CHANGEABLE else ("ours",)
        for reader in readers:
            listing = desk.run(reader, "-s", f"{kind}:{name}")
            assert listing.status == 0
            listings[writer, reader] = listing.out
    assert len(set(listings.values())) == 1
    assert next(iter(listings.values())).count(b"\n") == 313


# A record as it lies in the file: what stands before an item, and often its length, tell where it ends.
RECORDS = {
    "hash": lambda key, value: b"\1" + value + b"\1" + key,
    "btree": lambda key, value: struct.pack("<HB", len(value), 1) + value + b"\0" * (-(len(value) + 3) % 4)
    + struct.pack("<HB", len(key), 1) + key,
    "lmdb": lambda key, value: struct.pack("<H", len(key)) + key + value,
    "cdb": lambda key, value: struct.pack("<II", len(key), len(value)) + key + value,
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("option", ["-n", "-N"])
def test_the_trailing_nul(desk, kind, option):
    for writer in BOTH:
        name = f"nul{option}-{kind}-{writer}"
        write(desk, name, "a 1\nb 2\n")
        assert desk.run(writer, option, f"{kind}:{name}").status == 0
        content = (desk.directory / (name + FILES[kind])).read_bytes()
        for key, value in ((b"a", b"1"), (b"b", b"2")):
            assert (RECORDS[kind](key, value) in content) == (option == "-n")
            assert (RECORDS[kind](key + b"\0", value + b"\0") in content) == (option == "-N")
        for reader in BOTH:
            assert desk.run(reader, "-q", "a", f"{kind}:{name}") == (0, b"1\n", [])
            other = {"-n": "-N", "-N": "-n"}[option]
            assert desk.run(reader, other, "-q", "a", f"{kind}:{name}").status == 1


CHANGES = [(("-i",), "k2 new\nk3 v3\nKey1 again\n"), (("-ir",), "k2 newer\nK4 v4\n"),
           (("-iw",), "k3 ignored\nk5 v5\n"), (("-d", "k3"), ""), (("-d", "k3"), ""),
           (("-d", "-"), "k4\nnope\nKEY1\n"), (("-i",), "bad\n"), (("-s",), ""),
           (("-q", "k2"), ""), (("-q", "k5"), ""), (("-q", "key1"), "")]


@pytest.mark.parametrize("kind", CHANGEABLE)
@pytest.mark.parametrize("turns", ["ours", "stock first", "ours first"])
def test_each_changes_what_the_other_wrote(desk, kind, turns):
    """In turns; the answers are those of stock alone."""
    def play(name, players):
        write(desk, name, "key1 one\n")
        said = [desk.run(players[0], f"{kind}:{name}")]
        for turn, (options, text) in enumerate(CHANGES):
            player = players[turn % len(players)]
            done = desk.run(player, *options, f"{kind}:{name}", text=text)
            said.append((done.status, done.out, [line.replace(name, "FILE") for line in done.err]))
        return said[1:]

    players = {"ours": ["ours"], "stock first": ["stock", "ours"], "ours first": ["ours", "stock"]}
    name = f"change-{kind}-{turns.replace(' ', '-')}"
    assert play(name, players[turns]) == play(name + "-stock", ["stock"])


def damage(desk, kind):
    """Files that are none, or not what they should be; by what is wrong with them."""
    suffix = FILES[kind]
    write(desk, "good", "key1 one\n")
    assert desk.run("stock", f"{kind}:good").status == 0
    good = (desk.directory / f"good{suffix}").read_bytes()
    contents = {"empty": b"", "garbage": bytes(range(256)) * 40, "cut": good[:1000],
                "zeros": bytes(12288), "text": b"key1 one\n"}
    for name, content in contents.items():
        (desk.directory / f"bad-{name}{suffix}").write_bytes(content)
    if not (desk.directory / f"bad-directory{suffix}").exists():
        (desk.directory / f"bad-directory{suffix}").mkdir()
    return [f"bad-{name}" for name in [*contents, "directory", "missing"]]


@pytest.mark.parametrize("kind", FILES)
def test_damaged_files_are_errors(desk, kind):
    names = damage(desk, kind)
    commands = [("-q", "key1", f"{kind}:{name}") for name in names]
    said = {whose: desk.run_all(whose, commands) for whose in BOTH}
    for name, ours, stock in zip(names, said["ours"], said["stock"]):
        if kind == "cdb" and stock.status == 0 or stock.err == []:
            continue  # has lost nothing that matters, or stock has not noticed
        assert (ours.status, ours.out) == (1, b""), name
        assert stock.status == 1
        assert ours.err[-1].startswith("fatal: "), name
        if kind in ("hash", "btree") or name in ("bad-missing", "bad-directory"):
            assert ours.err[-1] == stock.err[-1] or kind == "cdb", name


@pytest.mark.parametrize("kind, other", [("hash", "btree"), ("btree", "hash")])
def test_the_wrong_type_is_no_table(desk, kind, other):
    write(desk, f"wrong-{kind}", "a 1\n")
    assert desk.run("stock", f"{kind}:wrong-{kind}").status == 0
    said = [desk.run(whose, "-q", "a", f"{other}:wrong-{kind}") for whose in BOTH]
    assert [line for line in said[0].err if "fatal" in line] == said[1].err
    assert said[0].status == said[1].status == 1


def test_an_unknown_or_missing_type(desk):
    commands = [("-q", "a", "mysql:/x"), ("mysql:/x",), ("-q", "a", "nosuch:/x"), ("nosuch:/x",),
                ("-q", "a", "hash:"), ("-i", "cdb:good"), ("-d", "a", "cdb:good"),
                ("-d", "a", "pcre:/x"), ("pcre:/x",), ("-d", "a", "ldap:/x"), ("ldap:/x",),
                *((f"{kind}:good",) for kind in ("mysql", "nosuch", "pcre", "ldap", "texthash")),
                ("-i", "mysql:good"), ("-i", "pcre:good")]
    write(desk, "good", "a 1\n")
    assert desk.run("stock", "cdb:good").status == 0
    ours, stock = (desk.run_all(whose, commands) for whose in BOTH)
    assert ours == stock


@pytest.mark.parametrize("kind", FILES)
def test_a_hundred_thousand_keys(desk, kind):
    text = "".join(f"key{i} value{i}\n" for i in range(100_000))
    write(desk, f"large-{kind}", text)
    assert desk.run("ours", f"{kind}:large-{kind}") == (0, b"", [])
    keys = [f"key{i}" for i in range(0, 100_100, 37)]
    answers = [ask(desk, whose, f"{kind}:large-{kind}", keys) for whose in BOTH]
    assert answers[0] == answers[1]
    assert answers[0].out.count(b"\n") == len(range(0, 100_000, 37))


def test_a_map_of_lmdb_grows(desk):
    desk.set(lmdb_map_size="65536")
    try:
        for whose, other in (BOTH, BOTH[::-1]):
            name = f"grow-{whose}"
            write(desk, name, "".join(f"key{i} {'v' * 100}\n" for i in range(5000)))
            assert desk.run(whose, f"lmdb:{name}").status == 0
            more = "".join(f"more{i} {'w' * 1000}\n" for i in range(200))
            assert desk.run(other, "-i", f"lmdb:{name}", text=more).status == 0
            answers = [ask(desk, each, f"lmdb:{name}", ["key4999", "more199"]) for each in BOTH]
            assert answers[0] == answers[1]
            assert answers[0].out.count(b"\n") == 2
    finally:
        desk.set()


def test_keys_too_long_for_lmdb(desk):
    write(desk, "too-long", "k" * 511 + " v\n")
    ours, stock = (desk.run(whose, "lmdb:too-long") for whose in BOTH)
    assert ours == stock
    assert ours.err[-1].startswith("fatal: error updating lmdb:too-long: MDB_BAD_VALSIZE")


def is_waiting_for_a_lock(pid):
    return any("->" in line and f" {pid} " in line
               for line in pathlib.Path("/proc/locks").read_text().splitlines())


class Locked:
    """As another program would: with flock(2), or with a record lock for lmdb."""

    def __init__(self, path, kind, exclusive):
        self._file = open(path, "r+b")
        self._kind = kind
        self._operation = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH

    def __enter__(self):
        (fcntl.lockf if self._kind == "lmdb" else fcntl.flock)(self._file, self._operation)

    def __exit__(self, *_):
        self._file.close()


@pytest.mark.parametrize("kind", CHANGEABLE)
@pytest.mark.parametrize("exclusive, arguments, after", [
    (True, ("-q", "a"), 0), (False, ("-d", "a"), 0), (False, (), 0)])
def test_locks_are_respected(desk, kind, exclusive, arguments, after):
    write(desk, f"lock-{kind}", "a 1\n")
    assert desk.run("stock", f"{kind}:lock-{kind}").status == 0
    with Locked(desk.directory / f"lock-{kind}{FILES[kind]}", kind, exclusive):
        process = desk.start("ours", *arguments, f"{kind}:lock-{kind}")
        wait_until(lambda: is_waiting_for_a_lock(process.pid), 10, "somebody who waits for a lock")
        assert process.poll() is None
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (after, b"")


@pytest.mark.parametrize("kind", FILES)
def test_an_old_index_is_told(desk, kind):
    source = write(desk, f"old-{kind}", "a 1\n")
    assert desk.run("ours", f"{kind}:old-{kind}").status == 0
    now = source.stat().st_mtime
    os.utime(source, (now - 200, now - 200))
    os.utime(str(source) + FILES[kind], (now - 300, now - 300))
    ours, stock = (desk.run(whose, "-q", "a", f"{kind}:old-{kind}") for whose in BOTH)
    assert ours == stock
    assert f"warning: database old-{kind}{FILES[kind]} is older than source file" in ours.err[0]


PCRE = r"""
/^(a)(b)?$/ A:$1:$2
/CaSe/i sens
/bad[/ x
/(q)/ $2
if /foo/
/bar/ foobar
!/baz/ foo-not-baz
endif
!/[a-z]/ no$1
!/[a-z0-9]/ noletters
/emp/
/unk/q res
/nolast
/trail/X res
/^l1.l2/s nodot
/utf\x{100}/ u
/two/ one$$two
if !/zzz/ extra
/yyy/ y
endif foo
endif
foo bar
/a\/b/ slash
|pipe| p
/(?<n>z)(?P=n)/ ${1}
/m.*\d$/E e
/dollar/ $x
/brace/ ${1
/br()ace2/ [${1}$(1)]
/x y # comment/x spaced
/ungreedy(.*)x/U $1
/anch/A anchored
/(((((((((((deep)))))))))))/ ${11}
(?i)abc
!!/twice/ double
/caf./ cafe
/\bword\b/ word $0
/\d{3}-(\d+)/ number $1
if /open/
/inopen/ v
"""
PCRE_KEYS = ["a", "ab", "AB", "CaSe", "case", "q", "foobar", "foobaz", "foo", "123", "???", "emp",
             "unk", "nolast", "trail", "l1l2", "l1\\nl2", "two", "xyyy", "zyyyzzz", "a/b", "pipe",
             "zz", "zzz", "mail 1", "m", "dollar", "brace", "brace2", "xy", "x y", "ungreedyaxbx",
             "anch", "xanch", "deep", "twice", "café", "a word b", "555-1234", "open", "inopen",
             "\xff", " ", "é", "É", "a" * 3000]


def test_pcre(desk):
    write(desk, "rules", PCRE)
    ours, stock = (ask(desk, whose, "pcre:rules", PCRE_KEYS) for whose in BOTH)
    assert ours == stock
    assert ours.out.count(b"\n") >= 25
    assert len(ours.err) >= 15


@pytest.mark.parametrize("rules", [
    "{{/^(.)(.)/ $2-${1}x$(2)$$}}", "{{/a/ b}, if /x/}", "{/a/ b}", "{{/a/ b}", "{}", "/nonexistent",
    "{{if /a/}, {/b/ c}, {endif}}", "{{/é/ x}, {/^.$/ one}, {/^..$/ two}}"])
def test_pcre_in_a_name(desk, rules):
    keys = ["abc", "ab", "x"] + (["é", "É"] if "é" in rules else [])
    ours, stock = (ask(desk, whose, "pcre:" + rules, keys) for whose in BOTH)
    assert ours == stock


@pytest.mark.parametrize("rule, key", [
    ("/^(a|b)*$/ m", "a" * 1600), ("/^(a|b)*$/ m", "a" * 60000),
    ("/^Received:(.|x)*evil/ m", "Received:" + "x" * 2000 + "evil"),
    ("/^(a+)+$|^.*x$/ m", "a" * 20 + "x"), ("/^(?:[^@]+|x)+@x$/ m", "y" * 5000 + "@x")])
def test_pcre_has_room_for_ordinary_rules(desk, rule, key):
    ours, stock = (ask(desk, whose, f"pcre:{{{{{rule}}}}}", [key]) for whose in BOTH)
    assert stock.out == f"{key}\tm\n".encode()
    assert ours == stock


@pytest.mark.parametrize("smtputf8", ["yes", "no"])
def test_pcre_matches_bytes(desk, smtputf8):
    desk.set(smtputf8_enable=smtputf8)
    table = "pcre:{{/^.$/ one}, {/^..$/ two}, {/^é/ lower}}"
    for options in ((), ("-u",), ("-U",)):
        ours, stock = (ask(desk, whose, table, ["é", "É", "éé", "ÉÉ", "x"], *options)
                       for whose in BOTH)
        assert "é\ttwo" in stock.out.decode()
        assert ours == stock
    desk.set()


@pytest.mark.parametrize("value", ["$foo_server_host", "${nope"])
def test_a_parameter_that_cannot_be_expanded_is_no_default(desk, value):
    desk.set(foo_server_host=value)
    ours, stock = (desk.run(whose, "-q", "a", "ldap:foo") for whose in BOTH)
    desk.set()
    assert stock.err[-1] == "fatal: dictionary mail_dict: macro processing error"
    assert ours == stock


def test_a_key_that_is_too_hard_is_an_error(desk):
    said = desk.run("ours", "-q", "a" * 40 + "b", "pcre:{{/^(a+)+$/ m}}")
    assert said.status == 1
    assert said.err[0] == "warning: pcre map {{/^(a+)+$/ m}}, line 1: match limit exceeded"
    assert said.err[-1].startswith("fatal: table pcre:{{/^(a+)+$/ m}}: query error")


LIBRARIES = ("libdb-5", "liblmdb", "libcdb", "libpcre2", "libldap", "/handoff/")


def test_only_a_daemon_that_opens_such_a_table_has_its_library(stock_suite, desk):
    """What is mapped into trivial-rewrite, and how much memory that takes."""
    def mapped(**settings):
        with stock_suite(trivial_rewrite="ours", **settings) as mail:
            mail.submit(["user@example.test"], b"Subject: hi\n\nhello\n")
            mail.log.wait_for("qmgr.*nrcpt=1")
            pid = mail.processes("trivial-rewrite")[0].pid
            maps = pathlib.Path(f"/proc/{pid}/maps").read_text()
            return {name for name in LIBRARIES if name in maps}

    write(desk, "transport", "other.test smtp:\n")
    assert desk.run("ours", "hash:transport").status == 0
    assert mapped() == set()
    assert mapped(transport_maps=f"hash:{desk.directory}/transport") == {"libdb-5", "/handoff/"}
