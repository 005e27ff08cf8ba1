"""How dates are written, to be found in a text: years from 1900 to 2099, days with their month.

A day needs its month or year, and a month its day or year: `May be, in March` holds no date. Three
small numbers are one where dots or strokes part them (15.9.08) or one begins with 0 (15-09-08), and
day and month are possible; 5-10-20 are windows.
"""

from __future__ import annotations

import re

_YEAR = r"(?:19|20)\d\d"
_SHORT = "['\u2018\u2019\uff07]\\d\\d"
_TIME = r"(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?: ?Z| ?UTC|[+-]\d\d:?\d\d)?)?"
_MONTHS = (
    r"Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|{may}|June?|July?|Aug(?:ust)?|"
    r"Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?"
)
_MONTH = rf"(?:{_MONTHS.format(may='May')})\.?"
_SURE = rf"(?:{_MONTHS.format(may='(?-i:May|MAY)')})"  # beside a number, `may` is a verb
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_IN_MONTH = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"
_D, _M = r"(?:3[01]|[12]\d|0?[1-9])", r"(?:1[0-2]|0?[1-9])"
_DD, _MM = r"(?:3[01]|[12]\d|0[1-9])", r"(?:1[0-2]|0[1-9])"

DATE = re.compile(
    rf"(?<!\d){_YEAR}[-/._](?:0?[1-9]|1[0-2])(?:[-/._](?:[12]\d|3[01]|0?[1-9]))?(?!\d){_TIME}"
    rf"|(?<!\d){_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d){_TIME}"
    rf"|(?<![\d.])\d{{1,2}}([-/.])\d{{1,2}}\1{_YEAR}(?!\d){_TIME}"
    r"|(?<![\d.])\d{1,2}/\d{1,2}/\d\d(?!\d)"
    rf"|(?<![\w.])(?:{_D}\.{_M}|{_M}\.{_D})\.\d\d(?!\d|\.\d)"
    rf"|(?<![\w-])(?=0|\d\d-0|\d\d-\d\d-0)(?:{_DD}-{_MM}-\d\d|{_MM}-{_DD}-\d\d|\d\d-{_MM}-{_DD})"
    r"(?![\d-])"
    rf"|(?<![\w.]){_IN_MONTH}\.?(?:\s+of)?[\s-]{_SURE}(?![^\W_])"
    rf"(?:\.?,?[\s-](?:{_YEAR}(?!\d)|{_SHORT}(?!\w)))?"
    rf"|(?<![^\W_])(?:{_DAY}[ -])?{_MONTH},?[\s-](?:{_DAY},?\s)?(?:{_YEAR}(?!\d)|{_SHORT}(?!\w))"
    rf"|(?<![^\W_]){_SURE}\.?[\s-](?:the\s)?{_IN_MONTH}(?!\w|\.\d|%|\s%)"
    rf"|(?<![\d.]){_YEAR}(?:s(?!\w))?(?!\d|\.\d)"
    r"|(?<!\w)['\u2018\u2019\uff07]\d\ds?(?![\w'])",
    re.IGNORECASE,
)
"""A date in words."""

DATE_IN_NAME = re.compile(
    rf"(?<!\d){_YEAR}(?:_?(?:0[1-9]|1[0-2])(?:_?(?:0[1-9]|[12]\d|3[01]))?)?(?!\d)"
)
"""A date in a name: `crash_2008`, `since_2008_09_15`, `x20080915`."""

_ABBREVIATED = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
MAYBE = re.compile(
    r"[\d'\u2018\u2019\uff07](?:(?<=1)9\d\d|(?<=2)0\d\d|(?<!\d)\d\d|/\d\d?/\d\d|\.\d\d?\.\d\d"
    r"|-\d\d-\d\d|(?:st|nd|rd|th)(?![a-z])"
    rf"|\.?(?:\s+of)?[\s-](?:{_ABBREVIATED})"
    rf"|(?<=(?:{_ABBREVIATED}|ary|rch|ril|une|uly|ust|ept|ber)[\s-]\d)|(?<=\.[\s-]\d))",
    re.IGNORECASE,
)
"""What every date has, found fast; most of what has it is none."""
