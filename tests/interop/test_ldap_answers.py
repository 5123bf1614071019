"""ldap: answers of servers that slapd is not easily brought to, as ours and stock take them.

What differs on purpose: the text about a malformed URL, where stock's ends with an error of LDAP
that has the number of the URL parser's.
"""

import re
from typing import Dict, List, NamedTuple, Optional

import pytest

from support.postmaps import Postmaps, Said
from support.root import needs_root
from support.scripted_ldap import HANG_UP, Answer, ScriptedLdap

pytestmark = needs_root("stock wants its plug-ins to belong to root")

BOTH = ("ours", "stock")
FOUND: Answer = [{"maildrop": [b"v"]}]
TO_OTHERS = {"special_result_attribute": "member"}


class Case(NamedTuple):
    answers: List[Answer]
    value: Optional[bytes]  # None: there is none
    settings: Dict[str, str] = {}
    searches: int = 1
    connections: int = 1


class Asked(NamedTuple):
    said: Said
    searches: int
    connections: int


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Postmaps:
    return Postmaps(tmp_path_factory.mktemp("ldap") / "desk")


def ask(desk: Postmaps, whose: str, case: Case, key: str = "k") -> Asked:
    with ScriptedLdap(*case.answers) as server:
        settings = {"server_host": f"ldap://127.0.0.1:{server.port}", "search_base": "dc=x",
                    "timeout": "5", **case.settings}
        path = desk.directory / "table.cf"
        path.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        said = desk.run(whose, "-q", "-", f"ldap:{path}", text=f"{key}\n")
        return Asked(said, server.searches, server.connections)


def check(desk: Postmaps, case: Case) -> Said:
    """What both say."""
    mine, theirs = (ask(desk, whose, case) for whose in BOTH)
    assert mine == theirs
    assert mine.said.out == (b"" if case.value is None else b"k\t" + case.value + b"\n")
    assert (mine.searches, mine.connections) == (case.searches, case.connections)
    return mine.said


WITH_OPTIONS = {
    "language": Case([[{"maildrop;lang-de": [b"d"]}]], b"d"),
    "several": Case([[{"MailDrop;lang-de;x-a": [b"d"], "maildrop": [b"v"]}]], b"d,v"),
    "binary": Case([[{"userCertificate;binary": [b"c"]}]], b"c",
                   {"result_attribute": "userCertificate"}),
    "other-names": Case([[{"maildrop2": [b"a"], "maildro": [b"b"], "maildrop-x": [b"c"]}]], None),
    "one-that-is-named": Case(
        [[{"maildrop;a;b": [b"1"], "maildrop;a": [b"2"], "maildrop;ab": [b"3"],
           "maildrop": [b"4"]}]], b"1,2", {"result_attribute": "maildrop;a"}),
    "special": Case([[{"member;x-a": [b"cn=q"]}], FOUND], b"v", TO_OTHERS, searches=2),
    "terminal": Case([[{"last;x-a": [b"t"], "maildrop": [b"v"]}]], b"t,v",
                     {"terminal_result_attribute": "last"}),
    "beside-a-terminal": Case([[{"last;x-a": [b"t"], "maildrop": [b"v"], "last": [b"l"]}]], b"t,l",
                              {"terminal_result_attribute": "last"}),
    "leaf": Case([[{"leaf;x-a": [b"l"]}]], b"l", {"leaf_result_attribute": "leaf"}),
    "no-leaf": Case([[{"leaf": [b"l"], "member": [b"cn=q"]}], FOUND], b"v",
                    {**TO_OTHERS, "leaf_result_attribute": "leaf"}, searches=2),
    "leaf-all-the-same": Case([[{"leaf": [b"l"], "member;x-a": [b"cn=q"]}], FOUND], b"l,v",
                              {**TO_OTHERS, "leaf_result_attribute": "leaf"}, searches=2),
    "in-a-url": Case([[{"member": [b"ldap:///ou=p,dc=x?maildrop;lang-de?one?(cn=a)"]}],
                      [{"maildrop;lang-de": [b"d"]}]], b"d", TO_OTHERS, searches=2),
}


@pytest.mark.parametrize("name", WITH_OPTIONS)
def test_attributes_with_options_are_found_by_their_names(desk, name):
    check(desk, WITH_OPTIONS[name])


@pytest.mark.parametrize("others", [{}, {"maildrop": [b"v"]}])
def test_a_malformed_url_is_an_error(desk, others):
    """Mail waits, and does not go to fewer recipients."""
    url = b"ldap:///ou=p,dc=x?maildrop?foo?(cn=a)"
    for whose in BOTH:
        said = ask(desk, whose, Case([[{"member": [url], **others}]], None, TO_OTHERS)).said
        assert (said.status, said.out) == (1, b"")
        assert f"malformed URL {url.decode()}" in said.err[0]
        assert re.match("fatal: table .* query error", said.err[1])


def test_a_server_that_hangs_up_is_asked_once_more(desk):
    check(desk, Case([HANG_UP, FOUND], b"v", searches=2, connections=2))
    for whose in BOTH:
        asked = ask(desk, whose, Case([HANG_UP], None))
        assert (asked.said.status, asked.searches, asked.connections) == (1, 2, 2)


EMPTY = {
    "alone": Case([[{"maildrop": [b""]}]], None),
    "in-a-text": Case([[{"maildrop": [b""]}]], None, {"result_format": "smtp:%s"}),
    "among-others": Case([[{"maildrop": [b"", b"v", b""]}]], b"v", {"expansion_limit": "1"}),
    "nul": Case([[{"maildrop": [b"a\0b", b"\0c"]}]], b"a"),
    "special": Case([[{"member": [b""]}], FOUND], b"v", TO_OTHERS, searches=2),
}


@pytest.mark.parametrize("name", EMPTY)
def test_empty_values_are_none(desk, name):
    said = check(desk, EMPTY[name])
    assert any("empty lookup result" in line for line in said.err) == (name != "special")


@pytest.mark.parametrize("settings", [{}, {"query_filter": "(cn=x)"}, {"domain": "x"}])
def test_an_empty_key_is_not_looked_up(desk, settings):
    """Stock connects all the same."""
    mine, theirs = (ask(desk, whose, Case([FOUND], None, settings), key="") for whose in BOTH)
    assert mine[:2] == theirs[:2]
    assert (mine.said.status, mine.said.out, mine.searches) == (1, b"", 0)
