"""Settings and addresses for trivial-rewrite that nobody would think of, the same for each seed."""

import random
from typing import Dict, List, Tuple, Union

DOMAINS = [
    "mail.handoff.test", "localhost", "a.test", "b.test", "c.test", "x.a.test", "o.test", "va.test",
    "vm.test", "r.test", "y.r.test", "[127.0.0.1]", "127.0.0.1", "[10.7.7.7]", "[IPv6:::1]", "-x.test",
    "a..test", "a.test:25", "A.Test", "", "a.test.", "[a.test]", "host", "handoff.test"]
LOCAL_PARTS = [
    "u", "v", "owner-list", "list-request", "mailer-daemon", "double-bounce", "postmaster", "u+e",
    "u-e", "u-e+f", "+u", "-u", "u+", "a b", "a.", '"q"', "u%b.test", "u%", "%u", "b.test!u", "!u",
    "u!", "u@b.test", "u%c.test", "MAILER-DAEMON", "U", "moved", "x.y", "u\\@b.test", "@a.test:u",
    "u%b.test%a.test", "b.test!u%a.test", "a,b", '"a b"', "u@", "u@@a.test", "\xfc", "u(c)"]
ODD_ADDRESSES = ["", "@", "a@b@c", "@a.test,@b.test:u@c.test", "<u@a.test>", "u@a.test@b.test"]
KEYS = [
    "u@a.test", "v@va.test", "a.test", ".test", "*", "u", "@a.test", "owner@a.test", "list@a.test",
    "mailer@a.test", "u@b.test", "[127.0.0.1]", "mail.handoff.test", "localhost", "u@localhost",
    "moved", "postmaster", "x.a.test", ".a.test", "b.test", "u@o.test", "o.test", "r.test", "va.test",
    "vm.test", "<>", '"q"', "MAILER-DAEMON", "u-e@a.test"]
ROUTES = ["smtp:[1.1.1.1]", "error", "error:", "error:5.1.1 no", "retry", ":", "local", "local:",
          "relay:", ":nh", "smtp:", "discard:x", "retry:later"]
YES_OR_NO = [
    "smtputf8_enable", "append_dot_mydomain", "append_at_myorigin", "swap_bangpath",
    "allow_percent_hack", "resolve_dequoted_address", "resolve_null_domain", "resolve_numeric_domain",
    "allow_min_user", "owner_request_special"]
TEXTS = {
    "mydestination": ["$myhostname localhost", "", "a.test, $myhostname, localhost", "static:x",
                      "$myhostname, localhost, localhost.$mydomain", "a.test o.test"],
    "myorigin": ["$myhostname", "o.test", "a.test"],
    "recipient_delimiter": ["", "+", "-", "+-"],
    "relayhost": ["", "[9.9.9.9]"],
    "relay_domains": ["", "r.test", "r.test .y.r.test", "$mydestination"],
    "proxy_interfaces": ["", "10.7.7.7"],
    "virtual_alias_domains": ["", "va.test", "va.test $myhostname", "o.test va.test"],
    "virtual_mailbox_domains": ["", "vm.test", "vm.test va.test $myhostname"],
    "remote_header_rewrite_domain": ["", "rem.test"],
    "local_transport": ["local:$myhostname", "local", "local:"],
    "relay_transport": ["relay", "relay:[3.3.3.3]"],
    "default_transport": ["smtp", "error", "smtp:[4.4.4.4]"],
    "empty_address_recipient": ["MAILER-DAEMON", "u"],
    "parent_domain_matches_subdomains": ["", "transport_maps, relay_domains"],
}
TABLES = {"transport_maps": ROUTES, "relocated_maps": ["elsewhere"],
          "sender_dependent_relayhost_maps": ["[7.7.7.7]", "DUNNO"],
          "sender_dependent_default_transport_maps": [*ROUTES, "DUNNO"]}

Question = Tuple[str, str, str]  # sender, address, and what is asked


class RandomRouting:
    """Draws settings, then questions."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def settings(self) -> Dict[str, Union[str, bool]]:
        chosen: Dict[str, Union[str, bool]] = {
            name: self._random.random() < 0.5 for name in YES_OR_NO}
        chosen.update({name: self._random.choice(texts) for name, texts in TEXTS.items()})
        for name, values in TABLES.items():
            if self._random.random() < 0.5:
                chosen[name] = self._table(values)
        return chosen

    def questions(self, count: int) -> List[Question]:
        return [(self._random.choice(["s@x.test", "", "postmaster@localhost", self._address()]),
                 self._address(), self._random.choice(["resolve", "resolve", "verify", "local", "remote"]))
                for _ in range(count)]

    def _table(self, values: List[str]) -> str:
        keys = self._random.sample(KEYS, self._random.randint(1, 6))
        if self._random.random() < 0.1:
            return f"static:{values[0]}"
        return "inline:{ " + " ".join(f"{{{key}={self._random.choice(values)}}}" for key in keys) + " }"

    def _address(self) -> str:
        local = self._random.choice(LOCAL_PARTS)
        kind = self._random.random()
        if kind < 0.08:
            return local
        if kind < 0.12:
            return self._random.choice(ODD_ADDRESSES)
        return f"{local}@{self._random.choice(DOMAINS)}"
