"""Our suite by itself, with dropped privileges and rootless: from sendmail to the network."""

from support.samples import Samples


def test_delivers_over_cached_connections(suite, peer, user):
    samples = Samples(100)
    with suite(user=user, relayhost=peer.nexthop,
               smtp_connection_cache_destinations=peer.nexthop) as mail:
        samples.submit(mail)
        mail.log.wait_for(r"status=sent", count=100, timeout=30)
        mail.wait_for_empty_queue()
        assert mail.log.find(r"conn_use=([2-9]|\d\d)")
    samples.check(peer.messages)
    assert len(peer.connections) < 100
