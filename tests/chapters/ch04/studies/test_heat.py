"""Transfer by width and rows: every cell trains as long."""

import pytest

from helpers.chapters.ch04.studies import heat
from helpers.experiments import sweep


def test_every_cell_trains_for_the_same_number_of_steps(monkeypatch):
    asked = []

    def fit(copies, train, valid, **options):
        asked.append((len(train), options["epochs"], options["batch_size"]))
        raise StopIteration

    monkeypatch.setattr(sweep, "fit", fit)
    for rows in heat.HEAT.axes["rows"]:
        with pytest.raises(StopIteration):
            heat.HEAT.run(seed=0, width=4, rows=rows)
    assert {epochs * -(-rows // batch) for rows, epochs, batch in asked} == {heat.STEPS}
