"""What `load` says when it gives up: no rows, no readable stamp, no asset left, bad bars."""

from __future__ import annotations

from sandbox.market.config import MarketConfig
from sandbox.market.errors import Finding, bad_bars
from sandbox.market.read import Source, read_rows
from sandbox.market.rows import NO_STAMP
from sandbox.market.unread import STAMP, stamp_remedy

_FILES = 5


def no_bars(config: MarketConfig, sources: tuple[Source, ...]) -> list[str]:
    """Why a market's files hold no bar with a readable stamp, file by file."""
    problems = [p for p in (_no_bar(config, s) for s in sources) if p]
    if len(problems) > _FILES:
        more = f"and {len(problems) - _FILES} more files without a bar that can be read"
        problems = [*problems[:_FILES], more]
    return problems or [f"{config.name}: its files hold no bar with a readable stamp"]


def _no_bar(config: MarketConfig, source: Source) -> str:
    where = source.path.name
    rows = read_rows((source,), config.timezone, values=False)
    if len(rows.stamp) == 0:
        return f"{where}: has a header and no rows"
    if (rows.stamp != NO_STAMP).any():
        return ""
    text = next((t for (_, name), t in rows.unread.items() if name == STAMP), None)
    if text is None:
        return f"{where}: {source.time!r}, its time column, is empty in every row"
    given = source.time_format
    verb = "can be read" if given is None else f'is as time_format = "{given}" says'
    return f'{where}: no stamp of {source.time!r} {verb}, e.g. "{text}"; ' + stamp_remedy(
        text, given
    )


def no_asset(config: MarketConfig, present: list[str]) -> str:
    """`exclude` names every asset."""
    named = ", ".join(present[:8]) + ("..." if len(present) > 8 else "")
    return f"{config.name}: exclude leaves no asset ({named})"


def all_bad(config: MarketConfig, findings: tuple[Finding, ...]) -> list[str]:
    """Every bar is bad: dropping them would leave nothing."""
    return [
        f"{config.name}: every bar is bad, so no bars are left to load:",
        *(f"  {f.text}" for f in findings if f.bad),
    ]


def some_bad(config: MarketConfig, findings: tuple[Finding, ...]) -> list[str]:
    """Some bars are bad, and the config does not say to drop them."""
    return [
        f"{config.name}: {bad_bars(findings)}; fix the file, or write bad_bars = "
        '"drop" to leave them out (unsorted ones are sorted) and have them counted:',
        *(f"  {f.text}" for f in findings if f.bad),
    ]
