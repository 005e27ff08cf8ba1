"""The embedded market: S&P 500 and Nasdaq daily, 1999 to 2018, carried by the arch package."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from sandbox.market.errors import MarketError

TIME_FORMAT = "%m/%d/%Y"
_FILES = {"SP500": "sp500/sp500.csv.gz", "NASDAQ": "nasdaq/nasdaq.csv.gz"}


def embedded_files() -> dict[str, Path]:
    """Each index's own CSV file.

    The files are read from the package's folder: importing arch takes seconds (it brings scipy,
    statsmodels and its compiled models), finding it takes none. Adjusted close equals close in
    both, since an index pays no dividends: the four prices are consistent.

    Raises:
        MarketError: arch is not installed, or no longer carries the files.
    """
    spec = find_spec("arch")
    folders = [Path(p) for p in (spec.submodule_search_locations or ())] if spec else []
    for folder in folders:
        files = {symbol: folder / "data" / name for symbol, name in _FILES.items()}
        if all(path.is_file() for path in files.values()):
            return files
    raise MarketError(
        "the embedded market lies in the package arch, which is not installed or has no "
        f"data/{_FILES['SP500']}: pip install 'arch>=7.2'"
    )
