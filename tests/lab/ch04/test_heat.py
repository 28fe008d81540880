"""Transfer by width and rows: every cell trains as long."""

import pytest

from helpers.experiments import sweep
from helpers.lab.ch04 import heat


def test_every_cell_trains_for_the_same_number_of_steps(monkeypatch):
    asked = []

    def fit(copies, train, valid, **options):
        asked.append((len(train), options["epochs"], options["batch_size"]))
        raise StopIteration

    monkeypatch.setattr(sweep, "fit", fit)
    for rows in heat.ROWS:
        with pytest.raises(StopIteration):
            heat.tune([0], [4], [rows], ["shared-bottom"], [0.01])
    assert {epochs * -(-rows // batch) for rows, epochs, batch in asked} == {heat.STEPS}
