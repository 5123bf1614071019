"""Our postmap(1) beside stock's: the same tables, questions and mistakes; the same answers.

What differs on purpose:

- `-s` gives the entries of tables that are in memory sorted, not in the order of a hash table;
- what was found before an error is printed (stock loses what it has not written yet);
- a directory is no table of rules (stock reads it as an empty one);
- `-s` without a table is a usage error with a text, as other options are;
- a server that hangs up before the comma of its netstring has disconnected (stock: a format error),
  as has one that hangs up within a line (stock: "text longer than 4096");
- the reason of an error that is no system error is "Application error" (stock shows whatever
  errno was left from before, "Operation now in progress").
"""

import concurrent.futures
import os
import pathlib
import subprocess
import tempfile
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import pytest

from support import programs, table_server
from support.instance import Instance
from support.layout import MAIL_OWNER, SETGID_GROUP
from support.mistakes import back_date
from support.rewrite_client import RewriteClient
from support.root import needs_root

KEYS = (b"", b" ", b"a", b"A", b"b", b"k", b"key1", b"Key1", b"KEY2", b"key2", b"quoted key",
        b'"quoted key"', b'"QUOTED KEY"', b"alias:", b"alias", "utf8é".encode(), "UTF8É".encode(),
        "straße".encode(), b"STRASSE", b"\xff", b"\xc3", b" leading", b"trailing ", b"a b", b"a\tb",
        b"192.0.2.1", b"2001:db8::1", b"user@example.com", b"@", b"$1", b"%s", b"{a}", b"#", b"1",
        b"root", b"ROOT", b"mail", b"PATH", b"path", b"no\0thing", b"x" * 300, b"\\ e", b'\\"')

SOURCE = """\
  stray line with a long text to be cut somewhere
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
Straße x
a b c
\\" d
\\ e f
x\\
"a\\" b
"a b"c d
"a"b" c
""".encode() + b"bad\xff x\nbadval \xff\nnul b\0c\nlast nonewline"

REGEXP = r"""
/a/
/b
b/b/ x
/c(/ y
/d/q z
/e/ $2
/f/ $1
!/g/ $1
if /h/
/h1/ H1
endif
endif foo
if /i/ extra text
/i1/ I1
ENDIF junk
if
/j/ a$$b$1c
/^(j)(k)?$/ [$1][${2}][$(2)]$$
/(l)/ $
/(m)/ ${1
/(n)/ ${0}
/(o)/ ${a} $b
/(p)/ $(1}
|q| Q
  continued
/t/!/u/ T
/v//w/ x
/X1/ii X
/y/ixm Y
/\/z/ SLASHZ
/a\|b/ alt
!!/aa/ AA
! /^[a-z0-9 ]*$/ odd $$
if!/ac/
/cc$/ notac
endif
iffy
/r/!
/s/!/t
/u/!/v/z x
!/w/!/x/
if /1/!/2/
/./ one
endif
foo bar
/*/ star
/[/ x
/a{2/ x
/$1/ dollar
if /unclosed/
/never/ x
"""

CIDR = """
192.0.2.5/24 a
192.0.2.0/24
192.0.2.0/24 net
10.0.0.0/33 x
10.0.0.0/x x
10.0.0.0/ x
10.0.0.0/+8 x
10.0.0.0/8/8 x
foo x
iffy
1.2.3 x
1.2.3.400 x
1.2.3.400/33 x
1.2.3.4/0 x
[198.51.100.9] bracket
[198.51.100.0]/25 b2
[198.51.100.128/25] b3
[192.0.2.0/25 b4
[1.2.3.4]x y
[/24 x
1.2.3.4] x
2001:db8::/32 six
[2001:db9::]/129 x
2001:db8::1/32 x
2001:zz::/32 x
!10.2.0.0/16
if!11.0.0.0/8
12.0.0.0/9\ttab  result
endif
IF 172.16.0.0/12
172.16.1.0/24 in
!172.17.0.0/16 not17
EndIf
endif
endif junk
if
if 1.0.0.0/8 trailing
!
! 10.1.0.0/16 not10.1 # no comment
::ffff:1.2.3.4 mapped
if foo
if 10.0.0.0/8
10.1.0.0/017 last
"""

ADDRESSES = ("192.0.2.5", "192.0.2.9", "10.1.2.3", "10.2.3.4", "10.3.3.3", "172.16.1.5",
             "172.17.1.1", "172.18.1.1", "1.1.1.1", "12.1.1.1", "12.200.0.1", "11.1.1.1",
             "198.51.100.9", "198.51.100.1", "198.51.100.200", "2001:db8:1::1", "2001:DB8:2::1",
             "2001:db9::1", "::ffff:1.2.3.4", "::ffff:c000:201", "[1.2.3.4]", "foo", "1.2.3",
             "010.1.1.1", "::1", "::", "fe80::1%lo", "1.2.3.4/32", "", " 1.1.1.1", "255.255.255.255")

MESSAGE = b"""Subject: a
 b
Content-Type: multipart/mixed; boundary=foo
A: b

pre
--foo
Content-Type: text/plain

text
--foo
Content-Type: message/rfc822

X: y

in \xff
--foo--
post
"""


class Outcome(NamedTuple):
    status: int
    output: bytes
    complaints: List[bytes]


class Case(NamedTuple):
    arguments: Tuple[str, ...]
    data: bytes = b""


def case(*arguments: str, data: bytes = b"") -> Case:
    return Case(arguments, data)


def ask_all(*arguments: str, keys: Sequence[bytes] = KEYS) -> Case:
    return Case(("-q", "-") + arguments, b"".join(key + b"\n" for key in keys))


class Desk:
    """A directory with main.cf and sources in which both programs are run."""

    def __init__(self, directory: pathlib.Path, config: Optional[pathlib.Path] = None) -> None:
        self.directory = directory
        self.config = config or directory
        self.files = {"source": SOURCE, "re": REGEXP.encode(), "ci": CIDR.encode(),
                      "small": b"k1 v1\nk2 v2\n", "one": b"one\n", "two": b"two\n\n", "empty": b"",
                      "files": b"a one\nb one two\nc one,two\ng nosuch\nh ,\ni one nosuch\n"}
        for name, content in self.files.items():
            (directory / name).write_bytes(content)
            back_date(directory / name)

    def run(self, origin: str, case: Case) -> Outcome:
        stock = programs.stock().environment() if origin == "stock" else {}
        done = subprocess.run([programs.locate(origin, "postmap"), *case.arguments],
                              input=case.data, capture_output=True, cwd=self.directory, timeout=120,
                              env={"PATH": os.environ["PATH"], "MAIL_CONFIG": str(self.config),
                                   **stock}, check=False)
        left_over = b": Operation now in progress"
        return Outcome(done.returncode, done.stdout,
                       [line.replace(left_over, b": Application error")
                        for line in done.stderr.splitlines()])

    def compare(self, cases: Sequence[Case]) -> None:
        """Side by side: each fatal error is followed by a second of doing nothing."""
        def outcomes(origin: str) -> Dict[Case, Outcome]:
            return dict(zip(cases, pool.map(lambda case: self.run(origin, case), cases)))

        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            ours, stock = outcomes("ours"), outcomes("stock")
        differ = [case for case in cases if ours[case] != stock[case]]
        assert [(case, ours[case]) for case in differ] == [(case, stock[case]) for case in differ]


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with tempfile.TemporaryDirectory(prefix="handoff-", dir="/tmp") as name:
        directory = pathlib.Path(name)
        directory.chmod(0o755)
        main_cf = directory / "main.cf"
        main_cf.write_text(f"compatibility_level = 3.6\nmyhostname = mail.handoff.test\n"
                           f"mail_owner = {MAIL_OWNER}\nsetgid_group = {SETGID_GROUP}\n"
                           f"queue_directory = {directory}\ndata_directory = {directory}\n"
                           f"meta_directory = {directory}\n"
                           f"inet_interfaces = 127.0.0.1\n")
        back_date(main_cf)
        (directory / "dynamicmaps.cf").touch()  # without it stock has other words
        yield Desk(directory)


def in_all_ways(*tables: str, keys: Sequence[bytes] = KEYS) -> List[Case]:
    """All keys: as usual; with upper and lower case apart; without UTF-8."""
    return [ask_all(*options, *tables, keys=keys) for options in ((), ("-f",), ("-u",), ("-fu",))]


@pytest.mark.parametrize("table", [
    "static:{a b}", "static: a b ", "inline:{key1=1,KEY2=2, {a b = c d} a= {A = b}}",
    'inline:{"quoted key"=z, utf8É=y}', "texthash:source", "regexp:re", "environ:x",
    "unix:passwd.byname", "unix:group.byname", "internal:x", "randmap:{a}", "randmap:{{a b},}",
    "pipemap:{inline:{a=Key1,b=nosuch,1=k},texthash:source}", "pipemap:{regexp:re,inline:{H1=x}}",
    "unionmap:{inline:{a=2,k=},inline:{a=3},static:4,inline:{a=}}",
    "unionmap:{inline:{a=},inline:{b=1}}", "cidr:{{192.0.2.0/24 net}, {2001:db8::/32 six}}",
    "regexp:{{/^(.)(.)/ $2-${1}x$(2)$$}, {!/a/ {x y}}}"])
def test_answers_as_stock_does(desk: Desk, table: str) -> None:
    desk.compare(in_all_ways(table))


def test_networks(desk: Desk) -> None:
    desk.compare([ask_all("cidr:ci", keys=[address.encode() for address in ADDRESSES])])


def test_regular_expressions(desk: Desk) -> None:
    words = ("a b e f g h1 i1 jjj jk j l m n o p Q t tu X1 x1 y /z a|b aa ab ac acc never "
             "unclosednever $1 star A one 12 1 cc xcc").split()
    desk.compare([ask_all("regexp:re", keys=[word.encode() for word in words])])


def test_several_tables_are_asked_from_left_to_right(desk: Desk) -> None:
    tables = ("texthash:small", "texthash:source", "inline:{k1=late,other=3}")
    desk.compare([*in_all_ways(*tables, keys=KEYS + (b"k1", b"other")),
                  *(case("-q", key, *tables) for key in ("k1", "K2", "Key1", "other", "nosuch", "")),
                  case("-q", "k1", "texthash:small", "fail:x"), ask_all("fail:x", keys=[]),
                  ask_all("fail:x", "texthash:small", keys=[b"k1"])])


def test_a_table_that_always_fails(desk: Desk) -> None:
    """Whatever the key is, and whoever was asked before; a second of doing nothing each."""
    keys = ("k1", "K1", "", " ", "a b", "@", "user@example.com", "192.0.2.1", "$1", "{a}", "é", "#")
    desk.compare([
        *(case("-q", key, "fail:x") for key in keys),
        *(case(option, "-q", "k1", "fail:x") for option in ("-f", "-u", "-U", "-F", "-N", "-n", "-o")),
        *(case("-q", "k1", f"fail:{name}")
          for name in ("x:y", "/nonexistent", "{a b}", " x", "é", "{", "x" * 300)),
        ask_all("fail:x", keys=[b""]), ask_all("fail:x", keys=[b"k1", b"k2"]),
        case("-q", "k1", "inline:{k2=1}", "fail:x"), case("-q", "k1", "inline:{k1=1}", "fail:x"),
        case("-q", "k1", "fail:x", "inline:{k1=1}"), case("-q", "k1", "pipemap:{fail:x}"),
        case("-q", "k1", "unionmap:{fail:x,static:a}"),
        Case(("-hq", "-", "fail:x"), MESSAGE), Case(("-bq", "-", "fail:x"), MESSAGE)])


def test_random_answers_are_those_of_the_list(desk: Desk) -> None:
    """Which one differs; in two hundred answers each of four has its turn."""
    table, elements = "randmap:{a, {b c} d,d, a=b}", {b"a", b"{b c}", b"d", b"a=b"}
    keys = [b"key%d" % i for i in range(200)]
    for options in ((), ("-f",), ("-u",)):
        for origin in ("ours", "stock"):
            outcome = desk.run(origin, ask_all(*options, table, keys=keys))
            answers = [line.partition(b"\t") for line in outcome.output.splitlines()]
            assert (outcome.status, outcome.complaints) == (0, [])
            assert [key for key, _, _ in answers] == keys
            assert {value for _, _, value in answers} == elements


MISTAKES = [
    "static", "static:", ":x", ":", "static:{a", "static:{a}b", "static:{ a } ", "nosuch:x",
    "NOSUCH:x", "Static:x", "inline:{a=1", "inline:x", "inline:{}", "inline:{ }", "inline:{a}",
    "inline:{x = y}", "inline:{x= y}", "inline:{{a b = 3}}", "inline:{=y}", "inline:{{a=1}x}",
    'inline:{"x y"=z}', "inline:{ {x y} = z }", "fail:x", "unix:foo", "unionmap:foo", "unionmap:{}",
    "unionmap:{foo}", "unionmap:{static:a", "unionmap:{static:a}b", "unionmap:{{static:a b}}",
    "unionmap:{nosuch:a}", "unionmap:{static:a,fail:x}", "unionmap:{static:a, static}",
    "pipemap:{", "pipemap:{,}", "pipemap:{static:a,fail:x}", "pipemap:{static:a,inline:{a=}}",
    "pipemap:{static:a,nosuch:x}", "pipemap:{static:a,}", "randmap:x", "randmap:{}", "randmap:{ }",
    "randmap:a b", "texthash:nosuch", "texthash:.", "regexp:nosuch", "cidr:nosuch", "regexp:{/a/ b}",
    "regexp:{}", "regexp:{{/a/ b}", "regexp:{{/a/ b}}x", "regexp:{{/a b}}", "regexp:{{}}",
    "regexp:{{/c/ x} {/d/ y}z}", "regexp: {{/a/ b}}", "regexp:{{#/c/ x},{/k/ y}}",
    "cidr:{1.1.1.1 x}", "cidr:{{1.1.1.1}}", "cidr:{{foo bar}}", "regexp:empty", "cidr:empty"]


def test_mistakes_in_names(desk: Desk) -> None:
    # Of default_database_type: hash, a plug-in that this directory does not have.
    bare = {"static"}
    desk.compare([case("-q", "k", table) for table in MISTAKES if table not in bare])


WRITE_PROTECTED = ["inline:{a=1}", "unix:passwd.byname", "pipemap:{static:a}", "unionmap:{static:a}",
                   "randmap:{a}", "cidr:ci", "regexp:re", "texthash:small",
                   "socketmap:inet:127.0.0.1:1:x", "tcp:127.0.0.1:1"]


def test_what_a_type_cannot_do(desk: Desk) -> None:
    others = ["static:a", "environ:x", "internal:x", "fail:x"]
    desk.compare([*(case("-d", "x", table) for table in WRITE_PROTECTED + others),
                  *(case("-s", table) for table in WRITE_PROTECTED + others
                    if table not in ("inline:{a=1}", "texthash:small")),
                  *(case(table) for table in ["texthash:small", "static:small", "regexp:re",
                                              "cidr:ci", "fail:small", "nosuch:small", "static:x",
                                              "proxy:hash:small", "inline:{a=1}", "regexp:nosuch"]),
                  *(case("-i", table, data=b"a b\nfoo\n")
                    for table in ["static:x", "fail:x", "inline:{a=1}", "texthash:small"]),
                  case("-i", "fail:x", data=b"foo\n \"x\n"), case("-i", "fail:x"),
                  case("-d", "-", "fail:x"), case("-d", "-", "fail:x", data=b"a\n"),
                  case("-s", "proxy:texthash:small")])


def test_mistakes_in_options(desk: Desk) -> None:
    table = "texthash:small"
    desk.compare([case(*words) for words in [
        (), ("-x",), ("-q",), ("-c",), ("-q", "a"), ("-d", "a"), ("-q", "a", "-s", table),
        ("-q", "a", "-d", "a", table), ("-s", "-d", "a", table), ("-s", "-q", "a", table),
        ("-q", "a", "-q", "b", table), ("-d", "a", "-d", "b", table), ("-d", "a", "-s", table),
        ("-h", table), ("-h", "-q", "a", table), ("-b", "-q", "a", table), ("-m", "-q", "a", table),
        ("-m", "-q", "-", table), ("-c", "/nonexistent", "-q", "a", table), (table, "-q", "k1"),
        ("-o", "-p", "-N", "-n", "-w", "-r", "-i", "-q", "k1", table), ("-i", "-s", "texthash:empty"),
        ("-Uq", "k1", table), ("-uUq", "k1", table)]])


def sorted_lines(outcome: Outcome) -> Outcome:
    return outcome._replace(output=b"\n".join(sorted(outcome.output.split(b"\n"))))


@pytest.mark.parametrize("options", [("-s",), ("-fs",), ("-us",), ("-ws",), ("-rs",), ("-Fs",)])
def test_lists_all_entries(desk: Desk, options: Tuple[str, ...]) -> None:
    source = "texthash:files" if "-Fs" in options else "texthash:source"
    for table in (source, "inline:{b=one,A=two,c=one}"):
        ours, stock = (sorted_lines(desk.run(origin, case(*options, table)))
                       for origin in ("ours", "stock"))
        assert ours == stock


def test_values_that_are_files(desk: Desk) -> None:
    tables = ["static:one", "static:one two", "static:{one two}", "static:nosuch", "static:,",
              "inline:{a=one}", "inline:{{a=one, two}}", "inline:{a=nosuch}", "randmap:{one}",
              "randmap:{one,nosuch}", "regexp:{{/a/ one}}", "regexp:{{/(a)/ $1}}",
              "unionmap:{static:one,static:one}", "pipemap:{static:one,inline:{a=one}}",
              "texthash:files"]
    desk.compare([*(case("-Fq", "a", table) for table in tables),
                  case("-Fq", "1.1.1.1", "cidr:{{1.1.1.1 one}}"),
                  case("-Fq", "1.1.1.1", "cidr:{{1.1.1.1 nosuch}}"),
                  ask_all("-F", "texthash:files"), ask_all("-F", "texthash:source")])


def test_empty_keys_and_values_are_listed(desk: Desk) -> None:
    desk.compare([case("-s", table) for table in
                  ("inline:{=v}", "inline:{=}", "inline:{k=}")])


def test_messages_as_keys(desk: Desk) -> None:
    messages = [MESSAGE, b"", b"\n", b"not a header\nbody\n", b"From me\nA: b\n\nbody\n",
                b"From: me\nA: b", b">From me\nA: b\n c\n\tD\n\nb\n", b" blank\nA: b\n\nx\n",
                b"A: b\n\n", b"A : b\n c\nD\n\nx\n"]
    desk.compare([Case((options, "-", table), message) for message in messages
                  for options in ("-hq", "-bq", "-hbq", "-hmq", "-bmq", "-hbmq")
                  for table in ("static:x", )]
                 + [Case(("-hbUq", "-", "regexp:{{/./ x}}"), MESSAGE)])


def test_socketmap_servers(desk: Desk) -> None:
    with table_server.socketmap_server() as server:
        table = f"socketmap:inet:127.0.0.1:{server.port}"
        desk.compare([
            *(case("-q", f"reply{i}", f"{table}:map")
              for i in range(len(table_server.SOCKETMAP_REPLIES))),
            *(case("-q", f"bytes{i}", f"{table}:map")
              for i in range(1, len(table_server.SOCKETMAP_BYTES))),
            *in_all_ways(f"{table}:map", keys=[key for key in KEYS if b"\0" not in key]),
            ask_all(f"{table}:map", keys=[b"reply0", b"reply4", b"reply1", b"bytes6", b"reply0"]),
            *(case("-q", "x", f"socketmap:{name}") for name in (
                "foo", "inet:foo", "foo:bar:baz", "inet::x", ":x", "unix:/nonexistent:x",
                "inet:127.0.0.1:1:x", "inet:127.0.0.1:nosuchport:x", f"inet:{server.port}:x",
                f"inet:127.0.0.1:{server.port}:", f"inet:localhost:{server.port}:y"))])


def test_tcp_servers(desk: Desk) -> None:
    with table_server.tcp_server() as server:
        table = f"tcp:127.0.0.1:{server.port}"
        desk.compare([
            *(case("-q", f"reply{i}", table) for i in range(len(table_server.TCP_REPLIES))),
            *in_all_ways(table, keys=[key for key in KEYS if key and b"\0" not in key]),
            ask_all(table, keys=[b"a", b"reply2", b"reply0"]),
            case("-q", "a", f"tcp:{server.port}"), case("-q", "a", f"tcp:localhost:{server.port}")])


REPLIES = {"tcp:127.0.0.1:PORT": b"200 smtp:[one.test]\n",
           "socketmap:inet:127.0.0.1:PORT:map": b"18:OK smtp:[one.test],"}


@pytest.mark.parametrize("table", REPLIES)
@pytest.mark.parametrize("failures", [1, 2, 50])
def test_servers_that_hang_up_within_a_reply(desk: Desk, table: str, failures: int) -> None:
    """A tcp server is asked ten times, with pauses of a second; a socketmap server twice."""
    def ask(origin: str) -> Tuple[int, bytes, List[bytes], int]:
        reply = table_server.Whole(REPLIES[table], failures)
        with table_server.TableServer(reply.converse) as server:
            outcome = desk.run(origin, case("-q", "a", table.replace("PORT", str(server.port))))
            told = [line.replace(str(server.port).encode(), b"PORT")
                    .replace(b"text longer than 4096", b"unexpected EOF").partition(b" error: ")[0]
                    for line in outcome.complaints]
            return outcome.status, outcome.output, told, failures - reply.failures

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ours, stock = pool.map(ask, ("ours", "stock"))
    assert ours == stock
    assert ours[0] == (0 if failures == 1 or failures == 2 and "tcp" in table else 1)


@needs_root("stock Postfix's master serves root only")
@pytest.mark.parametrize("table", REPLIES)
def test_when_a_server_is_well_again(stock_suite: Callable[..., Instance], table: str) -> None:
    """Mail waits meanwhile, and the same process goes on."""
    reply = table_server.Whole(REPLIES[table], 0)
    with table_server.TableServer(reply.converse) as server, stock_suite(
            trivial_rewrite="ours",
            transport_maps=table.replace("PORT", str(server.port))) as mail:
        mail.log.allow(r"trivial-rewrite\[")
        processes = []
        for failures in (0, 1000, 0):
            reply.failures = failures
            with RewriteClient(mail, patience=30) as client:
                answer = dict(client.resolve(b"", b"u@a.test"))
            processes.append({process.pid for process in mail.processes("trivial-rewrite")})
            assert bool(int(answer["flags"]) & 8) == bool(failures)
            assert (answer["nexthop"] == "[one.test]") == (not failures)
        assert set.intersection(*processes)


@pytest.mark.parametrize("kind", ["tcp:{}", "socketmap:inet:{}:map"])
def test_servers_that_cannot_be_meant(desk: Desk, kind: str) -> None:
    desk.compare([case("-q", "a", kind.format(server)) for server in (
        "[::1]:25x", "127.0.0.1:25x", "25x", "127.0.0.1:1x", "127.0.0.1:", "[127.0.0.1]",
        "[::1:1", "[]:1", "a:b:c", "a b:1", "-a:1")])


@needs_root("stock Postfix's master serves root only")
def test_tables_of_stock_proxymap(stock_suite: Callable[..., Instance]) -> None:
    tables = ["texthash:/tmp/handoff-nosuch", "static:all", "inline:{k1=v1,Key1=1,utf8é=2}",
              "regexp:{{/^(k)/ x}}", "fail:x", "unionmap:{static:a,inline:{k1=b}}"]
    proxied = [f"proxy:{table}" for table in tables]
    with stock_suite(proxy_read_maps=" ".join(f"{{{table}}}" if " " in table else table
                                              for table in proxied)) as mail:
        mail.log.allow(r"postfix/(proxymap|postmap)\[")
        directory = pathlib.Path(mail.config_directory)
        desk = Desk(directory, directory)
        desk.compare([*(one for table in proxied if "nosuch" not in table and "fail" not in table
                        for one in in_all_ways(table)),
                      *(case("-q", "k1", table) for table in proxied),
                      case("-q", "k1", "proxy:static:unlisted"), case("-s", proxied[2]),
                      case("-d", "k1", proxied[2])])


def test_output_that_nobody_takes_is_an_error(desk: Desk) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run([programs.ours("postmap"), "-q", "k", "static:x"], stdout=full,
                              stderr=subprocess.PIPE, env={"MAIL_CONFIG": str(desk.config)},
                              check=False)
    assert done.returncode == 1
    assert b"postmap: fatal: write error: No space left on device" in done.stderr


def test_what_differs_on_purpose(desk: Desk) -> None:
    listed = desk.run("ours", case("-s", "inline:{b=2,a=1}"))
    assert listed.output == b"a\t1\nb\t2\n"
    found = desk.run("ours", ask_all("texthash:small", "fail:x", keys=[b"k1", b"nosuch"]))
    assert (found.status, found.output) == (1, b"k1\tv1\n")
    directory = desk.run("ours", case("-q", "k", "regexp:."))
    assert directory.complaints == [b"postmap: fatal: read .: Is a directory"]
