"""Mistakes that people make in main.cf and master.cf, and what stock Postfix says to each.

A mistake is a line at the end of one of the two files. `says` is the text of the fatal line, in
which FILE stands for that file and LINE for the number of the line; ours says just before it what
is `allowed`, and where it stands.
"""

import concurrent.futures
import os
import pathlib
import re
import time
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence

from support.early_log import EarlyLog
from support.instance import Instance
from support.programs import Mix

# Each fatal error is followed by a second of doing nothing, so they are made side by side.
AT_A_TIME = 8


@dataclass(frozen=True)
class Mistake:
    name: str
    file: str
    text: str
    says: str
    allowed: str

    def make(self, mail: Instance) -> int:
        """Adds the line, and gives its number."""
        path = mail.config_directory / self.file
        number = len(path.read_text().splitlines()) + 1
        with open(path, "a", encoding="utf-8") as file:
            file.write(self.text + "\n")
        back_date(path)
        return number


@dataclass(frozen=True)
class Outcome:
    """What became of a master that met a mistake."""

    mistake: Mistake
    path: pathlib.Path
    line: int
    status: int
    log: List[str]  # "fatal: text", without the times and the process
    left_over: List[str]

    @property
    def fatal(self) -> str:
        """The line that stock is known to log."""
        text = self.mistake.says.replace("FILE", str(self.path)).replace("LINE", str(self.line))
        return "fatal: " + text

    @property
    def place(self) -> str:
        return f"{self.path}, line {self.line}: "


def start_and_fail(mail: Instance) -> "tuple[int, List[str]]":
    """Starts master, which must not come up: its exit status, and all that it logged."""
    with EarlyLog(mail) as early:
        done = mail.run([mail.daemon("master"), "-w", "-c", mail.config_directory], check=False,
                        **early.environment)
        lines = early.lines() + [line.split(" ", 4)[4] for line in mail.log.lines()]
    mail.log.allow(r"postfix/master\[\d+\]: (warning|fatal): ")
    return done.returncode, [re.sub(r"^postfix/master\[\d+\]: ", "", line) for line in lines]


def _make(mistake: Mistake, mix: Mix, user: Optional[str]) -> Outcome:
    with Instance(mix, user, start=False) as mail:
        line = mistake.make(mail)
        status, log = start_and_fail(mail)
        path = mail.config_directory / mistake.file
        return Outcome(mistake, path, line, status, log, [str(left) for left in mail.processes()])


def make_all(mistakes: Sequence[Mistake], mix: Mix, user: Optional[str] = None) -> Dict[str, Outcome]:
    """Makes each mistake in an instance of its own; the outcomes by the mistakes' names."""
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        outcomes = pool.map(lambda mistake: _make(mistake, mix, user), mistakes)
        return {outcome.mistake.name: outcome for outcome in outcomes}


def back_date(path: pathlib.Path) -> None:
    """Stock reads a young file again and again."""
    hour_ago = time.time() - 3600
    os.utime(path, (hour_ago, hour_ago))


def _main(name: str, text: str, says: str, allowed: str) -> Mistake:
    return Mistake(name, "main.cf", text, says, allowed)


def _master(name: str, text: str, says: str, allowed: str) -> Mistake:
    return Mistake(name, "master.cf", text, f"FILE: line LINE: {says}", allowed)


# Those that stop master.
MISTAKES: List[Mistake] = [
    _master("unknown type", "odd tcp - - n - - smtp", "bad transport type: tcp",
            "inet, unix, unix-dgram, fifo or pass"),
    _master("bad process limit", "odd unix - - n - many smtp",
            'field "max_proc": bad value: "many"', "number of processes"),
    _master("bad wake-up", "odd unix - - n soon - smtp", 'field "wakeup_time": bad value: "soon"',
            "number of seconds"),
    _master("bad flag", "odd unix - x n - - smtp", 'field "unprivileged": bad value: "x"',
            "y, n or -"),
    _master("missing field", "odd unix - - n -", 'missing "max_proc" field',
            "service type private unpriv chroot wakeup maxproc command"),
    _master("missing command", "odd unix - - n - - -", 'field "command" has no default value',
            "program in daemon_directory"),
    _master("unterminated brace", "odd unix - - n - - smtp -o { a = b", "missing '}' in \"{ a = b\"",
            "matching }"),
    _master("text after a brace", "odd unix - - n - - smtp -o {a=b}c",
            "syntax error after '}' in \"{a=b}c\"", "matching }"),
    _master("bad service name", "-odd.example:25 inet n - n - - smtp",
            'valid hostname or network address required in "-odd.example:25"', "host"),
    _master("private network service", "2525 inet y - n - - smtp",
            "inet service cannot be private", "private is n"),
    _main("bad time unit", "max_idle = 5x", "parameter max_idle: bad time value or unit: 5x",
          "a number and s, m, h, d or w, at least 1s"),
    _main("bad number", "default_process_limit = 10k",
          "bad numerical configuration: default_process_limit = 10k", "a whole number, at least 1"),
    _main("number out of range", "max_use = 0", "invalid max_use parameter value 0 < 1",
          "a whole number, at least 1"),
    _main("time out of range", "in_flow_delay = 11s", "invalid in_flow_delay: 11 (max 10)",
          "at most 10s"),
    _main("empty text", "mail_name =", "bad string length 0 < 1: mail_name = ",
          "at least 1 bytes long"),
    _main("bad boolean", "soft_bounce = true", "bad boolean configuration: soft_bounce = true",
          "yes or no"),
    _main("recursion", "mail_name = $mail_name", "dictionary mail_dict: macro processing error",
          "cannot be expanded"),
    _main("bad expression", "mail_name = ${max_use!x}", "dictionary mail_dict: macro processing error",
          "cannot be expanded"),
    _main("bad host name", "myhostname = -odd", "file FILE: parameter myhostname: bad parameter "
          "value: -odd", "name of a host"),
    _main("bad level", "compatibility_level = 3.x",
          'malformed compatibility level syntax: "3.x"', '"3.6"'),
    _main("bad facility", "syslog_facility = odd",
          "file FILE: parameter syslog_facility: unrecognized value: odd", "local0"),
    _main("bad protocol", "inet_protocols = ipv5", 'unknown inet_protocols value "ipv5" in "ipv5"',
          "all, ipv4 or ipv6"),
    _main("two origins", "myorigin = a.example, b.example", "myorigin parameter setting must not "
          "contain multiple values: a.example, b.example", "one domain"),
    _main("relay to itself", "relayhost = mail.handoff.test", "myhostname and relayhost parameter "
          "settings must not be identical: mail.handoff.test", "another host"),
    _main("log file elsewhere", "maillog_file = /etc/odd", "maillog_file value '/etc/odd' does not "
          "match any prefix in maillog_file_prefixes", "begin with one of"),
    _main("address of nobody", "inet_interfaces = 203.0.113.7",
          "parameter inet_interfaces: no local interface found for 203.0.113.7", "this machine"),
    _main("host of nobody", "inet_interfaces = {odd}",
          "config variable inet_interfaces: host not found: {odd}", "this machine"),
    _main("no queue directory", "queue_directory = /nonexistent/queue",
          "chdir /nonexistent/queue: No such file or directory", "a directory"),
    _main("no data directory", "data_directory = /nonexistent/data", "open lock file "
          "/nonexistent/data/master.lock: cannot create file exclusively: No such file or "
          "directory", "a directory"),
    _main("brace in a list", "import_environment = {odd",
          "import_environment: missing '}' in \"{odd\"", "matching }"),
    _main("origin file", "myorigin = /nonexistent/origin",
          "/nonexistent/origin: cannot open file: No such file or directory", "a file that begins"),
    _main("empty origin file", "myorigin = /dev/null", "myorigin file /dev/null is empty",
          "a file that begins"),
    _main("no assignment", "nonsense", "FILE, line LINE: missing '=' after attribute name: "
          '"nonsense"', "name = value"),
]

# Those that only root's instances know.
ACCOUNT_MISTAKES: List[Mistake] = [
    _main("unknown owner", "mail_owner = nosuch",
          "file FILE: parameter mail_owner: unknown user name value: nosuch", "an account"),
    _main("root as owner", "mail_owner = root",
          "file FILE: parameter mail_owner: user root has privileged user ID", "an account"),
    _main("unknown group", "setgid_group = nosuch",
          "file FILE: parameter setgid_group: unknown group name: nosuch", "a group"),
    _main("owner and nobody", "default_privs = uucp",
          "file FILE: parameters default_privs and mail_owner specify the same user uucp",
          "an account"),
]
