"""postfix(1) and the script below it, side by side with stock's: ours above stock's script, our
script below stock's postfix(1), and both ours.

Each goes through the same story; exit statuses and log lines must be the same.
"""

import concurrent.futures
import contextlib
import gzip
import os
import pathlib
import re
import shutil
import subprocess
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

import pytest

from support.conditions import wait_until
from support.debian import REPOSITORY
from support.instance import Instance
from support.programs import Mix, stock, stock_but
from support.root import needs_root

pytestmark = needs_root("stock's postfix(1) serves root only")

SCRIPTS = ("postfix-script", "post-install")
MIXES = {"stock": stock_but(), "our command": stock_but("postfix"),
         "our scripts": stock_but(*SCRIPTS),
         "both": stock_but("postfix", "postlog", *SCRIPTS),
         "all of them": stock_but("postfix", "postlog", "master", "postlogd", *SCRIPTS)}

# How long it takes to end.
PASSING = re.compile(r"waiting for the Postfix mail system to terminate")


class Told(NamedTuple):
    status: int
    lines: List[str]  # of postfix(1) and its script, sorted


class Story:
    """An instance, and what its postfix(1) says to one command after the other."""

    def __init__(self, mail: Instance) -> None:
        self.mail = mail
        self.told: Dict[str, Told] = {}

    def postfix(self, *words: str, title: str = "") -> None:
        title = title or " ".join(words)
        assert title not in self.told
        command = [self.mail.command("postfix"), "-c", self.mail.config_directory, *words]
        status, output = on_a_terminal(command, self.mail.environment())
        lines = [self._same_everywhere(line) for line in output.splitlines()]
        self.told[title] = Told(status, sorted(
            line for line in lines
            if line.startswith(("postfix: ", "postfix/postfix-script: ", "/bin"))
            and not PASSING.search(line)))

    def _same_everywhere(self, text: str) -> str:
        text = text.replace(str(self.mail.command("postfix")), "postfix")
        return re.sub(r"PID: \d+", "PID: N", text.replace(str(self.mail.root), "ROOT"))


def on_a_terminal(command: List[object], environment: Dict[str, str]) -> Tuple[int, str]:
    """Stock shows what it logs on standard error, but only there."""
    reader, terminal = os.openpty()
    with subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, cwd="/",
                          stdout=subprocess.DEVNULL, stderr=terminal, env=environment) as process:
        try:
            status = process.wait(timeout=60)
        finally:
            process.kill()
    os.set_blocking(reader, False)
    output = b""
    with contextlib.suppress(BlockingIOError):
        while part := os.read(reader, 65536):
            output += part
    os.close(terminal)
    os.close(reader)
    return status, output.decode().replace("\r\n", "\n")


def stopped(story: Story) -> None:
    for command in ("frob", "status", "stop", "abort", "drain", "reload", "flush"):
        story.postfix(command, title=f"{command}, stopped")
    story.postfix(title="no command")
    story.postfix("status", "with", "more")
    story.postfix("/bin/sh", "-c", "exit 7", title="a program")
    story.postfix("-z", title="bad option")


def running(story: Story) -> None:
    mail = story.mail
    story.postfix("check")
    story.postfix("start")
    for command in ("start", "status", "reload", "flush", "check"):
        story.postfix(command, title=f"{command}, running")
    story.postfix("logrotate")
    assert list(mail.log.path.parent.glob("mail.log.*.gz"))
    story.postfix("stop")
    assert not mail.processes("master")
    story.postfix("status", title="status after stop")
    story.postfix("start", title="start again")
    story.postfix("quick-stop")
    assert (mail.queue_directory / "quick-start").exists()
    story.postfix("start", title="start after quick-stop")
    assert not (mail.queue_directory / "quick-start").exists()
    story.postfix("abort")


def misconfigured(story: Story) -> None:
    mail = story.mail
    for name, value in (("meta_directory", "/nonexistent/m"), ("shlib_directory", "/nonexistent/s"),
                        ("queue_directory", "/nonexistent/q"), ("daemon_directory", "/nonexistent/d"),
                        ("maillog_file", "")):
        before = mail.run([mail.command("postconf"), "-h", name]).stdout.decode().strip()
        mail.configure(**{name: value})
        story.postfix("logrotate" if name == "maillog_file" else "status", title=f"{name}={value}")
        mail.configure(**{name: before})
    mail.configure_services({"postlog/unix-dgram": None})
    story.postfix("check", title="no postlog")
    mail.configure_services({"postlog/unix-dgram": "n - n - 1 postlogd"})
    (mail.config_directory / "master.cf").rename(mail.root / "kept")
    story.postfix("check", title="no master.cf")
    (mail.root / "kept").rename(mail.config_directory / "master.cf")
    mail.configure(compatibility_level="2")
    story.postfix("status", title="old defaults")
    mail.configure(compatibility_level="3.6")


def damaged(story: Story) -> None:
    """Wrong owners and modes of every kind that stock looks for."""
    mail = story.mail
    queue, config, data = mail.queue_directory, mail.config_directory, mail.root / "data"
    for path, owner, mode in ((queue, 0, 0o775), (queue / "pid", 10, 0o777), (data, 0, 0o755),
                              (queue / "saved/sub", 0, 0o700), (config / "sub", 0, 0o777),
                              (mail.daemon("sub"), 10, 0o755), (data / "sub", 0, 0o700)):
        path.mkdir(exist_ok=True)
        os.chown(path, owner, 0)
        path.chmod(mode)
    os.chown(queue / "public", mail.queue_directory.stat().st_uid, 0)
    (config / "link").symlink_to("/etc/passwd")
    (queue / "corrupt/AB1C").touch()
    jail = queue / "etc"
    jail.mkdir()
    (jail / "hosts").write_text("not the system's")
    (jail / "host.conf.not").write_text("not in the system")
    os.chown(jail / "hosts", 10, 0)
    story.postfix("check", title="check, damaged")


CHAPTERS: Tuple[Callable[[Story], None], ...] = (stopped, running, misconfigured, damaged)


def prepare(mail: Instance) -> None:
    """Gives programs the owners that a package gives them, and stock its list of files."""
    if not mail.daemon("postfix-files").exists():
        shutil.copy(stock().package.root / "etc/postfix/postfix-files",
                    mail.daemon("postfix-files"))
    mail.configure(manpage_directory=str(mail.root / "man"), readme_directory="no",
                   html_directory="no", sample_directory=str(mail.config_directory),
                   sendmail_path=str(mail.command("sendmail")))
    own_programs = {path.name for path in mail.daemon("x").parent.iterdir()}
    for name in own_programs:
        replace_by_copy(mail.daemon(name))
    replace_by_copy(mail.command("postlog"))
    for name in ("postqueue", "postdrop"):
        replace_by_copy(mail.command(name))
        shutil.chown(mail.command(name), "root", mail.postconf("setgid_group"))
        mail.command(name).chmod(0o2755)


def replace_by_copy(path: "os.PathLike[str]") -> None:
    """In place of the hard link, whose owner and mode are everybody's."""
    shutil.copy(path, f"{path}.new")
    os.replace(f"{path}.new", path)


def tell(mix: Mix) -> Dict[str, Told]:
    told: Dict[str, Told] = {}
    with Instance(mix, start=False) as mail:
        prepare(mail)
        story = Story(mail)
        for chapter in CHAPTERS:
            chapter(story)
        told.update(story.told)
        mail.log.allow("")
    return told


@pytest.fixture(scope="module")
def stories() -> Dict[str, Dict[str, Told]]:
    with concurrent.futures.ThreadPoolExecutor(len(MIXES)) as pool:
        return dict(zip(MIXES, pool.map(tell, MIXES.values())))


# master.cf of older days, as changes to today's.
OLD_SERVICES: Tuple[Dict[str, Optional[str]], ...] = (
    dict.fromkeys(f"{name}/unix" for name in
                  ("relay", "flush", "trace", "verify", "proxymap", "anvil", "scache", "discard",
                   "tlsmgr", "retry", "proxywrite")),
    {"verify/unix": "- - n - 0 verify", "proxywrite/unix": "- - n - - proxymap",
     "cleanup/unix": "- - n - 0 cleanup", "flush/unix": "y - n 1000? 0 flush",
     "tlsmgr/unix": None, "tlsmgr/fifo": "- - n 300 1 tlsmgr", "postlog/unix-dgram": None},
    {"pickup/unix": None, "pickup/fifo": "n n n 60 1 pickup",
     "smtp/unix": "- - n - - smtp -o { a = b c }"},
)
# What stock adds as a comment and ours does not: smtp(8) needs it for shared TLS connections.
COMMENTED = re.compile(r"tlsproxy unix-domain")
OLD_FILES = sorted((REPOSITORY / "tests/data/old_master_cf").iterdir())
# Stock takes an entry that runs another program for none, and glues to an end without newline.
OTHER_COMMANDS, NO_NEWLINE = "other-commands", "odd-spacing"


def upgraded(origin: str, services: Dict[str, Optional[str]]) -> List[Tuple[int, List[str]]]:
    mix = stock_but().with_(postfix_script=origin, post_install=origin)
    told = []
    with Instance(mix, start=False, services=services) as mail:
        prepare(mail)
        for _ in range(2):
            done = mail.run([mail.command("postfix"), "-c", mail.config_directory,
                             "upgrade-configuration"], check=False)
            output = done.stdout.decode().replace(str(mail.root), "ROOT")
            lines = re.findall("^Editing .*", output, re.MULTILINE)  # and not what ed(1) says
            if any("missing entry for flush" in line for line in lines):  # stock: a private one
                lines = [line for line in lines if "making the flush service public" not in line]
            told.append((done.returncode, sorted(line for line in lines
                                                 if not COMMENTED.search(line))))
        entries = mail.run([mail.command("postconf"), "-M"]).stdout.decode().splitlines()
        told.append((0, sorted(line for line in entries if not line.startswith("tlsproxy "))))
        mail.log.allow("")
    return told


def test_an_old_master_cf_is_upgraded_as_by_stock():
    cases = [(origin, services) for services in OLD_SERVICES for origin in ("ours", "stock")]
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        results = list(pool.map(lambda case: upgraded(*case), cases))
    for services, ours, stocks in zip(OLD_SERVICES, results[::2], results[1::2]):
        assert ours == stocks, services
        assert ours[0][1] or services is OLD_SERVICES[2]
        assert not ours[1][1]


class Upgrade(NamedTuple):
    """What "upgrade-configuration" makes of a file, once and twice."""

    entries: List[str]
    comments: List[str]  # that were not there
    again: bool  # there was something left to do
    text: str


def upgrade_file(origin: str, before: str) -> Upgrade:
    with Instance(stock_but().with_(postfix_script=origin, post_install=origin),
                  start=False) as mail:
        prepare(mail)
        path = mail.config_directory / "master.cf"
        path.write_text(before)
        texts = []
        for _ in range(2):
            mail.run([mail.command("postfix"), "-c", mail.config_directory,
                      "upgrade-configuration"])
            texts.append(path.read_text())
        entries = mail.run([mail.command("postconf"), "-M"]).stdout.decode().splitlines()
        mail.log.allow("")
    added = [line for line in texts[0].splitlines()
             if line.startswith("#") and line not in before.splitlines()]
    without = [[" ".join(line.split()) for line in lines if "tlsproxy" not in line]
               for lines in (entries, added)]
    return Upgrade(sorted(without[0]), sorted(without[1]), texts[0] != texts[1], texts[0])


def test_old_files_are_upgraded_as_by_stock():
    assert len(OLD_FILES) >= 8
    jobs = []
    for path in OLD_FILES:
        text = path.read_text()
        jobs += [("ours", text), ("stock", f"{text}\n" if path.name == NO_NEWLINE else text)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda job: upgrade_file(*job), jobs))
    for path, ours, stocks in zip(OLD_FILES, results[::2], results[1::2]):
        assert not ours.again, path.name
        names = [tuple(entry.split()[:2]) for entry in ours.entries]
        assert len(names) == len(set(names)), path.name
        assert ours.comments == stocks.comments, path.name
        assert (ours.entries == stocks.entries) == (path.name != OTHER_COMMANDS), path.name


def test_an_entry_with_another_program_is_an_entry():
    before = next(path for path in OLD_FILES if path.name == OTHER_COMMANDS).read_text()
    after = upgrade_file("ours", before).text
    assert after.startswith(before)
    active = [line.split()[0] for line in after[len(before):].splitlines() if line[0] != "#"]
    assert active == ["tlsproxy"]


def upgraded_main_cf(origin: str, name: str, value: Optional[str]) -> List[str]:
    """The values of that parameter after one upgrade, and after another."""
    with Instance(stock_but().with_(postfix_script=origin, post_install=origin),
                  start=False) as mail:
        prepare(mail)
        path = mail.config_directory / "main.cf"
        kept = [line for line in path.read_text().splitlines() if not line.startswith(f"{name} =")]
        path.write_text("\n".join([*kept, *([f"{name} = {value}"] if value is not None else [])])
                        + "\n")
        values = []
        for _ in range(2):
            mail.run([mail.command("postfix"), "-c", mail.config_directory,
                      "upgrade-configuration"])
            values.append(mail.run([mail.command("postconf"), "-n", name]).stdout.decode())
        mail.log.allow("")
    return values


def test_an_old_main_cf_is_upgraded_as_by_stock():
    changes = [("inet_protocols", None), ("inet_protocols", "all"), ("hash_queue_names", None)]
    changes += [("hash_queue_names", value) for value in
                ("incoming, active", "defer", "active,deferred", "hold deferred defer")]
    cases = [(origin, *change) for change in changes for origin in ("ours", "stock")]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda case: upgraded_main_cf(*case), cases))
    for change, ours, stocks in zip(changes, results[::2], results[1::2]):
        assert ours == stocks, change
        assert ours[0] == ours[1], change


def test_tlsproxy_is_added_once_and_not_where_it_was_turned_off():
    with Instance(stock_but(*SCRIPTS), start=False) as mail:
        prepare(mail)
        master_cf = mail.config_directory / "master.cf"
        before = master_cf.read_text()

        def upgrade() -> str:
            mail.run([mail.command("postfix"), "-c", mail.config_directory,
                      "upgrade-configuration"])
            return master_cf.read_text()[len(before):]

        added = [line.split() for line in upgrade().splitlines()]
        assert [line[0] for line in added] == ["#smtp", "#smtpd", "#dnsblog", "tlsproxy"]
        assert added[-1] == "tlsproxy unix - - n - 0 tlsproxy".split()
        assert upgrade().count("tlsproxy") == 2
        before += upgrade().rpartition("tlsproxy  ")[0]
        before += "tlsproxy unix - - n - 0\n  our-proxy\n"
        master_cf.write_text(before)
        assert upgrade() == ""
        before = before.replace("\ntlsproxy", "\n#tlsproxy")
        master_cf.write_text(before)
        assert upgrade() == ""
        mail.log.allow("")


# Settings with which the log is rotated.
ROTATIONS = [("maillog_file_rotate_suffix", suffix) for suffix in
             ("%%-%Yx", "x/y", "-x", "'q", "`id`", "$nothing", "%Y%m%d-%H%M%S")]
ROTATIONS += [("maillog_file_compressor", program) for program in
              ("nosuch", "/bin/false", "gzip -9", "/bin/gzip", "cat", "/bin/true", "echo hello;")]
ROTATIONS += [("maillog_file_prefixes", "/nonexistent"), ("maillog_file", "/dev/stdout"),
              ("maillog_file", "/var/nosuchdir/log"), ("maillog_file", "")]
EXPLANATION = re.compile(r"main\.cf, line \d+: ")


def rotate(origin: str) -> List[Tuple[int, List[str], List[str]]]:
    """For each setting the status, what was said, and which other files there are then."""
    told = []
    mix = stock_but().with_(postfix=origin, postfix_script=origin, post_install=origin)
    with Instance(mix, start=False) as mail:
        prepare(mail)
        mail.configure(maillog_file_prefixes=f"{mail.root} /dev/stdout")
        directory = mail.log.path.parent
        for name, value in ROTATIONS:
            mail.log.path.write_text("a line\n")
            before = mail.postconf(name)
            mail.configure(**{name: value})
            status, output = on_a_terminal([mail.command("postfix"), "-c", mail.config_directory,
                                            "logrotate"], mail.environment())
            mail.configure(**{name: before})
            output = re.sub(r"postfix-script: \d+: ", "", output.replace(str(mail.root), "ROOT"))
            told.append((status, [line for line in output.splitlines()
                                  if not EXPLANATION.search(line)], others(directory, mail.log.path)))
        mail.log.allow("")
    return told


def others(directory: pathlib.Path, log: pathlib.Path) -> List[str]:
    """Their names; they are gone then."""
    names = []
    for path in directory.iterdir():
        if path != log:
            names.append(re.sub(r"\d{8}-\d{6}", "NOW", path.name))
            path.unlink()
    return sorted(names)


def test_logs_are_rotated_as_by_stock():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ours, stocks = pool.map(rotate, ("ours", "stock"))
    assert list(zip(ROTATIONS, ours)) == list(zip(ROTATIONS, stocks))
    assert {status for status, _, _ in ours} == {0, 1}


def test_a_rotated_log_is_not_overwritten():
    with Instance(stock_but("postfix", *SCRIPTS), start=False) as mail:
        prepare(mail)
        mail.configure(maillog_file_rotate_suffix="old")
        for status in (0, 1):
            mail.log.path.write_text(f"{status}\n")
            done = mail.run([mail.command("postfix"), "-c", mail.config_directory, "logrotate"],
                            check=False)
            assert done.returncode == status
        assert gzip.open(f"{mail.log.path}.old.gz", "rt").read() == "0\n"
        assert mail.log.path.read_text().startswith("1\n")
        assert "mail.log.old.gz exists" in mail.log.path.read_text()
        mail.log.allow("")


def test_where_the_text_is_no_file_the_other_log_is_rotated():
    with Instance(stock_but("postfix", *SCRIPTS), start=False) as mail:
        prepare(mail)
        path = mail.log.path.with_name("mail.json")
        path.write_text("{}\n")
        mail.configure(maillog_file="/dev/stdout", maillog_json_file=path,
                       maillog_file_rotate_suffix="old",
                       maillog_file_prefixes=f"{mail.root} /dev/stdout")
        mail.run([mail.command("postfix"), "-c", mail.config_directory, "logrotate"])
        assert gzip.open(f"{path}.old.gz", "rt").read() == "{}\n"
        assert path.read_text() == ""


# Words for postlog(1), and its standard input.
POSTLOG = [(["hello", "world"], ""), (["-t", "a/b", "-p", "warn", "x"], ""), ([], "a\n\nb"),
           (["-p", "WARNING", "x"], ""), (["-p", "Err", "x"], ""), (["-p", "crit", "x"], ""),
           (["-i", "-t", "", "x"], ""), (["-p", "error", ""], ""),
           (["-p", "panic", "x"], ""), (["-p", "fatal", "tab\tx"], ""), (["-p", "bogus", "x"], ""),
           (["-z"], ""), (["-c", "/nonexistent", "x"], ""), (["x", "-p", "warn"], ""),
           (["-t", "a\nJan  1 00:00:00 mail b[1]: c\t\x7f", "x"], ""), (["-t", "gr\u00fc\u00df", "x"], ""),
           (["a\nb\u00e9"], "")]


def postlog(origin: str) -> List[Tuple[int, List[str]]]:
    with Instance(stock_but().with_(postlog=origin), start=False) as mail:
        told = []
        for words, text in POSTLOG:
            before = len(mail.log.lines())
            status = mail.run([mail.command("postlog"), *words], data=text.encode(),
                              check=False).returncode
            told.append((status, [re.sub(r"^.*? mail (.*)\[\d+\]: ", r"\1: ", line)
                                  for line in mail.log.lines()[before:]]))
        mail.log.allow("")
    return told


def test_postlog_logs_as_stock_s():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ours, stocks = pool.map(postlog, ("ours", "stock"))
    assert list(zip(POSTLOG, ours)) == list(zip(POSTLOG, stocks))


@pytest.mark.parametrize("origin", ["ours", "stock"])
def test_postlog_tells_that_there_is_no_log(origin):
    with Instance(stock_but().with_(postlog=origin), start=False) as mail:
        mail.configure(maillog_file=mail.root / "nosuchdir/log", maillog_file_prefixes=mail.root)
        for words in (["hello"], []):
            assert mail.run([mail.command("postlog"), *words], data=b"a\nb\n",
                            check=False).returncode == 1


@pytest.mark.parametrize("name", [name for name in MIXES if name != "stock"])
def test_commands_do_and_say_what_stock_s_do(stories, name):
    expected, told = stories["stock"], stories[name]
    different = {title: (told[title], expected[title]) for title in expected
                 if told[title] != expected[title]}
    assert not different
    assert expected["check, damaged"].lines and expected["status, running"].status == 0


# Commands one after the other, with the status that stock's have, too. Stock itself is not asked:
# its master waits for its own postlogd for ever when it has too much to say about main.cf.
WARNED = [("status", 1), ("stop", 1), ("abort", 1), ("drain", 1), ("reload", 1), ("logrotate", 0),
          ("start", 0), ("status", 0), ("reload", 0), ("logrotate", 0), ("stop", 0),
          ("start", 0), ("quick-stop", 0), ("start", 0), ("drain", 0), ("start", 0), ("abort", 0)]


def test_warnings_about_main_cf_stop_no_command():
    with Instance(MIXES["all of them"], start=False) as mail:
        prepare(mail)
        main_cf = mail.config_directory / "main.cf"
        main_cf.write_text("  a first line that continues none\n" + main_cf.read_text() +
                           "inet_protocols = all\ninet_protocols = ipv4\n")
        told = []
        for command, _ in WARNED:
            others(mail.log.path.parent, mail.log.path)
            done = mail.run([mail.command("postfix"), "-c", mail.config_directory, command],
                            check=False)
            told.append((command, done.returncode))
        assert told == WARNED
        wait_until(lambda: not mail.processes(), 10, "the end of the mail system")
        mail.log.allow("")
