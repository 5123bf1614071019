"""Our sendmail, postdrop and pickup make of a message what stock's make of it.

sendmail and postdrop get the same command lines and input, and leave the same records in the maildrop
directory; pickup gets the same files, and cleanup the same message from it.
"""

import os
import pathlib
import re
import shutil
import stat
import subprocess
from typing import Iterator, List, Sequence, Tuple

import pytest

from support.conditions import wait_until
from support.instance import Instance
from support.programs import Mix, stock_but
from support.queue_file import record, records
from support.root import STOCK_MASTER, needs_namespace, needs_root

pytestmark = needs_root(STOCK_MASTER)

CLOSED = {"qmgr/unix": None, "pickup/unix": None}  # mail stays where it is put
TEXT = b"Subject: x\n\nhi\n"
HEADER = b"From: me\nTo: a@b, \"C D\" <e@f>\nCc: g\nBcc: h@i\nSubject: x\n\nTo: not@this\n"

COMMANDS: List[Tuple[List[str], bytes]] = [
    (["a@b"], TEXT), (["-f", "s@t", "-F", "Full Name", "a@b", "c d", '"e f"@g', "h (x)", "I <j@k>, l"], TEXT),
    (["-t"], HEADER), (["-t", "z@z"], b"To: a@b\n\nhi\n"),
    (["-t"], b"Resent-To: r@s\nTo: a@b\nResent-Cc: u\n\nhi\n"), (["-t"], b"Subject: none\n\nhi\n"), ([], TEXT),
    (["-i", "a@b"], b"x\n.\ny\n"), (["a@b"], b"x\n.\ny\n"), (["-oi", "a@b"], b".\n"),
    (["-oem", "-om", "-oee", "-O", "x=y", "-oX", "a@b"], TEXT),
    (["-f", "", "a@b"], TEXT), (["-f", "<>", "a@b"], TEXT), (["-f", "<x@y>", "a@b"], TEXT),
    (["-f", "x y", "a@b"], TEXT), (["-r", "q@r", "a@b"], TEXT), (["-fs@t", "-Fx", "a@b"], TEXT),
    (["-B", "8BITMIME", "a@b"], TEXT), (["-B", "7BIT", "a@b"], TEXT), (["-B", "foo", "a@b"], TEXT),
    (["-N", "success,delay", "-R", "hdrs", "-V", "envid", "a@b"], TEXT), (["-N", "never", "a@b"], TEXT),
    (["-N", "foo", "a@b"], TEXT), (["-R", "foo", "a@b"], TEXT), (["-XV", "a@b"], TEXT), (["-v", "a@b"], TEXT),
    (["-XV=-", "a@b"], TEXT), (["-XVaa", "a@b"], TEXT), (["-XV+", "-q"], b""), (["-XV+=-", "-t"], HEADER),
    (["-V+=", "a@b"], TEXT), (["-X", "log", "a@b"], TEXT), (["-o7", "a@b"], TEXT), (["-o8", "a@b"], TEXT),
    (["-bm", "a@b"], TEXT), (["-bz", "a@b"], TEXT), (["-q30m"], b""), (["-q", "a@b"], TEXT), (["-bi"], b""),
    (["a@b"], b"From joe Mon\nSubject: x\n\nFrom y\n"), (["a@b"], b">From joe Mon\nSubject: x\n\nFrom y\n"),
    (["a@b"], b"a\r\nb\r\n\r\nc\r\n"), (["a@b"], b"a\nb\r\nc\r\r\n"), (["a@b"], b"a\rb\n\0c"), (["a@b"], b""),
    (["a@b"], b"x" * 5000 + b"\n" + b"y" * 2048 + b"\n" + b"z" * 2049), (["a@b"], b"Subject: x\n\n\xe9\n"),
    (["-h", "3", "-G", "-U", "-m", "-Ac", "-L", "tag", "-em", "-e", "q", "a@b"], TEXT), (["-n", "a@b"], TEXT),
    (["--", "-x@y"], TEXT), (["a@b", "-f", "x@y"], TEXT), (["a,b"], TEXT), ([","], TEXT), (["<>"], TEXT),
    ([""], TEXT), (["\u00e9@x"], TEXT), (["-f", "a" * 300, "a@b"], TEXT), (["a@b"], b"y" * 4000 + b"\n"),
]

SENDER, RECIPIENT, END = record("S", b"s@t"), record("R", b"a@b"), record("E")
CONTENT = record("M") + record("N", b"Subject: x") + record("N") + record("N", b"hi") + record("X")
WHOLE = SENDER + RECIPIENT + CONTENT + END

DROPPED = {
    "whole": WHOLE, "no end": WHOLE[:-2], "nothing": b"", "garbage": b"garbage",
    "recipients behind the text": SENDER + CONTENT + RECIPIENT + END,
    "time": record("T", b"1 2") + WHOLE,
    "attributes": b"".join(record("A", text) for text in (
        b"rewrite_context=remote", b"foo=bar", b"create_time=5", b"encoding=9bit", b"encoding=8bit",
        b"sasl_username=root", b"trace_flags=512")) + WHOLE,
    "long record": SENDER + RECIPIENT + record("M") + record("N", b"x" * 2049) + record("X") + END,
    "large": SENDER + RECIPIENT + record("M") + record("N", b"x" * 1500) * 3 + record("X") + END,
    "impossible length": SENDER + b"N\xff\xff\xff\xff\xff\x01", "cut off": SENDER + RECIPIENT + b"F\x50abc",
    **{f"type {kind}": SENDER + record(kind, b"x") + RECIPIENT + CONTENT + END for kind in "OWK>pVin"},
    **{f"text type {kind}": SENDER + RECIPIENT + CONTENT[:-2] + record(kind, b"x") + CONTENT[-2:] + END
       for kind in "wpA"},
    **{f"extracted type {kind}": SENDER + RECIPIENT + CONTENT + record(kind, b"x") + END for kind in "LTA"},
}

TIME = record("T", b"1700000000 250000")
PICKED_UP = {
    "plain": TIME + record("A", b"rewrite_context=local") + WHOLE, "no time": WHOLE,
    "text begins with a blank": TIME + SENDER + RECIPIENT + record("M") + record("N", b" x") + record("X") + END,
    "attributes": TIME + record("A", b"create_time=5") + record("A", b"foo=bar") + record("L", b"a:b") + SENDER
                  + record("O", b"o") + RECIPIENT + record("D", b"zz") + CONTENT + END,
    "size first": record("C", b"0 0 0") + TIME + WHOLE,
    **{f"type {kind}": TIME + SENDER + record(kind, b"x") + RECIPIENT + CONTENT + END for kind in "WVIdfmi<n>e"},
    "text type Z": TIME + SENDER + RECIPIENT + CONTENT[:-2] + record("Z") + record("X") + END,
    "no end": TIME + WHOLE[:-2], "nothing": b"", "junk": b"hello world this is junk",
    "no recipient": TIME + SENDER + CONTENT + END, "no sender": TIME + RECIPIENT + CONTENT + END,
    "odd sender": TIME + record("S", 'caf\u00e9 "x'.encode()) + RECIPIENT + CONTENT + END,
}


def queued(directory: pathlib.Path) -> List[object]:
    """Takes the message in `directory` away: its mode, and its records without the time."""
    found: List[object] = []
    for path in sorted(directory.iterdir()):
        found.append(stat.S_IMODE(path.stat().st_mode))
        found += [(kind, data) for _, kind, data in records(path.read_bytes()) if kind != "T"]
        path.unlink()
    return found


def steady(text: bytes) -> str:
    """Without what differs from run to run, and from directory to directory."""
    line = re.sub(rb"/tmp/handoff-\w+", b"", text)
    line = re.sub(rb"\b[0-9A-F]{5}[0-9A-F]{5,}\b", b"ID", line)
    return re.sub(rb"\d{14}\.ID", b"TIME.ID", line).decode(errors="replace")


@pytest.fixture(scope="module")
def closed() -> Iterator[Tuple[Instance, Instance]]:
    """Stock's commands and ours, in systems that take no mail out of the maildrop."""
    with Instance(stock_but(), services=CLOSED, message_size_limit=3000) as stock:
        with Instance(stock_but("sendmail", "postdrop"), services=CLOSED, message_size_limit=3000) as ours:
            for mail in (stock, ours):
                mail.log.allow(".*")
            yield stock, ours


@pytest.mark.parametrize("arguments, text", COMMANDS, ids=lambda value: repr(value)[:60])
def test_sendmail_submits_what_stock_submits(closed: Tuple[Instance, Instance], arguments: Sequence[str],
                                             text: bytes):
    outcomes = []
    for mail in closed:
        done = mail.run([mail.command("sendmail"), *arguments], data=text, check=False)
        said = [line for line in steady(done.stderr).splitlines() if "mail_stream_cleanup" not in line]
        outcomes.append((done.returncode, done.stdout, said,
                         queued(mail.queue_directory / "maildrop")))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("name", DROPPED)
def test_postdrop_takes_what_stock_takes(closed: Tuple[Instance, Instance], name: str):
    outcomes = []
    for mail in closed:
        done = mail.run([mail.command("postdrop"), "-r"], data=DROPPED[name], check=False)
        # What is wrong with the bytes is said with other words.
        said = [line for line in steady(done.stderr).splitlines() if "stdin: " not in line]
        outcomes.append((done.returncode, steady(done.stdout), said, queued(mail.queue_directory / "maildrop")))
    assert outcomes[0] == outcomes[1]


def test_pickup_feeds_cleanup_what_stock_feeds_it():
    outcomes = []
    for mix in (stock_but(), stock_but("pickup")):
        with Instance(mix, services={"qmgr/unix": None}, in_flow_delay="0") as mail:
            mail.log.allow(".*")
            outcomes.append({name: _picked_up(mail, data) for name, data in PICKED_UP.items()})
    for name, stock in outcomes[0].items():
        assert outcomes[1][name] == stock, name


def _picked_up(mail: Instance, data: bytes) -> Tuple[List[object], List[str]]:
    """What is in the incoming queue afterwards, and what pickup has logged."""
    logged = len(mail.log.lines())
    _drop(mail, data)
    message = [(kind, steady(text)) if isinstance(kind, str) else kind for kind, text in
               [entry for entry in queued(mail.queue_directory / "incoming") if isinstance(entry, tuple)]
               if not text.startswith(b"create_time=")]
    _wait_until_all_is_logged(mail)
    lines = [line.partition("]: ")[2] for line in mail.log.lines()[logged:] if "/pickup[" in line]
    return message, [steady(line.encode()) for line in lines if "been queued for" not in line
                     and "maildrop/ABC123: " not in line and "from=<last@" not in line]


def _drop(mail: Instance, data: bytes) -> None:
    path = mail.queue_directory / "maildrop" / "ABC123"
    path.write_bytes(data)
    os.utime(path, (1600000000, 1600000000))
    path.chmod(0o744)
    mail.trigger("pickup", b"W")
    wait_until(lambda: not path.exists(), 10, "pickup removes the file")
    wait_until(lambda: _is_settled(mail.queue_directory / "incoming"), 10,
               "cleanup has finished its file, or removed it")


def _is_settled(incoming: pathlib.Path) -> bool:
    try:
        return all(path.stat().st_mode & stat.S_IXUSR for path in incoming.iterdir())
    except FileNotFoundError:
        return False


def _wait_until_all_is_logged(mail: Instance) -> None:
    """pickup takes one file after the other: what it says of one is logged before what it says of the next."""
    last = r"pickup\[\d+\]: .* from=<last@"
    before = len(mail.log.find(last))
    _drop(mail, TIME + record("S", b"last@x") + RECIPIENT + CONTENT + END)
    mail.log.wait_for(last, count=before + 1)
    queued(mail.queue_directory / "incoming")


@pytest.mark.parametrize("mix", [stock_but("sendmail", "postdrop")], ids=str)
def test_without_postdrop_sendmail_asks_to_try_again(mix: Mix):
    with Instance(mix, services=CLOSED) as mail:
        mail.log.allow(".*")
        mail.command("postdrop").unlink()
        done = mail.run([mail.command("sendmail"), "a@b"], data=TEXT, check=False)
        assert done.returncode == os.EX_TEMPFAIL
        assert b"postdrop: No such file or directory" in done.stderr


def test_a_maildrop_that_cannot_be_written_is_reported():
    """Stock tries again for ever, and says so."""
    with Instance(stock_but("sendmail", "postdrop"), services=CLOSED) as mail:
        mail.log.allow(".*")
        command = ["setpriv", "--reuid=games", "--regid=games", "--clear-groups", mail.command("sendmail"), "a@b"]
        done = mail.run(command, data=TEXT, check=False)
        assert done.returncode == os.EX_TEMPFAIL
        assert re.search(rb"postdrop: fatal: uid=\d+: create file maildrop/\S+: Permission denied", done.stderr)
        assert b"postdrop -r\" exited with status 1" in done.stderr
        assert not mail.queue()


def test_a_signal_leaves_nothing_in_the_maildrop():
    with Instance(stock_but("sendmail", "postdrop"), services=CLOSED) as mail:
        postdrop = subprocess.Popen([mail.command("postdrop"), "-r"], stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, env=mail.environment())
        assert postdrop.stdin is not None and postdrop.stdout is not None
        maildrop = mail.queue_directory / "maildrop"
        wait_until(lambda: list(maildrop.iterdir()), 10, "a file in the maildrop")
        assert postdrop.stdout.read(8) == b"protocol"
        postdrop.terminate()
        assert postdrop.wait(10) == 1
        postdrop.stdin.close()
        postdrop.stdout.close()
        assert not list(maildrop.iterdir())


# A machine of its own: its /etc has a default main.cf, and set-gid programs find their libraries.
OWN_ETC = """
set -e
cp /etc/passwd /etc/group /etc/nsswitch.conf "$1"
echo "$2" | cat - /etc/ld.so.conf >"$1/ld.so.conf"
cp -r /etc/ld.so.conf.d "$1"
mount --bind "$1" /etc
/sbin/ldconfig
shift 2
exec setpriv --reuid=games --regid=games --clear-groups "$@"
"""


def status_of_sendmail(mix: Mix, permission: str) -> int:
    """For an ordinary user who names another configuration than the default one."""
    with Instance(mix, start=False) as mail:
        mail.log.allow(".*")
        postdrop, own_etc = mail.command("postdrop"), mail.root / "etc"
        copy = postdrop.with_name("copy")
        shutil.copy(postdrop, copy)
        shutil.chown(copy, group=mail.postconf("setgid_group"))
        copy.chmod(0o2755)
        copy.replace(postdrop)
        (own_etc / "postfix").mkdir(parents=True)
        main_cf = (mail.config_directory / "main.cf").read_text()
        (own_etc / "postfix/main.cf").write_text(
            f"{main_cf}{permission.format(mail.config_directory)}\n")
        command = [mail.command("sendmail"), "-C", mail.config_directory, "a@b"]
        return mail.run(["unshare", "--mount", "sh", "-c", OWN_ETC, "sh", own_etc,
                         mail.root / "lib", *command], data=TEXT, check=False).returncode


@needs_namespace("mount")
@pytest.mark.parametrize("permission, status", [
    ("", os.EX_TEMPFAIL), ("alternate_config_directories = /x {}", 0),
    ("multi_instance_directories = /x, {}", 0), ("multi_instance_directories = {}/x", os.EX_TEMPFAIL)])
def test_users_may_name_the_same_configurations(permission: str, status: int):
    for mix in (stock_but(), stock_but("sendmail", "postdrop")):
        assert status_of_sendmail(mix, permission) == status, mix


# Mistakes in main.cf with which no program begins.
MISTAKES = [("syslog_facility", "odd"), ("maillog_file", "/etc/x"), ("mail_owner", "nosuch"),
            ("myhostname", "-x"), ("inet_protocols", "x"), ("setgid_group", "root"),
            ("import_environment", "{"), ("myorigin", "a b")]
STARTED = [(["sendmail", "a@b"], TEXT), (["postdrop"], b""), (["postlog", "x"], b""),
           (["postmap", "-q", "x", "static:y"], b"")]


def statuses_at_start(mix: Mix) -> List[Tuple[str, str, int]]:
    found = []
    with Instance(mix, start=False) as mail:
        mail.log.allow(".*")
        for name, value in MISTAKES:
            before = mail.postconf(name)
            mail.configure(**{name: value})
            found += [(name, words[0], mail.run([mail.command(words[0]), *words[1:]], data=text,
                                                check=False).returncode) for words, text in STARTED]
            mail.configure(**{name: before})
    return found


def test_commands_begin_with_the_mistakes_that_stock_begins_with():
    ours = statuses_at_start(stock_but("sendmail", "postdrop", "postlog", "postmap"))
    assert ours == statuses_at_start(stock_but())
