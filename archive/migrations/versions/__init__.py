"""One file a step; the names and order of the schemas stand in `archive.tables.REVISIONS`."""
