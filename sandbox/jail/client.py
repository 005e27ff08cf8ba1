"""The jail's client: keeps a jail process alive, hands it texts, believes nothing it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from genomes.check.report import quote
from genomes.check.text import decode, normal_form
from genomes.interpreter import Caps
from genomes.language.dimension import Dimension
from genomes.language.params import Value
from genomes.language.serial import Reader
from genomes.records.outcome import Crashed, Refused
from sandbox.jail import lockdown, protocol
from sandbox.jail.answers import Answer, Drawn, read_answer
from sandbox.jail.lockdown import Limits
from sandbox.jail.talk import LostError, Talk

START_S = 30.0
SERVER = "sandbox.jail.server"
WINDOW = 8  # texts under way at once: the process never waits for the next one
TOGETHER = 32  # answers are read together: a processor that waits between them forgets how
_PACKAGES = ("sandbox", "genomes", "RestrictedPython", "libcst")

Isolation = Literal["full", "reduced"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A text of a model or a user, read.

    Attributes:
        text: Its normal form where it passed the checker, else as it was given.
        checked: Whether it passed the checker.
        answer: Its graph; or why it has none.
    """

    text: str
    checked: bool
    answer: Drawn | Refused | Crashed


class JailError(RuntimeError):
    """The jail itself does not work: no text's fault."""


class Jail:
    """Reads untrusted texts in a locked-down process.

    Args:
        fields: The market's fields with their dimensions.
        wall_s: Seconds for one text, then its process is killed: a backstop behind fuel.
        memory_mb: Memory of one text beyond what its process begins with.
        caps: Fuel and sizes for one text.
        isolation: `full` insists on every layer of the lockdown; `reduced` does with what the
            platform has.

    Raises:
        JailError: From every method: the process does not start, lacks a layer that `full`
            insists on, or could do in its self-test what no text may.
    """

    _layers = lockdown.ALL

    def __init__(
        self,
        fields: Mapping[str, Dimension],
        *,
        wall_s: float = 5.0,
        memory_mb: int = 512,
        caps: Caps | None = None,
        isolation: Isolation = "full",
    ) -> None:
        self._fields = dict(fields)
        self._wall_s = wall_s
        self._limits = Limits(memory_mb=memory_mb, cpu_s=ceil(wall_s))
        self._caps = caps or Caps()
        self._reader = Reader(fields, max_nodes=self._caps.max_nodes)
        self._insists = isolation == "full"
        self._missing: tuple[str, ...] = ()
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = 0

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The process's id; None while there is none."""
        return None if self._process is None else self._process.pid

    @property
    def isolation(self) -> str:
        """What the jail has: `full`, or `reduced:` and the layers that are missing."""
        self._start()
        return f"reduced:{','.join(self._missing)}" if self._missing else "full"

    def close(self) -> None:
        """Kill the process. The jail may be used again: it starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        process.wait()

    def draw(
        self, text: str, values: Mapping[str, Value] | None = None
    ) -> Drawn | Refused | Crashed:
        """Draw one text.

        Args:
            text: A strategy's source, from anyone.
            values: Parameter values in place of the defaults, finite; None for the defaults.

        Returns:
            The graph; or why the text was refused; or Crashed where its process died or hung
            twice, or sent what is not a graph.
        """
        return self._answers([text], values=_plain(values))[0].of

    def draw_many(self, texts: Iterable[str]) -> list[Drawn | Refused | Crashed]:
        """Draw texts, in their order; one that crashes harms no other."""
        return [answer.of for answer in self._answers([*texts])]

    def read_foreign(self, texts: Iterable[str]) -> list[Foreign]:
        """Draw texts of models and users: as `draw_many`, and with the guards that they need.

        LibCST and RestrictedPython must have no objection, as `check_foreign` asks them.
        """
        given = [*texts]
        answers = self._answers(given, foreign=True)
        return [
            Foreign(
                # Worked out here: the jail's word for a text would be for the jail to choose.
                text=_normal(text) if answer.checked else text,
                checked=answer.checked,
                answer=answer.of,
            )
            for text, answer in zip(given, answers, strict=True)
        ]

    def _answers(
        self,
        sources: Sequence[str],
        *,
        values: dict[str, Value] | None = None,
        foreign: bool = False,
    ) -> list[Answer]:
        answers: dict[int, Answer] = {}
        texts: dict[int, str] = {}
        for index, source in enumerate(sources):
            text = decode(source)
            if isinstance(text, str):
                texts[index] = text
            else:
                answers[index] = Answer(of=Refused(refusals=text), checked=False)
        waiting = deque(texts)
        unread: dict[int, bytes] = {}
        suspect = -1
        while waiting:
            first = waiting[0]
            batch = [first] if first == suspect else list(waiting)
            bodies = (
                protocol.encode({"text": texts[i], "values": values, "foreign": foreign})
                for i in batch
            )
            try:
                for body in self._exchange(bodies):
                    unread[waiting.popleft()] = body
                    if len(unread) >= TOGETHER:
                        self._read(unread, answers)
            except LostError as lost:
                self.close()
                if len(batch) == 1 and waiting and waiting[0] == first == suspect:
                    crashed = Crashed(stage="draw", reason=str(lost))
                    answers[waiting.popleft()] = Answer(of=crashed)
                else:  # what was running may be at fault: once more, alone
                    suspect = waiting[0]
        self._read(unread, answers)
        return [answers[index] for index in range(len(sources))]

    def _read(self, unread: dict[int, bytes], answers: dict[int, Answer]) -> None:
        """Read answers that have come, and let go of them."""
        for index, body in unread.items():
            answers[index] = read_answer(body, self._reader)
        unread.clear()

    # -- the process -------------------------------------------------------------------------------

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is not None:
            return self._process
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-s", "-P", "-X", "utf8", "-m", SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            close_fds=True,
            cwd="/",
            env=environment(),
        )
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
        hello = {
            "fields": {name: str(dimension) for name, dimension in self._fields.items()},
            "caps": asdict(self._caps),
            "limits": asdict(self._limits),
            "wall_s": self._wall_s,
            "layers": sorted(self._layers),
            "parent": os.getpid(),
        }
        self._asked = 0
        talk = Talk(self._process, START_S)
        try:
            talk.say(protocol.frame(0, protocol.QUESTION, protocol.encode(hello)))
            number, kind, body = talk.hear()
            ready = protocol.decode(body)
        except (LostError, protocol.FrameError) as lost:
            words = self._last_words(self._process)
            self.close()
            raise JailError(
                f"the jail did not start: {lost}; {words or 'it said nothing'}. "
                f"Try python -m {SERVER} in the same environment."
            ) from None
        try:
            self._judge(number, kind, ready)
        except JailError:
            self.close()
            raise
        return self._process

    def _judge(self, number: int, kind: bytes, ready: dict[str, Any]) -> None:
        """Whether the process may be given untrusted texts: what it lacks, what it could do."""
        match ready:
            case {"missing": dict(missing), "found": list(holes)} if (
                number == 0 and kind == protocol.ANSWER
            ):
                pass
            case {"found": str(why)}:
                raise JailError(f"the jail's self-test gave no answer: {quote(why, 200)}")
            case _:
                raise JailError("the jail did not start: its first words were strange")
        if missing and self._insists:
            lacks = ", ".join(f"{layer} ({why})" for layer, why in missing.items())
            raise JailError(
                f"the jail has not every wall here: it lacks {lacks}. Untrusted texts "
                "are not read. To read texts that you trust with the walls there are, write "
                'isolation = "reduced" under [sandbox] in the config.'
            )
        if holes and not missing:
            raise JailError(
                f"the jail leaks: in its self-test a reader could {', '.join(holes)}. "
                "Untrusted texts are not read; please report it (sandbox/README.md says how)."
            )
        self._missing = tuple(sorted(missing))

    def _last_words(self, process: subprocess.Popen[bytes]) -> str:
        process.kill()
        assert process.stderr is not None
        said = process.stderr.read(65_536).decode(errors="replace").strip()
        return quote(said.splitlines()[-1], 300) if said else ""

    def _exchange(self, bodies: Iterator[bytes]) -> Iterator[bytes]:
        """Send questions ahead, yield what was answered, in order.

        Raises:
            LostError: The process died, hung, or answered what it was not asked.
        """
        talk = Talk(self._start(), self._wall_s)
        if talk.is_heard():
            raise LostError("the jail's process ended, or spoke unasked")
        under_way: deque[int] = deque()
        for body in bodies:
            self._asked += 1
            under_way.append(self._asked)
            talk.say(protocol.frame(self._asked, protocol.QUESTION, body))
            if len(under_way) >= WINDOW:
                yield self._answer(talk, under_way.popleft())
        while under_way:
            yield self._answer(talk, under_way.popleft())
        if talk.is_heard():
            self.close()  # it said more than it was asked; what it was asked stands

    def _answer(self, talk: Talk, asked: int) -> bytes:
        number, kind, body = talk.hear()
        if number != asked or kind != protocol.ANSWER:
            raise LostError("the jail answered another question")
        return body


def environment() -> dict[str, str]:
    """The jail's whole environment: where its packages lie, and one hash seed for all."""
    roots: list[str] = []
    for name in _PACKAGES:
        spec = find_spec(name)
        if spec is None or not spec.origin:
            raise JailError(f"package {name} is not installed here: pip install -e .")
        roots.append(str(Path(spec.origin).resolve().parents[1]))
    return {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(roots)),
        "PYTHONHASHSEED": "0",
        "LC_ALL": "C.UTF-8",
        "LD_BIND_NOW": "1",  # what is bound at its first use, each reader would bind for itself
    }


def _plain(values: Mapping[str, Value] | None) -> dict[str, Value] | None:
    return None if values is None else json.loads(json.dumps(dict(values), allow_nan=False))


def _normal(text: str) -> str:
    decoded = decode(text)
    return normal_form(decoded) if isinstance(decoded, str) else text
