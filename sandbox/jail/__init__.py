"""The jail: strangers' texts are drawn in a small process of their own, and only graphs come back.

with Jail(market.panel.dimensions) as jail:      # from sandbox.jail.client import Jail
    jail.draw(text)                              # Drawn | Refused | Crashed
"""
