"""Rows of a table: values, derivatives, numbers that name none."""

import numpy as np
import pytest

from mmlcore import check_grads, grad, ops

RNG = np.random.default_rng(0)
TABLE = RNG.standard_normal((7, 3))
ROWS = RNG.integers(0, 7, (4, 5))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows", [ROWS, ROWS.astype(np.float32), ROWS[0], 3], ids=["int", "float", "flat", "one"])
def test_values(rows, dtype):
    table = TABLE.astype(dtype)
    got = ops.embedding(table, rows=rows)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, table[np.asarray(rows).astype(int)])


def test_the_gradient_counts_every_use():
    np.testing.assert_array_equal(
        grad(lambda t: ops.sum(ops.embedding(t, rows=ROWS)))(TABLE)[:, 0], np.bincount(ROWS.ravel(), minlength=7)
    )
    check_grads(lambda t: ops.embedding(t, rows=ROWS) ** 3, (TABLE,), order=2)


def test_numbers_that_name_no_row_give_nan():
    got = ops.embedding(TABLE, rows=[0.0, -1.0, 7.0, np.nan])
    np.testing.assert_array_equal(np.isnan(got).all(axis=1), [False, True, True, True])
