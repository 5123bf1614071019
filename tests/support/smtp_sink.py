"""smtp-sink(1) as a separate process: stock's, or ours with its counters."""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
from typing import Any, Dict, Mapping, Optional, Sequence

from support.conditions import free_port, is_listening, wait_until


class SmtpSink:
    """A sink at a free port, the same one of each address.

    Ours only: `counters` asks for a file of JSON counters, read by `counters()` at any time, and
    written every `counters_interval` or, without one, when the sink is told to; `store` is a directory for the messages, byte for byte.
    """

    def __init__(self, program: pathlib.Path, *options: str,
                 addresses: Sequence[str] = ("127.0.0.1",),
                 environment: Optional[Mapping[str, str]] = None, counters: bool = False,
                 counters_interval: Optional[str] = "100ms",
                 store: Optional[pathlib.Path] = None, user: str = "nobody") -> None:
        self._program = program
        self._options = list(options)
        self._environment = {"PATH": "/usr/bin:/bin", **(environment or {})}
        self._user = user
        self._directory = tempfile.TemporaryDirectory(prefix="handoff-sink-", dir="/tmp")
        self._process: Optional["subprocess.Popen[bytes]"] = None
        self.addresses = addresses
        self.address = addresses[0]
        self.port = 0
        self._counters: Optional[pathlib.Path] = None
        if counters:
            os.chmod(self._directory.name, 0o777)
            self._counters = pathlib.Path(self._directory.name) / "counters"
            self._options += ["-J", str(self._counters)]
            if counters_interval:
                self._options.append(f"--counters-interval={counters_interval}")
        if store:
            store.chmod(0o777)
            self._options.append(f"--store={store}")

    @property
    def nexthop(self) -> str:
        return f"[{self.address}]:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> "SmtpSink":
        for _ in range(5):
            self.port = free_port(*self.addresses)
            if self._start():
                return self
        self._directory.cleanup()
        raise AssertionError(f"{self._program} does not start")

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._directory.cleanup()

    def stop(self) -> None:
        """SIGTERM, and waits for the end."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
                raise

    def wait(self, timeout: float) -> None:
        """Waits until it ends by itself (options -M and -n)."""
        assert self._process is not None
        self._process.wait(timeout)

    def counters(self) -> Dict[str, Any]:
        """What the sink has counted: the whole truth after `stop`, a moment's before."""
        assert self._counters is not None, "made without counters=True"
        return json.loads(self._counters.read_text(encoding="utf-8"))

    def _start(self) -> bool:
        """False if the port was taken meanwhile."""
        words = [str(self._program), *self._options]
        if os.geteuid() == 0:
            words += ["-u", self._user]
        words += [*(f"{address}:{self.port}" for address in self.addresses), "1024"]
        self._process = process = subprocess.Popen(words, env=self._environment, cwd="/",
                                                   stderr=subprocess.PIPE, start_new_session=True)
        wait_until(lambda: process.poll() is not None or self._ready(), 10,
                   f"{self._program} listens")
        if process.poll() is None:
            return True
        assert process.stderr is not None
        message = process.stderr.read().decode(errors="replace")
        if not re.search("in use", message):
            raise AssertionError(f"{' '.join(words)}: {message}")
        return False

    def _ready(self) -> bool:
        return (all(is_listening(self.port, address) for address in self.addresses)
                and (self._counters is None or self._counters.exists()))
