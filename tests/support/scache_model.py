"""What a session cache does, in the plainest words: for comparison with the real ones.

Follows the description of the original's test program (commands, lines at verbose 1) with a clock
that only "sleep" moves. No data structure in here is meant to be good.
"""

import re
from dataclasses import dataclass
from typing import List, Optional, Tuple, Union


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


class SingleModel:
    """The same for `cache_type single`: room for one of each."""

    def __init__(self) -> None:
        self.now = 0
        self.starts = 0
        self.session: Optional[Entry] = None
        self.binding: Optional[Entry] = None

    def run(self, line: str) -> List[str]:
        command, *words = line.split()
        return getattr(self, command)(*words)

    def save_endp(self, ttl: str, label: str, properties: str, descriptor: str) -> List[str]:
        told = [f"scache_single_free_endp: {self.session.label}"] if self.session else []
        self.session = Entry(label, properties, *self._start(ttl), int(descriptor))
        return told + [f"scache_single_save_endp: {label} fd={descriptor}"]

    def find_endp(self, label: str) -> List[str]:
        if self.session is None:
            return [f"scache_single_find_endp: no endpoint cache: {label}"]
        if self.session.label != label:
            return [f"scache_single_find_endp: not found: {label}"]
        descriptor, self.session = self.session.descriptor, None
        return [f"scache_single_free_endp: {label}",
                f"scache_single_find_endp: found: {label} fd={descriptor}"]

    def save_dest(self, ttl: str, label: str, properties: str, endpoint: str) -> List[str]:
        old, self.binding = self.binding, Entry(label, properties, *self._start(ttl),
                                                endpoint=endpoint)
        same = old and (old.label, old.properties, old.endpoint) == (label, properties, endpoint)
        return [f"scache_single_save_dest: {label} -> {endpoint}" + " (refreshed)" * bool(same)]

    def find_dest(self, label: str) -> List[str]:
        if self.binding is None:
            return [f"scache_single_find_dest: no destination cache: {label}"]
        told: List[str] = []
        if self.binding.label == label:
            told = [f"scache_single_find_dest: found: {label}",
                    *self.find_endp(self.binding.endpoint)]
            if "find_endp: found: " in told[-1]:
                return told
        return told + [f"scache_single_find_dest: not found: {label}"]

    def sleep(self, seconds: str) -> List[str]:
        self.now += int(seconds)
        told: List[Tuple[int, int, str]] = []
        if self.session and self.session.deadline <= self.now:
            told.append((self.session.deadline, self.session.started,
                         f"scache_single_free_endp: {self.session.label}"))
            self.session = None
        if self.binding and self.binding.deadline <= self.now:
            told.append((self.binding.deadline, self.binding.started,
                         f"scache_single_free_dest: {self.binding.label} -> "
                         f"{self.binding.endpoint}"))
            self.binding = None
        return [line for _, _, line in sorted(told)]

    def _start(self, ttl: str) -> Tuple[int, int]:
        self.starts += 1
        return self.now + int(ttl), self.starts


class DriverModel:
    """The transcript of any script in the original's language with less than 13 mistakes.

    But for a change of cache that is not quiet: in which order a cache with several labels is
    destroyed is not defined.
    """

    # What stands behind the command; in capitals: a number above 0.
    USAGES = {"cache_type": "mode", "save_endp": "TTL endpoint endp_props FD",
              "find_endp": "endpoint", "save_dest": "TTL destination dest_props endpoint",
              "find_dest": "destination", "sleep": "TIME", "verbose": "level"}

    def __init__(self) -> None:
        self.level = 3
        self.cache: Union[MultiModel, SingleModel, None] = None

    def run(self, line: str) -> List[str]:
        """What a line gives, with its echo."""
        words = line.split()
        told = self.execute(words) if words and not words[0].startswith("#") else []
        return [f">>> {line}", *(f"unknown: {text}" for text in told)]

    def execute(self, words: List[str]) -> List[str]:
        command, *arguments = words
        if command not in self.USAGES:
            return [f"error: bad command: {command}"]
        usage = self.USAGES[command].split()
        numbers = [atoi(word) for word, name in zip(arguments, usage) if name.isupper()]
        if len(arguments) != len(usage) or any(number <= 0 for number in numbers):
            return [f"error: usage: {command} {' '.join(usage).lower()}"]
        if command == "verbose":
            self.level = atoi(arguments[0])
            return []
        if command == "cache_type":
            return self.change_cache(arguments[0])
        if self.cache is None:
            return [] if command == "sleep" else ["error: no session cache"]
        plain = [str(atoi(word)) if name.isupper() else word
                 for word, name in zip(arguments, usage)]
        told = self.cache.run(" ".join([command, *plain]))
        return told if self.level else []

    def change_cache(self, mode: str) -> List[str]:
        self.cache = {"multi": MultiModel, "single": SingleModel}.get(mode, lambda: None)()
        return [] if self.cache else [f"error: unknown cache type: {mode}"]


def atoi(text: str) -> int:
    """As C's."""
    number = re.match(r"[+-]?\d+", text)
    return int(number[0]) if number else 0
