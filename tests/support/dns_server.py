"""A real name server (Debian's NSD, unpacked) with a zone made from a dictionary.

    with DnsServer({"example.test": {"MX": ["10 mx.example.test."]},
                    "mx.example.test": {"A": ["127.0.0.2"]}}) as dns:
        suite(dns_resolver_addresses=dns.resolver)

It answers for the root zone, so every name that the dictionary does not hold does not exist; over
UDP and TCP, at a free loopback port. Stock Postfix never asks it, only those of /etc/resolv.conf.
"""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
from typing import Dict, List, Mapping, Optional, Sequence

import dns.exception
import dns.message
import dns.query

from support import debian
from support.conditions import free_port, wait_until

# Name (without the final dot) -> type -> records in zone file form, names with the final dot.
Zone = Mapping[str, Mapping[str, Sequence[str]]]


class DnsServer:
    """Serves `zone`; `replace` gives it another one, `stop` and `start` take it away and back."""

    def __init__(self, zone: Zone, address: str = "127.0.0.1", ttl: int = 60) -> None:
        self._package = debian.unpack("nsd")
        self._directory = pathlib.Path(tempfile.mkdtemp(prefix="handoff-dns-", dir="/tmp"))
        self._ttl = ttl
        self._process: Optional["subprocess.Popen[bytes]"] = None
        self._serial = 0
        self.address = address
        self.port = 0
        self._write_zone(zone)

    @property
    def resolver(self) -> str:
        """As our `dns_resolver_addresses` wants it."""
        return f"{self.address}:{self.port}"

    def __enter__(self) -> "DnsServer":
        for _ in range(5):
            self.port = free_port(self.address, udp=True)
            self._write_configuration()
            if self._start():
                return self
        self._remove()
        raise AssertionError("nsd does not start:\n" + self._log())

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._remove()

    def stop(self) -> None:
        """Ends the server; queries get no answer (port unreachable) until `start`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            with contextlib.suppress(ProcessLookupError):  # its server process ends later than it
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process = None

    def start(self) -> None:
        """Starts it again, at the same port."""
        assert self._process is None, "already running"
        wait_until(self._start, 10, "nsd starts again")

    def replace(self, zone: Zone) -> None:
        """Serves another zone from now on.

        By a restart: after nsd's own reload the old server process answers for a while too.
        """
        self.stop()
        self._write_zone(zone)
        self.start()

    def _start(self) -> bool:
        program = self._package.root / "usr/sbin/nsd"
        environment = {"PATH": "/usr/bin:/bin", **self._package.environment()}
        process = subprocess.Popen([program, "-d", "-c", self._directory / "nsd.conf"],
                                   env=environment, cwd="/", start_new_session=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._process = process
        wait_until(lambda: process.poll() is not None or self._answered_serial() == self._serial,
                   10, "nsd answers")
        if process.poll() is None:
            return True
        self._process = None
        return False

    def _answered_serial(self) -> Optional[int]:
        """The serial number of the zone being served; None while nobody answers."""
        query = dns.message.make_query(".", "SOA")
        try:
            reply = dns.query.udp(query, self.address, port=self.port, timeout=0.5)
            return reply.answer[0][0].serial if reply.answer else None
        except (OSError, dns.exception.DNSException):
            return None

    def _write_configuration(self) -> None:
        # Rate limiting is on by default in Debian, at 200 answers a second.
        account = pwd.getpwuid(os.geteuid()).pw_name if os.geteuid() else "nobody"
        settings = {
            "ip-address": f"{self.address}@{self.port}", "server-count": "1", "username": account,
            "database": '""', "zonesdir": str(self._directory), "chroot": '""',
            "pidfile": '""', "logfile": str(self._directory / "log"),
            "zonelistfile": str(self._directory / "list"), "xfrdfile": '""',
            "xfrdir": str(self._directory), "rrl-ratelimit": "0", "hide-version": "no",
        }
        lines = ["server:", *(f"  {name}: {value}" for name, value in settings.items()),
                 "remote-control:", "  control-enable: no",
                 "zone:", '  name: "."', "  zonefile: zone"]
        (self._directory / "nsd.conf").write_text("\n".join(lines) + "\n")

    def _write_zone(self, zone: Zone) -> None:
        self._serial += 1
        lines = [f"$ORIGIN .\n$TTL {self._ttl}",
                 f". SOA ns.invalid. hostmaster.invalid. {self._serial} 3600 600 86400 {self._ttl}",
                 ". NS ns.invalid.", f"ns.invalid. A {self.address}"]
        for name, types in zone.items():
            for kind, records in types.items():
                lines += [f"{name}. IN {kind} {record}" for record in records]
        (self._directory / "zone").write_text("\n".join(lines) + "\n")
        self._directory.chmod(0o777)

    def _log(self) -> str:
        path = self._directory / "log"
        return path.read_text(errors="replace") if path.exists() else "(nsd wrote no log)"

    def _remove(self) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)


def mail_zone(domains: Mapping[str, Sequence[str]]) -> Dict[str, Dict[str, List[str]]]:
    """Each domain's MX hosts, most preferred first, by address; none means "takes no mail"."""
    zone: Dict[str, Dict[str, List[str]]] = {}
    for domain, addresses in domains.items():
        hosts = [f"mx-{address.replace('.', '-')}.handoff.test" for address in addresses]
        zone[domain] = {"MX": [f"{10 * i} {host}." for i, host in enumerate(hosts, 1)] or ["0 ."]}
        zone.update({host: {"A": [address]} for host, address in zip(hosts, addresses)})
    return zone
