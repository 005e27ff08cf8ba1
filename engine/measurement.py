"""One strategy file measured on a market's training part: outcome, figures, trades, equity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config import build, read
from genomes.records.outcome import Crashed, Outcome, Refused

if TYPE_CHECKING:
    import pandas as pd

    from sandbox.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What one strategy file did on a market's training part.

    Attributes:
        market: The market's name.
        outcome: What a search would store of it: measured, floored, refused...
        report: The books as frames; None where it was refused.
        notes: What is wrong with the ledger of looks, if anything is.
    """

    market: str
    outcome: Outcome
    report: Report | None
    notes: tuple[str, ...] = ()

    @property
    def metrics(self) -> pd.Series:
        """Every figure by name; raises ValueError where the strategy was refused."""
        import pandas as pd

        return pd.Series(self._report.measurement.metrics, name="value")

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what was clipped or capped, and on the ledger; none where refused."""
        own = () if self.report is None else self.report.measurement.warnings
        return (*own, *self.notes)

    @property
    def folds(self) -> pd.DataFrame:
        """A row a fold; ValueError where the strategy was refused, as in the next three."""
        return self._report.folds

    @property
    def assets(self) -> pd.DataFrame:
        """A row an asset."""
        return self._report.assets

    @property
    def trades(self) -> pd.DataFrame:
        """A row a trade."""
        return self._report.trades

    @property
    def equity(self) -> pd.DataFrame:
        """A row a bar."""
        return self._report.curve

    @property
    def _report(self) -> Report:
        if self.report is None:
            raise ValueError(
                f"the strategy was refused, so it has no books:\n{explain(self.outcome)}"
            )
        return self.report


def explain(outcome: Outcome) -> str:
    """Why a strategy has no books, a line a reason."""
    match outcome:
        case Refused(refusals=refusals):
            return "\n".join(map(str, refusals))
        case Crashed(reason=reason):
            return reason
        case _:
            return ""


def measure_file(
    file: Path, market: str | None, settings: Sequence[str], config: Path | None = None
) -> Backtest:
    """Check, draw, execute and measure a file, as a search would.

    Args:
        file: The strategy.
        market: A market's name or path; None for what the config says, or the embedded one.
        settings: `key=value`, as `--set`.
        config: A config in TOML.

    Raises:
        ConfigError, MarketError: Each with every problem found.
        OSError: The file cannot be read.
    """
    from engine.ledger import Ledger, place_of
    from engine.ledger.counting import looked
    from engine.startup import load_market, setup
    from genomes.check.text import decode
    from sandbox.errand import Request
    from sandbox.worker import Worker

    notes: list[str] = []
    text = decode(file.read_bytes())
    table = read(config, settings)
    settled = build(table | ({"market": market} if market is not None else {}))
    loaded = load_market(settled.market, Path.cwd())
    if isinstance(text, tuple):
        return Backtest(market=loaded.name, outcome=Refused(refusals=text), report=None)
    with Worker(loaded.panel, setup(loaded, settled)) as worker:
        drawing = worker.propose([Request(operator="file", text=text)])[0]
        if drawing.failure is not None:
            return Backtest(market=loaded.name, outcome=drawing.failure, report=None)
        outcome, books = worker.report(drawing.graph)
    ledger = Ledger(place_of(settled.ledger))
    looked(ledger, loaded, "backtest", {"backtests": 1}, notes.append, source=text)
    return Backtest(market=loaded.name, outcome=outcome, report=books, notes=tuple(notes))
