"""Which label would you rank by? One Shared-Bottom learns every label of a simulated feed; candidates are ranked by
one prediction, or by several fused into a score; and the true satisfaction with what is served judges the ranking.

A seed is a world of its own: 2,000 users, 150 videos, the log of eight days. `PRACTICE` are the worlds on which weights
may be chosen; what is reported comes from others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

import numpy as np
import pandas as pd
import torch

from helpers.chapters.ch01.ranking import CHOSEN, FORMS, LEVELS, PRACTICE, SIZE, TASKS, linear, multiplicative
from helpers.data.examples import Examples, stack_inputs
from helpers.data.features import Features
from helpers.data.feed import CANDIDATES, TOP, Feed, Offer, features
from helpers.data.world import return_chance
from helpers.evaluation.statistics import interval
from helpers.experiments.chosen import Chosen
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, each
from helpers.models.shared_bottom import SharedBottom
from helpers.support import validate
from helpers.training.loop import TOTAL, Run, fit

ROWS = 46_000  # of each log, the first in time: worlds that train together have equally many
BOTTOM, TOWER = [32], []  # a tower is one linear layer
LEARNING_RATES, PENALTIES = (0.003, 0.01, 0.02), (0.001, 0.003, 0.01)
TUNED = Chosen("01_tuning", by=["model"], setting=["lr", "l2"], value="loss", lowest=True)


@dataclass(frozen=True)
class Predicted:
    """What a model predicts for the candidates of some worlds, and what they would bring if they were shown.

    scores    {task: (worlds, users, candidates)}: probabilities; for watch_time the predicted log(1 + seconds)
    outcomes  {name: the same shape}: plays, like, watch_seconds, bait, appeal, satisfaction
    habit     (worlds, users): how prone to return each user is
    """

    seeds: tuple[int, ...]
    scores: dict[str, np.ndarray]
    outcomes: dict[str, np.ndarray]
    habit: np.ndarray


@lru_cache(maxsize=2)
def predictions(seeds: tuple[int, ...], autoplay: bool = False) -> Predicted:
    """Train one Shared-Bottom a world on its log, all at once, and predict every label of 200 users' candidates."""
    feeds = [_feed(seed, autoplay) for seed in seeds]
    encoded = features(SIZE["users"], SIZE["videos"])
    run = train(feeds, encoded, *TUNED["shared-bottom"], TASKS)
    offers = [Offer.make(feed) for feed in feeds]
    inputs = [offer.inputs(encoded) for offer in offers]
    logits = run.predict(stack_inputs(inputs))
    shape = (len(feeds), -1, CANDIDATES)
    scores = {
        task: (value if task == "watch_time" else torch.sigmoid(value)).double().numpy().reshape(shape)
        for task, value in logits.items()
    }
    brought = [offer.outcomes.assign(plays=offer.outcomes["watch_seconds"] > 0) for offer in offers]
    names = ("plays", "like", "watch_seconds", "bait", "appeal", "satisfaction")
    outcomes = {name: np.stack([frame[name].to_numpy(float) for frame in brought]).reshape(shape) for name in names}
    users = [offer.rows["user"].to_numpy()[::CANDIDATES] for offer in offers]
    habit = [feed.world.user_traits["habit"].to_numpy()[user] for feed, user in zip(feeds, users, strict=True)]
    return Predicted(tuple(seeds), scores, outcomes, np.stack(habit))


def _feed(seed: int, autoplay: bool = False) -> Feed:
    return with_log_seconds(Feed.make(seed, autoplay=autoplay, **SIZE))


def with_log_seconds(feed: Feed) -> Feed:
    """What the ranker learns watch time from."""
    return replace(feed, log=feed.log.assign(log_seconds=np.log1p(feed.log["watch_seconds"])))


def train(feeds: Sequence[Feed], encoded: Features, lr: float, l2: float, labels: Iterable[str]) -> Run:
    """One Shared-Bottom a feed, a task for each of the `labels`, names in `TASKS`, that its log has."""
    tasks = {label: TASKS[label] for label in labels if TASKS[label] in feeds[0].log}
    kinds = {task: "regression" if task == "watch_time" else "binary" for task in tasks}
    sets = zip(*(feed.examples(encoded, tasks, ROWS) for feed in feeds), strict=True)
    fit_rows, valid = map(Examples.stack, sets)
    seeds = [feed.seed for feed in feeds]
    models = [SharedBottom(encoded, kinds, BOTTOM, TOWER, l2_embedding=l2, seed=seed) for seed in seeds]
    epochs = 12 if "click" in feeds[0].log else 30  # with autoplay the rare labels go on improving for longer
    options = {"epochs": epochs, "patience": 2, "batch_size": 2048, "lr": lr}
    return fit(models, fit_rows, valid, seed=seeds, **options)


def tune(
    seeds: Sequence[int], rates: Sequence[float] = LEARNING_RATES, penalties: Sequence[float] = PENALTIES
) -> pd.DataFrame:
    """Validation loss at each setting, in thousandths, mean of all tasks at their best epochs: model, lr, l2, loss."""
    feeds, encoded, rows = [_feed(seed) for seed in seeds], features(SIZE["users"], SIZE["videos"]), []
    for lr, l2 in product(rates, penalties):
        losses = train(feeds, encoded, lr, l2, TASKS).lowest().drop(TOTAL, level="task")
        rows.append(("shared-bottom", lr, l2, 1000 * losses.mean()))
    return pd.DataFrame(rows, columns=["model", "lr", "l2", "loss"])


def top(scores: np.ndarray, *outcomes: np.ndarray) -> list[np.ndarray]:
    """Each outcome of the `TOP` candidates with the highest scores: (…, candidates) → (…, TOP)."""
    best = np.argpartition(-validate.finite("scores", scores), TOP, axis=-1)[..., :TOP]
    return [np.take_along_axis(outcome, best, axis=-1) for outcome in outcomes]


def outcomes_served(predicted: Predicted, scores: np.ndarray) -> dict[str, np.ndarray]:
    """What a ranking serves, {name: (worlds,)}: means of the outcomes over each user's top 10, and `returns`, the share
    of users who would be there the next day if these ten were their day."""
    if scores.shape != predicted.habit.shape + (CANDIDATES,):
        validate.fail("scores", f"shape {scores.shape}", f"{predicted.habit.shape + (CANDIDATES,)}, one a candidate")
    chosen = dict(zip(predicted.outcomes, top(scores, *predicted.outcomes.values()), strict=True))
    plays = chosen["plays"]
    returns = return_chance(predicted.habit, (plays * chosen["satisfaction"]).sum(-1), plays.sum(-1))
    return {name: values.mean((-2, -1)) for name, values in chosen.items()} | {"returns": returns.mean(-1)}


def rankings(predicted: Predicted) -> dict[str, np.ndarray]:
    """Scores to rank by: each label alone, two ways to fuse, and what no company has (chance, and the hidden truth)."""
    p, shape = predicted.scores, predicted.habit.shape + (CANDIDATES,)
    by = dict(p)
    by["sum"] = linear(p, {label: 1.0 for label in LEVELS if label in p})
    if "click" in p:  # the exponents were chosen on feeds with clicks
        by["fused"] = multiplicative(p, CHOSEN["multiplicative"])
    by["random"] = np.stack([np.random.default_rng([seed, 4]).random(shape[1:]) for seed in predicted.seeds])
    return by | {"true appeal": predicted.outcomes["appeal"], "true satisfaction": predicted.outcomes["satisfaction"]}


def labels(seeds: Sequence[int], autoplay: bool = False) -> pd.DataFrame:
    """What each of the `rankings` serves: a row a seed and score, the columns of `outcomes_served`."""
    predicted = predictions(tuple(seeds), autoplay)
    parts = [
        pd.DataFrame({"seed": predicted.seeds, "score": name} | outcomes_served(predicted, scores))
        for name, scores in rankings(predicted).items()
    ]
    return pd.concat(parts, ignore_index=True)


def fusion(seeds: Sequence[int], levels: Mapping[str, Sequence[float]] = LEVELS) -> pd.DataFrame:
    """Every combination of the weights in `levels`, {label: weights}, in each of the three `FORMS`, over the worlds.

    A row a form and combination (columns named as the labels), with mean and interval (_low, _high) of satisfaction
    and of plays of the top 10, and of `gain`: satisfaction minus that of the best single label.
    """
    predicted = predictions(tuple(seeds))
    alone = {label: outcomes_served(predicted, predicted.scores[label])["satisfaction"] for label in TASKS}
    best = max(alone.values(), key=np.mean)
    outcomes = [predicted.outcomes[name] for name in ("satisfaction", "plays")]
    rows = []
    for form, weights in product(FORMS, product(*levels.values())):
        of = dict(zip(levels, weights, strict=True))
        # Without any weight all candidates are equal: they are served in the order of the offer, which is random.
        scores = FORMS[form](predicted.scores, of) - np.linspace(0, 1e-9, CANDIDATES)
        satisfaction, plays = (part.mean((-2, -1)) for part in top(scores, *outcomes))
        row = {"form": form} | of
        for name, values in (("satisfaction", satisfaction), ("plays", plays), ("gain", satisfaction - best)):
            row[name], row[f"{name}_low"], row[f"{name}_high"] = interval(values)
        rows.append(row)
    return pd.DataFrame(rows)


def one_feed(seeds: Sequence[int], users: int) -> pd.DataFrame:
    """What the model predicts for each candidate of some users of a world, and what it would bring.

    A row a user and candidate: `user`, a probability for each label of `LEVELS`, the video's `topic`, and the truth:
    `plays`, whether it would be clicked, its `bait` and the `satisfaction` with it.
    """
    predicted, topics = predictions(tuple(seeds)), Offer.make(_feed(*seeds)).rows["topic"].to_numpy()
    columns = {label: predicted.scores[label][0, :users].ravel() for label in LEVELS}
    columns |= {"topic": topics[: users * CANDIDATES]}
    columns |= {name: predicted.outcomes[name][0, :users].ravel() for name in ("plays", "bait", "satisfaction")}
    rows = pd.DataFrame({"user": np.repeat(np.arange(users), CANDIDATES)} | columns)
    return rows.round(dict.fromkeys(LEVELS, 5) | {"plays": 0, "bait": 2, "satisfaction": 3})


# On another CPU a ranking may serve others here and there: what it is worth hardly moves, what it shows a little more.
SERVED = dict.fromkeys(("satisfaction", "returns", "like"), 0.02) | {"plays": 0.05, "appeal": 0.05}
SERVED |= {"bait": 0.2, "watch_seconds": each(0, 0.1)}
FEW = [Recheck({"seeds": [3, 11]}, SERVED)]
ONE_FEED = dict.fromkeys(("click", "finish"), 0.05) | dict.fromkeys(("like", "favourite", "share"), 0.02)
ONE_FEED |= {"plays": 0, "bait": 0.01, "satisfaction": 0.002}
HIGHEST = {label: levels[-1:] for label, levels in LEVELS.items()}
FUSED = {f"{name}{end}": 0.01 for name in ("satisfaction", "plays", "gain") for end in ("", "_low", "_high")}
TABLES = kept_tables(
    KeptTable(
        "01_tuning", tune, {"seeds": PRACTICE[:8]}, [Recheck({"rates": [0.01], "penalties": [0.003]}, {"loss": 5})]
    ),
    KeptTable("01_fusion", fusion, {"seeds": PRACTICE}, [Recheck({"levels": HIGHEST}, FUSED)]),
    KeptTable("01_list", one_feed, {"seeds": [899], "users": 24}, [Recheck({}, ONE_FEED)]),
    KeptTable("01_labels", labels, {"seeds": range(64)}, FEW),
    KeptTable("01_labels_autoplay", labels, {"seeds": range(24), "autoplay": True}, FEW),
)
