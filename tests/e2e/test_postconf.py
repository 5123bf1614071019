"""What our postconf can do beyond stock's, and does better."""

import json
import os
import pathlib
import subprocess
import time

import pytest

from support import programs

MAIN_CF = "myhostname = mail.example.test\nrelayhost = [mx.example.test]\nunused = x\n"
MASTER_CF = ("smtp inet n - n - - smtpd -o {smtpd_banner = two  blanks}\n"
             "# about local\nlocal unix - n n - - local -o {a b} {c d}\n")


@pytest.fixture(name="directory")
def _directory(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "main.cf").write_text(MAIN_CF)
    (tmp_path / "master.cf").write_text(MASTER_CF)
    return tmp_path


def postconf(directory: pathlib.Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([programs.ours("postconf"), "-c", directory, *arguments], text=True,
                          capture_output=True, check=False, timeout=60)


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


def test_quiet_does_not_warn_of_what_is_unused(directory):
    assert "unused parameter: unused=x" in postconf(directory, "-n").stderr
    assert "unused" not in postconf(directory, "-nq").stderr


def test_check_reports_all_bad_values(directory):
    assert postconf(directory, "--check").returncode == 0
    with open(directory / "main.cf", "a", encoding="utf-8") as main_cf:
        main_cf.write("max_use = none\nmax_idle = 10x\nsoft_bounce = maybe\n")
    done = postconf(directory, "--check")
    assert done.returncode == 1
    for text in ("bad numerical configuration: max_use = none",
                 "parameter max_idle: bad time value or unit: 10x",
                 "bad boolean configuration: soft_bounce = maybe",
                 "main.cf, line 5: max_idle = 10x: must be "):
        assert text in done.stderr


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
