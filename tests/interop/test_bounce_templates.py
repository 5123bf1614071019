"""The templates of bounce(5): "postconf -t" and "postconf -b", ours and stock's."""

import concurrent.futures
import pathlib
import re
from dataclasses import dataclass, replace
from typing import Dict, List, Sequence

import pytest

from support import debian, postconf_corpus, programs
from support.layout import MAIL_OWNER, SETGID_GROUP
from support.mistakes import back_date

TEMPLATES = debian.REPOSITORY / "tests/data/bounce_templates"
# Each fatal error costs stock a second of sleep.
AT_A_TIME = 24
OPTIONS = ["-t", "-b"]

# Where ours is meant to differ.
CUT_OFF = "no-final-newline"        # stock does not see an end marker that ends the file
FORGOTTEN_MARKER = "crlf"           # stock shows bytes of a later line for the marker
PARTLY_PRINTED = "bad-after-a-lot"  # stock prints some of what it had to say before a fatal error
MORE_NAMES = "parameter-of-others"  # stock's bounce knows the parameters that it reads
LONG_LINE = "bad-long"              # ours cuts lines for the log at 2000 bytes

SETTINGS = {"mail_owner": MAIL_OWNER, "setgid_group": SETGID_GROUP, "mydomain": "handoff.test",
            "myhostname": "mail.handoff.test", "own_one": "first", "own_two": "($own_one)",
            "own_empty": "$own_none", "own_dollar": "5$$ $$myhostname", "own_broken": "${",
            "own_unit": "$delay_warning_time_hours", "smtp_helo_timeout": "7s"}


@dataclass(frozen=True)
class Said:
    status: int
    stdout: str
    stderr: str


class Installation:
    """Two configuration directories that differ in whose bounce is run."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.configure()

    def configure(self, **settings: str) -> None:
        for origin in ("ours", "stock"):
            directory = self.root / origin
            directory.mkdir(exist_ok=True)
            daemons = {"daemon_directory": programs.locate(origin, "bounce").parent}
            lines = {**SETTINGS, **daemons, **settings}.items()
            (directory / "main.cf").write_text("".join(f"{k} = {v}\n" for k, v in lines))
            back_date(directory / "main.cf")

    def run(self, origin: str, *arguments: str) -> Said:
        done = postconf_corpus.start(origin, self.root / origin, arguments)
        text = [stream.decode("utf-8", "surrogateescape") for stream in (done.stdout, done.stderr)]
        return Said(done.returncode, text[0], re.sub(r"(?m)^\S*postconf: ", "", text[1]))

    def both(self, *arguments: str) -> List[Said]:
        return [self.run(origin, *arguments) for origin in ("ours", "stock")]


@pytest.fixture(name="installation")
def _installation(tmp_path):
    tmp_path.chmod(0o755)
    return Installation(tmp_path)


def all_of_them(installation: Installation, files: Sequence[pathlib.Path]) -> Dict[str, List[Said]]:
    jobs = [(path, option) for path in files for option in OPTIONS]
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        results = pool.map(lambda job: installation.both(job[1], str(job[0])), jobs)
    return {f"{path.name} {option}": said for (path, option), said in zip(jobs, results)}


def comparable(name: str, said: Said) -> Said:
    if FORGOTTEN_MARKER in name:
        return replace(said, stderr=re.sub('missing ".*" end', "missing end", said.stderr))
    if PARTLY_PRINTED in name and said.status != 0:
        return replace(said, stdout="")
    if LONG_LINE in name:
        return replace(said, stderr="".join(line[:1900] for line in said.stderr.splitlines(True)))
    return said


def test_shows_what_stock_shows_and_complains_as_it_does(installation):
    files = [path for path in TEMPLATES.iterdir() if path.name not in {CUT_OFF, MORE_NAMES}]
    assert len(files) >= 25
    for name, outcomes in all_of_them(installation, files).items():
        ours, stock = (comparable(name, said) for said in outcomes)
        assert ours == stock, name


def test_deliberate_differences_are_there(installation):
    names = [FORGOTTEN_MARKER, PARTLY_PRINTED, LONG_LINE]
    found = all_of_them(installation, [TEMPLATES / name for name in names])
    for name in names:
        assert any(ours != stock for key, (ours, stock) in found.items() if name in key), name


@pytest.mark.parametrize("option", OPTIONS)
def test_an_end_marker_may_end_the_file(installation, option):
    ours, stock = installation.both(option, str(TEMPLATES / CUT_OFF))
    assert (ours.status, ours.stdout, ours.stderr) == (stock.status, stock.stdout, "")
    assert "end marker" in stock.stderr


def test_every_parameter_has_a_value(installation):
    ours, stock = installation.both("-b", str(TEMPLATES / MORE_NAMES))
    assert (ours.status, ours.stderr) == (0, "")
    assert "expanded_verify_text = <<EOF\n30s\nEOF\n" in ours.stdout
    assert "undefined $name" in stock.stderr


@pytest.mark.parametrize("option", OPTIONS)
def test_the_built_in_texts_are_those_of_stock(installation, option):
    ours, stock = installation.both(option)
    assert ours == stock
    assert (ours.status, ours.stderr, ours.stdout.count("<<EOF")) == (0, "", 4)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("file", ["nosuch", "/nonexistent/file", ".", "/proc/self/mem", "",
                                  "$myhostname", "a b"])
def test_a_file_that_is_none(installation, option, file):
    ours, stock = installation.both(option, file)
    assert ours == stock
    assert ours.status == (0 if file == "" else 1)


def test_the_file_of_main_cf(installation):
    installation.configure(bounce_template_file=str(TEMPLATES / "all-four"))
    for option in OPTIONS:
        ours, stock = installation.both(option)
        assert ours == stock
        assert "It failed on" in ours.stdout


@pytest.mark.parametrize("unit", ["seconds", "minutes", "hours", "days", "weeks"])
def test_units_of_time(installation, unit):
    template = installation.root / "template"
    template.write_text(f"delay_template = $delay_warning_time_{unit} $maximal_queue_lifetime_{unit}")
    back_date(template)
    for value in ("0", "1s", "59s", "90s", "59m", "90m", "999s", "1000s", "36h", "10d", "99d"):
        installation.configure(delay_warning_time=value, maximal_queue_lifetime=value)
        for arguments in (["-b", str(template)], ["-b"]):
            ours, stock = installation.both(*arguments)
            assert ours == stock, value


@pytest.mark.parametrize("unicode", ["yes", "no"])
@pytest.mark.parametrize("name", ["Mail.Handoff.TEST", "xn--bcher-kva.test", "XN--BCHER-kva.Test",
                                  "ab--cd.test", "xn--a.test", "xn--bcher-kva.xn--99999999",
                                  "xn--a-wbb.test", "a_b.test", "xn--fa-hia.de"])
def test_names_of_hosts(installation, name, unicode):
    installation.configure(myhostname=name, mydomain=name, smtputf8_enable=unicode)
    ours, stock = installation.both("-b", str(TEMPLATES / "host-names"))
    assert ours == stock
    assert ours.status == 0
