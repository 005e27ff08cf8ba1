"""What the suites share: the made candidates of the archive's tests, and a database server."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.suites import servers


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """Makes an empty PostgreSQL database and gives its URL; skips where there is no server."""
    if why := servers.missing():
        pytest.skip(why)
    import psycopg

    numbers = itertools.count()
    with servers.server() as socket:

        def fresh() -> str:
            name = f"archive_{next(numbers)}"
            with psycopg.connect(host=socket, user="postgres", autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
            return f"postgresql+psycopg://postgres@/{name}?host={socket}"

        yield fresh
