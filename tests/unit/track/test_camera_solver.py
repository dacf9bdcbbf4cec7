"""Paths of least price: as good as a general solver's, and blind to their neighbours."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from inyourarea.track.camera_solver import REACH, Rows, solve_paths, stack_rows


def rough_path(size: int, seed: int, block: int = 0, offset: int = 0) -> list[Rows]:
    """A noisy corridor to stay in, and three orders of change to avoid."""
    rng = np.random.default_rng(seed)
    count = size - REACH + 1
    middle = np.cumsum(rng.normal(size=count)) * 0.1
    first, price = np.arange(count) + offset, rng.uniform(1, 5, count)
    blocks, free = np.full(count, block), np.zeros(count)

    def rows(
        weights: list[float], wanted: np.ndarray, below: np.ndarray, above: np.ndarray
    ) -> Rows:
        return Rows(blocks, first, np.tile(np.array(weights), (count, 1)), wanted, below, above)

    return [
        rows([1.0, 0, 0, 0], middle - 0.2, price, free),
        rows([1.0, 0, 0, 0], middle + 0.2, free, price),
        rows([-1.0, 1, 0, 0], free, free + 1, free + 1),
        rows([1.0, -2, 1, 0], free, free + 3, free + 3),
        rows([-1.0, 3, -3, 1], free, free + 1, free + 1),
    ]


def price_of(rows: Rows, x: np.ndarray) -> float:
    forms = rows.weights * x[rows.first[:, None] + np.arange(REACH)]
    short = rows.wanted - forms.sum(axis=1)
    return float((rows.below * np.maximum(short, 0) + rows.above * np.maximum(-short, 0)).sum())


@settings(max_examples=20, deadline=None)
@given(size=st.integers(4, 40), seed=st.integers(0, 1000))
def test_a_path_costs_what_a_linear_program_says_it_must(size: int, seed: int) -> None:
    rows = stack_rows(rough_path(size, seed))
    forms = np.zeros((rows.first.size, size))
    for j in range(REACH):
        forms[np.arange(rows.first.size), rows.first + j] += rows.weights[:, j]
    eye = np.eye(rows.first.size)
    best = linprog(
        np.concatenate([np.zeros(size), rows.below, rows.above]),
        A_eq=np.hstack([forms, eye, -eye]),
        b_eq=rows.wanted,
        bounds=[(None, None)] * size + [(0, None)] * (2 * rows.first.size),
    )
    found = price_of(rows, solve_paths(rows, np.zeros(size)))
    assert best.fun - 1e-6 <= found <= best.fun + 1e-4 * (1 + best.fun)


def test_a_block_is_solved_as_if_it_were_alone_to_the_last_bit() -> None:
    sizes = [7, 31, 4, 64, 12, 25]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    parts = [
        part
        for block, size in enumerate(sizes)
        for part in rough_path(size, block, block, int(offsets[block]))
    ]
    together = solve_paths(stack_rows(parts), np.zeros(offsets[-1]))
    for block, size in enumerate(sizes):
        alone = solve_paths(stack_rows(rough_path(size, block)), np.zeros(size))
        assert alone.tobytes() == together[offsets[block] : offsets[block + 1]].tobytes()


def test_wishes_that_contradict_each_other_are_weighed_by_their_price() -> None:
    four = np.zeros((2, REACH))
    four[:, 0] = 1.0
    level = Rows(
        block=np.zeros(3, dtype=np.int64),
        first=np.zeros(3, dtype=np.int64),
        weights=np.array([[-1.0, 1, 0, 0], [0, -1, 1, 0], [0, 0, -1, 1]]),
        wanted=np.zeros(3),
        below=np.ones(3),
        above=np.ones(3),
    )
    torn = Rows(
        block=np.zeros(2, dtype=np.int64),
        first=np.zeros(2, dtype=np.int64),
        weights=four,
        wanted=np.array([10.0, 2.0]),
        below=np.array([3.0, 5.0]),
        above=np.array([3.0, 5.0]),
    )
    found = solve_paths(stack_rows([level, torn]), np.full(REACH, 7.0))
    assert np.allclose(found, 2.0, atol=1e-3)
