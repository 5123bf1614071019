"""Our postconf and stock's do the same, on many files and with many command lines."""

import concurrent.futures
import itertools
import os
import pathlib
import random
import re
import subprocess
from dataclasses import dataclass, replace
from typing import Dict, List, NamedTuple, Set, Tuple

import pytest

from interop.test_config import EXTENSIONS
from support import postconf_corpus, programs
from support.layout import MAIL_OWNER, SETGID_GROUP
from support.mistakes import back_date
from support.postconf_corpus import Outcome
from support.root import needs_root

# Each fatal error costs stock a second of sleep.
AT_A_TIME = 24
# One of so many combinations of a pair and a command line, unless all are wanted.
SAMPLE = 1 if os.environ.get("HANDOFF_TEST_FULL") else 41


class Difference(NamedTuple):
    """Where ours is meant to differ, in what, and why."""

    pairs: str     # regular expressions
    commands: str
    parts: Tuple[str, ...]
    why: str


SHOW_MASTER = "-(M|F|P)(?!.*[eX#]).*"
EDIT_PARTS = r"-F .*=.*|-P .*=.*|-Fe .*|-Pe .*|-PX .*"
EVERYTHING = ("status", "stdout", "stderr", "files")
DELIBERATE = [
    Difference("master-attached-values", ".*", EVERYTHING,
               "stock takes -oname=value apart where the name or the value has an o"),
    Difference("master-braces", f"{SHOW_MASTER}|{EDIT_PARTS}", ("stdout", "files"),
               "stock loses the braces of the first argument that is no option"),
    Difference("long-values", ".*", ("stderr",), "ours cuts lines for the log at 2000 bytes"),
    Difference(".*", r"-Fh \*/\*/command", ("stdout",),
               "stock forgets the blank before the first argument"),
    Difference("no-final-newline.*|indented-only", ".*=.*", ("files",),
               "stock glues a new entry to a last line that has no end"),
    Difference("no-final-newline.*|continuations|comments|crlf|packaged|master-.*|.*in-master.*|"
               "table-braces", EDIT_PARTS, ("files", "stderr"),
               "stock moves comments that follow an entry to a place before it, and counts line "
               "ends as part of unbalanced braces and of what it quotes"),
    Difference("macro-.*|user-defined-cycle-unused", "-.*x.*", ("stdout",),
               "stock prints some of what it had to say before a fatal error"),
    Difference(".*", r"-e relayhost= mydestination=|-e relayhost=3 myhostname=4|"
               r"-e 'a=b\$c' relayhost=x", ("order",),
               "stock adds new entries in an arbitrary order, ours are sorted"),
]


@dataclass(frozen=True)
class Job:
    pair: str
    command: str

    def ignored(self) -> Set[str]:
        return {part for rule in DELIBERATE for part in rule.parts
                if re.fullmatch(rule.pairs, self.pair)
                and re.fullmatch(rule.commands, self.command)}

    def run(self) -> Tuple["Job", Outcome, Outcome]:
        ours, stock = (postconf_corpus.run(origin, self.pair, self.command, frozenset(EXTENSIONS))
                       for origin in ("ours", "stock"))
        return self, ours, stock


def sample(commands: List[str]) -> List[Job]:
    """Each command with some pairs, each pair with some commands, and never the same neighbours."""
    everything = itertools.product(enumerate(postconf_corpus.pairs()), enumerate(commands))
    return [Job(pair, command) for (i, pair), (k, command) in everything
            if (7 * i + 11 * k) % SAMPLE == 0]


def comparable(outcome: Outcome, ignored: Set[str]) -> Outcome:
    if "order" in ignored:
        outcome = replace(outcome, files=tuple(
            (name, b"\n".join(sorted(text.splitlines()))) for name, text in outcome.files))
    for part in ignored - {"order"}:
        outcome = replace(outcome, **{part: None})
    return outcome


def differences(jobs: List[Job]) -> Dict[Job, Tuple[Outcome, Outcome]]:
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        results = list(pool.map(Job.run, jobs))
    found = {}
    for job, ours, stock in results:
        pair = comparable(ours, job.ignored()), comparable(stock, job.ignored())
        if pair[0] != pair[1]:
            found[job] = pair
    return found


def test_shows_what_stock_shows():
    assert not differences(sample(postconf_corpus.commands("show")))


def test_edits_as_stock_edits():
    assert not differences(sample(postconf_corpus.commands("edit")))


def test_the_corpus_is_large_enough():
    assert len(postconf_corpus.pairs()) >= 60
    assert len(set(postconf_corpus.commands("show") + postconf_corpus.commands("edit"))) >= 100


@pytest.mark.parametrize("rule", DELIBERATE, ids=lambda rule: rule.why[:40])
def test_deliberate_differences_are_there(rule):
    """A rule that nothing needs any more hides mistakes."""
    jobs = [Job(pair, command) for pair in postconf_corpus.pairs() if re.fullmatch(rule.pairs, pair)
            for command in postconf_corpus.commands("show") + postconf_corpus.commands("edit")
            if re.fullmatch(rule.commands, command)]
    random.Random(rule.why).shuffle(jobs)
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        some = (pool.map(lambda job: different(job, rule), jobs[first:first + AT_A_TIME])
                for first in range(0, len(jobs), AT_A_TIME))
        assert any(any(list(each)) for each in some)


def different(job, rule):
    _, *outcomes = job.run()
    others = set(EVERYTHING) - set(rule.parts)
    return outcomes[0] != outcomes[1] and ("order" in rule.parts or
                                           len({comparable(one, others) for one in outcomes}) == 2)


# --- Files that nobody has thought of

NAMES = ["relayhost", "myhostname", "mail_name", "own_one", "own_two", "mynetworks"]
PIECES = ["# a comment", "", "   ", "  # indented", "\t", "#{name} = old", "{name} = {value}",
          "{name}={value}", "{name} =\t{value} ", "{name} =", "{name} = {value}\n  more\n\ttail",
          "{name} = {value}\n# in between\n\n  more", "{name} = {value}\r"]
EDITS = [["-e", "{name}={value}"], ["{name} = {value}"], ["-X", "{name}"], ["-#", "{name}"]]


def a_file(chance: random.Random) -> bytes:
    text = "\n".join(chance.choice(PIECES).format(name=chance.choice(NAMES),
                                                  value=f"v{chance.randrange(9)}")
                     for _ in range(chance.randrange(12)))
    return (text + chance.choice(["", "\n", "\n\n"])).encode()


def an_edit(chance: random.Random) -> List[str]:
    return [word.format(name=chance.choice(NAMES), value=f"new {chance.randrange(9)}")
            for word in chance.choice(EDITS)]


def edited(origin: str, directory: pathlib.Path, before: bytes, edit: List[str]) -> bytes:
    (directory / "main.cf").write_bytes(before)
    done = postconf_corpus.start(origin, directory, edit)
    assert done.returncode == 0, (before, edit, done.stderr)
    return (directory / "main.cf").read_bytes()


def value_of(directory: pathlib.Path, name: str) -> bytes:
    (directory / "master.cf").touch()
    return postconf_corpus.start("ours", directory, ["-nh", "-o", "use=$own_one$own_two",
                                                     "-o", "relay_domains=$use", name]).stdout


def check_edit(directory: pathlib.Path, seed: int) -> None:
    chance = random.Random(seed)
    before, edit = a_file(chance), an_edit(chance)
    after = edited("ours", directory, before, edit)
    case = (seed, before, edit, after)
    if before.endswith(b"\n") or not before:  # stock glues lines otherwise
        assert after == edited("stock", directory, before, edit), case
    assert edited("ours", directory, after, edit) == after, case  # once more changes nothing
    name = edit[-1].split("=")[0].strip().encode()
    untouched = [line for line in before.split(b"\n") if line.lstrip().startswith(b"#")]
    rest = after.split(b"\n")
    for line in untouched:  # comments stay, in order
        assert line in rest, case
        rest = rest[rest.index(line) + 1:]
    set_to = edit[-1].partition("=")[2].strip().encode()
    assert value_of(directory, name.decode()) == (set_to + b"\n" if set_to else b""), case


def test_random_edits_change_what_was_asked_for(tmp_path):
    def check(seed: int) -> None:
        directory = tmp_path / str(seed)
        directory.mkdir()
        check_edit(directory, seed)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(check, range(150)))


def test_editors_at_the_same_time_lose_nothing(tmp_path):
    """Ours and stock's wait for each other."""
    (tmp_path / "main.cf").write_text("# the only line\n")
    edits = [(origin, f"own_{origin}_{i}") for i in range(40) for origin in ("ours", "stock")]

    def edit(origin: str, name: str) -> None:
        done = postconf_corpus.start(origin, tmp_path, [f"{name}=yes"])
        assert (done.returncode, done.stderr) == (0, b"")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda job: edit(*job), edits))
    lines = (tmp_path / "main.cf").read_text().splitlines()
    assert lines[0] == "# the only line"
    assert sorted(lines[1:]) == sorted(f"{name} = yes" for _, name in edits)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["main.cf"]


# --- What stock tells of an installation

def information(origin: str, directory: pathlib.Path, option: str) -> List[str]:
    main_cf = directory / "main.cf"
    main_cf.write_text(f"mail_owner = {MAIL_OWNER}\nsetgid_group = {SETGID_GROUP}\n"
                       f"myhostname = mail.handoff.test\nmeta_directory = {directory}\n")
    back_date(main_cf)
    done = postconf_corpus.start(origin, directory, [option])
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode().splitlines()


@needs_root("stock wants root to look at accounts")
def test_table_types_are_sorted_and_known_to_stock(tmp_path):
    ours = information("ours", tmp_path, "-m")
    stock = information("stock", tmp_path, "-m")
    assert ours == sorted(ours)
    assert {"static", "inline", "texthash", "fail"} <= set(ours) <= set(stock)


def test_a_mistake_in_main_cf_ends_the_list_of_table_types(tmp_path):
    (tmp_path / "main.cf").write_text("mail_owner = nosuchuser\n")
    back_date(tmp_path / "main.cf")
    ours, stock = (postconf_corpus.start(origin, tmp_path, ["-m"]) for origin in ("ours", "stock"))
    if os.geteuid() == 0:
        assert ours.stderr.splitlines()[-1] == stock.stderr.splitlines()[-1]
        assert (ours.returncode, stock.returncode) == (1, 1)


def test_templates_are_a_matter_of_bounce(tmp_path):
    """The bounce of stock in daemon_directory is run with stock's words."""
    (tmp_path / "main.cf").write_text(
        f"mail_owner = {MAIL_OWNER}\nsetgid_group = {SETGID_GROUP}\n"
        f"myhostname = mail.handoff.test\ndaemon_directory = {tmp_path}\n"
        f"queue_directory = {tmp_path}\n")
    back_date(tmp_path / "main.cf")
    (tmp_path / "bounce").write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    (tmp_path / "bounce").chmod(0o755)
    for arguments in (["-b"], ["-t"], ["-b", "templates"], ["-t", "templates"]):
        ours, stock = (postconf_corpus.start(origin, tmp_path, arguments)
                       for origin in ("ours", "stock"))
        assert (ours.returncode, ours.stdout) == (stock.returncode, stock.stdout)
        assert b"_templates|" in ours.stdout


def test_installed_by_name_it_calls_itself_as_it_was_called(tmp_path):
    (tmp_path / "main.cf").write_text("")
    program = str(programs.locate("ours", "postconf"))
    done = subprocess.run([program, "-c", str(tmp_path), "nosuch"], capture_output=True, text=True,
                          check=False)
    assert f"{program}: warning: nosuch: unknown parameter" in done.stderr.splitlines()
