"""The steps by which an archive of an older schema becomes one of the newest."""
