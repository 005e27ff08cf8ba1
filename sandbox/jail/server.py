"""The jail's process: `python -m sandbox.jail.server` reads untrusted texts behind all walls.

It is started by exec with a scrubbed environment, holds the language, RestrictedPython and LibCST
and nothing of the market, and talks in frames on the pipes it was born with. The first frame is the
market's fields, the caps and the limits; each further one is a text. It confines itself, tests that
the walls hold, and forks one reader after another: a child that gives up all but its two pipes and
answers texts until it has seen enough. Reading leaves nothing behind, so one reader serves many
texts; a new one is there to spread the limit of processor time. A reader that dies takes all of the
process with it, since its pipes may hold half a frame: the client starts another.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from sandbox.jail import lockdown, protocol
from sandbox.jail.lockdown import Limits, Seal
from sandbox.jail.selftest import holes, run_a_program

if TYPE_CHECKING:
    from genomes.interpreter import Caps
    from genomes.language.dimension import Dimension
    from genomes.language.graph import Known

# A reader's life, in the cost of our own texts: as much as a tenth of its processor time.
READER_LIFE = 1024
_FOREIGN_COST = 8
_TEXTS_PER_COLLECTION = 32  # lists and dicts that hold themselves are left to the collector
_ENOUGH, _OVER = 0, 3  # how a reader ends: it has seen enough, or there is no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What texts are read on.

    Attributes:
        fields: The market's fields with their dimensions.
        caps: Fuel and sizes for one text.
        known: What the operator table said of expressions so far; decides nothing.
    """

    fields: Mapping[str, Dimension]
    caps: Caps
    known: Known = field(default_factory=dict[Any, Any])


def answer(question: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """The reply to one text: its serialised graph; or its refusals, and whether it was checked."""
    from genomes.check import Checked, check, check_foreign
    from genomes.interpreter import read_checked
    from genomes.language.graph import Graph
    from genomes.language.serial import serialise

    checked = (check_foreign if question["foreign"] else check)(question["text"])
    if not isinstance(checked, Checked):
        return {"refusals": [asdict(each) for each in checked], "checked": False}
    found = read_checked(checked, question["values"], terms.fields, terms.caps, terms.known)
    if not isinstance(found, Graph):
        return {"refusals": [asdict(each) for each in found], "checked": True}
    return {"graph": serialise(found)}


def main() -> int:
    """Serve until the client closes the pipe; 0 at its end, 1 where a reader died."""
    requests, replies = _channel()
    hello = _receive(requests)
    if hello is None:
        return 1
    lockdown.die_with_parent()
    told = protocol.decode(hello)
    if os.getppid() != told["parent"]:
        return 1
    _leave_out_randomness()
    _leave_out_openssl()
    terms, limits = _prepare(told), Limits(**told["limits"])
    asked = frozenset(told["layers"])
    missing = dict.fromkeys(sorted(lockdown.ALL - asked), "not asked for")
    missing |= lockdown.enclose(layers=asked, limits=limits)
    layers = lockdown.ALL - missing.keys()
    gc.collect()
    gc.freeze()  # no collection may touch, and so copy, what readers share
    gc.disable()
    found = _trial(requests, layers, limits, float(told["wall_s"]))
    _send(replies, 0, protocol.encode({"missing": missing, "found": found}))
    while True:
        sealed = lockdown.sealing(
            result_fd=replies, request_fd=requests, layers=layers, limits=limits,
            parent=os.getpid(),
        )  # fmt: skip
        pid = os.fork()
        if pid == 0:
            _read_texts(requests, replies, terms, sealed)
        status = os.waitpid(pid, 0)[1]
        if not os.WIFEXITED(status) or os.WEXITSTATUS(status) != _ENOUGH:
            return 0 if os.WIFEXITED(status) and os.WEXITSTATUS(status) == _OVER else 1


def _read_texts(requests: int, replies: int, terms: Terms, sealed: Seal) -> NoReturn:
    """Be a reader: sealed, answering, gone."""
    try:
        lockdown.seal(sealed)
        seen, life = 0, 0
        while life < READER_LIFE:
            number, body = _question(requests)
            question = protocol.decode(body)
            reply = answer(question, terms)
            if seen and any(each["rule"] == "memory" for each in reply.get("refusals", ())):
                os._exit(70)  # perhaps what others left: once more, in a new process
            _send(replies, number, protocol.encode(reply))
            seen += 1
            life += _FOREIGN_COST if question["foreign"] else 1
            if seen % _TEXTS_PER_COLLECTION == 0:
                gc.collect()
        os._exit(_ENOUGH)
    finally:  # whatever happens: a reader never goes on as if it were its parent
        os._exit(70)


def _question(requests: int) -> tuple[int, bytes]:
    """The next question's number and body; not a byte more is taken from the pipe."""
    number, _, size = protocol.read_header(_exactly(requests, protocol.HEADER) or os._exit(_OVER))
    return number, _exactly(requests, size) or os._exit(_OVER)


def _receive(requests: int) -> bytes | None:
    header = _exactly(requests, protocol.HEADER)
    return None if header is None else _exactly(requests, protocol.read_header(header)[2])


def _exactly(descriptor: int, size: int) -> bytes | None:
    """Read exactly `size` bytes; None where the pipe ends before."""
    data = os.read(descriptor, size)
    while len(data) < size:
        part = os.read(descriptor, size - len(data))
        if not part:
            return None
        data += part
    return data


def _send(replies: int, number: int, body: bytes) -> None:
    frame = protocol.frame(number, protocol.ANSWER, body)
    while frame:
        frame = frame[os.write(replies, frame) :]


# -- before the first text -------------------------------------------------------------------------


def _prepare(told: Mapping[str, Any]) -> Terms:
    """All that a reader needs, imported, and warm: our own strategies are read as if foreign.

    CPython specialises bytecode and fills caches as it runs, and LibCST draws its one random number
    at its first text: what a reader would do for itself is done here for all.
    """
    from genomes.interpreter import Caps
    from genomes.language.dimension import PRICE, VOLUME, Dimension
    from genomes.strategies import texts

    caps = Caps(**told["caps"])
    fields = {**dict.fromkeys(("open", "high", "low", "close"), PRICE), "volume": VOLUME}
    ours = Terms(fields=fields, caps=caps)
    for text in (*texts().values(), ""):
        answer({"text": text, "values": None, "foreign": True}, ours)
    fields = {str(name): Dimension.parse(text) for name, text in told["fields"].items()}
    return Terms(fields=fields, caps=caps)


def _trial(requests: int, layers: frozenset[str], limits: Limits, wall_s: float) -> list[str] | str:
    """What a reader could do that it may not; or why it did not say.

    The names of all that could be done; that a program can be run shows in the end not being heard.
    """
    heard, said = os.pipe()
    parent = os.getpid()
    sealed = lockdown.sealing(
        result_fd=said, request_fd=requests, layers=layers, limits=limits, parent=parent
    )
    pid = os.fork()
    if pid == 0:
        try:
            lockdown.seal(sealed)
            found = holes(frozenset((requests, said)), parent, limits.memory_mb)
            os.write(said, json.dumps(found).encode() + b"\n")
            run_a_program()
            os.write(said, b".")
        finally:
            os._exit(0)
    os.close(said)
    data, deadline = b"", time.monotonic() + wall_s
    poll = select.poll()
    poll.register(heard, select.POLLIN)
    while poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        part = os.read(heard, 65_536)
        if not part:
            break
        data += part
    os.close(heard)
    os.kill(pid, int(signal.SIGKILL))
    os.waitpid(pid, 0)
    names, _, end = data.partition(b"\n")
    if not names:
        return "its process ended, or said nothing in time"
    found: list[str] = json.loads(names)
    return sorted(found if end == b"." else [*found, "run a program"])


def _leave_out_randomness() -> None:
    """Give what RestrictedPython and LibCST import, and never use, without what is behind it.

    `random` would reseed itself in every reader, and no untrusted text shall have it.
    """
    sys.modules["random"] = ModuleType("random")
    sys.modules["random"].__dict__["Random"] = object


def _leave_out_openssl() -> None:
    """Give `hashlib` its one function that graphs need, without the library behind the others.

    OpenSSL's pages would be handed to every reader, and no untrusted text shall have it.
    """
    try:
        from _blake2 import blake2b
    except ImportError:
        return
    sys.modules["hashlib"] = ModuleType("hashlib")
    sys.modules["hashlib"].__dict__["blake2b"] = blake2b


def _channel() -> tuple[int, int]:
    """The pipes, taken from their usual numbers so that nothing can be printed into them."""
    requests, replies = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    return requests, replies


if __name__ == "__main__":
    sys.exit(main())
