"""`python -m engine.backtest FILE`: measures one strategy file, or explains its refusal."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import Command
from genomes.records.text import number

if TYPE_CHECKING:
    import pandas as pd

    from engine.measurement import Backtest

EXAMPLES = """\
examples:
  python -m engine.backtest mine.py                       on S&P 500 and Nasdaq, embedded
  python -m engine.backtest mine.py --market bars.csv --trades trades.csv
  python -m engine.backtest mine.py --set objective.benchmark=cash

Only the market's training part is used: later bars are held out.
In the table by fold, `statistic` is the Sharpe ratio (objective.statistic) of the return over the
benchmark (objective.benchmark): fitness is made of it.

exit code: 0 measured, 1 refused or below a floor, 2 an error
"""


_COUNTED = {"min_trades": "closed trades (or whole turns of the book, if more)"}


def parser() -> argparse.ArgumentParser:
    """The command's flags."""
    made = argparse.ArgumentParser(
        prog="finch backtest",
        description="Measure one strategy file as a search would: figures, folds, assets, trades.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("file", type=Path, metavar="FILE", help="the strategy")
    add("--market", metavar="PATH|NAME", help="as in engine.evolve; default: the embedded one")
    add("--config", type=Path, metavar="FILE", help="settings in TOML, as in engine.evolve")
    add("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings",
        help="one setting, as in engine.evolve")  # fmt: skip
    add("--trades", type=Path, metavar="FILE", help="write the trades (.csv or .parquet)")
    add("--equity", type=Path, metavar="FILE", help="write the equity curve (.csv or .parquet)")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Measure a file; 0 measured, 1 refused or floored, 2 an error."""
    said = parser().parse_args(argv)
    from engine.errors import explained

    with explained("finch backtest") as status:
        for place in (said.trades, said.equity):
            _check_place(place)
        from engine.measurement import measure_file

        found = measure_file(said.file, said.market, said.settings, said.config)
        status.code = _show(found, said.file)
        if found.report is not None:
            _write(found.trades, said.trades)
            _write(found.equity.reset_index(names="time"), said.equity)
    return status.code


def _check_place(path: Path | None) -> None:
    from engine.config import ConfigError

    if path is not None and path.suffix not in (".csv", ".parquet"):
        raise ConfigError([f"{path}: needs a name that ends in .csv or .parquet"])


def _write(frame: pd.DataFrame, path: Path | None) -> None:
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False)
    print(f"{len(frame)} rows in {path}")


def _show(found: Backtest, file: Path) -> int:
    from rich.console import Console

    from engine.measurement import explain
    from genomes.records.outcome import Crashed, DependsOnStart, Floored, Measured, Refused

    console = Console(soft_wrap=True, highlight=False)
    if isinstance(found.outcome, Refused | Crashed):
        console.print(f"{file} was refused; nothing ran:", style="bold red")
        for line in explain(found.outcome).splitlines():
            console.print(f"  {line}", markup=False)
        return 1
    _tables(console, found)
    for warning in found.warnings:
        console.print(f"warning: {warning}", style="yellow")
    match found.outcome:
        case Measured() as measured:
            console.print(
                f"\nfitness {measured.fitness:.3f} ({measured.nodes} nodes)", style="bold"
            )
            console.print("  " + ", ".join(f"{f:.2f}" for f in measured.folds) + "  by fold")
            return 0
        case Floored() as floored:
            what = _COUNTED.get(floored.floor, floored.floor)
            console.print(
                f"\nno fitness: {what}: {floored.figure:.4g}; the objective needs "
                f"{floored.needed:.4g} ({floored.floor})",
                style="bold yellow",
            )
        case DependsOnStart() as depends:
            console.print(
                f"\nno fitness: from a later start, its weights differ by {depends.difference:.3g} "
                "even after max_window bars, so they could encode a date; use finite windows",
                style="bold yellow",
            )
        case _:
            pass
    return 1


def _tables(console: Any, found: Backtest) -> None:
    metrics: dict[str, float] = found.metrics.to_dict()  # type: ignore[assignment]
    first, last = found.equity.index[0], found.equity.index[-1]
    console.print(
        f"{found.market}, training part only: {first:%Y-%m-%d} to {last:%Y-%m-%d}, "
        f"{len(found.equity)} bars\n",
        style="bold",
    )
    names = list(metrics)
    half = math.ceil(len(names) / 2)
    for left, right in zip(names[:half], [*names[half:], ""], strict=False):
        cells = [
            f"  {name:24}{number(metrics[name], 4, whole=True):>12}"
            for name in (left, right)
            if name
        ]
        console.print("  ".join(cells))
    console.print("\nby fold", style="bold")
    folds = found.folds.assign(
        first=found.folds["first"].dt.strftime("%Y-%m-%d"),
        last=found.folds["last"].dt.strftime("%Y-%m-%d"),
    )
    console.print(folds.round(4).to_string())
    console.print("\nby asset, by what each earned", style="bold")
    assets = found.assets.sort_values("pnl", ascending=False, kind="stable").round(4)
    shown = assets if len(assets) <= 20 else assets.iloc[[*range(10), *range(-10, 0)]]
    console.print(shown.to_string())
    if len(shown) < len(assets):
        console.print(f"  (the 10 best and 10 worst of {len(assets)})")


if __name__ == "__main__":
    sys.exit(main())
sys.modules[__name__].__class__ = Command
