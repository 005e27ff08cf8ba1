"""What a probe is: an attack, and the canary that betrays its success."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ATTRIBUTES = "attribute and frame escapes"
FORMATS = "format strings"
IMPORTS = "imports"
FILES = "files"
NETWORK = "network"
PROCESSES = "processes"
MEMORY = "memory"
CPU = "CPU"
RECURSION = "recursion"
OUTPUT = "output flood"
UNICODE = "unicode and encoding"
NESTING = "deep nesting"
VALUES = "hostile return values"
STATE = "state left for the next"
FORGED = "forged graphs"
DESCRIPTORS = "descriptors and shared memory"

CATEGORIES = (
    ATTRIBUTES, FORMATS, IMPORTS, FILES, NETWORK, PROCESSES, MEMORY, CPU, RECURSION, OUTPUT,
    UNICODE, NESTING, VALUES, STATE, FORGED, DESCRIPTORS,
)  # fmt: skip


class Canary(StrEnum):
    """What shows that an attack succeeded."""

    FILE = "a file appeared"
    VANISHED = "a file vanished or changed"
    CONNECTION = "a connection came in, or a datagram"
    ECHO = "the answer holds what it should not"
    PROCESS = "a process was left behind"
    VICTIM = "another process was killed, stopped or signalled"
    PARENT = "memory or settings of the parent changed"
    HANG = "no answer in time"
    MEMORY = "took more memory than it should"
    DEATH = "the process died"
    OUTPUT = "something was written where people read"
    NEIGHBOUR = "the next stranger's answer changed"
    VARIES = "two processes answered differently"
    DRAWN = "a graph was drawn"
    PARSER = "LibCST died or hung"


SECRET = "canary-5f1c93"  # stands in the environment, in a file and in the parent's memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One attack.

    Attributes:
        name: What it tries, unique.
        category: One of CATEGORIES.
        text: A strategy's text, or plain Python for a child without language guards. @FILE@ is a
            path that must stay free, @KEEP@ a file that must stay as it is and holds the secret,
            @PORT@ a listening port of this machine, @VICTIM@ a process.
        canary: What betrays its success.
        echo: What ECHO looks for in the answer.
        root: Whether the attack works for root only, wall or no wall.
    """

    name: str
    category: str
    text: str
    canary: Canary
    echo: str = SECRET
    root: bool = False
