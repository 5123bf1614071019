"""A slapd of Debian's, unpacked and never installed, with people and groups of our choice."""

import os
import pathlib
import socket
import subprocess
from typing import Dict, List, Optional, Union

from support import debian
from support.conditions import wait_until

Attributes = Dict[str, Union[str, List[str]]]
BASE = "dc=x"
PEOPLE = "ou=p,dc=x"
ADMIN = "cn=admin,dc=x"
PASSWORD = "secret"

CONFIGURATION = """\
include {etc}/schema/core.schema
include {etc}/schema/cosine.schema
modulepath {modules}
moduleload back_mdb
attributetype ( 1.3.6.1.4.1.4203.666.1 NAME 'maildrop' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.4203.666.2 NAME 'mailacceptinggeneralid' EQUALITY caseIgnoreMatch
  SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.4203.666.3 NAME 'memberURL' EQUALITY caseExactMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
objectclass ( 1.3.6.1.4.1.4203.666.10 NAME 'mailRecipient' SUP top AUXILIARY
  MAY ( maildrop $ mailacceptinggeneralid $ memberURL $ member $ mail $ cn ) )
{directives}
database mdb
suffix {base}
rootdn {admin}
rootpw {password}
directory {directory}/db
"""


def entry(name: str, **attributes: Union[str, List[str]]) -> str:
    lines = [f"dn: cn={name},{PEOPLE}", "objectClass: device", "objectClass: mailRecipient",
             f"cn: {name}"]
    for attribute, values in attributes.items():
        lines += [f"{attribute}: {value}"
                  for value in ([values] if isinstance(values, str) else values)]
    return "\n".join(lines) + "\n\n"


def account(name: str, password: str) -> str:
    """Somebody who can bind. SASL needs the password itself."""
    return (f"dn: cn={name},{PEOPLE}\nobjectClass: device\nobjectClass: simpleSecurityObject\n"
            f"cn: {name}\nuserPassword: {password}\n\n")


class LdapServer:
    """Listens on a TCP port of 127.0.0.1 that was free, and on a UNIX socket."""

    def __init__(self, directory: pathlib.Path, entries: str, directives: str = "") -> None:
        package = debian.unpack("slapd")
        self._slapd = package.root / "usr/sbin/slapd"
        self._environment = {**os.environ, **package.environment()}
        self._configuration = directory / "slapd.conf"
        (directory / "db").mkdir(parents=True)
        self._configuration.write_text(CONFIGURATION.format(
            etc=package.root / "etc/ldap", modules=package.root / "usr/lib/ldap", directives=directives,
            base=BASE, admin=ADMIN, password=PASSWORD, directory=directory))
        self._fill(directory / "data.ldif", entries)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._tls_port = free.getsockname()[1]
        self.socket = directory / "ldapi"
        self._process: Optional["subprocess.Popen[bytes]"] = None

    def _fill(self, path: pathlib.Path, entries: str) -> None:
        path.write_text(f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: x\n"
                        f"dc: x\n\ndn: {PEOPLE}\nobjectClass: organizationalUnit\nou: p\n\n"
                        + entries)
        subprocess.run(["slapadd", "-q", "-f", self._configuration, "-l", path], check=True,
                       executable=self._slapd, env=self._environment, capture_output=True)

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        """ldaps:, which needs a certificate among the directives."""
        return f"ldaps://127.0.0.1:{self._tls_port}"

    @property
    def local_url(self) -> str:
        return "ldapi://" + str(self.socket).replace("/", "%2F")

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._slapd, "-d", "0", "-f", self._configuration,
             "-h", f"{self.url} {self.tls_url} {self.local_url}"], env=self._environment)
        wait_until(self._answers, 10, "slapd")

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(20)
            self._process = None
