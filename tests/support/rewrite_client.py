"""A client of trivial-rewrite, whoever serves."""

from typing import Tuple

from support import attributes
from support.instance import Instance


class RewriteClient:
    """Asks one question after another on one connection."""

    def __init__(self, mail: Instance, patience: float = 10) -> None:
        self._connection = mail.connect("private/rewrite", patience)
        assert attributes.receive(self._connection) == [("protocol", "trivial_rewrite_protocol")]

    def __enter__(self) -> "RewriteClient":
        return self

    def __exit__(self, *unused: object) -> None:
        self._connection.close()

    def ask(self, *question: Tuple[str, bytes]) -> attributes.Attributes:
        request = b"".join(name.encode() + b"\0" + value + b"\0" for name, value in question)
        self.send(request + b"\0")
        return attributes.receive(self._connection)

    def send(self, data: bytes) -> None:
        """Whatever it is; the caller knows what comes back."""
        self._connection.sendall(data)

    def rewrite(self, rule: str, address: bytes) -> attributes.Attributes:
        return self.ask(("request", b"rewrite"), ("rule", rule.encode()), ("address", address))

    def resolve(self, sender: bytes, address: bytes, request: bytes = b"resolve"
                ) -> attributes.Attributes:
        return self.ask(("request", request), ("sender", sender), ("address", address))
