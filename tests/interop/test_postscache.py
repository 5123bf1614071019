"""postscache(1) looks into our scache, whoever started that and whoever uses it."""

import json
import os
import re
import subprocess

import pytest

from support.conditions import wait_until
from support.programs import our_directory
from support.scache_client import (MASTERS, ScacheClient, find_destination, find_endpoint,
                                   sessions)


def postscache(mail, *arguments, check=True):
    done = subprocess.run([our_directory() / "postscache", "-c", mail.config_directory, *arguments],
                          capture_output=True, text=True, timeout=30, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done


def asked(mail, *arguments):
    return json.loads(postscache(mail, "--json", *arguments).stdout)


@pytest.fixture
def mail(stock_suite):
    with stock_suite(scache="ours", connection_cache_ttl_limit="60s") as instance:
        yield instance


@pytest.fixture
def client(mail):
    with ScacheClient(mail.connect("private/scache")) as connected:
        yield connected


def save(client, made, label="smtp\n192.0.2.1\n25\n0\n"):
    for session in made:
        client.save_destination("smtp\nexample.com\n", label, "dprop=1\n\n", ttl=50)
        client.save_endpoint(label, session.descriptor, "reuse_count=2\n\n", ttl=50)
        session.give_up()


@pytest.mark.parametrize("mix", MASTERS, ids=str)
def test_counts_what_happens(stock_suite, mix):
    with stock_suite(mix, connection_cache_ttl_limit="60s") as mail, sessions(3) as made, \
            ScacheClient(mail.connect("private/scache")) as client:
        save(client, made)
        os.close(client.find(find_destination("smtp\nexample.com\n")))
        assert client.find(find_endpoint("nobody")) is None
        told = asked(mail, "stats")
        assert told["pid"] == mail.processes("scache")[0].pid
        assert told["size"] == {"destinations": 1, "endpoints": 1, "sessions": 2}
        assert told["peak"]["sessions"] == 3
        for part in (told["total"], told["interval"]):
            assert (part["destination_hits"], part["destination_misses"]) == (1, 0)
            assert (part["endpoint_hits"], part["endpoint_misses"]) == (0, 1)
            assert (part["bindings_saved"], part["sessions_saved"]) == (3, 3)
            assert part["departures"]["found"] == 1


def test_lists_what_is_there(mail, client):
    with sessions(2) as made:
        save(client, made)
        told = asked(mail, "list")
        assert len(told["connections"]) == 2
        first = told["connections"][0]
        assert first["endpoint"] == "smtp|192.0.2.1|25|0"
        assert 0 <= first["age"] < 30 and 20 < first["remaining"] <= 50
        assert (first["uses"], first["watched"]) == (3, True)
        [binding] = told["bindings"]
        assert binding["destination"] == "smtp|example.com"
        assert binding["endpoint"] == "smtp|192.0.2.1|25|0"
        assert binding["property"] == "dprop=1\n\n"


def test_speaks_to_people(mail, client):
    with sessions(1) as made:
        save(client, made)
        assert re.search(r"connections +1 +1\n", postscache(mail, "stats").stdout)
        assert re.search(r"connections saved +1 +1\n", postscache(mail, "stats").stdout)
        listed = postscache(mail, "list").stdout
        assert re.search(r"\d\.\d +\d+\.\d +3 watched +smtp\|192\.0\.2\.1\|25\|0\n", listed)
        assert re.search(r"smtp\|example\.com +smtp\|192\.0\.2\.1\|25\|0\n", listed)


@pytest.mark.parametrize("pattern, closed", [((), 3), (("*|192.0.2.1|*",), 2),
                                             (("smtp|example.com",), 2), (("nothing",), 0)])
def test_flushes(mail, client, pattern, closed):
    with sessions(2) as made, sessions(1) as other:
        save(client, made)
        client.save_endpoint("relay\n192.0.2.9\n25\n0\n", other[0].descriptor, ttl=50)
        other[0].give_up()
        assert asked(mail, "flush", *pattern) == {"closed": closed}
        assert asked(mail, "stats")["size"]["sessions"] == 3 - closed
        assert asked(mail, "stats")["total"]["departures"]["flushed"] == closed
        if closed:
            assert all(session.ends() for session in made)


def test_speaks_open_metrics(mail, client):
    with sessions(1) as made:
        save(client, made)
        lines = postscache(mail, "metrics").stdout.splitlines()
    assert lines[-1] == "# EOF"
    assert 'handoff_scache_saves_total{what="connection"} 1' in lines
    assert "handoff_scache_connections 1" in lines
    families = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    for line in lines[:-1]:
        name = line.split()[2] if line.startswith("#") else re.split("[{ ]", line)[0]
        assert name.removesuffix("_total") in families


def test_shows_what_is_going_on(mail, client):
    del client
    with subprocess.Popen([our_directory() / "postscache", "-c", mail.config_directory, "-j",
                           "watch"], stdout=subprocess.PIPE, text=True) as watching:
        try:
            seen = [json.loads(watching.stdout.readline()) for _ in range(2)]
        finally:
            watching.kill()
    assert seen[0]["pid"] == seen[1]["pid"]
    assert seen[1]["now"] >= seen[0]["now"]


def test_dead_connections_go_at_once_and_are_counted(mail, client):
    label = "smtp\n192.0.2.1\n25\n0\n"
    with sessions(1000) as made:
        save(client, made, label)
        for session in made[::2]:
            session.remote.close()
        wait_until(lambda: asked(mail, "stats")["total"]["departures"]["remote_closed"] == 500, 10)
        for session in made[1::2]:
            descriptor = client.find(find_endpoint(label))
            assert session.is_behind(descriptor)
            os.close(descriptor)
        for _ in range(500):
            assert client.find(find_endpoint(label)) is None
    mail.log.wait_for(r"cached connection smtp\|192\.0\.2\.1\|25\|0 dropped after \d+s: "
                      "the remote end has closed it")
    assert len(mail.log.find("dropped after")) == 1


def test_says_that_no_cache_is_running(stock_suite):
    with stock_suite(scache="ours") as mail:
        failed = postscache(mail, "stats", check=False)
        assert failed.returncode == 1
        assert "no connection cache is running" in failed.stderr


@pytest.mark.parametrize("arguments, says", [
    ((), "usage: "), (("frob",), "usage: "), (("stats", "x"), "stats takes no argument"),
    (("flush", "a", "b"), "usage: "), (("-x", "stats"), "usage: "),
    (("watch", "0"), "must be a number of seconds from 1 to 86400"),
    (("-c", "/nonexistent", "stats"), "open /nonexistent/main.cf"),
])
def test_refuses_what_it_does_not_understand(mail, client, arguments, says):
    del client
    failed = postscache(mail, *arguments, check=False)
    assert failed.returncode == 1
    assert says in failed.stderr
