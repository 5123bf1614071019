"""ldap: tables with a real slapd, and stock's ldap plug-in beside ours.

What differs on purpose: a key that lacks what the query needs is just not there, also when the
server cannot be reached; the text of limits that were exceeded; `sasl_minssf` is required (stock
takes a weaker connection as well).
"""

import concurrent.futures
import contextlib
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import pytest

from support.ldap_server import ADMIN, PASSWORD, PEOPLE, LdapServer, account, entry
from support.postmaps import Postmaps
from support.rewrite_client import RewriteClient
from support.root import needs_root
from support.table_server import TableServer

pytestmark = needs_root("stock wants its plug-ins to belong to root")

BOTH = ("ours", "stock")


def member(*names):
    return [f"cn={name},{PEOPLE}" for name in names]


ENTRIES = "".join(
    [entry(f"user{i}", mailacceptinggeneralid=f"user{i}@a.b", maildrop=f"box{i}@store.a.b",
           mail=f"u{i}@mail.b") for i in range(1000)] +
    [entry("special", mailacceptinggeneralid=r"a*b(c)\d@a.b", maildrop="star"),
     entry("paren", mailacceptinggeneralid="(x)@a.b", maildrop="paren"),
     entry("multi", mailacceptinggeneralid="multi@a.b", maildrop=["one@x.y", "two"]),
     entry("group1", mailacceptinggeneralid="group1@a.b", maildrop="g1@a.b",
           member=member(*(f"user{i}" for i in range(5)))),
     entry("group2", mailacceptinggeneralid="group2@a.b", mail="t@a.b",
           member=member("group1", "user7")),
     entry("group3", mailacceptinggeneralid="group3@a.b", member=member("group2")),
     entry("loop", mailacceptinggeneralid="loop@a.b", member=member("loop")),
     entry("missing", mailacceptinggeneralid="missing@a.b", member=member("nosuch", "user9")),
     entry("url", mailacceptinggeneralid="url@a.b",
           memberURL=f"ldap:///{PEOPLE}??one?(mailacceptinggeneralid=user12*@a.b)"),
     entry("urls", mailacceptinggeneralid="urls@a.b",
           memberURL=[f"ldap:///cn=user5,{PEOPLE}?mail?base",
                      f"ldap:///cn=user6,{PEOPLE}?maildrop,mail?base",
                      f"ldap:///cn=user8,{PEOPLE}?sn?base"])])

KEYS = ["user1@a.b", "USER2@A.B", "nope@a.b", r"a*b(c)\d@a.b", "*", "user1*@a.b", "(x)@a.b",
        "multi@a.b", "group1@a.b", "group2@a.b", "group3@a.b", "loop@a.b", "missing@a.b", "url@a.b",
        "urls@a.b", "@a.b", "user1@", "user1", "x@user3.b", "user1@p", "user@a.b", "a@b@user4.b",
        "x y@a.b", '"q"@a.b', "ü@a.b", "#", ",", "u@c.user5.b", "u@..", "u@.b"]

GROUPS = {"special_result_attribute": "member"}
TABLES = {
    "plain": {},
    "groups": GROUPS,
    "recursion-1": {**GROUPS, "recursion_limit": "1"},
    "recursion-2": {**GROUPS, "recursion_limit": "2"},
    "recursion-4": {**GROUPS, "recursion_limit": "4"},
    "expansion-5": {**GROUPS, "expansion_limit": "5"},
    "expansion-6": {**GROUPS, "expansion_limit": "6"},
    "size": {"query_filter": "(cn=%u*)", "size_limit": "10"},
    "size-of-expansion": {"query_filter": "(cn=%u*)", "expansion_limit": "10"},
    "urls": {"special_result_attribute": "memberURL"},
    "urls-two-attributes": {"special_result_attribute": "memberURL",
                            "result_attribute": "maildrop, mail"},
    "terminal": {**GROUPS, "terminal_result_attribute": "mail"},
    "leaf": {**GROUPS, "leaf_result_attribute": "mail", "result_attribute": "cn"},
    "format": {"result_format": "[%s|%u|%S|%U|%%]"},
    "format-domain": {"result_format": "%u at %d, %D"},
    "format-labels": {"result_format": "%1-%2-%s"},
    "filter-former-name": {"result_filter": "<%s>"},
    "filter-both-names": {"result_filter": "<%s>", "result_format": "[%s]"},
    "labels": {"query_filter": "(cn=%2)"},
    "label-4": {"query_filter": "(cn=%4)"},
    "domain-of-key": {"query_filter": "(&(cn=%u)(objectclass=*)(!(cn=%d)))"},
    "base-of-key": {"search_base": "ou=%d,dc=x", "query_filter": "(cn=%u)"},
    "base-quoted": {"search_base": "cn=%u,ou=p,dc=x", "scope": "base",
                    "query_filter": "(objectclass=*)"},
    "no-base": {"search_base": "dc=nosuch"},
    "one": {"scope": "one"},
    "one-people": {"scope": "one", "search_base": PEOPLE},
    "odd-scope": {"scope": "tree"},
    "domain": {"domain": "a.b, other"},
    "other-domain": {"domain": "!a.b, other"},
    "bind": {"bind_dn": ADMIN, "bind_pw": PASSWORD},
    "bind-wrong": {"bind_dn": ADMIN, "bind_pw": "wrong"},
    "bind-no": {"bind": "no"},
    "version-2": {"version": "2"},
    "version-4": {"version": "4"},
    "two-attributes": {"result_attribute": "mail maildrop"},
    "bad-filter": {"query_filter": "(cn=%s"},
    "fixed": {"query_filter": "(cn=user3)"},
    "dereference": {"dereference": "3", "chase_referrals": "yes", "timeout": "5"},
    "dereference-7": {"dereference": "7"},
    "cache": {"cache": "yes", "cache_expiry": "1", "cache_size": "2"},
    "bind-maybe": {"bind": "maybe"},
    "bad-query": {"query_filter": "(a=%z)"},
    "bad-result": {"result_format": "%z"},
    "bad-base": {"search_base": "dc=%z"},
    "percent": {"query_filter": "(a=%"},
    "bad-timeout": {"timeout": "abc"},
    "bad-boolean": {"start_tls": "maybe"},
    "bad-recursion": {"recursion_limit": "0"},
    "bad-debug": {"debuglevel": "x"},
    "bad-version": {"version": "1"},
    "bad-empty-host": {"server_host": ""},
    "bad-empty-bind": {"bind": ""},
    "bad-empty-scope": {"scope": ""},
    "no-limit": {"timeout": "-1"},
    "all-debugging": {"debuglevel": "-1"},
    "capitals": {"server_host": "{URL}"},
    "bad-host": {"server_host": "http://x"},
    "no-server": {"server_host": "ldap://127.0.0.1:1"},
    "second-server": {"server_host": "ldap://127.0.0.1:1 {url}"},
    "bare-host": {"server_host": "127.0.0.1", "server_port": "{port}"},
    "host-and-port": {"server_host": "127.0.0.1:{port}"},
    "local": {"server_host": "{local}"},
    "no-tls-here": {"start_tls": "yes"},
}


@pytest.fixture(scope="module")
def directory():
    path = pathlib.Path(tempfile.mkdtemp(prefix="handoff-", dir="/tmp")).resolve()
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def desk(directory):
    return Postmaps(directory / "desk")


@pytest.fixture(scope="module")
def server(directory):
    running = LdapServer(directory / "slapd", ENTRIES)
    running.start()
    yield running
    running.stop()


def write_table(desk, server, name, settings):
    chosen = {"server_host": "{url}", "search_base": "dc=x", **settings}
    path = desk.directory / f"{name}.cf"
    filled = {"{url}": server.url, "{URL}": server.url.upper(), "{port}": str(server.port),
              "{local}": server.local_url, "{tls}": server.tls_url, "{TLS}": server.tls_url.upper()}
    text = "".join(f"{key} = {value}\n" for key, value in chosen.items())
    for placeholder, value in filled.items():
        text = text.replace(placeholder, value)
    path.write_text(text)
    return f"ldap:{path}"


def answers(desk, whose, table, keys):
    """Who ends with an error, at which key, and what was found before; in one go as far as it goes."""
    found = {}
    rest = list(keys)
    said = desk.run(whose, "-q", "-", table, text="\n".join(rest) + "\n")
    if said.status == 0 or "fatal" not in "".join(said.err):
        for line in said.out.decode().splitlines():
            key, _, value = line.partition("\t")
            found[key] = value
        return {key: found.get(key) for key in keys}, said.err
    some = rest[:1] + rest[5:16:2]
    each = desk.run_all(whose, [("-q", key, table) for key in some])
    told = {key: ("error" if "fatal" in "".join(one.err) else one.out.decode() or None)
            for key, one in zip(some, each)}
    return {key: told.get(key) for key in keys}, each[0].err


def settled(warnings):
    """Warnings of which the text is stock's, and that come once for each table."""
    return [line for line in warnings if line.startswith("warning: dict_ldap_open")]


def test_every_parameter(desk, server):
    """All tables of the list, as ours and as stock's."""
    def compare(name):
        table = write_table(desk, server, name, TABLES[name])
        keys = KEYS[:1] if name.startswith("bad-") or "server" in name else KEYS
        (mine, my_warnings), (theirs, their_warnings) = (
            answers(desk, whose, table, keys) for whose in BOTH)
        problems = [f"{name}: {key}: {mine[key]!r}, stock {theirs[key]!r}" for key in keys
                    if mine[key] != theirs[key]]
        if settled(my_warnings) != settled(their_warnings):
            problems.append(f"{name}: {my_warnings}, stock {their_warnings}")
        return problems

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        problems = [problem for found in pool.map(compare, TABLES) for problem in found]
    assert problems == []


MISTAKES = ["bind-maybe", "bad-query", "bad-result", "bad-base", "percent", "bad-timeout",
            "bad-boolean", "bad-recursion", "bad-debug", "bad-version", "bad-empty-host",
            "bad-empty-bind", "bad-empty-scope"]


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_have_stocks_texts(desk, server, name):
    table = write_table(desk, server, name, TABLES[name])
    mine, theirs = (desk.run(whose, "-q", "x", table) for whose in BOTH)
    assert mine == theirs


def test_tables_in_main_cf(desk, server):
    desk.set(people_server_host=server.url, people_search_base="dc=x",
             people_query_filter="(cn=%s)")
    try:
        mine, theirs = (desk.run(whose, "-q", "user17", "ldap:people") for whose in BOTH)
        assert mine == theirs == (0, b"box17@store.a.b\n", [])
    finally:
        desk.set()


def test_mistakes_in_main_cf_have_stocks_texts(desk, server):
    desk.set(**{f"{name.replace('-', '_')}_{parameter}": value.replace("{url}", server.url)
                for name in MISTAKES for parameter, value in
                {"server_host": "{url}", "search_base": "dc=x", **TABLES[name]}.items()})
    try:
        commands = [("-q", "x", f"ldap:{name.replace('-', '_')}") for name in MISTAKES]
        mine, theirs = (desk.run_all(whose, commands) for whose in BOTH)
        assert mine == theirs
        assert all("fatal: " in said.err[-1] for said in mine)
    finally:
        desk.set()


def test_the_last_of_several_entries_counts(desk, server):
    """Each warning shows the value that is gone. (Stock reads the file again and again.)"""
    path = desk.directory / "twice.cf"
    path.write_text(f"server_host = {server.url}\nsearch_base = dc=a\nsearch_base = dc=b\n"
                    "search_base = dc=x\n")
    mine, theirs = (desk.run(whose, "-q", "user1@a.b", f"ldap:{path}") for whose in BOTH)
    assert mine[:2] == theirs[:2] == (0, b"box1@store.a.b\n")
    assert mine.err == theirs.err[:2]


class Asking:
    """Our postmap with `-q -`, asked key by key."""

    def __init__(self, desk, table):
        self._process = subprocess.Popen(
            ["stdbuf", "-oL", *desk.command("ours", "-q", "-", table)], cwd=desk.directory,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def __call__(self, key):
        self._process.stdin.write(key.encode() + b"\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().decode().rstrip("\n").partition("\t")[2]

    def close(self):
        self._process.stdin.close()
        self._process.wait(20)


def test_a_restart_of_the_server(desk, directory):
    server = LdapServer(directory / "restart", entry("one", mailacceptinggeneralid="one@a.b",
                                                     maildrop="box"))
    server.start()
    table = write_table(desk, server, "restart", {"timeout": "5"})
    assert desk.run("ours", "-q", "one@a.b", table) == (0, b"box\n", [])
    asking = Asking(desk, table)
    try:
        assert asking("one@a.b") == "box"
        server.stop()
        server.start()
        assert asking("one@a.b") == "box"  # over a new connection
    finally:
        asking.close()
        server.stop()
    down = desk.run("ours", "-q", "one@a.b", table)
    assert down.status == 1
    assert "query error" in down.err[-1]
    server.start()
    assert desk.run("ours", "-q", "one@a.b", table) == (0, b"box\n", [])
    server.stop()


def openssl(directory, *arguments):
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)


@pytest.fixture(scope="module")
def tls(directory):
    """A certificate authority, and a server with a certificate of it for 127.0.0.1."""
    keys = directory / "keys"
    keys.mkdir()
    for name in ("ca", "other"):
        openssl(keys, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key",
                "-out", f"{name}.pem", "-days", "2", "-subj", f"/CN={name}")
    openssl(keys, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out",
            "server.csr", "-subj", "/CN=127.0.0.1")
    (keys / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl(keys, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-out", "server.pem", "-days", "2", "-extfile", "names")
    server = LdapServer(directory / "tls", entry("one", mailacceptinggeneralid="one@a.b",
                                                 maildrop="box"),
                        f"TLSCertificateFile {keys}/server.pem\n"
                        f"TLSCertificateKeyFile {keys}/server.key\nsecurity tls=128")
    server.start()
    yield server, keys
    server.stop()


@pytest.mark.parametrize("scheme", ["{tls}", "{TLS}"])
def test_ldaps(desk, tls, scheme):
    server, keys = tls
    table = write_table(desk, server, "ldaps", {
        "server_host": scheme, "tls_require_cert": "yes", "tls_ca_cert_file": f"{keys}/ca.pem"})
    mine, theirs = (desk.run(whose, "-q", "one@a.b", table) for whose in BOTH)
    assert mine == theirs == (0, b"box\n", [])


@pytest.mark.parametrize("authority, verify, found", [
    ("ca", "yes", True), ("other", "yes", False), ("other", "no", True), (None, "no", True)])
def test_starttls(desk, tls, authority, verify, found):
    server, keys = tls
    settings = {"start_tls": "yes", "tls_require_cert": verify}
    if authority:
        settings["tls_ca_cert_file"] = f"{keys}/{authority}.pem"
    table = write_table(desk, server, f"tls-{authority}-{verify}", settings)
    mine, theirs = (desk.run(whose, "-q", "one@a.b", table) for whose in BOTH)
    assert (mine.status, mine.out) == (theirs.status, theirs.out)
    assert mine.out == (b"box\n" if found else b"")
    assert found or "Unable to set STARTTLS" in mine.err[0]


def test_without_starttls_such_a_server_refuses(desk, tls):
    table = write_table(desk, tls[0], "tls-missing", {})
    said = desk.run("ours", "-q", "one@a.b", table)
    assert said.status == 1
    assert "fatal" in said.err[-1]


# SASL names become entries; only `reader` may read, and nobody who is not authenticated.
SASL = r"""authz-regexp "uid=([^,]*),cn=.*,cn=auth" "cn=$1,ou=p,dc=x"
authz-regexp "gidNumber=.*,cn=peercred,cn=external,cn=auth" "cn=reader,ou=p,dc=x"
sasl-realm handoff.test
sasl-secprops none
authz-policy to
access to attrs=userPassword by anonymous auth by * none
access to dn.base="" by * read
access to * by dn.exact="cn=reader,ou=p,dc=x" read by anonymous auth"""
READER = {"bind": "sasl", "bind_dn": "reader", "bind_pw": "secret"}
DIGEST = {**READER, "sasl_mechs": "DIGEST-MD5"}
SASL_TABLES = {
    "digest": DIGEST,
    "scram": {**READER, "sasl_mechs": "SCRAM-SHA-256"},
    "any": READER,
    "capitals": {**DIGEST, "bind": "SASL"},
    "second-mechanism": {**READER, "sasl_mechs": "NOSUCH DIGEST-MD5"},
    "realm": {**DIGEST, "sasl_realm": "handoff.test"},
    "authorization-id": {**DIGEST, "sasl_authz_id": "u:reader"},
    "strength": {**DIGEST, "sasl_minssf": "56"},
    "negative-strength": {**DIGEST, "sasl_minssf": "-1"},
    "external": {"bind": "sasl", "sasl_mechs": "EXTERNAL", "server_host": "{local}"},
}
SASL_REFUSALS = {
    "wrong-password": {**DIGEST, "bind_pw": "wrong"},
    "no-name": {**DIGEST, "bind_dn": ""},
    "a-dn-is-no-name": {**DIGEST, "bind_dn": f"cn=reader,{PEOPLE}"},
    "somebody-else": {**DIGEST, "bind_dn": "other", "bind_pw": "word"},
    "not-his-authorization-id": {**DIGEST, "sasl_authz_id": "u:other"},
    "unknown-mechanism": {**READER, "sasl_mechs": "NOSUCH"},
    "plain": {**READER, "sasl_mechs": "PLAIN"},  # LDAP's own default
    "version-2": {**DIGEST, "version": "2"},
    "simple": {"bind_dn": f"cn=other,{PEOPLE}", "bind_pw": "word"},
    "bad-strength": {**DIGEST, "sasl_minssf": "x"},
}


@pytest.fixture(scope="module")
def sasl(directory):
    running = LdapServer(directory / "sasl", entry("one", mailacceptinggeneralid="one@a.b",
                                                   maildrop="box")
                         + account("reader", "secret") + account("other", "word"), SASL)
    running.start()
    yield running
    running.stop()


def without_errno(said):
    """Stock shows whichever errno was left from before."""
    return said._replace(err=[re.sub(r"(query error): .*", r"\1", line) for line in said.err])


@pytest.mark.parametrize("name", SASL_TABLES)
def test_sasl(desk, sasl, name):
    table = write_table(desk, sasl, f"sasl-{name}", SASL_TABLES[name])
    mine, theirs = (desk.run(whose, "-q", "one@a.b", table) for whose in BOTH)
    assert mine == theirs == (0, b"box\n", [])


@pytest.mark.parametrize("name", SASL_REFUSALS)
def test_sasl_refused(desk, sasl, name):
    table = write_table(desk, sasl, f"sasl-{name}", SASL_REFUSALS[name])
    mine, theirs = (without_errno(desk.run(whose, "-q", "one@a.b", table)) for whose in BOTH)
    assert mine == theirs
    assert (mine.status, mine.out) == (1, b"")


def test_the_strength_that_sasl_must_have(desk, sasl):
    table = write_table(desk, sasl, "sasl-strong", {**DIGEST, "sasl_minssf": "500"})
    said = desk.run("ours", "-q", "one@a.b", table)
    assert (said.status, said.out) == (1, b"")
    assert "Unable to bind to server" in said.err[0]


def test_sasl_when_the_server_was_restarted(desk, directory):
    server = LdapServer(directory / "sasl-again", entry("one", mailacceptinggeneralid="one@a.b",
                                                        maildrop="box")
                        + account("reader", "secret"), SASL)
    server.start()
    asking = Asking(desk, write_table(desk, server, "sasl-again", {**DIGEST, "timeout": "5"}))
    try:
        assert asking("one@a.b") == "box"
        server.stop()
        server.start()
        assert asking("one@a.b") == "box"
    finally:
        asking.close()
        server.stop()


# Servers that have stalled. (Stock waits for ever in a handshake of TLS, in SASL and for the rest
# of a message.)

BIND_DONE = bytes.fromhex("300c0201016107" "0a010004000400")
TLS_MAY_START = bytes.fromhex("300c0201017807" "0a010004000400")
LONG_MESSAGE = bytes.fromhex("3084000fffff")
TIME_LIMIT = 1


class Stalled:
    """Says `words`, one each time it hears something, and then nothing, or a byte now and then."""

    def __init__(self, *words: bytes, drips: bool = False) -> None:
        self._words = words
        self._drips = drips
        self._over = threading.Event()
        self._server = TableServer(self._converse)

    def __enter__(self) -> int:
        self._server.__enter__()
        return self._server.port

    def __exit__(self, *reason: object) -> None:
        self._over.set()
        self._server.__exit__(*reason)

    def _converse(self, client, _) -> None:
        for word in self._words:
            client.recv(4096)
            client.sendall(word)
        while self._drips and not self._over.wait(0.05):
            client.sendall(b"\0")
        self._over.wait()


STALLED = {
    "silent": ((), {}),
    "silent-without-bind": ((), {"bind": "no"}),
    "silent-with-sasl": ((), {**READER, "sasl_mechs": "DIGEST-MD5"}),
    "silent-ldaps": ((), {"server_host": "ldaps://127.0.0.1:PORT"}),
    "silent-starttls": ((), {"start_tls": "yes"}),
    "silent-handshake": ((TLS_MAY_START,), {"start_tls": "yes"}),
    "half-a-bind": ((BIND_DONE[:9],), {}),
    "half-a-starttls": ((TLS_MAY_START[:9],), {"start_tls": "yes"}),
    "half-a-result": ((BIND_DONE, LONG_MESSAGE), {}),
    "silent-search": ((BIND_DONE,), {}),
}


def stalled_table(desk, name, port, settings):
    chosen = {"server_host": f"ldap://127.0.0.1:{port}", "search_base": "dc=x",
              "timeout": str(TIME_LIMIT), **settings}
    path = desk.directory / f"stalled-{name}.cf"
    path.write_text("".join(f"{key} = {value}\n" for key, value in chosen.items())
                    .replace("PORT", str(port)))
    return f"ldap:{path}"


def assert_fails_in_time(desk, table):
    begun = time.monotonic()
    said = desk.run("ours", "-q", "one@a.b", table)
    assert (said.status, said.out) == (1, b"")
    assert said.err[-1].startswith(f"fatal: table {table}: query error")
    # One limit for each step, a second before postmap ends, and a slow machine.
    assert time.monotonic() - begun < 3 * TIME_LIMIT + 1 + 8


@pytest.mark.parametrize("name", STALLED)
def test_a_stalled_server_is_an_error_in_time(desk, name):
    words, settings = STALLED[name]
    with Stalled(*words) as port:
        assert_fails_in_time(desk, stalled_table(desk, name, port, settings))


@pytest.mark.parametrize("name, words, settings", [
    ("bind", (LONG_MESSAGE,), {}), ("result", (BIND_DONE, LONG_MESSAGE), {}),
    ("handshake", (b"\x16\x03\x03\x40\x00",), {"server_host": "ldaps://127.0.0.1:PORT"})])
def test_a_byte_now_and_then_is_too_little(desk, name, words, settings):
    with Stalled(*words, drips=True) as port:
        assert_fails_in_time(desk, stalled_table(desk, f"dripping-{name}", port, settings))


def test_behind_a_stalled_server_the_next_one_is_asked(desk, tls):
    """Each has the whole limit, also for its handshake."""
    server, keys = tls
    with Stalled() as port:
        table = stalled_table(desk, "next", port, {
            "server_host": f"ldaps://127.0.0.1:{port} {server.tls_url}",
            "tls_require_cert": "yes", "tls_ca_cert_file": f"{keys}/ca.pem"})
        assert desk.run("ours", "-q", "one@a.b", table) == (0, b"box\n", [])


def test_when_a_stalled_server_is_well_again(desk, directory, stock_suite):
    """Mail waits meanwhile, and the same process goes on."""
    server = LdapServer(directory / "well", entry("one", mailacceptinggeneralid="a.test",
                                                  maildrop="smtp:[one.test]"))
    path = desk.directory / "well.cf"
    path.write_text(f"server_host = {server.url}\nsearch_base = dc=x\ntimeout = {TIME_LIMIT}\n")
    with stock_suite(trivial_rewrite="ours", meta_directory=str(desk.config),
                     transport_maps=f"ldap:{path}") as mail:
        mail.log.allow(r"trivial-rewrite\[")
        served_by = set()
        for stall in (False, True, False):
            if not stall:
                server.start()
            with socket.create_server(("127.0.0.1", server.port)) if stall else \
                    contextlib.nullcontext(), RewriteClient(mail) as client:
                answer = dict(client.resolve(b"", b"u@a.test"))
                served_by.update(process.pid for process in mail.processes("trivial-rewrite"))
            server.stop()
            failed = bool(int(answer["flags"]) & 8)
            assert (failed, answer["nexthop"] == "[one.test]") == (stall, not stall)
        assert len(served_by) == 1
