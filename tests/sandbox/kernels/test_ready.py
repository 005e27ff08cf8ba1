"""Kernels compiled before they are asked for: dealt out, each once."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.kernels import cross_nb, portfolio_nb, ready, screen_nb


@pytest.fixture
def kernels() -> list[Any]:
    return ready.kernels_of(screened=True)


@pytest.mark.parametrize("shares", [1, 2, 3, 100])
def test_every_kernel_is_in_one_share(kernels: list[Any], shares: int) -> None:
    dealt = ready.deal(kernels, shares)
    assert len(dealt) == shares
    compiled = [id(each) for share in dealt for each in share]
    assert sorted(compiled) == sorted(id(kernel.prepare) for kernel in kernels)


def test_two_shares_are_even_up_to_one_kernel(kernels: list[Any]) -> None:
    sizes = {id(kernel.prepare): ready.size_of(kernel) for kernel in kernels}
    one, two = (sum(sizes[id(each)] for each in share) for share in ready.deal(kernels, 2))
    assert abs(one - two) <= min(sizes.values())


def test_the_books_the_operators_and_the_screen_are_prepared(kernels: list[Any]) -> None:
    assert portfolio_nb.portfolio in kernels
    assert cross_nb.cross_rank in kernels
    assert screen_nb.fold_sums in kernels


def test_a_run_that_does_not_screen_does_not_compile_the_screen() -> None:
    assert screen_nb.fold_sums not in ready.kernels_of(screened=False)


def test_a_share_compiles_its_kernels_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []

    def kernel(number: int) -> Any:
        def of_length() -> int:
            return number

        made: Any = lambda: None  # noqa: E731
        made.__wrapped__, made.prepare = of_length, lambda: done.append(number)
        return made

    def those(*, screened: bool) -> list[Any]:
        return [kernel(i) for i in range(4)]

    monkeypatch.setattr(ready, "kernels_of", those)
    ready.prepare(1, 2, screened=False)
    assert done == [1, 3]
