"""The ledger of looks: what was ever tried on which bars, outside any one archive.

ledger = Ledger(place_of(config.ledger))
ledger.append("backtest", {...})   # chained by hash, under a lock
ledger.rows()                      # verified
"""

from __future__ import annotations

from engine.ledger.accounts import Accounts, Campaign, Opening
from engine.ledger.chain import Ledger, LedgerError, Row
from engine.ledger.data import Data, data_of
from engine.ledger.place import VARIABLE, place_of

__all__ = [
    "VARIABLE",
    "Accounts",
    "Campaign",
    "Data",
    "Ledger",
    "LedgerError",
    "Opening",
    "Row",
    "data_of",
    "place_of",
]
