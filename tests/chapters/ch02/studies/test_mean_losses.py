"""Three losses whose optimum is the mean: their readings in seconds, and what is compared."""

import numpy as np
import pandas as pd
import pytest

from helpers.chapters.ch02.studies.three_losses import mean_losses
from helpers.chapters.ch02.studies.three_losses.mean_losses import CORRECTED, MODELS, POISSON, SQUARED


def test_every_output_is_read_in_seconds():
    said = {CORRECTED: np.log(30.0), POISSON: np.log(0.5), SQUARED: 0.5}
    assert {model: float(mean_losses.seconds(model, np.array(said[model]))) for model in MODELS} == pytest.approx(
        dict.fromkeys(MODELS, 30.0)
    )


def test_readings_are_those_of_all_rows_and_of_the_tenths_that_are_read_lowest_and_highest():
    read = np.arange(1.0, 21)
    log = pd.DataFrame({"watch_seconds": np.where(read > 18, 39.0, np.where(read < 3, 1.0, 10.0))})
    found = mean_losses._readings(read, log, bins=10)
    mean = log["watch_seconds"].mean()
    assert found == pytest.approx(
        {"reading": 10.5 / mean, "reading, lowest tenth": 1.5, "reading, highest tenth": 19.5 / 39}
    )
