"""Every grid has a sample, and the sample trains to what the grid keeps."""

import pytest

from helpers.lab import TABLES


@pytest.mark.parametrize("name", TABLES)
def test_every_grid_has_a_sample(name):
    assert TABLES[name].samples and all(sample.within for sample in TABLES[name].samples)


@pytest.mark.long
@pytest.mark.parametrize("name", TABLES)
def test_a_sample_of_every_grid_trains_to_what_is_kept(name):
    """The same code on the same data: a different number means that the grid is not what it says."""
    if TABLES[name].absent:
        pytest.skip(TABLES[name].absent)
    for sample in TABLES[name].samples:
        both = TABLES[name].retrained(sample)
        assert not sample.differing(both), f"\n{both.to_string()}"


READERS = [name for name in TABLES if TABLES[name].searches]
SEARCHES = {search for name in READERS for search in TABLES[name].searches}


@pytest.mark.parametrize("name", sorted(set(READERS) - SEARCHES))
def test_settings_are_chosen_on_seeds_of_which_no_result_is_told(name):
    chosen_on = {seed for search in TABLES[name].searches for seed in _seeds(search)}
    assert chosen_on.isdisjoint(_seeds(name)) and max(chosen_on, default=0) < 5000


def _seeds(name):
    return TABLES[name].settings.get(TABLES[name].seeds, ())
