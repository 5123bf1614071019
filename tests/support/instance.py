"""A private, running Postfix-shaped mail system: ours, stock, or any mix of both.

    with Instance(stock_but("scache"), relayhost=peer.nexthop) as mail:
        mail.inject(["user@example.test"], b"Subject: hi\\n\\nhello\\n")
        mail.log.wait_for("status=sent")

Leaving the block stops it and fails the test if a process is left over, a service still listens,
or the log holds a warning that nobody announced (`mail.log.expect`, `mail.log.allow`).
"""

import contextlib
import grp
import io
import os
import pathlib
import pwd
import re
import signal
import socket
import struct
import subprocess
from typing import Any, Dict, Iterator, List, Mapping, Match, Optional, Sequence, Set, Union

from support import processes, queue_file
from support.conditions import TimedOut, empty_twice, is_listening, wait_until
from support.layout import SETGID_GROUP, Layout
from support.log import Log
from support.processes import Process
from support.programs import Mix

WAITING_QUEUES = ("maildrop", "incoming", "active", "deferred", "hold")
STOP_TIME = 15.0

Setting = Union[str, int, bool]


_living: Set["Instance"] = set()


def living() -> List["Instance"]:
    """Those whose block has not been left."""
    return list(_living)


class Instance:
    """One mail system in a directory of its own.

    `mix`: whose programs. `user`: run everything as this ordinary user (rootless; needs root).
    `services`: changes to the stock master.cf, see master_cf.py. Settings are main.cf parameters.
    """

    def __init__(self, mix: Mix, user: Optional[str] = None,
                 services: Optional[Mapping[str, Optional[str]]] = None, start: bool = True,
                 **settings: Setting) -> None:
        self._layout = Layout(mix, user)
        self._user = user
        self._start_at_once = start
        self._given = settings
        self._layout.services.update(services or {})
        self.mix = mix
        self.root = self._layout.root
        self.config_directory = self._layout.config
        self.queue_directory = self._layout.queue
        self.log = Log(self._layout.log)
        if self._layout.rootless and self._layout.uses_stock():
            self._layout.remove()
            raise ValueError("stock Postfix runs as root only")

    # Life.

    def __enter__(self) -> "Instance":
        _living.add(self)
        try:
            self._layout.create()
            self.configure(**self._given)
            self._layout.write_master_cf()
            if self._start_at_once:
                self.start()
        except BaseException:
            self._abandon()
            raise
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is not None:
            self._abandon()
            return
        try:
            problems = self._stop_and_check()
            if problems:
                raise AssertionError("\n".join(problems) + "\n" + self.log_end())
        finally:
            self._abandon(quiet=True)

    def start(self) -> None:
        """Starts master and returns when it is ready (`master -w`)."""
        self.run([self.daemon("master"), "-w", "-c", self.config_directory], timeout=30)

    def stop(self) -> None:
        """SIGTERM to master; returns when every process has ended."""
        pid = self.master_pid()
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            processes.wait_for_end(pid, STOP_TIME)
        wait_until(lambda: not self.processes(), STOP_TIME, "end of all processes")

    def reload(self) -> None:
        """SIGHUP to master; returns when pickup and qmgr, which leave at once, are new or gone.

        Whoever still lives may take a trigger, and then leaves without doing what it asks for.
        """
        before = self.processes("pickup") + self.processes("qmgr")
        pid = self.master_pid()
        assert pid is not None, "reload: master is not running"
        os.kill(pid, signal.SIGHUP)
        wait_until(lambda: not any(old.alive for old in before), 10,
                   "the end of the old pickup and qmgr")

    def configure(self, **settings: Setting) -> None:
        """Sets main.cf parameters; a running instance needs a reload to see them."""
        words = {True: "yes", False: "no"}
        for name, value in settings.items():
            self._layout.settings[name] = words[value] if isinstance(value, bool) else str(value)
        self._layout.write_main_cf()

    def configure_services(self, services: Mapping[str, Optional[str]]) -> None:
        """Changes master.cf entries, as the constructor's `services` does."""
        self._layout.services.update(services)
        self._layout.write_master_cf()

    # Processes.

    def master_pid(self) -> Optional[int]:
        """The pid of the running master, by its pid file."""
        try:
            pid = int((self.queue_directory / "pid/master.pid").read_text())
        except (FileNotFoundError, ValueError):
            return None
        return pid if any(process.pid == pid for process in self.processes()) else None

    def master(self) -> Process:
        """The running master, whatever its pid file says in a namespace of its own.

        A child that has not become a daemon yet has the same name, and is none.
        """
        called = self.processes("master")
        others = {0, *(process.pid for process in called)}
        (master,) = (process for process in called if process.parent not in others)
        return master

    def processes(self, name: Optional[str] = None) -> List[Process]:
        """The instance's processes, or those of one program."""
        found = processes.within(self.root)
        return [process for process in found if name is None or process.name == name]

    def kill(self, name: str, number: int = signal.SIGKILL) -> List[Process]:
        """Signals every process of a program, and says which they were."""
        victims = self.processes(name)
        for victim in victims:
            processes.send(victim, number)
        return victims

    # Mail.

    def submit(self, recipients: Sequence[str], content: bytes, sender: str = "sender@handoff.test",
               options: Sequence[str] = (), user: Optional[str] = None) -> None:
        """Runs sendmail; for `user`, in the group that a set-gid postdrop would give."""
        command = [self.command("sendmail"), "-i", "-f", sender, *options, "--", *recipients]
        prefix = _as(user, SETGID_GROUP) if user and not self._layout.rootless else []
        self.run([*prefix, *command], data=content)

    def inject(self, recipients: Sequence[str], content: bytes, sender: str = "sender@handoff.test",
               trigger: bool = True) -> str:
        """Puts a queue file straight into incoming, tells qmgr, and returns the queue id."""
        data = queue_file.encode(sender, recipients, content)
        queue_id = queue_file.write(self.queue_directory / "incoming", data, self._layout.owner())
        if trigger:
            self.trigger("qmgr", b"W")
        return queue_id

    def deliver(self, recipient: str, content: bytes, line: str = ".*status=sent",
                sender: str = "sender@handoff.test", timeout: float = 15) -> Match[str]:
        """Injects a message, and returns its log line when qmgr knows what became of it, too.

        The line alone is too early: the agent saves its connection for the next message after it.
        """
        queue_id = self.inject([recipient], content, sender)
        found = self.log.wait_for(f"{queue_id}: to=<{re.escape(recipient)}>, {line}", timeout)[0]
        wait_until(lambda: queue_id not in self.queue("active"), 10, "the end of the delivery")
        return found

    def trigger(self, service: str, request: bytes) -> None:
        """Asks a trigger service for something, as postqueue and cleanup do."""
        with self.connect(f"public/{service}") as client:
            client.sendall(request + b"\0")

    def connect(self, path: str, timeout: float = 10) -> socket.socket:
        """A connection to a service's socket, such as private/scache; see attributes.py.

        Where many wait to be served already, it waits with them, at most for `timeout` seconds.
        """
        client = socket.socket(socket.AF_UNIX)
        try:
            # The kernel's patience; Python's would have connect() fail at once.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO,
                              struct.pack("ll", int(timeout), int(timeout % 1 * 1e6)))
            client.connect(str(self.queue_directory / path))
            client.settimeout(timeout)
        except OSError:
            client.close()
            raise
        return client

    def flush(self) -> None:
        """Tries all deferred mail now, like `postqueue -f`."""
        self.trigger("qmgr", b"FADI")

    def queue(self, *names: str) -> List[str]:
        """The queue ids in these queues (default: wherever mail waits)."""
        found = []
        for name in names or WAITING_QUEUES:
            for _, _, files in os.walk(self.queue_directory / name):
                found += [file for file in files if "." not in file]
        return sorted(found)

    def queue_path(self, queue: str, queue_id: str) -> pathlib.Path:
        """The file of a message, in a hashed directory or not, as soon as it is there."""
        top = self.queue_directory / queue
        return wait_until(lambda: next(top.rglob(queue_id), None), 10, f"{queue_id} in {queue}")

    def read_queue_file(self, queue: str, queue_id: str) -> queue_file.QueueFile:
        return queue_file.decode(self.queue_path(queue, queue_id).read_bytes())

    def wait_for_empty_queue(self, timeout: float = 30) -> None:
        try:
            wait_until(lambda: empty_twice(self.queue), timeout, "an empty queue")
        except TimedOut as error:
            waiting = f"{len(self.queue())} messages wait"
            raise TimedOut(f"{error}; {waiting}\n{self.log_end()}") from None

    # Programs.

    def command(self, name: str) -> pathlib.Path:
        return self._layout.commands / name

    def daemon(self, name: str) -> pathlib.Path:
        return self._layout.daemons / name

    def run(self, command: Sequence[object], data: bytes = b"", check: bool = True,
            timeout: float = 60, **environment: str) -> "subprocess.CompletedProcess[bytes]":
        """Runs a program with this instance's configuration; its failure is the test's."""
        words = [*(_as(self._user) if self._user else []), *map(str, command)]
        done = subprocess.run(words, input=data, cwd="/", env={**self.environment(), **environment},
                              capture_output=True, timeout=timeout, check=False)
        if check and done.returncode != 0:
            output = (done.stdout + done.stderr).decode(errors="replace")
            raise AssertionError(f"{' '.join(words)}: exit status {done.returncode}\n{output}"
                                 + self.log_end())
        return done

    def environment(self) -> Dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "LANG": "C", "MAIL_CONFIG": str(self.config_directory),
                **self._layout.environment()}

    def postconf(self, name: str) -> str:
        """The value of a parameter as postconf(1) tells it."""
        output = self.run([self.command("postconf"), "-h", name]).stdout
        return output.decode().strip()

    # The end.

    def _stop_and_check(self) -> List[str]:
        problems: List[str] = []
        try:
            self.stop()
        except TimedOut as error:
            left = "\n".join(map(str, self.processes()))
            problems.append(f"stop: {error}; these processes are left:\n{left}")
        problems += [f"still listening: {port}" for port in self._ports() if is_listening(port)]
        problems += [f"unexpected in the log: {line}" for line in self.log.warnings()]
        problems += [f"never logged: {regex}" for regex in self.log.missing()]
        return problems

    def _ports(self) -> List[int]:
        """The numeric ports of the inet services."""
        found = [re.fullmatch(r"(?:.*:)?(\d+)/inet", name) for name in self._layout.services]
        return [int(match.group(1)) for match in found if match]

    def log_end(self) -> str:
        """For reports; nothing if there is no log (yet)."""
        if not self.log.path.exists():
            return ""
        return "the log ends:\n" + "\n".join(self.log.lines()[-60:])

    def _abandon(self, quiet: bool = False) -> None:
        """Leaves nothing behind, whatever happened; the log goes to the test report."""
        _living.discard(self)
        if not quiet:
            print(self.log_end())
        processes.kill_all(self.root)
        if os.environ.get("HANDOFF_TEST_KEEP") and not quiet:
            print(f"kept: {self.root}")
        else:
            self._layout.remove()


@contextlib.contextmanager
def quiet(*arguments: Any, **settings: Any) -> Iterator[Instance]:
    """An instance for programs that are no tests: it does not print its log when they fail."""
    mail = Instance(*arguments, **settings).__enter__()
    try:
        yield mail
    except BaseException as failure:  # also Ctrl-C
        with contextlib.redirect_stdout(io.StringIO()):
            mail.__exit__(type(failure), failure, failure.__traceback__)
        raise
    mail.__exit__(None, None, None)


def _as(user: str, group: Optional[str] = None) -> List[str]:
    """The words before a command that make root run it as an ordinary user."""
    gid = grp.getgrnam(group).gr_gid if group else pwd.getpwnam(user).pw_gid
    return ["setpriv", f"--reuid={user}", f"--regid={gid}", "--clear-groups", "--inh-caps=-all",
            "--bounding-set=-all"]
