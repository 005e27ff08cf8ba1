"""Throws mutated graphs at the decoder and mutated texts at the checker: refusals, nothing else.

python tests/benchmarks/fuzz_decoder_and_checker.py --inputs 1000000

Half of the inputs are serialised graphs, half are strategies' texts; the same seed throws the same
inputs, whatever the number of processes. What passes the checker is drawn, and what is drawn must
be read back by the decoder to the letter. An input is kept in a file below --keep where the process
died on it, an exception came out that is not a refusal, or the answer took more than a second.
"""

from __future__ import annotations

import argparse
import json
import mmap
import multiprocessing
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


from genomes.check import Checked, check, check_foreign
from genomes.interpreter import Caps, read_checked, read_text
from genomes.language.errors import GraphError
from genomes.language.graph import Graph, Known
from genomes.language.serial import Reader, deserialise, serialise
from genomes.language.table import OPERATORS
from genomes.records.refusal import Refusal
from genomes.strategies import texts
from tests.genomes.refused import CHECKED, DRAWN
from tests.genomes.test_check import BOMBS, EXAMPLE, RICH
from tests.sandbox.jail.test_drawing import FIELDS, SLOW, strategy

CHUNK = 2_000
HANG_S = 1.0
_WATCHDOG_S = 20
_ROOM = 1 << 20

_NUMBERS = (
    "0", "1", "2", "3", "7", "999", "1000", "-1", "00", "1.0", "-0.0", "0.5", "1e-300", "1e300",
    "1e309", "nan", "inf", "-inf", "1_0", "0x1", "1e5", "100000.0", "99999999", "5e-324",
    "1.7976931348623157e+308", "\u0661", "+1", "1.", ".5", "9999", "123456789012", "True", "None",
    "close", "''",
)  # fmt: skip
_WORDS = (
    "def ", "class ", "if ", "for ", "in ", "while ", "lambda: ", "lambda x: ", "return ",
    "import os", "not ", "and ", "is ", "async ", "await ", "yield ", "global x", "del x", "try:",
    "except:", "with ", "match x:", "(", ")", "[", "]", "{", "}", ":", ",", ".", "=", "==", "**",
    "*", "-", "+", "~", "@", ":=", "->", "_", "x", "m", "p", "f", "factor", "PARAMS", "ema",
    "m.close", "genomes.language", "Int(", "1", "2.5", "'a'", '"""', "'", "#", "\\", "\n", "\n\n",
    "    ", "\t", " ", "f'{", "}'", "b''", "1j", "...", "None", "True", "\u00e9", "\x00", "\r",
    "\x0c", "\ud800", "\u202e", "\uff4f", "\U0001d5c8", "\ufeff", "__class__", "._builder",
    ".mro()", "%s", "{0}", "Choice('\u00e9', options=('\u00fc', 'x'))", "range(9)",
    "[x for x in (1, 2)]", "{1: 2 for i in range(3)}", "x if x else y", "days(3)", "np.where(",
    "# coding: utf-7\n", "1e999", "9" * 30, "0" * 30, "match", "case", "type X = int", "print ",
    "nonlocal y", "from . import x", ".shift(-1)", ".rolling(p.n)", ".mean()", "**kw", "*args",
    "/ 0", "// 3", "% 7", "<<", "^", "|", "&",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What went wrong with one input."""

    target: str
    what: str
    source: str | bytes
    trace: str = ""


def is_safe(refusal: Refusal) -> bool:
    """Whether the jail's client would take this refusal from its process."""
    return (
        refusal.rule.isidentifier()
        and len(refusal.rule) <= 40
        and 0 <= refusal.line <= 1_000_000
        and 0 <= refusal.column <= 1_000_000
        and all(
            0 < len(words) <= 1_000 and words.isascii() and words.isprintable()
            for words in (refusal.found, refusal.instead)
        )
    )


# -- inputs ----------------------------------------------------------------------------------------


class Graphs:
    """Mutated serialised graphs."""

    def __init__(self) -> None:
        drawn = [
            read_text(text, None, FIELDS, Caps()) for text in (EXAMPLE, RICH, *texts().values())
        ]
        self.seeds = [serialise(graph) for graph in drawn if isinstance(graph, Graph)]

    def make(self, rng: random.Random) -> str:
        text = rng.choice(self.seeds)
        lines = text.split("\n")
        for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
            rng.choice(_ON_LINES)(rng, lines, self)
        text = "\n".join(lines)
        if rng.random() < 0.2:
            text = _scratch(rng, text, _NUMBERS)
        if rng.random() < 0.02:
            text = text * rng.randrange(2, 60)
        return text

    def line(self, rng: random.Random, before: int) -> str:
        """A line with an operator of the table, of the right arity more often than not."""
        row = OPERATORS[rng.choice(sorted(OPERATORS))]
        words = [str(rng.randrange(max(1, before))) for _ in row.nodes]
        words += [
            rng.choice(_NUMBERS) if rng.random() < 0.5 else f"{arg.low:g}" for arg in row.statics
        ]
        if rng.random() < 0.1:
            words = words[:-1] or [rng.choice(_NUMBERS)]
        return " ".join([row.name, *words])


def _replace_word(rng: random.Random, lines: list[str], _: Graphs) -> None:
    at = rng.randrange(len(lines))
    words = lines[at].split(" ")
    words[rng.randrange(len(words))] = rng.choice(_NUMBERS)
    lines[at] = " ".join(words)


def _move_index(rng: random.Random, lines: list[str], _: Graphs) -> None:
    at = rng.randrange(len(lines))
    words = lines[at].split(" ")
    spots = [i for i, word in enumerate(words) if word.isdigit()]
    if spots:
        words[rng.choice(spots)] = str(rng.randrange(len(lines)))
        lines[at] = " ".join(words)


def _swap(rng: random.Random, lines: list[str], _: Graphs) -> None:
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[i], lines[j] = lines[j], lines[i]


def _drop(rng: random.Random, lines: list[str], _: Graphs) -> None:
    if len(lines) > 2:
        del lines[rng.randrange(len(lines))]


def _repeat(rng: random.Random, lines: list[str], _: Graphs) -> None:
    at = rng.randrange(len(lines))
    lines[at:at] = [lines[at]] * rng.choice((1, 1, 2, 50))


def _grow(rng: random.Random, lines: list[str], graphs: Graphs) -> None:
    at = rng.randrange(1, len(lines)) if len(lines) > 1 else 0
    lines.insert(at, graphs.line(rng, at - 1))


def _chain(rng: random.Random, lines: list[str], graphs: Graphs) -> None:
    """A tower at the end of the nodes: deep, or of huge dimensions."""
    outputs = [i for i, line in enumerate(lines) if line.startswith("> ")]
    at = outputs[0] if outputs else len(lines)
    op = rng.choice(
        ("mul {0} {0}", "neg {0}", "sma {0} 2", "add {0} {0}", "sqrt {0}", "variance {0} 100000")
    )
    lines[at:at] = [op.format(at - 2 + i) for i in range(rng.choice((3, 30, 190, 260, 1200)))]


def _splice(rng: random.Random, lines: list[str], graphs: Graphs) -> None:
    other = rng.choice(graphs.seeds).split("\n")
    cut = rng.randrange(len(lines))
    lines[cut:] = other[rng.randrange(len(other)) :]


_ON_LINES: tuple[Callable[[random.Random, list[str], Graphs], None], ...] = (
    _replace_word, _replace_word, _move_index, _move_index, _swap, _drop, _repeat, _grow, _grow,
    _chain, _splice,
)  # fmt: skip


def _scratch(rng: random.Random, text: str, words: tuple[str, ...]) -> str:
    """Text with spans cut, replaced, doubled or turned, at random places."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice((0, 0, 1, 2, 5, 12, 40, 400)))
        match rng.randrange(8):
            case 0 | 1 | 2:
                middle = rng.choice(words)
            case 3:
                middle = ""
            case 4:
                middle = text[start:end] * rng.choice((2, 3, 20))
            case 5:
                middle = chr(
                    rng.choice((rng.randrange(128), rng.randrange(0x2100), rng.randrange(0x110000)))
                )
            case 6:
                middle = rng.choice(words) * rng.choice((2, 10, 48, 60, 300))
            case _:
                middle = rng.choice(words) + text[start:end] + rng.choice(words)
        text = text[:start] + middle + text[end:]
    return text


class Texts:
    """Mutated strategies."""

    def __init__(self) -> None:
        self.benign = [EXAMPLE, RICH, *texts().values()]
        self.bad = [case.text for case in (*CHECKED, *DRAWN)] + [strategy(body) for body in SLOW]
        self.bad += [bomb[:20_000] for bomb in BOMBS.values()]

    def make(self, rng: random.Random) -> str | bytes:
        text = rng.choice(self.benign if rng.random() < 0.6 else self.bad)
        kind = rng.random()
        if kind < 0.15:
            other = rng.choice(self.benign)
            lines, more = text.split("\n"), other.split("\n")
            at, begin = rng.randrange(len(lines)), rng.randrange(len(more))
            lines[at:at] = more[begin : begin + rng.randrange(1, 12)]
            text = "\n".join(lines)
        elif kind < 0.35:
            text = _turn_token(rng, text, rng.choice(self.benign))
        if kind > 0.3:
            text = _scratch(rng, text, _WORDS)
        if rng.random() < 0.1:
            data = bytearray(text.encode(errors="surrogatepass"))
            for _ in range(rng.randrange(1, 4)):
                if data:
                    data[rng.randrange(len(data))] = rng.randrange(256)
            return bytes(data)
        return text


def _turn_token(rng: random.Random, text: str, other: str) -> str:
    """Words of the text exchanged for words of another: most of what comes still parses."""
    words, pool = text.split(" "), other.split()
    for _ in range(rng.randrange(1, 5)):
        words[rng.randrange(len(words))] = (
            rng.choice(pool) if rng.random() < 0.7 else rng.choice(_NUMBERS)
        )
    return " ".join(words)


# -- targets ---------------------------------------------------------------------------------------


def decode(text: str, counts: Counter[str]) -> str | None:
    """What is wrong with the decoder's answer; None where nothing is."""
    try:
        graph = deserialise(text, FIELDS)
    except GraphError:
        graph = None
    try:
        again = _EXPERIENCED.read(text)
    except GraphError:
        again = None
    if graph != again:
        return "what was read before changes what is read"
    counts[f"decoder: {'refused' if graph is None else 'accepted'}"] += 1
    if graph is None or serialise(graph) == text:
        return None
    return "an accepted graph is not what was sent"


_EXPERIENCED = Reader(FIELDS)


def answer(text: str | bytes, counts: Counter[str], foreign: bool) -> str | None:
    """What is wrong with the checker's answer, and with what follows; None where nothing is."""
    found = check(text)
    if not isinstance(found, Checked):
        counts["checker: refused"] += 1
        return _wrong(found)
    counts["checker: accepted"] += 1
    if foreign:
        again = check_foreign(text)
        counts[f"check_foreign: {'accepted' if isinstance(again, Checked) else 'refused'}"] += 1
        if not isinstance(again, Checked) and _wrong(again):
            return _wrong(again)
    read = read_checked(found, *_TERMS)
    if read_checked(found, *_TERMS, _KNOWN) != read:  # the same tree, and all that was met before
        return "what was read before changes what is read"
    if not isinstance(read, Graph):
        counts["reading: refused"] += 1
        counts[f"  rule {read[0].rule}"] += 1
        return _wrong(read)
    counts["reading: drawn"] += 1
    written = serialise(read)
    return (
        None
        if serialise(deserialise(written, FIELDS)) == written
        else "a drawn graph is not read back"
    )


_TERMS = (None, FIELDS, Caps())
_KNOWN: Known = {}


def _wrong(refusals: tuple[Refusal, ...]) -> str | None:
    if not 0 < len(refusals) <= 20:
        return f"{len(refusals)} refusals"
    unsafe = [each for each in refusals if not is_safe(each)]
    return f"a refusal the client would not take: {unsafe[0]!r}" if unsafe else None


# -- processes -------------------------------------------------------------------------------------


def work(seed: int, chunks: list[tuple[int, int]], place: Path, results: object) -> None:
    """Throw the inputs of some chunks; put (counts, what went wrong, slowest) after each."""
    os.nice(19)
    current = mmap.mmap(-1, _ROOM) if place is None else _mapped(place)
    graphs, sources = Graphs(), Texts()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # a hang is a death by SIGALRM
    for chunk, size in chunks:
        rng = random.Random(f"{seed}/{chunk}")
        counts: Counter[str] = Counter()
        wrong: list[Found] = []
        slowest: dict[str, float] = {}
        for number in range(size):
            target = "decoder" if number % 2 else "checker"
            made = graphs.make(rng) if target == "decoder" else sources.make(rng)
            data = made if isinstance(made, bytes) else made.encode(errors="surrogatepass")
            current[:8] = min(len(data), _ROOM - 8).to_bytes(8, "big")
            current[8 : 8 + min(len(data), _ROOM - 8)] = data[: _ROOM - 8]
            signal.alarm(_WATCHDOG_S)
            began = time.process_time()
            try:
                if isinstance(made, str) and target == "decoder":
                    what = decode(made, counts)
                else:
                    what = answer(made, counts, rng.random() < 0.2)
                trace = ""
            except BaseException as error:
                what, trace = f"raised {type(error).__name__}", traceback.format_exc()
            took = time.process_time() - began
            slowest[target] = max(slowest.get(target, 0.0), took)
            if took > HANG_S:
                what = what or f"took {took:.2f} s"
            counts[target] += 1
            if what is not None:
                wrong.append(Found(target=target, what=what, source=made, trace=trace))
        signal.alarm(0)
        results.put((chunk, counts, wrong, slowest))  # type: ignore[attr-defined]


def _mapped(place: Path) -> mmap.mmap:
    place.write_bytes(bytes(_ROOM))
    with place.open("r+b") as file:
        return mmap.mmap(file.fileno(), _ROOM)


def main() -> int:
    """0 where every input was answered as it should be."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("runs/fuzz"), help="where bad inputs go")
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    sizes = [min(CHUNK, options.inputs - start) for start in range(0, options.inputs, CHUNK)]
    chunks = list(enumerate(sizes))
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    places = [options.keep / f"current.{i}" for i in range(options.processes)]
    workers = [
        context.Process(
            target=work, args=(options.seed, chunks[i :: options.processes], places[i], results)
        )
        for i in range(options.processes)
    ]
    for worker in workers:
        worker.start()
    total, wrong, slowest, done = Counter[str](), 0, Counter[str](), 0
    began = time.monotonic()
    died: list[str] = []
    while done < len(chunks):
        try:
            _, counts, found, slow = results.get(timeout=30)
        except Exception:  # queue.Empty: is anybody left?
            died = [
                f"process {i} ended with {w.exitcode}: its input lies in {places[i]}"
                for i, w in enumerate(workers) if w.exitcode not in (None, 0)
            ]  # fmt: skip
            if died or not any(w.is_alive() for w in workers):
                break
            continue
        done += 1
        total += counts
        for target, took in slow.items():
            slowest[target] = max(slowest[target], took)  # type: ignore[assignment]
        for each in found:
            wrong += 1
            _keep(options.keep, wrong, each)
        if done % 25 == 0:
            thrown = total["decoder"] + total["checker"]
            print(
                f"{thrown:>9,} inputs, {wrong} wrong, {time.monotonic() - began:.0f} s", flush=True
            )
    for line in died:
        print(line)
    for name in sorted(total):
        print(f"{total[name]:>9,}  {name}")
    print(
        f"slowest (s of processor time): {json.dumps({k: round(v, 3) for k, v in slowest.items()})}"
    )
    print(f"{wrong} wrong, {len(died)} deaths, {time.monotonic() - began:.0f} s")
    for worker in workers:
        worker.join(timeout=5)
        worker.kill()
    return 1 if wrong or died or done < len(chunks) else 0


def _keep(folder: Path, number: int, found: Found) -> None:
    data = (
        found.source
        if isinstance(found.source, bytes)
        else found.source.encode(errors="surrogatepass")
    )
    (folder / f"wrong_{number:04d}.input").write_bytes(data)
    (folder / f"wrong_{number:04d}.txt").write_text(f"{found.target}: {found.what}\n{found.trace}")
    if number <= 20:
        print(f"wrong {number}: {found.target}: {found.what[:300]}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
