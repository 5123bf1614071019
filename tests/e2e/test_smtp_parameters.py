"""smtp(8) never goes on as if a parameter that protects mail had not been set."""

import pytest

MESSAGE = b"From: a@handoff.test\nSubject: hi\n\nhello\n"


@pytest.mark.parametrize("name, value", [
    ("smtp_tls_security_level", "encrypt"),
    ("smtp_enforce_tls", "yes"),
    ("smtp_tls_policy_maps", "inline:{ { example.test = encrypt } }"),
    ("smtp_sasl_auth_enable", "yes"),
    ("smtp_generic_maps", "inline:{ { a@inside = b@outside } }"),
    ("smtp_header_checks", "regexp:/dev/null"),
    ("default_delivery_status_filter", "inline:{ { 5.1.1 = 4.1.1 } }"),  # the default of smtp_...
])
def test_keeps_mail_that_it_may_not_send(suite, peer, name, value):
    with suite(relayhost=peer.nexthop, service_throttle_time="1s", **{name: value}) as mail:
        mail.log.expect(rf"main.cf, line \d+: {name} = .* is not supported; "
                        "mail is kept in the queue until it is unset",
                        f"fatal: unsupported parameter: {name}",
                        "bad command startup -- throttling")
        mail.log.allow("exit status 1", "malformed response", "write to process .smtp.: ",
                       "connect to transport private/smtp", "read from process .smtp.: ")
        mail.inject(["user@example.test"], MESSAGE)
        mail.log.wait_for(f"fatal: unsupported parameter: {name}")
        mail.log.wait_for("throttling")
        assert mail.queue()
    assert not peer.connections


def test_says_what_has_no_effect(suite, peer):
    with suite(relayhost=peer.nexthop, smtp_tls_security_level="may",
               debug_peer_list="example.test") as mail:
        mail.log.expect("smtp_tls_security_level = may is not supported, and has no effect",
                        "debug_peer_list = example.test is not supported, and has no effect")
        mail.inject(["user@example.test"], MESSAGE)
        mail.log.wait_for("status=sent")
