"""How the backend shares work among threads."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from patchnn.engine.backend import LEAST, NumpyBackend
from patchnn.engine.machine import in_turn


def test_every_piece_is_worked_on_once() -> None:
    done: list[int] = []
    NumpyBackend(threads=3).each(done.append, range(1000))
    assert sorted(done) == list(range(1000))


def test_a_piece_may_itself_be_shared_out() -> None:
    backend, done = NumpyBackend(threads=2), []

    def work() -> None:
        backend.each(lambda piece: backend.each(done.append, range(piece, piece + 10)), range(0, 100, 10))

    # If threads waited for each other, none would ever end.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(30)
    assert sorted(done) == list(range(100))


@pytest.mark.parametrize("bad", [0, 7])
@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_in_a_piece_is_the_callers(threads: int, bad: int) -> None:
    def work(piece: int) -> None:
        if piece == bad:
            raise ValueError(f"piece {piece}")

    with pytest.raises(ValueError, match=f"piece {bad}"):
        NumpyBackend(threads=threads).each(work, range(8))


@pytest.mark.parametrize(("patches", "sizes"), [(LEAST, [LEAST]), (3 * LEAST, [3 * LEAST // 2] * 2), (0, [])])
def test_every_thread_gets_a_share_of_a_small_level(patches: int, sizes: list[int]) -> None:
    found: list[int] = []
    NumpyBackend(threads=2).each_chunk(lambda part: found.append(len(part)), np.arange(patches, dtype=np.int32))
    assert found == sizes


@pytest.mark.parametrize("threads", [1, 3])
def test_results_are_told_in_their_order_and_by_the_thread_that_asked(threads: int) -> None:
    told: list[tuple[int, int]] = []
    results = in_turn(NumpyBackend(threads).each, lambda n: n * n, range(50), lambda n: told.append((n, threading.get_ident())))
    assert results == [n * n for n in range(50)]
    assert told == [(n, threading.get_ident()) for n in results]
