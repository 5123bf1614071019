"""Our trivial-rewrite gives the same answers as stock's, byte for byte.

tests/data/addresses.txt has one address a line, with Python's escapes for bytes outside ASCII:
everything that people, programs and attackers have put into address fields.
"""

import os
import pathlib

import pytest

from support import attributes
from support.random_routing import RandomRouting
from support.rewrite_client import RewriteClient

# Also settings by the hundred.
FULL = bool(os.environ.get("HANDOFF_TEST_FULL"))
ADDRESSES = (pathlib.Path(__file__).parents[1] / "data/addresses.txt").read_text().splitlines()

CONFIGURATIONS = {
    "defaults": {"mydestination": "$myhostname, localhost", "smtputf8_enable": False},
    "relay": {
        "append_dot_mydomain": True,
        "mydestination": "$myhostname, localhost",
        "myorigin": "origin.example",
        "relay_domains": "relay.example",
        "virtual_alias_domains": "va.example",
        "virtual_mailbox_domains": "vm.example",
        "relayhost": "[10.1.1.1]:25",
        "smtputf8_enable": True,
        "local_transport": "local",
        "transport_maps": "inline:{ tm.example=smtp:[10.9.9.9], u2@tm.example=error:5.1.1_no, "
                          ".tm.example=relay:, user=discard:u, u3@tm.example=:nh3, pw.example={:}, "
                          "user+x@tm.example=local:, double-bounce@example.com=discard }",
    },
    "without operators": {
        "mydestination": "$myhostname, localhost",
        "allow_percent_hack": False,
        "swap_bangpath": False,
        "append_at_myorigin": False,
        "allow_min_user": True,
        "resolve_numeric_domain": True,
        "resolve_null_domain": True,
        "remote_header_rewrite_domain": "remote.invalid",
        "smtputf8_enable": False,
    },
}

SENDERS = ["s@x.example", "s1@a.example", "z@b.example", "", "t1@a.example", "t2@a.example",
           "t3@a.example", "S1@A.EXAMPLE", "s1+ext@a.example"]
ROUTED = ["u@x.example", "u@r.example", "u@sub.r.example", "u@no.r.example", "u@q.dot.example",
          "moved@x.example", "gone", "x@whole.example", "gone+e", "moved+e@x.example",
          "a@va.example", "q@vm.example", "u+e@tm.example", "u@tm.example", "x@tmm.example",
          "u@[10.7.7.7]", "u@[127.0.0.1]", "x@sub.loc.example", "u+e@R.Example", "U@TM.example"]
ROUTES = {
    "mydestination": "$myhostname, localhost",
    "default_transport": "smtp:[9.9.9.9]",
    "relayhost": "[8.8.8.8]",
    "relay_domains": "r.example, .dot.example, !no.r.example",
    "relocated_maps": "inline:{ {moved@x.example=new@y.example}, {gone=elsewhere@z.example}, "
                      "{@whole.example=the other side} }",
    "sender_dependent_relayhost_maps":
        "inline:{ s1@a.example=[7.7.7.7], @b.example=[6.6.6.6]:26, {<>=[5.5.5.5]} }",
    "sender_dependent_default_transport_maps":
        "inline:{ t1@a.example=relay:[4.4.4.4], {<>=error:no bounces}, t2@a.example=relay, "
        "t3@a.example=DUNNO }",
    "address_verify_default_transport": "discard:probe",
    "address_verify_relayhost": "[2.2.2.2]",
    "virtual_alias_domains": "va.example",
    "virtual_mailbox_domains": "vm.example",
    "recipient_delimiter": "+",
    "transport_maps": "inline:{ {u@tm.example=smtp:[u]}, {tmm.example=:}, "
                      "{sub.loc.example=local} }",
    "proxy_interfaces": "10.7.7.7",
}


def _answers(stock_suite, origin: str, settings: dict) -> dict:
    answers = {}
    with stock_suite(trivial_rewrite=origin, **settings) as mail:
        mail.log.allow("valid_ipv[46]_hostaddr", "rewrite_addr: null address", "valid_")
        with RewriteClient(mail) as client:
            for line in ADDRESSES:
                address = line.encode().decode("unicode_escape").encode("latin1")
                answers[line] = [client.rewrite("local", address),
                                 client.rewrite("remote", address),
                                 client.resolve(b"s@example.org", address)]
    return answers


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_answers_alike(stock_suite, name):
    theirs, ours = (_answers(stock_suite, origin, CONFIGURATIONS[name])
                    for origin in ("stock", "ours"))
    different = {line: (ours[line], theirs[line]) for line in ADDRESSES
                 if ours[line] != theirs[line]}
    assert not different


def test_routes_alike(stock_suite):
    found = []
    for origin in ("stock", "ours"):
        answers = {}
        with stock_suite(trivial_rewrite=origin, **ROUTES) as mail, RewriteClient(mail) as client:
            for sender in SENDERS:
                for address in ROUTED:
                    for request in (b"resolve", b"verify"):
                        answers[sender, address, request] = client.resolve(
                            sender.encode(), address.encode(), request)
        found.append(answers)
    theirs, ours = found
    assert {key: (ours[key], theirs[key]) for key in ours if ours[key] != theirs[key]} == {}


# Taken apart in another order, see trivial-rewrite(8).
ODD = {"@a.test:u@", "@a.test:u@127.0.0.1"}
# Stock's remarks about addresses that are none.
REMARKS = ("valid_ipv4_hostaddr", "null address")


def _all_it_said(mail, client):
    """The texts of the log, with that of a last, bad request."""
    client.send(b"request\0end\0\0")
    mail.log.wait_for("bad command end")
    return [found.group(1).replace(str(mail.root), "ROOT")
            for found in mail.log.find(r"trivial-rewrite\[\d+\]: (.*)")]


def _ask_all(mail, questions):
    with RewriteClient(mail) as client:
        answers = []
        for sender, address, what in questions:
            address = address.encode("latin1")
            if what in ("local", "remote"):
                answers.append(client.rewrite(what, address))
            else:
                answers.append(client.resolve(sender.encode("latin1"), address, what.encode()))
        said = _all_it_said(mail, client)
    return answers, [line for line in said if not any(remark in line for remark in REMARKS)]


@pytest.mark.parametrize("seed", range(100) if FULL else range(5))
def test_random_settings_and_addresses_alike(stock_suite, seed):
    chance = RandomRouting(seed)
    settings = chance.settings()
    questions = [question for question in chance.questions(250) if question[1] not in ODD]
    told = []
    for origin in ("stock", "ours"):
        with stock_suite(trivial_rewrite=origin, **settings) as mail:
            mail.log.allow("/trivial-rewrite.*: warning: ")
            told.append(_ask_all(mail, questions))
    theirs, ours = told
    assert [(question, mine, others) for question, mine, others in zip(questions, ours[0], theirs[0])
            if mine != others] == []
    assert ours[1] == theirs[1]


def _asked_alike(stock_suite, questions, *troubles, **settings):
    """What both answer, and what they log behind the name of the program."""
    told = []
    for origin in ("stock", "ours"):
        with stock_suite(trivial_rewrite=origin,
                         **{"mydestination": "$myhostname", **settings}) as mail:
            mail.log.expect(*troubles, "bad command end")
            with RewriteClient(mail) as client:
                answers = [dict(client.resolve(*question)) for question in questions]
                said = _all_it_said(mail, client)
        told.append((answers, said))
    theirs, ours = told
    return theirs, ours


RECIPIENT = {"transport_maps", "relocated_maps"}
ROUTING = ("transport_maps", "relocated_maps", "sender_dependent_relayhost_maps",
           "sender_dependent_default_transport_maps")


def _questions(parameter, *addresses):
    if parameter in RECIPIENT:
        return [(b"s@x.test", address.encode()) for address in addresses]
    return [(address.encode(), b"r@x.test") for address in addresses]


@pytest.mark.parametrize("parameter", ROUTING)
def test_patterns_see_upper_and_lower_case(stock_suite, parameter):
    theirs, ours = _asked_alike(
        stock_suite, _questions(parameter, "Abc@x.test", "abc@x.test", "QX@x.test", "Lit@X.test"),
        **{parameter: "regexp:{{/^Abc@/i error:cased}, {/^Q[A-Z]@/i error:upper}} "
                      "inline:{lit@x.test=error:literal}"})
    assert ours == theirs
    assert "cased" in ours[0][0]["nexthop"] and "cased" not in ours[0][1]["nexthop"]


@pytest.mark.parametrize("parameter", ROUTING)
def test_addresses_in_results(stock_suite, parameter):
    theirs, ours = _asked_alike(stock_suite, _questions(parameter, "abc@x.test"),
                                *([] if parameter == "relocated_maps" else
                                  ["substitution is not allowed"]),
                                **{parameter: "regexp:{{/^(abc)@/ error:$$1}}"})
    assert ours == theirs
    assert ("abc" in ours[0][0]["nexthop"]) == (parameter == "relocated_maps")


@pytest.mark.parametrize("lists", ["transport_maps", "address_verify_transport_maps", ""])
@pytest.mark.parametrize("key", ["example.test", ".example.test"])
def test_parents_match_if_that_is_wanted(stock_suite, lists, key):
    questions = [(b"s@x.test", address, request) for request in (b"resolve", b"verify")
                 for address in (b"a@example.test", b"a@sub.example.test", b"a@x.sub.Example.test")]
    theirs, ours = _asked_alike(stock_suite, questions, transport_maps=f"inline:{{{key}=error:it}}",
                                parent_domain_matches_subdomains=lists)
    assert ours == theirs


# What a table may have for "aN.+e.@dN.test": which of them is looked for first?
FORMS = ['"a{0}.+e."@d{0}.test', "a{0}.+e.@d{0}.test", '"a{0}."@d{0}.test', "a{0}.@d{0}.test",
         '"a{0}.+e."', "a{0}.+e.", '"a{0}."', "a{0}.", "@d{0}.test", "d{0}.test"]


@pytest.mark.parametrize("parameter", ROUTING)
def test_addresses_with_and_without_quotes(stock_suite, parameter):
    """Every form is there with all that come after it, for a domain of its own."""
    numbers = range(len(FORMS))
    lines = [form.format(n) + f" smtp:[{n}.{place}]"
             for n in numbers for place, form in enumerate(FORMS) if place >= n]
    locals_ = ["a{}.+e.", "a{}.+e", 'a{}."\\ b+e', "a{}.", "a{}+e.", "", "a{}.b+e"]
    addresses = [f"{local}@d{{}}.test".format(n, n) if local else f"@d{n}.test"
                 for n in numbers for local in locals_]
    found = []
    for origin in ("stock", "ours"):
        with stock_suite(trivial_rewrite=origin, start=False, recipient_delimiter="+",
                         mydestination=" ".join(f"d{n}.test" for n in numbers if n % 2)) as mail:
            table = mail.config_directory / "table"
            table.write_text("\n".join([*lines, "* smtp:[all]"]) + "\n")
            mail.configure(**{parameter: f"texthash:{table}"})
            mail.start()
            with RewriteClient(mail) as client:
                found.append([client.resolve(*question)
                              for question in _questions(parameter, *addresses)])
    theirs, ours = found
    assert ours == theirs
    hits = str(ours)
    assert all(f"[{n}.{n}]" in hits for n in (0, 1, 2, 3))


@pytest.mark.parametrize("parameter", ROUTING)
def test_patterns_see_quotes(stock_suite, parameter):
    theirs, ours = _asked_alike(
        stock_suite, _questions(parameter, "a b@x.test", 'a"b@x.test', "@x.test", "a.@x.test",
                                "ab@x.test", "[ab]@x.test"),
        **{parameter: 'regexp:{{/^"a b"@/ error:one} {/^"a..b"@/ error:two} {/^""@/ error:three} '
                      '{/^a.@/ error:four} {/^"[[]/ error:five}}'})
    assert ours == theirs
    assert [one for one in ("one", "two", "five") if one in str(ours[0])] == ["one", "two", "five"]


def test_domains_of_two_classes(stock_suite):
    addresses = [b"u@a.test", b"u@b.test", b"u@c.test", b"u@d.test", b"u@e.test", b"u@g.test",
                 b"u@x.f.test", b"u%d.test@a.test", b"u@A.test", b"u", b"", b"u@", b"u@[127.0.0.1]",
                 b"u%b.test@", b"u!d.test!x@a.test", b"-u@g.test"]
    theirs, ours = _asked_alike(
        stock_suite, [(b"s@x.test", address) for address in addresses],
        "do not list domain g.test in BOTH virtual_alias_domains and virtual_mailbox_domains",
        "do not list domain", mydestination="$myhostname a.test b.test c.test",
        relay_domains="c.test d.test e.test f.test", resolve_null_domain=True,
        virtual_alias_domains="$myhostname [127.0.0.1] a.test d.test g.test x.f.test",
        virtual_mailbox_domains="b.test e.test g.test a.test")
    assert ours == theirs


@pytest.mark.parametrize("table", ["fail:x", "inline:{ok.test=it} fail:x"])
@pytest.mark.parametrize("parameter", [
    *ROUTING, "relay_domains", "virtual_alias_domains", "virtual_mailbox_domains", "mydestination"])
def test_tables_that_cannot_tell(stock_suite, parameter, table):
    questions = [(b"s@x.test", address, request) for request in (b"resolve", b"verify")
                 for address in (b"a@x.test", b"a%b@x.test", b"-a@x.test", b"a@ok.test",
                                 b"a@[192.0.2.1]", b"a@mail.handoff.test")]
    theirs, ours = _asked_alike(
        stock_suite, questions,
        "table lookup problem" if parameter == "mydestination" else "lookup failure",
        "fail:x", **{"relayhost": "[192.0.2.1]", parameter: table})
    # Stock asks for "*" in advance.
    theirs[1][:] = [line for line in theirs[1] if not line.endswith('"*"')]
    assert ours == theirs
    assert int(ours[0][0]["flags"]) & 8 and ours[1]


def test_broken_tables_defer_mail(stock_suite):
    names = [f"hash:/nonexistent/t{i}" for i in range(14)]
    for origin in ("stock", "ours"):
        with stock_suite(trivial_rewrite=origin, transport_maps=" ".join(names[:8]),
                         sender_dependent_relayhost_maps=" ".join(names[:4])) as mail:
            mail.log.allow("/nonexistent/", "lookup failure")
            with RewriteClient(mail) as client:
                assert int(dict(client.resolve(b"s@x.test", b"a@x.test"))["flags"]) & 8
            mail.log.wait_for("lookup failure")
            errors = mail.log.find(r"error: (open database /nonexistent/t\d.db: .*)")
            assert len(errors) == len({found.group(1) for found in errors}) == 8


@pytest.mark.parametrize("parameter", ROUTING)
def test_broken_tables_are_fatal_if_that_is_wanted(stock_suite, parameter):
    for origin in ("stock", "ours"):
        with stock_suite(trivial_rewrite=origin, daemon_table_open_error_is_fatal=True,
                         **{parameter: "hash:/nonexistent/t"}) as mail:
            mail.log.expect("trivial-rewrite.* fatal: open database /nonexistent/t.db: No such file")
            mail.log.allow("bad command startup -- throttling", "exit status 1")
            with mail.connect("private/rewrite"):
                mail.log.wait_for("bad command startup -- throttling")


MALFORMED = {
    b"request\0bogus\0\0": "bad command bogus",
    b"request\0rewrite\0address\0x\0\0":
        r"unexpected attribute address from rewrite socket \(expecting: rule\)",
    b"request\0rewrite\0rule\0bogus\0address\0x\0\0": "unknown context: bogus",
    b"\0": "missing attribute request in input from rewrite socket",
    b"foo\0bar\0\0": r"unexpected attribute foo from rewrite socket \(expecting: request\)",
    b"request\0resolve\0sender\0a\0\0": "missing attribute address in input from rewrite socket",
}


@pytest.mark.parametrize("origin", ["stock", "ours"])
def test_hangs_up_on_malformed_requests(stock_suite, origin):
    with stock_suite(trivial_rewrite=origin) as mail:
        with RewriteClient(mail) as bystander:
            for request, complaint in MALFORMED.items():
                mail.log.expect(complaint)
                with mail.connect("private/rewrite") as client:
                    attributes.receive(client)
                    client.sendall(request)
                    assert client.recv(100) == b""
                mail.log.wait_for(complaint)
            assert dict(bystander.rewrite("local", b"a@b.example"))["address"] == "a@b.example"
