"""Lists of names and domains: trivial-rewrite says by them where a domain belongs, ours as stock's.

Each list stands in three parameters, so that one instance tells of a string list (mydestination,
virtual_mailbox_domains) and of a domain list (relay_domains); X is another word in each.

What differs on purpose: an answer that is a failure keeps the address, and has the class of all
others (in stock some have none); the line that says so names the address, not the parameter; a
comment behind names is shown without the end of its line (a "?" in stock).
"""

import pathlib
import re
from typing import Dict, List, NamedTuple

import pytest

from support.rewrite_client import RewriteClient

PARAMETERS = {"mydestination": "m", "virtual_mailbox_domains": "v", "relay_domains": "r"}

FILES = {
    "names": "# comment\nfile1.X File2.X, file3.X\n  # a name, and what follows is another\n"
             "!not.file.X\n.dot.file.X\n\nfile.X # trailing words\nlast.X",
    "outer": "outer.X DIR/X-inner\n!DIR/X-negated\nafter.outer.X",
    "inner": "inner.X\n!not.inner.X\ninline:{{t.inner.X=1}}\n",
    "negated": "negated.X\n!twice.X\n",
    "empty": "",
    "source": "t1.X 1\n.t2.X 1\nt3.X\nT4.X 4\n!t5.X 5\n",
}

NAMES = ["a.X", "A.X", "b.X", "not.X", "sub.X", "x.sub.X", "x.y.sub.X", "sub.sub.X", "dot.X",
         "x.dot.X", "x.y.dot.X", "ssub.X", "t1.X", "x.t1.X", "t2.X", "x.t2.X", "y.x.t2.X", "t3.X",
         "t4.X", "t5.X", "re.X", "x.re.X", "all.X", "X", "é.X", "É.X", "last.X", "file1.X",
         "x.file1.X", "file2.X", "file3.X", "file.X", "trailing", "words", "comment", "name",
         "not.file.X", "x.not.file.X", "dot.file.X", "x.dot.file.X", "outer.X", "inner.X",
         "not.inner.X", "t.inner.X", "x.t.inner.X", "negated.X", "twice.X", "after.outer.X",
         "[192.0.2.7]", "[192.0.2.8]", "192.0.2.8", "[ipv6:2001:db8::1]", "other.example", "other"]

LISTS: Dict[str, str] = {
    "names": "a.X, B.X .dot.X sub.X,,last.X",
    "exceptions": "!not.X, !x.sub.X !y.sub.X, sub.X, X, last.X !a.X",
    "exception-after": "sub.X, !x.sub.X, !a.X, a.X",
    "double-exceptions": "!!a.X, !!!sub.X, sub.X, last.X",
    "everything-but": "!a.X, !.dot.X, !sub.X, regexp:{{{{/X$$/ ours}}}}",
    "tables": "inline:{{t1.X=1, .t2.X=2}}, a.X",
    "table-exceptions": "!inline:{{t1.X=1, .t2.X=2, x.sub.X=3}}, t1.X, sub.X, regexp:{{{{/t2/ x}}}}",
    "patterns": "regexp:{{{{/^re\\.X/ x}}, {{/^not/ y}}}}, cidr:{{{{192.0.2.8 x}}}}",
    "source": "texthash:DIR/X-source",
    "file": "a.X DIR/X-names last.X",
    "file-exceptions": "!DIR/X-names, file1.X, x.file1.X, file.X, not.file.X, a.X",
    "files-in-files": "a.X, DIR/X-outer, b.X",
    "empty-file": "DIR/X-empty, a.X",
    "literals": "[192.0.2.7], 192.0.2.8, [2001:db8::1], a.X",
    "unicode": "É.X, a.X",
    "comment": "a.X # b.X",
    "empty": ",",
}
MISTAKES: Dict[str, str] = {
    "failing-table": "a.X, !b.X, fail:x, last.X",
    "failing-exception": "a.X, !fail:x, last.X",
    "missing-file": "a.X, DIR/nosuch, last.X",
    "missing-exceptions": "a.X, !DIR/nosuch, last.X",
    "missing-file-in-file": "a.X, DIR/X-broken, last.X",
    "unknown-type": "a.X, nosuch:x, last.X",
    "missing-table": "a.X, texthash:DIR/nosuch, last.X",
    "an-address-is-no-table": "a.X, 2001:db8::1, last.X",
}


class Told(NamedTuple):
    answers: Dict[str, object]
    complaints: List[str]


def complaints(mail, directory: pathlib.Path) -> List[str]:
    """What is wrong with a list or a table, each once: how often it is opened differs."""
    lines = [match.group(1).replace(str(directory), "DIR") for match in
             mail.log.find(r"postfix/trivial-rewrite\[\d+\]: ((?:warning|error|fatal): .*)")]
    return sorted({line.rstrip("?") for line in lines if not re.search(
        r"lookup failure|warning: u@|valid_ipv|do not list domain|attribute", line)})


FAILED = 8
# What makes the server warn; then all else that it had to say has been logged.
LAST_WORDS = b"foo\0bar\0\0"


def essence(answer) -> object:
    """Of a failure nobody looks at anything else."""
    return "failed" if int(dict(answer)["flags"]) & FAILED else answer


def written_for(text: str, word: str, directory: pathlib.Path) -> str:
    return text.replace("X", word).replace("DIR", str(directory))


def write_files(directory: pathlib.Path) -> None:
    for word in PARAMETERS.values():
        for name, content in FILES.items():
            (directory / f"{word}-{name}").write_text(written_for(content.format(), word, directory))
        (directory / f"{word}-broken").write_text(f"first.{word}\n{directory}/nosuch\nlast.{word}\n")


def ask(suite, origin: str, directory: pathlib.Path, lists: Dict[str, str],
        **settings: str) -> Told:
    chosen = {parameter: written_for(text.format(), PARAMETERS[parameter], directory)
              for parameter, text in lists.items()}
    others = {parameter: "" for parameter in PARAMETERS if parameter not in lists}
    with suite(trivial_rewrite=origin, smtputf8_enable=True, **others, **chosen,
               **settings) as mail:
        mail.log.allow(r"postfix/(trivial-rewrite|qmgr|pickup|postlogd|master)\[")
        with RewriteClient(mail) as client:
            answers = {name: essence(client.resolve(b"", f"u@{name}".encode()))
                       for word in PARAMETERS.values()
                       for name in dict.fromkeys(name.replace("X", word) for name in NAMES)}
            client.send(LAST_WORDS)
            mail.log.wait_for(r"trivial-rewrite.*unexpected attribute foo")
        return Told(answers, complaints(mail, directory))


def compare(suite, directory: pathlib.Path, lists: Dict[str, str], **settings: str) -> Told:
    write_files(directory)
    directory.chmod(0o755)
    ours, stock = (ask(suite, origin, directory, lists, **settings) for origin in ("ours", "stock"))
    differ = {name: (ours.answers[name], stock.answers[name]) for name in ours.answers
              if ours.answers[name] != stock.answers[name]}
    assert differ == {}
    assert ours.complaints == stock.complaints
    return ours


@pytest.fixture
def directory(tmp_path_factory) -> pathlib.Path:
    made = tmp_path_factory.mktemp("lists", numbered=True)
    for parent in (made, *made.parents[:2]):
        parent.chmod(0o755)
    return made


@pytest.mark.parametrize("name", LISTS)
def test_domains_are_where_stock_has_them(stock_suite, directory, name):
    told = compare(stock_suite, directory, dict.fromkeys(PARAMETERS, LISTS[name]))
    classes = {dict(answer)["flags"] for answer in told.answers.values()}
    assert len(classes) > 1 or name == "empty"


@pytest.mark.parametrize("name", ["names", "exceptions", "tables", "table-exceptions", "file"])
def test_without_subdomains_of_parents(stock_suite, directory, name):
    """Then .example.com stands for the subdomains, and example.com for itself."""
    compare(stock_suite, directory, {"relay_domains": LISTS[name]},
            parent_domain_matches_subdomains="!relay_domains, static:all")


@pytest.mark.parametrize("parameter", PARAMETERS)
@pytest.mark.parametrize("name", MISTAKES)
def test_what_cannot_be_told_is_told_later(stock_suite, directory, name, parameter):
    """Items before the broken one decide; behind it nobody knows."""
    told = compare(stock_suite, directory, {parameter: MISTAKES[name]})
    word = PARAMETERS[parameter]
    assert told.answers[f"a.{word}"] != "failed"
    assert told.answers[f"last.{word}"] == "failed"
    assert any("table lookup problem" in line for line in told.complaints)
