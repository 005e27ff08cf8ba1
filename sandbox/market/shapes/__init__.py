"""Shapes: what a price file looks like, found out from its content and said in one line.

`container` opens the file (bounded), `sheets` makes text of workbooks and JSON, `heading` finds the
header or that there is none, `known` is the table of known shapes, `dates` and `marks` find out how
stamps and numbers are written, and `recognise` puts it together. Nothing is guessed: where two
readings are possible, a `MarketError` has the config lines for each.
"""
