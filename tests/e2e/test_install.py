"""What `make install` lays out is a mail system that postfix(1) starts, checks, repairs and stops:
as root with accounts of its own, and for an ordinary user."""

import contextlib
import gzip
import json
import os
import pathlib
import pwd
import re
import shutil
import stat
import subprocess
import tempfile

import pytest

from support import processes
from support.conditions import wait_until
from support.debian import REPOSITORY
from support.layout import MAIL_OWNER, SETGID_GROUP
from support.log import Log
from support.programs import OUR_COMMANDS, OUR_DAEMONS, our_directory, our_plugins

PATH = "/usr/bin:/bin:/usr/sbin:/sbin"


class Installed:
    """An installation below a directory that everybody can reach."""

    def __init__(self, directory, user):
        self.prefix = directory / "prefix"
        self.config = self.prefix / "etc/postfix"
        self.queue = self.prefix / "var/spool/postfix"
        self.daemons = self.prefix / "lib/postfix/sbin"
        self.log = Log(self.prefix / "var/log/mail.log")
        self.json = self.log.path.with_name("mail.json")
        self._user = user
        self._source = directory / "source"
        (self._source / "bin").mkdir(parents=True)
        for path in our_directory().iterdir():
            if path.name != "unit-tests":
                shutil.copy2(path, self._source / "bin" / path.name)
        (self._source / "lib/handoff").mkdir(parents=True)
        for path in our_plugins():
            shutil.copy2(path, self._source / "lib/handoff" / path.name)
        for folder in ("conf", "man"):
            shutil.copytree(REPOSITORY / folder, self._source / folder)
        shutil.copy2(REPOSITORY / "scripts/install", self._source / "install")
        if user:
            account = pwd.getpwnam(user)
            os.chown(directory, account.pw_uid, account.pw_gid)

    def words(self, *command):
        as_user = ["setpriv", f"--reuid={self._user}", "--regid=nogroup", "--clear-groups",
                   "--inh-caps=-all", "--bounding-set=-all"] if self._user else []
        return [*as_user, *map(str, command)]

    def run(self, *command, text=None, check=True, **environment):
        done = subprocess.run(self.words(*command), cwd=self._source, input=text,
                              text=True, capture_output=True, timeout=60, check=False,
                              env={"PATH": PATH, **environment})
        assert not check or done.returncode == 0, (command, done.stdout, done.stderr)
        return done

    def install(self, **environment):
        accounts = {"MAIL_OWNER": MAIL_OWNER, "SETGID_GROUP": SETGID_GROUP}
        return self.run("./install", "bin", **{**accounts, **environment}).stdout

    def postfix(self, *words, status=0):
        """What it says on standard error."""
        done = self.run(self.prefix / "sbin/postfix", "-c", self.config, *words, check=False)
        assert done.returncode == status, (words, done.stdout, done.stderr)
        return done.stderr

    def send(self, recipient):
        self.run(self.prefix / "sbin/sendmail", "-i", "-f", "a@handoff.test", recipient,
                 text="Subject: hello\n\nhello\n", MAIL_CONFIG=str(self.config))

    def configure(self, **settings):
        path = self.config / "main.cf"
        kept = [line for line in path.read_text().splitlines()
                if line.partition(" ")[0] not in settings]
        added = [f"{name} = {value}" for name, value in settings.items()]
        path.write_text("\n".join(kept + added) + "\n")


@pytest.fixture
def directory():
    path = pathlib.Path(tempfile.mkdtemp(prefix="handoff-", dir="/tmp")).resolve()
    path.chmod(0o755)
    yield path
    processes.kill_all(path)
    shutil.rmtree(path)


@pytest.fixture
def box(directory, user, peer):
    """Installed in place, and configured."""
    made = Installed(directory, user)
    told = made.install(PREFIX=str(made.prefix))
    assert told.split("starts with: ")[1].split() == [
        str(made.prefix / "sbin/postfix"), "-c", str(made.config), "start"]
    made.configure(relayhost=peer.nexthop, myhostname="mail.handoff.test",
                      inet_protocols="ipv4", maillog_file=made.log.path,
                      maillog_json_file=made.json)
    yield made
    with contextlib.suppress(AssertionError):
        made.postfix("stop")


def test_postfix_runs_it(box, peer):
    assert "is not running" in box.postfix("status", status=1)
    assert "fatal: the Postfix mail system is not running" in box.postfix("stop", status=1)
    assert "fatal: Cannot flush mail queue - mail system is down" in box.postfix("flush", status=69)
    assert "warning" not in box.postfix("check")
    assert "starting the Postfix mail system" in box.postfix("start")
    assert "already running" in box.postfix("start", status=1)
    pid = int((box.queue / "pid/master.pid").read_text())
    assert f"is running: PID: {pid}" in box.postfix("status")
    box.send("one@example.test")
    wait_until(lambda: peer.messages, 20, "a message")
    assert "refreshing the Postfix mail system" in box.postfix("reload")
    box.log.wait_for("reload -- version ")
    assert box.postfix("flush") == ""
    rotate_logs(box)
    box.send("two@example.test")
    wait_until(lambda: len(peer.messages) == 2, 20, "another message")
    assert "stopping the Postfix mail system" in box.postfix("stop")
    wait_until(lambda: not processes.within(box.prefix), 10, "the end of all processes")
    assert box.log.find("terminating on signal 15")
    assert box.log.troubles() == []
    assert "aborting" not in box.postfix("abort", status=1)


def rotate_logs(box):
    """Both logs begin anew, with the permissions that they had, and no line is lost."""
    for path in (box.log.path, box.json):
        path.chmod(0o640)
    delivered = len(box.log.find("status=sent"))
    box.postfix("logrotate")
    old, = box.log.path.parent.glob("mail.log.*.gz")
    assert gzip.open(old, "rt").read().count("status=sent") == delivered == 1
    records, = box.json.parent.glob("mail.json.*.gz")
    events = [json.loads(line).get("event") for line in gzip.open(records, "rt")]
    assert events.count("delivery") == 1
    assert {stat.S_IMODE(path.stat().st_mode) for path in (box.log.path, box.json)} == {0o640}
    assert box.log.find("reload -- version ")


def test_a_json_log_without_a_log_file(box):
    """It is rotated alone, and wants postlogd, too."""
    box.configure(maillog_file="")
    assert "fatal: empty 'maillog_file' parameter value" in box.postfix("logrotate", status=1)
    box.json.write_text("{}\n")
    box.postfix("logrotate")
    old, = box.json.parent.glob("mail.json.*.gz")
    assert gzip.open(old, "rt").read() == "{}\n" and box.json.read_text() == ""
    master_cf = box.config / "master.cf"
    master_cf.write_text(master_cf.read_text().replace("\npostlog", "\n#postlog"))
    assert "missing 'postlog' service in master.cf" in box.postfix("check", status=1)


def test_check_names_wrong_owners_and_modes_and_set_permissions_mends_them(box, user):
    wrong = {box.queue / "private": 0o755, box.queue / "pid": 0o777, box.config: 0o775,
             box.daemons / "smtp": 0o757, box.prefix / "var/lib/postfix": 0o770}
    for path, mode in wrong.items():
        path.chmod(mode)
    owner = user or MAIL_OWNER
    theirs = [box.queue / "active", box.queue / "deferred/A/ABC", box.daemons / "qmgr"]
    if os.geteuid() == 0:
        theirs[1].parent.mkdir()
        theirs[1].touch()
        shutil.chown(theirs[1].parent, owner)
        for path in theirs:
            shutil.chown(path, "daemon")
    if not user:
        (box.prefix / "sbin/postdrop").chmod(0o755)
    said = set(re.findall("warning: (.*)", box.postfix("check")))
    expected = {f"group or other accessible: {box.queue}/private",
                f"group or other writable: {box.queue}/pid",
                f"group or other writable: {box.config}/.",
                f"group or other writable: {box.daemons.parent}/./sbin/smtp",
                f"group or other writable: {box.prefix}/var/lib/postfix/."}
    if os.geteuid() == 0:
        expected |= {f"not owned by {owner}: {box.queue}/active",
                     f"not owned by {owner}: {box.queue}/deferred/A/ABC",
                     f"not owned by {user or 'root'}: {box.daemons.parent}/./sbin/qmgr"}
    if not user and os.geteuid() == 0:
        expected |= {"not set-gid or not owner+group+world executable: "
                     f"{box.prefix}/sbin/postdrop"}
    assert said == expected
    if user:  # an ordinary user cannot take files that are somebody else's
        for path in theirs:
            shutil.chown(path, user)
    box.postfix("set-permissions")
    assert box.postfix("check") == ""


def test_mistakes_in_the_configuration_are_not_taken_for_a_running_system(box):
    """Least of all by whoever kills the process that once was master."""
    bystander = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        box.postfix("check")
        pid_file = box.queue / "pid/master.pid"
        pid_file.write_text(f"{bystander.pid}\n")
        owner = pid_file.parent.stat()
        os.chown(pid_file, owner.st_uid, owner.st_gid)
        box.configure(service_throttle_time="x")
        assert "is not running" in box.postfix("status", status=1)
        assert "is not running" in box.postfix("stop", status=1)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_running_system_can_be_stopped_whatever_main_cf_says(box):
    box.postfix("start")
    box.configure(service_throttle_time="x")
    assert "is running: PID" in box.postfix("status")
    box.postfix("stop")
    wait_until(lambda: not processes.within(box.prefix), 10, "the end of all processes")


def test_a_broken_master_cf_is_not_reloaded(box):
    box.postfix("start")
    path = box.config / "master.cf"
    good = path.read_text()
    path.write_text(good + "broken unix - -\n")
    told = box.postfix("reload", status=1)
    assert f"fatal: file {path}: line {good.count(chr(10)) + 1}: bad field count" in told
    assert not box.log.find("reload -- version")
    path.write_text(good)
    box.postfix("reload")
    box.log.wait_for("reload -- version")


def test_logs_of_an_idle_system_are_rotated_without_a_complaint(box):
    box.postfix("start")
    box.log.wait_for("daemon started")
    assert "warning" not in box.postfix("logrotate")
    assert box.log.wait_for("was rotated")
    assert box.log.troubles() == []


def test_check_names_what_keeps_mail_from_flowing(box, user):
    """All that stock's does not look for."""
    commands = box.prefix / "sbin"
    plugins = box.daemons.parent / "handoff"
    wrong = {plugins / "lmdb.so": 0o600, box.queue / "active": 0o500, box.queue / "maildrop": 0o777,
             box.daemons / "smtp": 0o644, commands / "postmap": 0o775,
             commands / "postconf": 0o4755}
    expected = {f"not accessible to its owner: {box.queue}/active",
                f"other accessible: {box.queue}/maildrop",
                f"not executable for everybody: {box.daemons}/smtp",
                f"group or other writable: {commands}/postmap",
                f"set-uid or set-gid: {commands}/postconf",
                f"not readable for everybody: {plugins}/lmdb.so",
                f"missing: {plugins}/hash.so",
                f"missing: {box.daemons}/error",
                f"symlink leads nowhere: {box.daemons.parent}/./sbin/old"}
    if not user and os.geteuid() == 0:
        wrong |= {box.queue / "public": 0o700, box.queue / "maildrop": 0o707,
                  box.config / "main.cf": 0o600}
        expected |= {f"not searchable for group {SETGID_GROUP}: {box.queue}/public",
                     f"not writable for group {SETGID_GROUP}: {box.queue}/maildrop",
                     f"not readable for everybody: {box.config}/main.cf",
                     f"not owned by root: {commands}/postlog"}
        os.chown(commands / "postlog", pwd.getpwnam("daemon").pw_uid, -1)
    for path, mode in wrong.items():
        path.chmod(mode)
    (box.daemons / "error").rename(box.prefix / "error")
    (plugins / "hash.so").rename(box.prefix / "hash.so")
    (box.daemons / "old").symlink_to("former")
    if user:
        os.lchown(box.daemons / "old", pwd.getpwnam(user).pw_uid, -1)
    assert set(re.findall("warning: (.*)", box.postfix("check"))) == expected
    (box.prefix / "error").rename(box.daemons / "error")
    (box.prefix / "hash.so").rename(plugins / "hash.so")
    (box.daemons / "old").unlink()
    box.postfix("set-permissions")
    assert box.postfix("check") == ""


def test_check_names_a_directory_of_plugins_that_cannot_be_used(box):
    plugins = box.daemons.parent / "handoff"
    plugins.chmod(0o700)
    assert box.postfix("check").endswith(f"warning: not readable for everybody: {plugins}\n")
    plugins.rename(box.prefix / "handoff")
    assert box.postfix("check").endswith(f"warning: missing: {plugins}\n")


ABSOLUTE = "should be an absolute path name."


@pytest.mark.parametrize("word, reason", [
    ("queue_directory=relative", f'"relative" {ABSOLUTE}'), ("mailq_path=q", f'"q" {ABSOLUTE}'),
    ("config_directory=here", f'"here" {ABSOLUTE}'), ("queue_directory=no", f'"no" {ABSOLUTE}'),
    ("html_directory=doc", '"doc" should be "no" or an absolute path name.'),
    ("mail_owner=no-such-user", "there is no user no-such-user"),
    ("setgid_group=no-such-group", "there is no group no-such-group")])
def test_a_bad_parameter_changes_nothing(box, word, reason):
    before = (box.config / "main.cf").read_text()
    told = box.postfix("set-permissions", "data_directory=/nonexistent/data", word, status=1)
    assert told.endswith(f"post-install: Error: {reason}\n")
    assert (box.config / "main.cf").read_text() == before


def test_what_is_installed_nowhere_may_have_no_directory(box):
    box.postfix("set-permissions", "html_directory=no", "readme_directory=", "sample_directory=no")


@pytest.mark.parametrize("command", ["upgrade-configuration", "upgrade-source", "upgrade-package"])
def test_a_configuration_is_upgraded_in_its_place_only(box, command):
    """Not the one of the machine on which another one is made ready."""
    stage = box.prefix.with_name("stage")
    (box.config / "master.cf").write_text("")
    told = box.postfix("post-install", f"destdir={stage}", "create-missing", command, status=1)
    assert "upgrade-configuration is for an installation in its place" in told
    assert (box.config / "master.cf").read_text() == "" and not stage.exists()


def test_missing_directories_are_made_at_start(box, peer):
    for name in ("active", "public", "saved"):
        (box.queue / name).rmdir()
    box.postfix("start")
    assert stat.S_IMODE((box.queue / "public").stat().st_mode) == 0o710
    assert stat.S_IMODE((box.queue / "active").stat().st_mode) == 0o700
    box.send("user@example.test")
    wait_until(lambda: peer.messages, 20, "a message")


def test_in_the_foreground_it_logs_to_standard_output(box, user, peer):
    box.configure(maillog_file="/dev/stdout", maillog_json_file="")
    reader, writer = os.pipe()
    if user:  # as whoever starts a container does
        os.fchown(writer, pwd.getpwnam(user).pw_uid, -1)
    with subprocess.Popen(box.words(box.prefix / "sbin/postfix", "-c", box.config, "start-fg"),
                          stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.DEVNULL,
                          cwd="/", env={"PATH": PATH}) as foreground, open(reader, "rb") as output:
        os.close(writer)
        wait_until(lambda: b"daemon started" in output.readline(), 20, "the start")
        assert f"is running: PID: {foreground.pid}" in box.postfix("status")
        box.send("user@example.test")
        wait_until(lambda: peer.messages, 20, "a message")
        box.postfix("stop")
        foreground.wait(timeout=10)
        lines = output.read()
    assert b"status=sent" in lines and b"terminating on signal 15" in lines


def test_upgrade_adds_missing_services_once(box):
    master_cf = box.config / "master.cf"
    before = master_cf.read_text()
    without = "".join(line for line in before.splitlines(True)
                      if not line.startswith(("scache", "retry")))
    master_cf.write_text(without + "# at the end\n")
    done = box.run(box.prefix / "sbin/postfix", "-c", box.config, "upgrade-configuration")
    assert [line.rpartition(", ")[2] for line in done.stdout.splitlines()] == [
        "adding missing entry for scache service", "adding missing entry for retry service"]
    after = master_cf.read_text()
    assert after.startswith(without + "# at the end\n")
    assert [line.split() for line in after.splitlines()[-2:]] == [
        "scache unix - - n - 1 scache".split(), "retry unix - - n - - error".split()]
    # An entry with another program is an entry.
    renamed = after.replace(" scache\n", " our-cache\n  -o max_idle=1s\n")
    master_cf.write_text(renamed)
    done = box.run(box.prefix / "sbin/postfix", "-c", box.config, "upgrade-configuration")
    assert done.stdout == "" and master_cf.read_text() == renamed


def test_a_staged_installation_runs_where_it_is_put(directory, user, peer):
    box = Installed(directory, user)
    stage = directory / "stage"
    assert box.install(DESTDIR=str(stage), PREFIX=str(box.prefix)) == ""
    assert not box.prefix.exists()
    (stage / str(box.prefix).lstrip("/")).rename(box.prefix)
    box.configure(relayhost=peer.nexthop, maillog_file=box.log.path, inet_protocols="ipv4")
    assert "warning" not in box.postfix("check")
    box.postfix("start")
    box.send("user@example.test")
    wait_until(lambda: peer.messages, 20, "a message")
    box.postfix("stop")


def test_mailq_and_newaliases_are_names_of_sendmail(directory, user):
    made = Installed(directory, user)
    made.install(PREFIX=str(made.prefix))
    for name in ("mailq", "newaliases"):
        assert (made.prefix / "bin" / name).resolve() == made.prefix / "sbin/sendmail"
    made.run(made.prefix / "bin/newaliases", MAIL_CONFIG=str(made.config))


def test_a_staged_system_installation_keeps_what_is_there(directory):
    box = Installed(directory, None)
    stage = directory / "stage"
    nobody = {"MAIL_OWNER": "no-such-user", "SETGID_GROUP": "no-such-group"}
    assert box.install(DESTDIR=str(stage), PREFIX="/usr", **nobody) == ""
    for name in OUR_DAEMONS:
        assert (stage / "usr/lib/postfix/sbin" / name).stat().st_mode & 0o777 == 0o755
    for name in OUR_COMMANDS:
        assert (stage / "usr/sbin" / name).stat().st_mode & 0o777 == 0o755
    assert ".SH NAME\nscache" in (stage / "usr/share/man/man8/scache.8").read_text()
    modes = {name: stat.S_IMODE((stage / "var/spool/postfix" / name).stat().st_mode)
             for name in ("", "pid", "active", "private", "public", "maildrop")}
    assert modes == {"": 0o755, "pid": 0o755, "active": 0o700, "private": 0o700, "public": 0o710,
                     "maildrop": 0o730}
    main_cf = stage / "etc/postfix/main.cf"
    assert "@" not in "".join(line for line in main_cf.read_text().splitlines(True)
                              if not line.startswith("#"))
    assert "mail_owner = no-such-user\n" in main_cf.read_text()
    main_cf.write_text("# mine\n")
    box.install(DESTDIR=str(stage), PREFIX="/usr", **nobody)
    assert main_cf.read_text() == "# mine\n"
