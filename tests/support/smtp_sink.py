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
    """A sink at a free port of `address`.

    `counters` asks for a file of JSON counters (option -J, ours only), read by `counters()` after
    `stop()`. `dump` is a directory for one file a message (option -d).
    """

    def __init__(self, program: pathlib.Path, *options: str, address: str = "127.0.0.1",
                 environment: Optional[Mapping[str, str]] = None, counters: bool = False,
                 user: str = "nobody") -> None:
        self._program = program
        self._options: Sequence[str] = options
        self._environment = {"PATH": "/usr/bin:/bin", **(environment or {})}
        self._user = user
        self._directory = tempfile.TemporaryDirectory(prefix="handoff-sink-", dir="/tmp")
        self._counters = pathlib.Path(self._directory.name) / "counters" if counters else None
        self._process: Optional["subprocess.Popen[bytes]"] = None
        self.address = address
        self.port = 0

    @property
    def nexthop(self) -> str:
        return f"[{self.address}]:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> "SmtpSink":
        for _ in range(5):
            self.port = free_port(self.address)
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

    def counters(self) -> Dict[str, Any]:
        """What the sink counted. Call `stop` first."""
        assert self._counters is not None, "made without counters=True"
        return json.loads(self._counters.read_text(encoding="utf-8"))

    def _start(self) -> bool:
        """False if the port was taken meanwhile."""
        words = [str(self._program), *self._options]
        if os.geteuid() == 0:
            words += ["-u", self._user]
        if self._counters is not None:
            os.chmod(self._directory.name, 0o777)
            words += ["-J", str(self._counters)]
        words += [f"{self.address}:{self.port}", "1024"]
        self._process = process = subprocess.Popen(words, env=self._environment, cwd="/",
                                                   stderr=subprocess.PIPE)
        wait_until(lambda: is_listening(self.port, self.address) or process.poll() is not None,
                   10, f"{self._program} listens")
        if process.poll() is None:
            return True
        assert process.stderr is not None
        message = process.stderr.read().decode(errors="replace")
        if not re.search("in use", message):
            raise AssertionError(f"{' '.join(words)}: {message}")
        return False
