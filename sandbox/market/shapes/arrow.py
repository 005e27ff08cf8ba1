"""Arrow: Parquet and Feather files: names, the first cells of their texts, batches of rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_SAMPLE = 100


def arrow_table(path: Path, kind: str) -> tuple[tuple[str, ...], dict[str, list[str]]]:
    """A file's columns, and the first cells of those without numbers.

    Of a column of numbers no value is read: a "1" stands for each.

    Raises:
        OSError, ValueError: It is broken.
    """
    import pyarrow as pa

    schema = _schema(path, kind)
    names = tuple(str(n) for n in schema.names)
    if len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise ValueError(f"two columns are called {twice!r}")
    numeric = {
        f.name for f in schema if pa.types.is_integer(f.type) or pa.types.is_floating(f.type)
    }
    texts = [f.name for f in schema if f.name not in numeric]
    sample = {n: ["1"] for n in numeric}
    if texts:
        for batch in itertools.islice(arrow_batches(path, kind, texts, _SAMPLE), 1):
            for name in texts:
                cells = batch.column(name).slice(0, _SAMPLE).to_pylist()
                sample[name] = ["" if c is None else str(c) for c in cells]
    return names, sample


def arrow_batches(path: Path, kind: str, columns: list[str], size: int) -> Iterator[Any]:
    """Record batches of some columns, of at most `size` rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if kind == "parquet":
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=size, columns=columns)
        return
    with pa.memory_map(str(path)) as source:
        if source.read(6) == b"FEA1\x00\x00" or _is_first_version(path):
            import pyarrow.feather as pf

            yield from pf.read_table(path, columns=columns).to_batches(max_chunksize=size)
            return
        reader = pa.ipc.open_file(source)
        for place in range(reader.num_record_batches):
            batch = reader.get_batch(place).select(columns)
            for start in range(0, batch.num_rows, size):
                yield batch.slice(start, size)


def _is_first_version(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"FEA1"


def _schema(path: Path, kind: str) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if kind == "parquet":
        return pq.read_schema(path)
    if _is_first_version(path):
        import pyarrow.feather as pf

        return pf.read_table(path).schema
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).schema
