"""What our postconf says of defaults is what stock's says, wherever a machine makes them differ."""

import os
import pathlib
import subprocess
from typing import Dict, List, Mapping, Sequence

import pytest

from interop.test_config import EXTENSIONS
from support import postconf_corpus, programs
from support.root import needs_root

MASTER_CF = """\
smtp inet n - n - - smtpd
smtp unix - - n - - smtp
slow unix - - n - - pipe
"""
# Other at each call, or a matter of the build.
VARYING = ("process_id", "mail_release_date")
HOST_NAMES = ["plain", "mail.example.test", "a.b.c.example.test", "trailing-", "UPPER.Example.Test",
              "x" * 63]
COMPUTED = ["-x", "myhostname", "mydomain", "mydestination", "myorigin", "mynetworks",
            "smtp_helo_name", "smtpd_banner", "relay_domains", "inet_interfaces"]


def install(directory: pathlib.Path, main_cf: str = "") -> pathlib.Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in (("main.cf", main_cf), ("master.cf", MASTER_CF)):
        (directory / name).write_text(text)
        os.utime(directory / name, (postconf_corpus.LONG_AGO, postconf_corpus.LONG_AGO))
    return directory


def ask(origin: str, arguments: Sequence[str], wrapper: Sequence[str] = (),
        environment: Mapping[str, str] = {}) -> "subprocess.CompletedProcess[str]":
    libraries = programs.stock().environment() if origin == "stock" else {}
    program = str(programs.locate(origin, "postconf"))
    done = subprocess.run([*wrapper, program, *arguments], capture_output=True, text=True,
                          check=False, timeout=60, stdin=subprocess.DEVNULL,
                          env={**os.environ, **libraries, **environment})
    done.stderr = done.stderr.replace(program, "postconf")
    return done


def shown(origin: str, arguments: Sequence[str], **how) -> List[str]:
    done = ask(origin, arguments, **how)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    own = EXTENSIONS if origin == "ours" else set()
    return [line for line in lines if line.split(" ")[0] not in own | set(VARYING)]


def assert_same(arguments: Sequence[str], **how) -> None:
    ours, stock = (shown(origin, arguments, **how) for origin in ("ours", "stock"))
    assert ours == stock
    assert stock


@pytest.mark.parametrize("options", [["-d"], ["-dH"], ["-df"], ["-dx"], ["-d", "-C", "builtin"],
                                     ["-d", "-C", "service"], ["-d", "-C", "all"], ["-n"], ["-x"]],
                         ids=" ".join)
def test_all_parameters(tmp_path, options):
    assert_same(["-c", str(install(tmp_path)), *options])


def test_users_have_no_defaults(tmp_path):
    install(tmp_path, "relayhost = $own\nown = x\n")
    for origin in ("ours", "stock"):
        assert shown(origin, ["-c", str(tmp_path), "-d", "-C", "user"]) == []


def test_the_directory_may_come_from_the_environment(tmp_path):
    environment = {"MAIL_CONFIG": str(install(tmp_path / "one", "relayhost = one\n"))}
    assert_same(["-d"], environment=environment)
    assert_same(["-n"], environment=environment)
    other = str(install(tmp_path / "two", "relayhost = two\n"))
    assert_same(["-c", other, "-n"], environment=environment)
    assert "relayhost = two" in shown("ours", ["-c", other, "-n"], environment=environment)
    assert_same(["-c", other, "-d", "config_directory"], environment=environment)


@pytest.mark.parametrize("language", ["C", "C.UTF-8", "de_DE.UTF-8", "tr_TR", "nonsense"])
def test_the_language_of_the_process_does_not_matter(tmp_path, language):
    install(tmp_path, "mail_name = Grüße\n")
    assert_same(["-c", str(tmp_path), "-d"], environment={"LC_ALL": language, "LANG": language})
    assert_same(["-c", str(tmp_path), "mail_name"], environment={"LC_ALL": language})


@needs_root("a host's name is root's to choose")
@pytest.mark.parametrize("host", HOST_NAMES)
@pytest.mark.parametrize("main_cf", [
    "", "mydomain = example.org\n", "myhostname = mx.example.org\n", "myhostname = mx.$mydomain\n",
    "myorigin = $mydomain\nmydomain = $own.test\nown = x\n"])
def test_names_are_made_from_the_host_s(tmp_path, host, main_cf):
    install(tmp_path, main_cf)
    wrapper = ["unshare", "--uts", "sh", "-c", f'hostname "{host}" && exec "$@"', "sh"]
    for options in (COMPUTED, ["-d", *COMPUTED[1:]], ["-n"]):
        answers = [ask(origin, ["-c", str(tmp_path), *options], wrapper=wrapper)
                   for origin in ("ours", "stock")]
        assert answers[0].stdout == answers[1].stdout
        assert answers[0].returncode == answers[1].returncode
        fatal = [[line for line in answer.stderr.splitlines() if "fatal: " in line]
                 for answer in answers]
        assert fatal[0] == fatal[1]


@needs_root("networks are root's to make")
@pytest.mark.parametrize("style", ["host", "subnet", "class"])
@pytest.mark.parametrize("interfaces", ["all", "loopback-only", "10.1.2.3", "172.16.9.1, 127.0.0.1",
                                        "[2001:db8::5], 192.0.2.1"])
@pytest.mark.parametrize("protocols", ["all", "ipv4"])
def test_networks_are_those_of_the_interfaces(tmp_path, style, interfaces, protocols):
    """Two addresses lie in the same network, others reach over the borders of bytes."""
    if protocols == "ipv4" and ":" in interfaces:
        interfaces = interfaces.partition(", ")[2]
    install(tmp_path, f"mynetworks_style = {style}\ninet_interfaces = {interfaces}\n"
                      f"inet_protocols = {protocols}\n")
    machine = ["ip link set lo up", "ip addr add 10.1.2.3/20 dev lo",
               "ip addr add 10.1.2.4/20 dev lo", "ip addr add 172.16.9.1/30 dev lo",
               "ip addr add 192.0.2.1/24 dev lo", "ip -6 addr add 2001:db8::5/61 dev lo nodad",
               'exec "$@"']
    wrapper = ["unshare", "--net", "sh", "-ec", "\n".join(machine), "sh"]
    assert_same(["-c", str(tmp_path), "mynetworks", "inet_interfaces"], wrapper=wrapper)


def own_lists(origin: str, directory: pathlib.Path) -> Dict[str, List[str]]:
    return {option: ask(origin, ["-c", str(directory), option]).stdout.split()
            for option in ("-l", "-a", "-A")}


def test_lists_of_what_is_built_in(tmp_path):
    install(tmp_path)
    assert own_lists("ours", tmp_path) == own_lists("stock", tmp_path)
    algorithms = [shown(origin, ["-T", "public-key-algorithms"]) for origin in ("ours", "stock")]
    assert algorithms[0] == algorithms[1]
