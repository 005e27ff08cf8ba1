"""The jail: untrusted texts are read in a confined process, and only graphs come back.

with Jail(market.panel.dimensions) as jail:      # from sandbox.jail.client import Jail
    jail.draw(text)                              # Drawn | Refused | Crashed
"""
