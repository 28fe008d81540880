"""Three losses whose optimum is the mean: their readings in seconds, and what is compared."""

import numpy as np
import pandas as pd
import pytest

from helpers.chapters.ch02.studies.three_losses import mean_losses
from helpers.chapters.ch02.studies.three_losses.mean_losses import CORRECTED, MODELS, SEARCHED, SQUARED


def test_every_output_is_read_in_seconds():
    said = {CORRECTED: np.log(30.0), SQUARED: 0.5} | dict.fromkeys(SEARCHED, np.log(0.5))
    assert {model: float(mean_losses.seconds(model, np.array(said[model]))) for model in MODELS} == pytest.approx(
        dict.fromkeys(MODELS, 30.0)
    )


def test_readings_are_those_of_all_rows_and_of_the_tenths_that_are_read_lowest_and_highest():
    read = np.arange(1.0, 21)
    log = pd.DataFrame({"watch_seconds": np.where(read > 18, 39.0, np.where(read < 3, 1.0, 10.0))})
    found = mean_losses._readings(read, log, bins=10)
    mean = log["watch_seconds"].mean()
    assert found == pytest.approx(
        {
            "reading": 10.5 / mean,
            "reading, lowest tenth": 1.5,
            "reading, highest tenth": 19.5 / 39,
            "error": np.mean([0.5, *(abs(10 - middle) for middle in np.arange(3.5, 18, 2)), 19.5]),
        }
    )


def test_a_count_on_another_log_takes_out_of_each_tenth_what_it_was_off_by_there():
    rng = np.random.default_rng(0)
    before, read = rng.permutation(np.arange(100.0)), rng.permutation(np.arange(100.0))
    off = np.where(before < 10, 3.0, np.where(before >= 90, -5.0, 0.0))
    shifted = mean_losses.recalibrate(read, before, before + off, bins=10)
    assert shifted - read == pytest.approx(np.where(read < 10, 3.0, np.where(read >= 90, -5.0, 0.0)))
