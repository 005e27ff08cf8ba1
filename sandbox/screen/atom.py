"""Atoms: what a screen looks at. Each is an expression of the language with its phrase."""

from __future__ import annotations

from dataclasses import dataclass

FORMS = ("scaled", "sign", "beyond", "far", "held")


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """One simple position, in -1..1, as text.

    Attributes:
        text: An expression of the language over `m`; a Series.
        phrase: The same in plain English.
        family: What it is made of: an operator of the table, `clock`, `break`, a column's name.
        lookback: Own bars it looks back on; 0 for the clock.
        form: One of FORMS: `scaled` is the value squashed, `sign` its sign, `beyond` its sign
            outside a threshold, `far` 1 outside a threshold on either side, `held` a state.
        rank: Lower goes into the products first; 0 and 1 are made for them, 2 needs a score.
    """

    text: str
    phrase: str
    family: str
    lookback: int
    form: str
    rank: int


def forms(
    score: str,
    phrase: str,
    family: str,
    lookback: int,
    *,
    ranks: dict[str, int],
    threshold: float = 1.0,
    plain: str = "",
) -> list[Atom]:
    """The forms of a score of size 1 around 0.

    Args:
        score: An expression, dimensionless.
        phrase: What it is.
        family: As in Atom.
        lookback: As in Atom.
        ranks: The forms that are wanted, with the rank of each.
        threshold: Where `beyond` and `far` begin.
        plain: A shorter expression with the same sign.
    """
    far = f"abs({score}) > {threshold:g}"
    made = {
        "scaled": (f"tanh({score})", phrase),
        "sign": (f"sign({plain or score})", f"the sign of {phrase}"),
        "beyond": (
            f"where({far}, sign({plain or score}), 0)",
            f"the sign of {phrase}, where that is beyond {threshold:g} on either side",
        ),
        "far": (f"where({far}, 1, 0)", f"{phrase} is beyond {threshold:g} on either side"),
    }
    return [
        Atom(text=text, phrase=said, family=family, lookback=lookback, form=form, rank=ranks[form])
        for form, (text, said) in made.items()
        if form in ranks
    ]
