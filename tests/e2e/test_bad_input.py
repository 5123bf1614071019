"""Mistakes in main.cf and master.cf stop who reads them, and the log says why, where and what
would be right. That the words are stock's is shown in tests/interop/test_mistakes.py."""

import os

import pytest

from support.layout import ROOTLESS_USER
from support.mistakes import ACCOUNT_MISTAKES, MISTAKES, back_date, make_all, start_and_fail
from support.programs import ours_but
from support.root import needs_root


def mistake_parameters(mistakes):
    return pytest.mark.parametrize("name", [mistake.name for mistake in mistakes])


def check(outcome):
    assert outcome.status != 0
    where = outcome.log.index(outcome.fatal)
    assert outcome.log[where - 1].startswith("warning: " + outcome.place), outcome.log
    assert outcome.mistake.allowed in outcome.log[where - 1], outcome.log
    assert not outcome.left_over


@pytest.fixture(scope="module")
def outcomes():
    accounts = ACCOUNT_MISTAKES if os.geteuid() == 0 else []
    return make_all(MISTAKES + accounts, ours_but())


@mistake_parameters(MISTAKES)
def test_master_stops_and_says_why(outcomes, name):
    check(outcomes[name])


@needs_root("accounts only matter to root")
@mistake_parameters(ACCOUNT_MISTAKES)
def test_accounts_are_checked(outcomes, name):
    check(outcomes[name])


@needs_root("root can become somebody else")
def test_the_same_without_root():
    few = [mistake for mistake in MISTAKES if mistake.name in ("unknown type", "bad boolean")]
    for outcome in make_all(few, ours_but(), ROOTLESS_USER).values():
        check(outcome)


@needs_root("root can become somebody else")
def test_accounts_do_not_matter_without_root(suite):
    with suite(user=ROOTLESS_USER, mail_owner="nosuch", setgid_group="nosuch"):
        pass


def test_main_cf_that_is_missing(suite):
    with suite(start=False) as mail:
        (mail.config_directory / "main.cf").unlink()
        status, lines = start_and_fail(mail)
        assert status != 0
        assert f"fatal: open {mail.config_directory}/main.cf: No such file or directory" in lines


def test_a_queue_directory_that_cannot_be_written(suite, user):
    with suite(user=user, start=False) as mail:
        if user is None:  # root can write anywhere but into what is not there
            (mail.queue_directory / "pid").rename(mail.queue_directory / "pid.old")
            wanted = "open lock file pid/master.pid: cannot create file exclusively: No such file"
        else:
            (mail.queue_directory / "pid").chmod(0o500)
            wanted = "open lock file pid/master.pid: cannot create file exclusively: Permission"
        status, lines = start_and_fail(mail)
        assert status != 0
        (fatal,) = [i for i, line in enumerate(lines) if "fatal: " in line and wanted in line]
        assert "warning: " in lines[fatal - 1] and "queue_directory" in lines[fatal - 1], lines
        assert f"{mail.config_directory}/main.cf, line " in lines[fatal - 1]


def test_a_daemon_stops_only_itself(suite, peer):
    with suite(relayhost=peer.nexthop, connection_cache_ttl_limit="5x") as mail:
        mail.log.expect(
            r"scache\[\d+\]: warning: \S+/main.cf, line \d+: connection_cache_ttl_limit = 5x: "
            r"must be a number and s, m, h, d or w, at least 1s",
            r"scache\[\d+\]: fatal: parameter connection_cache_ttl_limit: bad time value or unit: 5x",
            r"master\[\d+\]: warning: process \S+/scache pid \d+ exit status 1",
            r"master\[\d+\]: warning: \S+/scache: bad command startup -- throttling")
        mail.connect("private/scache").close()
        mail.log.wait_for("scache: bad command startup -- throttling")
        mail.inject(["user@example.test"], b"Subject: still here\n\nhello\n")
        mail.log.wait_for("status=sent")
        mail.wait_for_empty_queue()


def test_a_duplicate_service_and_a_missing_command_are_reported_and_the_rest_works(suite, peer):
    services = {"odd/unix": "- - n - - nosuch"}
    with suite(relayhost=peer.nexthop, services=services, start=False) as mail:
        path = mail.config_directory / "master.cf"
        path.write_text(path.read_text() + "scache unix - - n - 1 scache -v\n")
        back_date(path)
        mail.log.expect(r'warning: duplicate master.cf entry for service "scache" '
                        r"\(private/scache\) -- using the last entry",
                        r"master\[\d+\]: fatal: master_spawn: exec \S+/nosuch: No such file",
                        r"master\[\d+\]: warning: process \S+/nosuch pid \d+ exit status 1",
                        r"master\[\d+\]: warning: \S+/nosuch: bad command startup -- throttling")
        mail.start()
        mail.connect("private/odd").close()
        mail.log.wait_for("nosuch: bad command startup -- throttling")
        mail.connect("private/scache").close()
        mail.inject(["user@example.test"], b"Subject: still here\n\nhello\n")
        mail.log.wait_for("status=sent")
        mail.wait_for_empty_queue()
        assert [p.arguments[-1] for p in mail.processes("scache")] == ["-v"]
