"""What our postconf can do beyond stock's, and does better."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import resource
import subprocess
import threading
import time
from typing import Iterator, List

import pytest

from support import programs
from support.layout import MAIL_OWNER, SETGID_GROUP
from support.root import needs_root

MAIN_CF = "myhostname = mail.example.test\nrelayhost = [mx.example.test]\nunused = x\n"
MASTER_CF = ("smtp inet n - n - - smtpd -o {smtpd_banner = two  blanks}\n"
             "# about local\nlocal unix - n n - - local -o {a b} {c d}\n")


@pytest.fixture(name="directory")
def _directory(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "main.cf").write_text(MAIN_CF)
    (tmp_path / "master.cf").write_text(MASTER_CF)
    return tmp_path


def postconf(directory: pathlib.Path, *arguments: str,
             **how) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([programs.ours("postconf"), "-c", directory, *arguments], text=True,
                          capture_output=True, check=False, timeout=60, **how)


def objects(directory: pathlib.Path, *arguments: str):
    """The JSON objects of all lines, as one."""
    done = postconf(directory, *arguments)
    assert done.returncode == 0, done.stderr
    return {name: value for line in done.stdout.splitlines()
            for name, value in json.loads(line).items()}


def test_json(directory):
    assert objects(directory, "-nj")["relayhost"] == "[mx.example.test]"
    assert objects(directory, "--json", "-x", "mydestination")["mydestination"].startswith(
        "mail.example.test, ")
    assert list(objects(directory, "-Mj")) == ["smtp/inet", "local/unix"]
    assert objects(directory, "-Fj", "smtp/inet/process_limit") == {"smtp/inet/process_limit": "-"}
    assert objects(directory, "-Pj", "smtp") == {"smtp/inet/smtpd_banner": "two  blanks"}
    assert len(objects(directory, "-dj")) > 800


def test_json_of_bytes_that_are_no_text(directory):
    (directory / "main.cf").write_bytes(b'mail_name = \xff"\\\x01\n')
    assert objects(directory, "-j", "mail_name") == {"mail_name": '\ufffd"\\\x01'}


def test_json_of_every_byte(directory):
    every = bytes(byte for byte in range(1, 256) if byte not in b"\n${}")
    (directory / "main.cf").write_bytes(b"mail_name = a" + every + b"z\nmydomain = \xc3\n")
    (directory / "master.cf").write_bytes(b"smtp inet n - n - - smtpd -o {a\x01\xe4=" + every
                                          + b"z} {\x02 \xf0\x9f}\n")
    assert objects(directory, "-j", "mail_name") == {
        "mail_name": "a" + every.decode("utf-8", "replace") + "z"}
    for options in ("-j", "-nj", "-Mj", "-Fj", "-Pj"):
        assert objects(directory, options)
    assert list(objects(directory, "-Pj")) == ["smtp/inet/a\x01\ufffd"]


@pytest.mark.parametrize("options, complaint", [
    (["-jH"], "specify one of -H -j"), (["-jh"], "specify one of -h -j"),
    (["-jf"], "specify one of -f -j"), (["-j", "relayhost=x"], "specify one of -e -j"),
    (["-jX", "relayhost"], "specify one of -j -X"), (["-jm"], "with option -m, do not specify -j"),
    (["--check", "--json"], "with option --check, do not specify -j"),
    (["--check", "-n"], "with option --check, do not specify -n"),
    (["-M", "--check"], "specify one of --check -M"),
    (["--check", "relayhost"], "option --check is about all parameters, do not specify names"),
    (["--checks"], "usage: postconf ")], ids=" ".join)
def test_what_cannot_be_combined(directory, options, complaint):
    done = postconf(directory, *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"fatal: {complaint}" in done.stderr.splitlines()[-1]
    assert (directory / "main.cf").read_text() == MAIN_CF


def test_help_is_no_mistake(directory):
    done = postconf(directory, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: postconf ")
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_quiet_does_not_warn_of_what_is_unused(directory):
    assert "unused parameter: unused=x" in postconf(directory, "-n").stderr
    assert "unused" not in postconf(directory, "-nq").stderr


def good(directory: pathlib.Path) -> None:
    """Accounts that this machine has, and entries without a mistake."""
    with open(directory / "main.cf", "a", encoding="utf-8") as main_cf:
        main_cf.write(f"mail_owner = {MAIL_OWNER}\nsetgid_group = {SETGID_GROUP}\n")
    (directory / "master.cf").write_text("smtp unix - - n - - smtp -o max_use=5\n"
                                         "slow unix - - n - - smtp -o smtp_helo_timeout=5s\n")


def test_check_looks_at_services(directory):
    good(directory)
    with open(directory / "main.cf", "a", encoding="utf-8") as main_cf:
        main_cf.write("smtp_destination_recipient_limit = 5x\nslow_delivery_slot_discount = 101\n"
                      "none_destination_recipient_limit = 5x\n")
    with open(directory / "master.cf", "a", encoding="utf-8") as master_cf:
        master_cf.write("a unix - - n - - smtp -o max_use=x -o smtpd_timeout=x -o queue_run_delay=y\n"
                        "b unix - - n - - pickup -o max_idle=0 -o smtp_helo_timeout=y\n"
                        "c unix - - n - - smtp -o xy\nd unix - -\ne tcp - - n - - smtp\n")
    done = postconf(directory, "--check")
    assert done.returncode == 1
    said = [line.partition("warning: ")[2].replace(str(directory), "DIR") for line in done.stderr.splitlines()]
    assert said == [
        "DIR/main.cf, line 6: smtp_destination_recipient_limit = 5x: must be a whole number",
        "bad numerical configuration: smtp_destination_recipient_limit = 5x",
        "DIR/main.cf, line 7: slow_delivery_slot_discount = 101: must be a whole number, at most 100",
        "invalid slow_delivery_slot_discount parameter value 101 > 100",
        "DIR/master.cf, line 3: max_use = x: must be a whole number, at least 1",
        "bad numerical configuration: max_use = x",
        "DIR/master.cf, line 3: queue_run_delay = y: must be a number and s, m, h, d or w, at least 1s",
        "parameter queue_run_delay: bad time value or unit: y",
        "DIR/master.cf, line 4: max_idle = 0: must be a number and s, m, h, d or w, at least 1s",
        "invalid max_idle: 0 (min 1)",
        "DIR/master.cf: line 5: invalid \"-o xy\" option value: missing '=' after attribute name",
        "DIR/master.cf: line 6: bad field count",
        "DIR/master.cf: line 7: invalid type field \"tcp\" in \"e tcp - - n - - smtp\""]


def complaints(directory: pathlib.Path, main_cf_text: str) -> str:
    """What --check has against these lines of main.cf, where all else is good."""
    good(directory)
    assert postconf(directory, "--check").returncode == 0
    with open(directory / "main.cf", "a", encoding="utf-8") as main_cf:
        main_cf.write(main_cf_text)
    done = postconf(directory, "--check")
    assert done.returncode == 1
    return done.stderr


@needs_root("only root's programs look for accounts")
def test_check_looks_for_accounts(directory):
    said = complaints(directory, "mail_owner = nosuch\n")
    assert "parameter mail_owner: unknown user name value: nosuch" in said


def test_check_reports_all_bad_values(directory):
    said = complaints(directory, "max_use = none\nmax_idle = 10x\nsoft_bounce = maybe\n")
    for text in ("bad numerical configuration: max_use = none",
                 "parameter max_idle: bad time value or unit: 10x",
                 "bad boolean configuration: soft_bounce = maybe",
                 "main.cf, line 7: max_idle = 10x: must be "):
        assert text in said


def test_a_fatal_error_does_not_take_a_second(directory):
    start = time.monotonic()
    assert postconf(directory, "-o", "bad").returncode == 1
    assert time.monotonic() - start < 0.9


def test_edits_keep_mode_and_symbolic_link(directory):
    (directory / "main.cf").rename(directory / "real.cf")
    (directory / "real.cf").chmod(0o640)
    (directory / "main.cf").symlink_to("real.cf")
    assert postconf(directory, "relayhost=").returncode == 0
    assert (directory / "main.cf").is_symlink()
    assert "relayhost = \n" in (directory / "real.cf").read_text()
    assert (directory / "real.cf").stat().st_mode & 0o7777 == 0o640


def test_a_mistake_while_editing_leaves_nothing_behind(directory):
    (directory / "master.cf").write_text("smtp\n  inet n - n - - smtpd\n")
    assert postconf(directory, "-MX", "smtp/inet").returncode == 1
    assert sorted(os.listdir(directory)) == ["main.cf", "master.cf"]


def test_edits_of_an_entry_leave_its_surroundings_alone(directory):
    assert postconf(directory, "-F", "smtp/inet/chroot=y", "local/unix/wakeup=5").returncode == 0
    assert (directory / "master.cf").read_text() == (
        "smtp       inet  n       -       y       -       -       smtpd\n"
        "    -o {smtpd_banner=two  blanks}\n"
        "# about local\n"
        "local      unix  -       n       n       5       -       local\n"
        "    -o {a b}\n"
        "    {c d}\n")


def test_empty_fields_are_refused(directory):
    done = postconf(directory, "-F", "smtp/inet/private=")
    assert (done.returncode, 'invalid private field "" in ""' in done.stderr) == (1, True)
    assert postconf(directory, "-F", "smtp/inet/command=").returncode == 1
    assert (directory / "master.cf").read_text() == MASTER_CF


def test_the_same_name_twice_is_removed_once(directory):
    assert postconf(directory, "-X", "relayhost", "relayhost").returncode == 0
    assert "relayhost" not in (directory / "main.cf").read_text()


def test_values_that_multiply_are_refused(directory):
    chain = "".join(f"n{i} = $n{i + 1}$n{i + 1}\n" for i in range(90))
    (directory / "main.cf").write_text(chain + "relayhost = $n0\n")
    done = postconf(directory, "-x", "relayhost")
    assert (done.returncode, "unreasonable macro call nesting" in done.stderr) == (1, True)


# --- Many editors, and editors that cannot

@contextlib.contextmanager
def looking_on(path: pathlib.Path, looks: List[str]) -> Iterator[None]:
    """Reads the file over and over; `looks` gets each new state."""
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            text = path.read_text()
            if not looks or looks[-1] != text:
                looks.append(text)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield
    finally:
        done.set()
        reader.join()


@pytest.mark.parametrize("linked", [False, True], ids=["file", "link"])
def test_edits_at_the_same_time_all_survive_and_nobody_sees_half_a_file(directory, linked):
    editors, rounds = 8, 20
    if linked:
        (directory / "main.cf").rename(directory / "real.cf")
        (directory / "main.cf").symlink_to("real.cf")
    looks: List[str] = []

    def edit(editor: int) -> None:
        for i in range(rounds):
            done = postconf(directory, "-e", f"own_{editor}={i}", f"own_{editor}_{i}=x")
            assert (done.returncode, done.stderr) == (0, "")

    with looking_on(directory / "main.cf", looks):
        with concurrent.futures.ThreadPoolExecutor(editors) as pool:
            list(pool.map(edit, range(editors)))
    expected = {f"own_{editor} = {rounds - 1}" for editor in range(editors)} | {
        f"own_{editor}_{i} = x" for editor in range(editors) for i in range(rounds)}
    text = (directory / "main.cf").read_text()
    assert text.startswith(MAIN_CF)
    assert set(text[len(MAIN_CF):].splitlines()) == expected
    assert len(looks) > rounds
    for before, after in zip(looks, looks[1:]):
        assert after.endswith("\n")
        assert len(after.splitlines()) >= len(before.splitlines())
    assert not list(directory.glob("*.tmp"))


@needs_root("only root can give a file away")
@pytest.mark.parametrize("edit, name", [(["relayhost="], "main.cf"),
                                        (["-F", "smtp/inet/chroot=y"], "master.cf")])
def test_edits_by_root_keep_the_owner(directory, edit, name):
    os.chown(directory / name, 4711, 4712)
    (directory / name).chmod(0o604)
    assert postconf(directory, *edit).returncode == 0
    state = (directory / name).stat()
    assert (state.st_uid, state.st_gid, state.st_mode & 0o7777) == (4711, 4712, 0o604)


def check_nothing_has_happened(directory: pathlib.Path, reason: str, **how) -> None:
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    done = postconf(directory, "relayhost=", **how)
    assert done.returncode == 1
    assert f" {directory}/main.cf.tmp: {reason}\n" in done.stderr
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before


def test_a_limit_for_files_leaves_the_old_one(directory):
    with open(directory / "main.cf", "a", encoding="utf-8") as main_cf:
        main_cf.write("# a long line\n" * 1000)
    check_nothing_has_happened(directory, "File too large", preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_FSIZE, (4096, 4096)))


@pytest.fixture(name="small_disk")
def _small_disk(directory: pathlib.Path, tmp_path_factory) -> Iterator[pathlib.Path]:
    place = tmp_path_factory.mktemp("disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], check=True)
    try:
        (place / "master.cf").write_text(MASTER_CF)
        (place / "main.cf").write_text(MAIN_CF + "# a long line\n" * 3000)
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


@needs_root("disks are root's to mount")
def test_a_full_disk_leaves_the_old_file(small_disk):
    check_nothing_has_happened(small_disk, "No space left on device")


@needs_root("disks are root's to mount")
def test_a_disk_for_reading_only_is_named(small_disk):
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    check_nothing_has_happened(small_disk, "Read-only file system")
    assert postconf(small_disk, "-h", "relayhost").stdout == "[mx.example.test]\n"


def test_what_a_killed_editor_left_is_no_obstacle(directory):
    (directory / "main.cf.tmp").touch(0o600)
    (directory / "main.cf.tmp").write_text("half of a file, and longer than the new one" * 100)
    assert postconf(directory, "relayhost=").returncode == 0
    assert (directory / "main.cf").read_text() == MAIN_CF.replace("[mx.example.test]", "")
    assert not list(directory.glob("*.tmp"))
