"""Dimensions of values: exponents of price, volume and time, and how operators combine them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_BASES = ("price", "volume", "time")
_TERM = re.compile(r"^(price|volume|time)(?:\^(-?\d{1,2}))?$")


@dataclass(frozen=True, slots=True)
class Dimension:
    """An exponent for each base quantity; all zero is a plain number.

    Scaling every price of an asset by 2**k scales a value of dimension price^n by 2**(k n), to the
    bit. That is why exponents are whole numbers: the root of a price would not scale exactly.
    """

    price: int = 0
    volume: int = 0
    time: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether this is a plain number, which may be ranked across assets or be a weight."""
        return self.price == self.volume == self.time == 0

    def __mul__(self, other: Dimension) -> Dimension:
        return Dimension(
            self.price + other.price, self.volume + other.volume, self.time + other.time
        )

    def __truediv__(self, other: Dimension) -> Dimension:
        return Dimension(
            self.price - other.price, self.volume - other.volume, self.time - other.time
        )

    def __pow__(self, exponent: int) -> Dimension:
        return Dimension(self.price * exponent, self.volume * exponent, self.time * exponent)

    def root(self) -> Dimension | None:
        """The dimension of the square root; None where an exponent is odd."""
        if self.price % 2 or self.volume % 2 or self.time % 2:
            return None
        return Dimension(self.price // 2, self.volume // 2, self.time // 2)

    def __str__(self) -> str:
        terms = [
            name if power == 1 else f"{name}^{power}"
            for name, power in zip(_BASES, (self.price, self.volume, self.time), strict=True)
            if power
        ]
        return " * ".join(terms) or "number"

    @property
    def phrase(self) -> str:
        """The dimension in words for an error: `a price`, `a number`, `price * volume`."""
        if self.is_plain:
            return "a number"
        text = str(self)
        return f"a {text}" if text in _BASES else text

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` writes.

        Raises:
            ValueError: The text is not `number` or a product of price, volume and time.
        """
        if text.strip() == "number":
            return cls()
        powers: dict[str, int] = dict.fromkeys(_BASES, 0)
        for term in text.split("*"):
            found = _TERM.match(term.strip())
            if found is None:
                raise ValueError(
                    f"dimension {text!r}: {term.strip()!r} is not price, volume or time; "
                    "write number, price, volume, or a product such as price * volume"
                )
            powers[found[1]] += int(found[2] or 1)
        return cls(**powers)


NUMBER = Dimension()
PRICE = Dimension(price=1)
VOLUME = Dimension(volume=1)
