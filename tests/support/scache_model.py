"""What a session cache does, in the plainest words: for comparison with the real ones.

Follows the description of the original's test program (commands, lines at verbose 1) with a clock
that only "sleep" moves. No data structure in here is meant to be good.
"""

from dataclasses import dataclass
from typing import List, Tuple


@dataclass(eq=False)
class Entry:
    """A session (descriptor, no endpoint) or a binding (endpoint, no descriptor)."""

    label: str
    properties: str
    deadline: int
    started: int
    descriptor: int = 0
    endpoint: str = ""

    def drop(self) -> str:
        if self.descriptor:
            return f"scache_multi_drop_endp: endp_prop={self.properties} fd={self.descriptor}"
        return f"scache_multi_drop_dest: dest_prop={self.properties} endp_label={self.endpoint}"


class MultiModel:
    """The transcript of a script at verbose 1, after `cache_type multi`."""

    def __init__(self) -> None:
        self.now = 0
        self.starts = 0
        self.sessions: List[Entry] = []
        self.bindings: List[Entry] = []

    def run(self, line: str) -> List[str]:
        """The lines that a command gives, without the tag."""
        command, *words = line.split()
        return getattr(self, command)(*words)

    def save_endp(self, ttl: str, label: str, properties: str, descriptor: str) -> List[str]:
        self.sessions.append(Entry(label, properties, *self._start(ttl), int(descriptor)))
        return [f"scache_multi_save_endp: endp_label={label} -> endp_prop={properties}"
                f" fd={descriptor}"]

    def find_endp(self, label: str) -> List[str]:
        for session in self.sessions:
            if session.label == label:
                self.sessions.remove(session)
                return [f"scache_multi_find_endp: found: endp_label={label} -> "
                        f"endp_prop={session.properties} fd={session.descriptor}",
                        f"scache_multi_drop_endp: endp_prop={session.properties} fd=-1"]
        return [f"scache_multi_find_endp: no endpoint cache: endp_label={label}"]

    def save_dest(self, ttl: str, label: str, properties: str, endpoint: str) -> List[str]:
        told = (f"scache_multi_save_dest: dest_label={label} -> dest_prop={properties}"
                f" endp_label={endpoint}")
        for known in self.bindings:
            if (known.label, known.properties, known.endpoint) == (label, properties, endpoint):
                known.deadline, known.started = self._start(ttl)
                return [told + " (refreshed)"]
        self.bindings.append(Entry(label, properties, *self._start(ttl), endpoint=endpoint))
        return [told]

    def find_dest(self, label: str) -> List[str]:
        mine = [binding for binding in self.bindings if binding.label == label]
        if not mine:
            return [f"scache_multi_find_dest: no destination cache: dest_label={label}"]
        told: List[str] = []
        for binding in mine:
            told += self.find_endp(binding.endpoint)
            if told[-1].endswith("fd=-1"):
                return told
        return told + [f"scache_multi_find_dest: not found: dest_label={label}"]

    def sleep(self, seconds: str) -> List[str]:
        self.now += int(seconds)
        ended = sorted((entry for entry in self.sessions + self.bindings
                        if entry.deadline <= self.now),
                       key=lambda entry: (entry.deadline, entry.started))
        for entry in ended:
            (self.sessions if entry.descriptor else self.bindings).remove(entry)
        return [entry.drop() for entry in ended]

    def _start(self, ttl: str) -> Tuple[int, int]:
        """A deadline, and how many were set before: of equal ones the older comes first."""
        self.starts += 1
        return self.now + int(ttl), self.starts

    def found(self, line: str) -> Tuple[str, List[str]]:
        """The result of a look-up: "hit" and its properties, or "miss"; nothing for the rest."""
        command, *words = line.split()
        before = list(self.bindings), list(self.sessions)
        self.run(line)
        if not command.startswith("find_"):
            return "", []
        taken = [session for session in before[1] if session not in self.sessions]
        if not taken:
            return "miss", []
        if command == "find_endp":
            return "hit", [taken[0].properties]
        binding = next(b for b in before[0] if b.label == words[0] and b.endpoint == taken[0].label)
        return "hit", [binding.properties, taken[0].properties]
