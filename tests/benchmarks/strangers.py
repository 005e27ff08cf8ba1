"""Ten thousand strangers, one in ten hostile, through two workers: who is lost, and what it costs.

python tests/benchmarks/strangers.py --strangers 10000

The honest ones are drawn twice: alone, then with the hostile ones among them. Every answer to an
honest one must be the same to the bit, every hostile one must be refused or crash, and every
worker must still be there at the end. The hostile ones are attacks by text and bombs, which the
language stops; with --taken N, N more do as they like in their own process (die, hang, flood,
forge), as if the language had fallen, and what their deadlines take is told apart.
"""

# ruff: noqa: E402

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine.config import Config
from engine.startup import load_market, setup
from genomes.check.text import MAX_BYTES
from genomes.records.outcome import Crashed, Refused
from genomes.strategies import texts
from sandbox.errand import Drawing, Request
from sandbox.jail import client
from sandbox.pool import RayPool
from sandbox.worker import Worker
from tests.genomes.refused import CHECKED, DRAWN, strategy
from tests.genomes.test_check import EXAMPLE, RICH
from tests.sandbox.jail.hostile_server import MARK
from tests.sandbox.jail.probes import language, taken
from tests.sandbox.jail.test_drawing import SLOW

HANGS = ("a loop", "an answer, then no end", "its own question again")
WALL_S = 1.0


class Captive(Worker):
    """A worker whose jail executes payloads in the reader's process."""

    def __post_init__(self) -> None:
        client.SERVER = "tests.sandbox.jail.hostile_server"
        Worker.__post_init__(self)


def honest(count: int, rng: random.Random) -> list[str]:
    """Strategies, no two alike: other words, and other numbers, of which some are refused."""
    sources = [EXAMPLE.replace("m.funding", "m.volume"), RICH, *texts().values()]
    made: list[str] = []
    for number in range(count):
        text = rng.choice(sources).replace('"""', f'"""{number}: ', 1)
        spots = [m.span() for m in re.finditer(r"\b\d+\b", text)]
        start, end = rng.choice(spots)
        if rng.random() < 0.8:
            text = text[:start] + str(rng.randrange(1, 60)) + text[end:]
        made.append(text)
    return made


def hostile(count: int, rng: random.Random, payloads: int) -> list[str]:
    """Attacks, bombs, burners of fuel, and texts that do as they like."""
    attacks = [probe.text for probe in language.probes()]
    attacks += [strategy(body) for body in SLOW] + [case.text for case in (*CHECKED, *DRAWN)]
    bombs = [*language.BOMBS.values(), *language.QUICK.values()]
    attacks += [bomb[:20_000] for bomb in bombs] + [bomb[: MAX_BYTES - 100] for bomb in bombs]
    attacks += [strategy(f"y = 1\n{bomb[:14_000]}1\nreturn 1") for bomb in bombs]
    made = [rng.choice(attacks) for _ in range(count - payloads)]
    deeds = {**taken.DEATHS, **taken.LIES}
    quick = [deed for name, deed in deeds.items() if name not in HANGS]
    hanging = [deeds[name] for name in HANGS if name in deeds]
    made += [MARK + rng.choice(hanging if i % 10 == 0 else quick) for i in range(payloads)]
    rng.shuffle(made)
    return made


def run(pool: RayPool, asked: list[str]) -> tuple[dict[int, Drawing], float]:
    """All answers, and the seconds they took."""
    requests = [Request(operator="given", text=text) for text in asked]
    began = time.monotonic()
    answers = dict(pool.propose(requests))
    return answers, time.monotonic() - began


def kind(drawing: Drawing) -> str:
    """What became of a stranger, in a few words."""
    match drawing.failure:
        case None:
            return "drawn"
        case Refused(refusals=refusals):
            return f"refused: {refusals[0].rule}"
        case Crashed(reason=reason):
            return f"crashed: {reason[:60]}"


def main() -> int:
    """0 where nobody was lost and nothing changed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--strangers", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--taken", type=int, default=0, help="hostile ones without language walls")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    enemies = hostile(options.strangers // 10, rng, options.taken)
    friends = honest(options.strangers - len(enemies), rng)
    among = friends + enemies
    order = list(range(len(among)))
    rng.shuffle(order)

    os.environ["PYTHONPATH"] = str(ROOT)
    market = load_market("", ROOT)
    told = replace(setup(market, Config()), draw_wall_s=WALL_S if options.taken else 5.0)
    worker = Captive if options.taken else Worker
    pool = RayPool(market.panel, told, workers=options.workers, worker=worker)
    try:
        actors = list(pool._actors)
        run(pool, friends[:200])  # everything warm
        alone, alone_s = run(pool, friends)
        mixed, mixed_s = run(pool, [among[i] for i in order])
        again, again_s = run(pool, friends)
        survived = pool._actors == actors
    finally:
        pool.close()

    answer = {order[place]: drawing for place, drawing in mixed.items()}
    changed = [i for i in range(len(friends)) if not (alone[i] == answer[i] == again[i])]
    let_in = [i for i in range(len(friends), len(among)) if answer[i].failure is None]
    print(f"honest: {Counter(kind(alone[i]).split(':')[0] for i in alone)}")
    print("hostile:")
    for name, count in Counter(
        kind(answer[i]) for i in range(len(friends), len(among))
    ).most_common(30):
        print(f"{count:>7,}  {name}")
    hung = sum("gave no answer" in kind(answer[i]) for i in range(len(friends), len(among)))
    lost_s = hung * WALL_S / options.workers
    best = max(len(friends) / alone_s, len(friends) / again_s)
    rate = len(friends) / (mixed_s - lost_s)
    print(f"honest alone: {alone_s:.2f} s, again {again_s:.2f} s: {best:,.0f} a second")
    print(f"with the hostile among them: {mixed_s:.2f} s, of which deadlines {lost_s:.2f} s")
    print(f"honest answers a second: {rate:,.0f}, {rate / best:.0%} of the honest alone")
    print(f"all answers a second: {len(among) / (mixed_s - lost_s):,.0f}")
    print(
        f"workers lost: {0 if survived else 'some'}; honest answers changed: {len(changed)}; "
        f"hostile ones drawn: {len(let_in)}"
    )
    for i in let_in[:5]:
        print("drawn:", among[i][:200])
    return 1 if changed or not survived else 0


if __name__ == "__main__":
    sys.exit(main())
