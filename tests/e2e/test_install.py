"""What `make install` lays out is a mail system that works, also for an ordinary user."""

import os
import pathlib
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile

import pytest

from support import processes
from support.conditions import wait_until
from support.debian import REPOSITORY
from support.layout import ROOTLESS_USER
from support.log import Log
from support.programs import our_directory, our_plugins


class Installed:
    """An installation below a directory that everybody can reach."""

    def __init__(self, directory, user):
        self.prefix = directory / "prefix"
        self.config = self.prefix / "etc/postfix"
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

    def run(self, *command, text=None, **environment):
        as_user = ["setpriv", f"--reuid={self._user}", "--regid=nogroup", "--clear-groups",
                   "--inh-caps=-all", "--bounding-set=-all"] if self._user else []
        return subprocess.run([*as_user, *map(str, command)], cwd=self._source, input=text,
                              text=True, capture_output=True, timeout=60, check=True,
                              env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", **environment})

    def install(self, **environment):
        return self.run("./install", "bin", **environment).stdout

    def add_settings(self, **settings):
        with open(self.config / "main.cf", "a", encoding="utf-8") as main_cf:
            main_cf.writelines(f"{name} = {value}\n" for name, value in settings.items())


@pytest.fixture
def directory():
    path = pathlib.Path(tempfile.mkdtemp(prefix="handoff-", dir="/tmp")).resolve()
    path.chmod(0o755)
    yield path
    processes.kill_all(path)
    shutil.rmtree(path)


def test_an_ordinary_user_sends_mail(directory, peer):
    box = Installed(directory, ROOTLESS_USER if os.geteuid() == 0 else None)
    told = box.install(PREFIX=str(box.prefix))
    assert told.split("starts with: ")[1].split() == [
        str(box.prefix / "sbin/postfix"), "-c", str(box.config), "start"]
    box.add_settings(relayhost=peer.nexthop, myhostname="mail.handoff.test",
                     inet_protocols="ipv4")
    box.run(box.prefix / "lib/postfix/sbin/master", "-w", "-c", box.config)
    path = box.prefix / "var/log/mail.log"
    wait_until(path.exists)
    log = Log(path)
    log.wait_for("daemon started -- version ")
    log.wait_for("not running as root: no chroot, and every process runs as user")
    box.run(box.prefix / "sbin/sendmail", "-i", "-f", "a@handoff.test", "b@example.test",
            text="Subject: hello\n\nhello\n", MAIL_CONFIG=str(box.config))
    wait_until(lambda: peer.messages, 20, f"a message; the log: {log.text()}")
    master = int((box.prefix / "var/spool/postfix/pid/master.pid").read_text())
    os.kill(master, signal.SIGTERM)
    wait_until(lambda: not processes.within(directory), 10, "the end of all processes")
    assert log.find("terminating on signal 15")
    assert log.troubles() == []


def test_a_staged_system_installation_keeps_what_is_there(directory):
    box = Installed(directory, None)
    stage = directory / "stage"
    assert box.install(DESTDIR=str(stage), PREFIX="/usr") == ""
    assert (stage / "usr/lib/postfix/sbin/master").stat().st_mode & 0o777 == 0o755
    assert (stage / "usr/sbin/sendmail").is_file()
    assert ".SH NAME\nscache" in (stage / "usr/share/man/man8/scache.8").read_text()
    modes = {name: stat.S_IMODE((stage / "var/spool/postfix" / name).stat().st_mode)
             for name in ("", "pid", "active", "private", "public", "maildrop")}
    assert modes == {"": 0o755, "pid": 0o755, "active": 0o700, "private": 0o700, "public": 0o710,
                     "maildrop": 0o730}
    main_cf = stage / "etc/postfix/main.cf"
    assert "@" not in "".join(line for line in main_cf.read_text().splitlines(True)
                              if not line.startswith("#"))
    main_cf.write_text("# mine\n")
    box.install(DESTDIR=str(stage), PREFIX="/usr")
    assert main_cf.read_text() == "# mine\n"
