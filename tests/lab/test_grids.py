"""Every grid has a sample, and the sample trains to what the grid keeps."""

import pytest

from helpers.lab import GRIDS


@pytest.mark.parametrize("name", GRIDS)
def test_every_grid_has_a_sample(name):
    assert GRIDS[name].samples and all(sample.within for sample in GRIDS[name].samples)


@pytest.mark.long
@pytest.mark.parametrize("name", GRIDS)
def test_a_sample_of_every_grid_trains_to_what_is_kept(name):
    """The same code on the same data: a different number means that the grid is not what it says."""
    if GRIDS[name].absent:
        pytest.skip(GRIDS[name].absent)
    for sample in GRIDS[name].samples:
        both = GRIDS[name].retrained(sample)
        assert not sample.differing(both), f"\n{both.to_string()}"


READERS = [name for name in GRIDS if GRIDS[name].searches]
SEARCHES = {search for name in READERS for search in GRIDS[name].searches}


@pytest.mark.parametrize("name", sorted(set(READERS) - SEARCHES))
def test_settings_are_chosen_on_seeds_of_which_no_result_is_told(name):
    chosen_on = {seed for search in GRIDS[name].searches for seed in GRIDS[search].settings.get("seeds", ())}
    assert chosen_on.isdisjoint(GRIDS[name].settings["seeds"]) and max(chosen_on, default=0) < 5000
