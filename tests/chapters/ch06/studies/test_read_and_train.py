"""What every tower reads is the same; what its loss trains is what the model is told."""

import pytest
import torch

from helpers.chapters.ch06.studies.read_and_train import cuts, feed

ROWS = torch.linspace(-1, 1, 100).reshape(5, 20)


def test_models_of_two_parts_compute_the_same_numbers():
    first, *others = (cuts.build(model, seed=3)(ROWS) for model in ("train all", "train own", "A trains all"))
    for outputs in others:
        assert all(torch.equal(outputs[task], first[task]) for task in cuts.TASKS)


@pytest.mark.parametrize("model", cuts.MAY_TRAIN)
@pytest.mark.parametrize("task", cuts.TASKS)
def test_a_loss_trains_the_parts_that_it_may_and_no_other(model, task):
    cut = cuts.build(model, seed=0)
    cut(ROWS)[task].square().mean().backward()
    trained = [part[1].weight.grad is not None for part in cut.parts]
    assert trained == [task in trainers for _, trainers in cuts.MAY_TRAIN[model].values()]
    assert sum(units for units, _ in cuts.MAY_TRAIN[model].values()) == cuts.UNITS


def test_a_label_trains_the_embeddings_of_the_parts_that_it_may():
    parts = {part: (4, trainers) for part, trainers in feed.MAY_TRAIN["share trains all"].items()}
    cut = cuts.ReadAll(feed.features(), dict.fromkeys(feed.LABELS, "binary"), parts, tower=4)
    inputs = {"dense": torch.zeros(3, 1), "sparse": torch.zeros(3, 5, dtype=torch.int64)}
    cut(inputs)[feed.CLICK].sum().backward()
    of_click, of_share = (part[0].tables["8"].weight.grad for part in cut.parts)
    assert of_click is not None and of_share is None
