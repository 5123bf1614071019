"""Our postconf and stock's do the same, on many files and with many command lines."""

import concurrent.futures
import itertools
import os
import pathlib
import random
import re
import subprocess
from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, List, NamedTuple, Set, Tuple

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
    """Where ours is meant to differ, and why; `view` shows what has to be the same nevertheless.

    Every pattern of `pairs` and of `commands` has to be needed for some combination.
    """

    pairs: Tuple[str, ...]     # regular expressions
    commands: Tuple[str, ...]
    part: str
    view: Callable[[Any], Any]
    why: str

    def covers(self, job: "Job") -> bool:
        return (any(re.fullmatch(pair, job.pair) for pair in self.pairs)
                and any(re.fullmatch(command, job.command) for command in self.commands))


def nothing(_part: Any) -> None:
    return None


def without(pattern: bytes) -> Callable[[bytes], bytes]:
    return lambda text: re.sub(pattern, b"", text)


def in_each_file(view: Callable[[bytes], Any]) -> Callable[[Any], Any]:
    return lambda files: [(name, view(text)) for name, text in files]


def in_each_line(view: Callable[[bytes], bytes]) -> Callable[[Any], Any]:
    return lambda lines: [view(line) for line in lines]


def letters(text: bytes) -> List[int]:
    return sorted(text.replace(b"\n", b""))


def comments_apart(text: bytes) -> Tuple[List[bytes], List[bytes]]:
    lines = text.splitlines()
    comments = [line for line in lines if re.match(rb"\s*(#|$)", line)]
    return comments, [line for line in lines if line not in comments]


FIRST_BRACES = ("master-first-braces", "master-empty-options")
EDIT_PARTS = (r"(-F|-Fe) .*=.*", r"(-P|-Pe) .*=.*", r"-PX .*")
DELIBERATE = [
    Difference(("master-attached-values",), (r"[^-].*|-[nhfHCopx].*", r"-[MFP].*"), "stderr",
               lambda lines: [line for line in lines if b": unused parameter: " not in line],
               "stock takes -oname=value apart where it has an o, and warns of what comes out"),
    Difference(("master-attached-values",), (r"-M.*", r"-F.*", r"-P.*"), "stdout", nothing,
               "stock takes -oname=value apart where it has an o, and shows it"),
    Difference(("master-attached-values",), (r"(-F|-P) .*=.*", r"-PX .*"), "files", nothing,
               "stock takes -oname=value apart where it has an o, and writes it"),
    Difference(FIRST_BRACES, (r"-M.*", r"-F.*"), "stdout", without(rb"[{}\s]"),
               "stock forgets the braces of the first argument that is no option, and of {}"),
    Difference(FIRST_BRACES, EDIT_PARTS, "files", in_each_file(without(rb"[{}\s]")),
               "stock loses the braces of the first argument that is no option, and of {}"),
    Difference(("master-odd-blanks", "master-braces-in-words"), (r"-M.*", r"-F.*"), "stdout",
               without(rb"[{}]"),
               "stock shows braces that change what they enclose"),
    Difference(("master-odd-blanks", "master-braces-in-words"), EDIT_PARTS, "files",
               in_each_file(without(rb"[{}]")),
               "stock writes braces that change what they enclose"),
    Difference((".*",), (r"-Fh \*/\*/command",), "stdout", without(rb" "),
               "stock forgets the blank before the first argument"),
    Difference(("long-values",), (r"[^-].*|-[nhfHCopx].*",), "stderr",
               in_each_line(lambda line: line[:1900]), "ours cuts lines for the log at 2000 bytes"),
    Difference(("no-final-newline", "no-final-newline-comment", "no-final-newline-continued"),
               (r"(-e )?'?\w.*", r"-Me? .*"), "files", in_each_file(letters),
               "stock glues a new entry to a last line that has no end"),
    Difference(("no-final-newline-comment",), EDIT_PARTS, "files", in_each_file(letters),
               "stock glues an entry to a comment that it moves before it: the entry is lost"),
    Difference(("master-nul",), EDIT_PARTS, "files", nothing,
               "stock brings back what stood between a NUL and the end of the entry, unseen"),
    Difference(("master-nul",), (r"-M[#Xe]? .*",), "files",
               in_each_file(lambda text: letters(re.sub(rb"\0[^\n]*", b"", text))),
               "stock loses the end of a line in which there is a NUL"),
    Difference(("comments", "continuations", "crlf", "packaged"), EDIT_PARTS, "files",
               in_each_file(comments_apart),
               "stock moves comments that follow an entry to a place before it"),
    Difference(("macro-in-master", "macro-in-master-user", "table-braces",
                "restriction-classes-broken-in-master"), EDIT_PARTS, "files",
               in_each_file(without(rb"[{}\s]")),
               "stock counts a line end as part of unbalanced braces, and writes it"),
    Difference(("master-bad-.*", "master-brace-errors"), EDIT_PARTS, "stderr",
               in_each_line(without(rb"[? ]")), "stock counts line ends as part of an entry"),
    Difference(("master-comment-words",), (r"(-P|-Pe) .*=.*",), "files",
               in_each_file(without(rb"\s")), "stock makes an argument with a # a comment"),
    Difference(("master-options",), (r"(-P|-Pe) .*=.*",), "files", nothing,
               "stock gives a new setting to an -o at the end that has lost its value"),
    Difference(("user-defined-cycle-unused",), ("-x",), "stdout", nothing,
               "stock prints some of what it had to say before a fatal error"),
    Difference((r"(?!no-final-newline).*",), (r"-e relayhost= mydestination=",
                                             r"-e relayhost=3 myhostname=4",
                                             r"-e 'a=b\$c' relayhost=x"), "files",
               in_each_file(lambda text: sorted(text.splitlines())),
               "stock adds new entries in an arbitrary order, ours are sorted"),
    *(Difference((".*",), (r"-[X#] relayhost (\w+ )?relayhost",), part, nothing,
                 f"stock crashes when a name is given twice: its {part}")
      for part in ("status", "stderr", "files")),
    *(Difference((".*",), (r"-Fe \*/\*/process_limit=",), part, nothing,
                 f"stock writes entries that it cannot read again: its {part}")
      for part in ("status", "stderr", "files")),
    Difference((".*",), (r"-Me .*-o \{a'",), "stderr", lambda lines: sorted(set(lines)),
               "stock says for each entry of the file what is wrong with the new one"),
]


@dataclass(frozen=True)
class Job:
    pair: str
    command: str

    def rules(self) -> List[Difference]:
        return [rule for rule in DELIBERATE if rule.covers(self)]

    def run(self) -> Tuple[Outcome, Outcome]:
        ours, stock = (postconf_corpus.run(origin, self.pair, self.command, frozenset(EXTENSIONS))
                       for origin in ("ours", "stock"))
        return ours, stock


def everything() -> List[Job]:
    commands = postconf_corpus.commands("show") + postconf_corpus.commands("edit")
    return [Job(pair, command) for pair in postconf_corpus.pairs()
            for command in dict.fromkeys(commands)]


def sample(commands: List[str]) -> List[Job]:
    """Each command with some pairs, each pair with some commands, and never the same neighbours."""
    combinations = itertools.product(enumerate(postconf_corpus.pairs()), enumerate(commands))
    return [Job(pair, command) for (i, pair), (k, command) in combinations
            if (7 * i + 11 * k) % SAMPLE == 0]


def seen(outcome: Outcome, rules: List[Difference]) -> Outcome:
    for rule in rules:
        if (part := getattr(outcome, rule.part)) is not None:
            outcome = replace(outcome, **{rule.part: rule.view(part)})
    return outcome


def differ(outcomes: Tuple[Outcome, Outcome], rules: List[Difference]) -> bool:
    ours, stock = (seen(outcome, rules) for outcome in outcomes)
    return ours != stock


def differences(jobs: List[Job]) -> Dict[Job, Tuple[Outcome, Outcome]]:
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        results = zip(jobs, pool.map(Job.run, jobs))
        return {job: outcomes for job, outcomes in results if differ(outcomes, job.rules())}


def test_shows_what_stock_shows():
    assert not differences(sample(postconf_corpus.commands("show")))


def test_edits_as_stock_edits():
    assert not differences(sample(postconf_corpus.commands("edit")))


def test_the_corpus_is_large_enough():
    assert len(postconf_corpus.pairs()) >= 60
    assert len({job.command for job in everything()}) >= 100


@pytest.mark.parametrize("rule", DELIBERATE, ids=lambda rule: rule.why)
def test_deliberate_differences_are_there(rule):
    """A rule, or a pattern in it, that nothing needs any more hides mistakes."""
    jobs = [job for job in everything() if rule.covers(job)]
    random.Random(rule.why).shuffle(jobs)
    unproved = {*rule.pairs, *rule.commands}
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        while unproved and (batch := [job for job in jobs if unproved & patterns(rule, job)]):
            batch = batch[:AT_A_TIME]
            jobs = [job for job in jobs if job not in batch]
            for job, needed in zip(batch, pool.map(lambda job: needs(job, rule), batch)):
                unproved -= patterns(rule, job) if needed else set()
    assert not unproved


def patterns(rule: Difference, job: Job) -> Set[str]:
    return ({pair for pair in rule.pairs if re.fullmatch(pair, job.pair)}
            | {command for command in rule.commands if re.fullmatch(command, job.command)})


def needs(job: Job, rule: Difference) -> bool:
    return differ(job.run(), [other for other in job.rules() if other is not rule])


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
