"""Our reading of main.cf, held against stock's: defaults, expansion, conversion.

Both programs are made to complain about a value, because a complaint quotes what became of it.
"""

import concurrent.futures
import contextlib
import functools
import pathlib
import re
import subprocess
import tempfile
from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

import pytest

from support import debian, programs
from support.layout import MAIL_OWNER, SETGID_GROUP
from support.mistakes import back_date
from support.root import needs_root

TABLE = debian.REPOSITORY / "src/global/params.def"
REST = debian.REPOSITORY / "src/global/known_params.def"
PROSE = debian.REPOSITORY / "proto/postconf.proto"
# Where an installation's own directories show.
BUILD_DEPENDENT = {"config_directory"}
# Ours alone.
EXTENSIONS = {"connection_cache_endpoint_size_limit", "connection_cache_service_size_limit",
              "connection_cache_size_limit", "dns_resolver_addresses", "maillog_json_file"}

NEEDS_ACCOUNTS = needs_root("stock's programs look for accounts")
MACROS = "one = 1\nempty =\nsp = a b\nrec = $rec\nind = $empty\n"

# Everything in one value: complaints cost a second each.
EXPANSIONS = r"""
$one-two ${one}x $(one) $$one $$$one \$one ${ one } $one_two $none a$$ $one} ${ } $one$one
${one?yes:no} ${one?{yes}:{no}} ${none?{yes}:{no}} ${one ? {yes} : {no}} ${ one ? yes : no }
${one:no} ${none:no} ${empty:no} ${empty?yes} ${none:{a} } ${one?{a} :b z} ${none?{a} :b z}
${none?{a} : b } ${y?a{b}:c} ${one?a{b}:c} ${one?$sp} ${one?$$sp} ${one?} ${one?{}} $(one?a(b)c)
$(one?a{b)c}) $(one?{x}:{y}) ${one?(x} ${one?{ yes }:{ no }} ${one?a}b} ${?x} ${:x}
${one?{$one}:{$rec}} ${rec?x} ${ind?x} ${ind:x} ${one?${one?${one?deep}}}
${{1} == {1}} ${{1}=={01}} ${{a}=={b}} ${{a}!={b}} ${{10}<{9}?{lt}:{ge}} ${{a10}<{a9}?{lt}:{ge}}
${{10}>{9}?lt:ge} ${{10}<{9}:ge} ${{$one} == {1}} ${{${one}} == {1}} $({1}=={1}?x) ${{}=={}}
${ {1} == {1} ? {y} : {n} } ${{ 1 }=={1}?a:b} ${{-1}<{3}?y:n} ${{abc} == {ABC}?y:n}
${{3.10} >=level {3.6} ? {t} : {f}} ${{3.10}<{3.9}?{lt}:{ge}} ${{1}==level{1.0}}
${{ 1} ==level {1}?y} ${{1.1023.1023} >level {1.1023.1022}?y} ${{01} ==level {1}?y}
""".split("\n")

BAD_EXPANSIONS = [
    "a$", "$ one", "${}", "${one", "${one}${", "$(one}", "${one!x}", "${ one ! x}", "${=}",
    "${one x}", "${(a)}", "$((one))", "${one?{a} z}", "${none?{a} : {b} z}", "${none:{a}b}",
    "${one?{a}{b}}", "${{10}<{9} x}", "${{a}==b {c}}", "${{a}>=foo{b}}", "${{a}== }",
    "${{1} >= level {1}}", "$(one?{a)", "$({a} == {b) x}", "${{1.1024} >level {1}?y}",
    "${{3.10.x} >=level {3.6}}", "${{1}>=level{}}", "${{a}={a}?x:y}", "${{a}}", "${{a} foo {b}}",
    "${{1}<>{1}}", "${{a}==!{b}}", "$rec", "${rec}", "$chain0",
]

# What a time of 10 s at most, and a number of at least 1, makes of these.
TIMES = ["11", "5s", "s", " s", "+5s", "-5s", "5 s", "5S", "11seconds", "1h30", "1d", "2w", "3549w",
         "3550w", "2147483647", "2147483648", "2147483647s", "-0s", "--5s", "35791393m", "35791394m", "00011m",
         "+s", "99999999999999999999s", "11s ", "1.5s", "", " "]
NUMBERS = ["0", "+0", "-5", "5 ", "0x10", "0010x", "", "+", "5 6", "99999999999", "-99999999999", "1k"]
BOOLEANS = ["true", "1", "", "yes ", " yes", "on", "YESS"]

# What a value means is wrong, not how it is written.
MISTAKES = [
    "compatibility_level = 3.x", "compatibility_level =", "compatibility_level = 3.6.1.1",
    "compatibility_level = -1", "compatibility_level = 3.1024", "compatibility_level = 3.",
    "syslog_facility = odd", "syslog_facility = MAIL", "syslog_facility = none", "syslog_name =",
    "inet_protocols = ipv5", "inet_protocols = IPv4", "inet_protocols =", "inet_protocols = ,",
    "inet_protocols = {ipv4}", "myhostname =", "myhostname = -odd", "myhostname = a..b",
    "myhostname = .a.b", "myhostname = a.b.", "myhostname = 10.0.0.1", "myhostname = [10.0.0.1]",
    "myhostname = a b", "myhostname = a,b", "myhostname = host:25", "mydomain =", "mydomain = -x",
    "mydomain = a.b.c-", "myorigin = a.example, b.example", "myorigin = a b", "myorigin = a,",
    "myorigin =", "myorigin = /nonexistent/origin", "myorigin = /dev/null", "myorigin = {a b}",
    "relayhost = mail.handoff.test", "relayhost = MAIL.handoff.test", "relayhost = $myhostname",
    "mynetworks_style = odd", "mynetworks_style = Host", "mynetworks_style = odd\nmynetworks = ::1",
    "mail_owner = nosuch", "mail_owner = root", "mail_owner = daemon", "default_privs = nosuch",
    "default_privs = root", "default_privs = uucp", "default_privs = news", "setgid_group = nosuch",
    "setgid_group = root", "setgid_group = uucp", "setgid_group = nogroup", "maillog_file = /etc/odd",
    "maillog_file = odd", "maillog_file_prefixes =", "queue_directory =", "queue_directory = relative",
    "default_verp_delimiters = aa", "default_verp_delimiters = +a", "verp_delimiter_filter = +x",
    "queue_directory = /nonexistent", "hash_queue_names =", "message_size_limit = 9223372036854775808",
]
# Which of two mistakes is reported?
PAIRS = ["max_idle = 5x\nmax_use = abc", "soft_bounce = x\nmax_use = x", "soft_bounce = x\nmax_idle = x",
         "max_use = abc\nmail_owner = nosuch", "mail_name =\nmax_use = x",
         "inet_protocols = x\nmyhostname = -x", "myhostname = -x\nmail_owner = nosuch",
         "mydomain = -x\nmyhostname = -x", "myorigin = a, b\nrelayhost = mail.handoff.test",
         "message_size_limit = x\nmax_use = x", "message_size_limit = x\nsoft_bounce = x",
         "compatibility_level = x\nsyslog_facility = x", "connection_cache_ttl_limit = x\nmax_use = x",
         "connection_cache_ttl_limit = x\nsoft_bounce = x", "mynetworks_style = odd\nmail_owner = nosuch",
         "mynetworks_style = odd\nrelayhost = mail.handoff.test",
         "setgid_group = root\ndefault_privs = root", "default_verp_delimiters = aa\nmail_owner = nosuch",
         "default_verp_delimiters = aa\nmyorigin = a, b", "default_verp_delimiters = aa\nmaillog_file = /etc/odd", "queue_directory = /nonexistent\nmax_use = x"]


@functools.lru_cache(maxsize=None)
def environment(origin: str) -> Dict[str, str]:
    return programs.stock().environment() if origin == "stock" else {}


@contextlib.contextmanager
def directory_with(settings: str) -> Iterator[str]:
    """A configuration directory; its main.cf has these settings on top of the least there must be."""
    chain = "".join(f"chain{i} = $chain{i + 1}\n" for i in range(150))
    with tempfile.TemporaryDirectory(prefix="handoff-", dir="/tmp") as directory:
        main_cf = pathlib.Path(directory) / "main.cf"
        main_cf.write_text(f"myhostname = mail.handoff.test\nmail_owner = {MAIL_OWNER}\n"
                           f"setgid_group = {SETGID_GROUP}\nqueue_directory = /\n"
                           f"{chain}{MACROS}{settings}\n")
        back_date(main_cf)
        yield directory


def complaints(origin: str, settings: str, program: str = "scache") -> List[str]:
    """What a daemon says on standard error when it starts by hand, without our explanations, which
    there may be when something is fatal.

    Stock reads the file before it knows that it should speak there, and we after that.
    """
    with directory_with(settings) as directory:
        done = subprocess.run([programs.locate(origin, program), "-V", "-S"], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                              env={**environment(origin), "MAIL_CONFIG": directory}, check=False)
        lines = done.stderr.replace(directory, "DIR").splitlines()
    place = r"warning: (DIR/main.cf, line \d+|built-in default): "
    lines = [line for line in lines if not re.search(place + "overriding earlier", line)]
    if not any(": fatal: " in line for line in lines):
        return lines
    return [line for line in lines if not re.search(place + r"\w+ = ", line)]


def stock_expansion(settings: str) -> str:
    """What stock's postconf takes the value of soft_bounce for."""
    with directory_with(settings) as directory:
        return subprocess.run(
            [programs.stock().program("postconf"), "-c", directory, "-xh", "soft_bounce"],
            env=environment("stock"), check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


def compare(settings: Sequence[str], reader: str = "scache", stock_reader: str = "") -> None:
    """Ours and stock's complaints about each of these settings, side by side.

    `reader` is the program that reads them; with stock it may be another one.
    """
    stock_reader = stock_reader or reader
    with concurrent.futures.ThreadPoolExecutor(24) as pool:  # each of which sleeps for a second
        ours = list(pool.map(lambda text: complaints("ours", text, reader), settings))
        stock = list(pool.map(lambda text: complaints("stock", text, stock_reader), settings))
    ours = [[line.replace(f"postfix/{reader}: ", f"postfix/{stock_reader}: ") for line in lines]
            for lines in ours]
    assert dict(zip(settings, ours)) == dict(zip(settings, stock))


class Row(NamedTuple):
    kind: str
    name: str
    default: str
    least: str
    most: str
    readers: str


@functools.lru_cache(maxsize=None)
def rows() -> Dict[str, Row]:
    """The table, by name."""
    text = r'"(?:[^"\\]|\\.)*"'
    pattern = rf'^PARAM\((\w+),\s*(\w+),\s*(kComputed|(?:{text}\s*)+),\s*(\w+), (\w+), "[^"]*", "([^"]*)"\)'
    found = re.findall(pattern, TABLE.read_text(), re.MULTILINE)
    assert len(found) == len(re.findall(r"^PARAM\(", TABLE.read_text(), re.MULTILINE))
    return {row[1]: Row(*row) for row in found}


@functools.lru_cache(maxsize=None)
def unread() -> Dict[str, Row]:
    """What only stock's programs read, by name."""
    text = r'"(?:[^"\\]|\\.)*"'
    found = re.findall(rf"^KNOWN\((\w+),\s*(\w+),\s*((?:{text}\s*)+)\)", REST.read_text(), re.MULTILINE)
    assert len(found) == len(re.findall(r"^KNOWN\(", REST.read_text(), re.MULTILINE))
    return {name: Row(kind, name, default, "kAny", "kAny", "") for kind, name, default in found}


def literal(text: str) -> str:
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', text)).replace('\\"', '"').replace("\\\\", "\\")


@functools.lru_cache(maxsize=None)
def stock_defaults() -> Dict[str, str]:
    """As stock postconf has them, in a directory without files."""
    with tempfile.TemporaryDirectory(prefix="handoff-", dir="/tmp") as directory:
        (pathlib.Path(directory) / "master.cf").touch()
        output = subprocess.run(
            [programs.stock().program("postconf"), "-d", "-c", directory], check=True, text=True,
            stdout=subprocess.PIPE, env={**environment("stock")}).stdout
    return {name: value for line in output.splitlines() for name, _, value in
            [line.partition(" =")]}


def test_defaults_are_stock_s():
    stock = {name: value.strip() for name, value in stock_defaults().items()}
    different = {}
    for name, row in {**rows(), **unread()}.items():
        text = row.default
        if text.startswith("kComputed") or name in BUILD_DEPENDENT | EXTENSIONS:
            continue
        if stock.get(name, "") != " ".join(literal(text).split()):
            different[name] = (literal(text), stock.get(name))
    assert not different


def test_names_are_stock_s_or_said_to_be_ours():
    assert not set(rows()) & set(unread())
    every = set(rows()) | set(unread())
    assert every - set(stock_defaults()) == EXTENSIONS
    assert set(stock_defaults()) <= every


def test_each_parameter_has_its_text():
    assert re.findall(r"^%PARAM (.*)", PROSE.read_text(), re.MULTILINE) == sorted(rows())


def test_names_mean_the_same_in_our_programs():
    """Whoever reads it: what $name expands to in our scache, and in stock's postconf."""
    left_out = {"soft_bounce", "proxy_read_maps"}  # the one that asks; longer than a line in the log
    left_out |= {"process_id", "process_name", "service_name"}
    left_out |= {name for name, row in unread().items() if row.kind == "Raw"}  # never expanded
    names = sorted((set(rows()) | set(unread())) - EXTENSIONS - BUILD_DEPENDENT - left_out)
    texts = ["soft_bounce = " + "".join(f"[{name}: ${name}]" for name in names[i:i + 20])
             for i in range(0, len(names), 20)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        ours = list(pool.map(functools.partial(complaints, "ours"), texts))
        stock = list(pool.map(stock_expansion, texts))
    quoted = [" ".join(lines[-1].split("soft_bounce = ")[1].split()) for lines in ours]
    assert quoted == [re.sub(r"(?<!:) ]", "]", text) for text in stock]  # mynetworks ends in a blank


def test_programs_check_what_they_read():
    """A program that reads a parameter without being named in its row would take the default for a
    bad value, and not say so."""
    missing = []
    for path in (debian.REPOSITORY / "src").glob("*/*.*"):
        room = path.parent.name
        if not list(path.parent.glob(f"{room}.cc")):  # a room below the programs
            continue
        for name in re.findall(r"[pP]arams(?:_|\(\))?(?:\.|->|::)(\w+)", path.read_text()):
            if name in rows() and not {"all", room} & set(rows()[name].readers.split(",")):
                missing.append(f"{path.relative_to(debian.REPOSITORY)}: {name}")
    assert not missing


def test_expansion_is_stock_s():
    values = [word for line in EXPANSIONS for word in re.split(r" (?=[\\a-z]?\$[^\$]|\$\$)", line)]
    compare(["soft_bounce = " + "".join(f"[{value}]" for value in values[i:i + 25])
             for i in range(0, len(values), 25)])


def test_mistakes_of_expansion_are_stock_s():
    compare([f"soft_bounce = {text}" for text in BAD_EXPANSIONS])


@pytest.mark.parametrize("name, texts", [("in_flow_delay", TIMES), ("max_use", NUMBERS),
                                         ("soft_bounce", BOOLEANS)])
def test_values_are_taken_as_by_stock(name, texts):
    compare([f"{name} = ${{empty}}{text}${{empty}}" for text in texts])


def doubtful_values(row: Row) -> Iterator[str]:
    """Values that a parameter of this kind, and with these bounds, must not have; and the extremes
    where there are no bounds."""
    unit = "s" if row.kind == "Time" else ""
    if row.kind in {"Str", "Raw"}:
        yield ""
    elif row.kind == "Bool":
        yield "maybe"
    else:
        yield "1x"
        yield f"-1{unit}" if row.least == "kAny" else f"{int(row.least) - 1}{unit}"
        yield f"{2**31 - 1}{unit}" if row.most == "kAny" else f"{int(row.most) + 1}{unit}"


# Those that stop after they have read their parameters if there is no queue directory.
@NEEDS_ACCOUNTS
@pytest.mark.parametrize("reader", ["scache", "smtp", "qmgr", "pickup", "cleanup", "trivial-rewrite", "bounce"])
def test_each_parameter_is_checked_as_by_stock(reader: str):
    """Those that all programs read in scache, which has few of its own, and the others in theirs."""
    read = {"all", reader} if reader == "scache" else {reader}
    compare([f"{name} = {value}\nqueue_directory = /nonexistent" for name, row in sorted(rows().items())
             if name not in EXTENSIONS and read & set(row.readers.split(","))
             for value in doubtful_values(row)], reader)


def test_a_mistake_is_reported_where_it_was_made():
    compare([f"{name} = {value}" for name in ("default_transport", "local_transport", "relay_transport",
                                              "virtual_transport") for value in ("", "$undefined")],
            "trivial-rewrite")


@NEEDS_ACCOUNTS
def test_mistakes_that_only_the_smtp_client_makes_out():
    """Of two, the second stops stock where it has nothing against the first."""
    last = "smtp_dns_resolver_options = odd"
    compare(["smtp_address_preference = ipv9", f"smtp_address_preference = IPv4\n{last}",
             "smtp_address_preference = ipv4 ipv6", "smtp_dns_support_level = maybe",
             f"smtp_dns_support_level = Enabled\n{last}", "smtp_host_lookup = odd", "smtp_host_lookup = DNS",
             "smtp_host_lookup = dns, odd", f"smtp_host_lookup = ,\n{last}",
             f"disable_dns_lookups = yes\nsmtp_host_lookup = odd\n{last}",
             f"smtp_dns_support_level = disabled\nsmtp_host_lookup = odd\n{last}",
             last, "smtp_dns_resolver_options = res_defnames, odd", "smtp_dns_resolver_options = RES_DNSRCH",
             "smtp_address_preference = ipv9\nsmtp_dns_support_level = maybe",
             "smtp_dns_support_level = maybe\nsmtp_host_lookup = odd", f"smtp_host_lookup = odd\n{last}",
             f"smtp_address_verify_target = odd\n{last}", "smtp_address_verify_target = "], "smtp")


@NEEDS_ACCOUNTS
def test_mistakes_at_start_are_stock_s():
    compare(MISTAKES)


@NEEDS_ACCOUNTS
def test_the_first_mistake_is_stock_s():
    compare(PAIRS)


@NEEDS_ACCOUNTS
def test_names_of_ports_are_read_as_by_stock():
    entries = ["a", "a=", "a==25", "a = 25", "a=25b", "24=25", "=", "==", "{a=25}", "a=-5", "a=0",
               "a=25\tb=x", "a-b=25", "a=b==25", "=a=25", "a=25=", "2a=25", "a=70000", "a=25, a=26",
               "a=smtp", "a=25,,b=26", "a=25, b"]
    compare([f"known_tcp_ports = smtp=25, {entry}" for entry in entries], "smtp", "scache")


@NEEDS_ACCOUNTS
def test_files_are_read_as_by_stock():
    compare(["soft_bounce = x\n  y\n# c\n\n  z", "soft_bounce=\tx\r",
             "soft_bounce = 1\nsoft_bounce = 2", "soft_bounce = 2\nsoft_bounce = 2",
             "soft_bounce =\n    x", "soft_bounce=x # y", "soft_bounce = x\0y", "soft_bounce = x\0y\n  z",
             "# x\0\nsoft_bounce = \0 y", "  \0\nsoft_bounce = x\0"])


def test_bad_options_are_told_as_by_stock():
    """To whoever has said -V before."""
    def told(origin: str) -> List[Tuple[int, str]]:
        with directory_with("") as directory:
            done = [subprocess.run([programs.locate(origin, "scache"), "-V", "-S", *words], text=True,
                                   stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                                   env={**environment(origin), "MAIL_CONFIG": directory}, check=False)
                    for words in (["-o", "bad"], ["-o", "=x"], ["-o", ""], ["-Z"], ["-s", "x"])]
        return [(each.returncode, each.stderr) for each in done]

    assert told("ours") == told("stock")
