"""What the ledger's rows come to: campaigns on the same data, their looks, and the openings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.ledger.chain import Row
from engine.ledger.data import Data, Span, overlap

_UNASKED = {"questions": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One opening of a sealed window.

    Attributes:
        row: The row that was written before the window was read.
        data: The market's bars.
        window: The span that was opened.
        answer: What was found; None where the opening did not come to its end.
    """

    row: Row
    data: Data
    window: Span
    answer: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """All that was tried on the same data.

    Attributes:
        data: The markets, in the order of their first row.
        runs: Latest record of each search.
        looks: Looks at the bars by kind, of searches, and of backtests and screens by hand.
        distinct: Different paths of returns among them, as far as counted: those of a search that
            was killed are all taken to differ.
        null: Looks that null runs take to find as much, by run; of twins that were run.
        validations: Challengers that validation was asked about; it answered for fewer.
        openings: Openings of sealed windows, in order.
    """

    data: tuple[Data, ...]
    runs: tuple[Mapping[str, Any], ...]
    looks: Mapping[str, int]
    distinct: int
    null: Mapping[str, Mapping[str, Any]]
    validations: int
    openings: tuple[Opening, ...]

    @property
    def raw(self) -> int:
        """All looks."""
        return sum(self.looks.values())


@dataclass(slots=True)
class Accounts:
    """The rows of a ledger, sorted by what they say."""

    rows: Sequence[Row]
    data: dict[str, Data] = field(default_factory=dict[str, Data])

    def __post_init__(self) -> None:
        for row in self.rows:
            if row.kind == "data":
                found = Data.of_body(row.body)
                self.data[found.id] = found

    def campaigns(self) -> list[Campaign]:
        """Every campaign: markets that are the same data, directly or by way of others."""
        left = list(self.data.values())
        made: list[Campaign] = []
        while left:
            group = [left.pop(0)]
            for one in group:  # grows while it is walked
                near = [other for other in left if other.is_same(one)]
                left = [other for other in left if other not in near]
                group += near
            made.append(self._campaign(group))
        return made

    def campaign(self, data: Data) -> Campaign:
        """What was tried on bars that are the same data as these."""
        return self._campaign([one for one in self.data.values() if one.is_same(data)])

    def openings(self, data: Data, window: Span) -> list[Opening]:
        """Openings that saw a part of a window of the same data, in order."""
        return [each for each in self.campaign(data).openings if overlap(each.window, window)]

    def seen(self, data: Data, window: Span) -> int:
        """Looks that were taken at bars of a window: by searches and backtests of the same data."""
        looks = 0
        for body in self._latest(self._of({d.id for d in self.data.values() if d.is_same(data)})):
            first, last = body["window"]
            if overlap((first, last), window):
                looks += sum(body["looks"].values())
        return looks

    def _campaign(self, group: Sequence[Data]) -> Campaign:
        rows = list(self._of({one.id for one in group}))
        latest = list(self._latest(rows))
        looks: Counter[str] = Counter()
        for body in latest:
            looks.update(body["looks"])
        runs = tuple(body for body in latest if "run" in body)
        return Campaign(
            data=tuple(group),
            runs=runs,
            looks=dict(looks),
            distinct=sum(_distinct(body) for body in latest),
            null={row.body["run"]: row.body for row in rows if row.kind == "null"},
            validations=sum(body.get("validation", _UNASKED)["questions"] for body in runs),
            openings=tuple(self._opening(row) for row in rows if row.kind == "opening"),
        )

    def _of(self, ids: set[str]) -> list[Row]:
        return [row for row in self.rows if row.body.get("data") in ids]

    def _latest(self, rows: Iterable[Row]) -> list[Mapping[str, Any]]:
        """Records of looks: of a search its last one, since each holds the totals so far."""
        runs: dict[str, Mapping[str, Any]] = {}
        others: list[Mapping[str, Any]] = []
        for row in rows:
            if row.kind == "run":
                run = str(row.body["run"])
                if run not in runs or row.body["generations"] >= runs[run]["generations"]:
                    runs[run] = row.body
            elif row.kind in ("backtest", "screen"):
                others.append(row.body)
        return [*runs.values(), *others]

    def _opening(self, row: Row) -> Opening:
        first, last = row.body["window"]
        answers = (
            each.body
            for each in self.rows
            if each.kind == "answer" and each.body["opening"] == row.hash
        )
        return Opening(
            row=row,
            data=self.data[row.body["data"]],
            window=(first, last),
            answer=next(answers, None),
        )


def _distinct(body: Mapping[str, Any]) -> int:
    looks = sum(body["looks"].values())
    found = body.get("distinct")
    return looks if found is None else int(found)
