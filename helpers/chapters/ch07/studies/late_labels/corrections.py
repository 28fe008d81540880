"""What can be done about labels that come late: ways to train a CVR on clicks of which some are bought later.

Every way trains the same small network on the log of `clicks` as it is on its last day, and is judged on the clicks of
the day after, by who buys in the end. A row weighs 2^(−age / memory): how fast a network forgets is its one setting.

    all labels           knows what is still to come: the aim, which nobody can train
    naive                not yet is no
    divided              naive; its chances divided by the share of purchases that has come
    divided by category  by the share of the category's purchases
    waiting, 1 day       only rows of that age; what has not come by now is no
    counted shares       bought by now with chance p · the share that comes by the row's age, counted by category
    delay model          p and the rate of an exponential delay, by likelihood (Chapelle 2014)
    weights              rows enter after a day, late purchases once more, as positive rows; both are weighted (ES-DFM)
    two labels           bought within a day, divided by the share of purchases that come within a day

The last three have two outputs (of the weights, those that make them). They read one bottom, or, "apart", one each.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from helpers.chapters.ch07.studies.late_labels import clicks
from helpers.chapters.ch07.studies.late_labels.clicks import EXPONENTIAL, TWO_SPEEDS, Clicks
from helpers.evaluation.metrics import auc, gauc
from helpers.experiments.chosen import Chosen
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck
from helpers.models.copies import Copies
from helpers.models.shared_bottom import SharedBottom, SingleTasks
from helpers.training.adam import Adam
from helpers.training.losses import binary_cross_entropy as bce

UNITS, STEPS, BATCH, RATE, DECAY = 16, 200, 1000, 0.01, 1e-3
EARLY, OLD = 1.0, 14.0  # days: a label is early until then; a row is old from then on
MEMORIES = (1.0, 2.0, 4.0, 8.0, np.inf)  # half-lives of a row's weight, in days
OUTPUTS = ("buy", "other")
GROUP = 15  # shops that train together

# {world: period of the seasons in days, law of the delay}
NONE, SLOW, FAST, FAST_TWO = "no drift", "slow drift", "fast drift", "fast drift, two speeds"
WORLDS = {
    NONE: (np.inf, EXPONENTIAL),
    SLOW: (80.0, EXPONENTIAL),
    FAST: (40.0, EXPONENTIAL),
    FAST_TWO: (40.0, TWO_SPEEDS),
}
WAITING = {"waiting, 1 day": 1.0, "waiting, 3 days": 3.0, "waiting, 7 days": 7.0}
DIVIDED, BY_CATEGORY = "divided", "divided by category"
NAIVE, COUNTED, DELAY, WEIGHTS, TWO = "naive", "counted shares", "delay model", "weights", "two labels"
APART = ", apart"
TRAINED = ("all labels", NAIVE, *WAITING, COUNTED, DELAY, DELAY + APART, WEIGHTS, TWO, TWO + APART)
MODELS = (*TRAINED, DIVIDED, BY_CATEGORY)


def shares_loss(logit: Tensor, share: Tensor, came: Tensor) -> Tensor:
    """−log of the chance of what is seen, if a purchase has come by now with chance `share`."""
    return -torch.where(came, logsigmoid(logit), torch.log1p(-torch.sigmoid(logit) * share))


def delay_loss(logit: Tensor, log_rate: Tensor, came: Tensor, delay: Tensor, age: Tensor) -> Tensor:
    """−log likelihood of a purchase after `delay` days, or of none in `age` days: a CVR and an exponential delay.

    logit of the CVR, log_rate of the delay, a day; delay counts where it came. Chapelle (KDD 2014).
    """
    p, rate = torch.sigmoid(logit), log_rate.exp()
    bought = logsigmoid(logit) + log_rate - rate * torch.where(came, delay, 0)
    not_yet = torch.log(1 - p + p * torch.exp(-rate * age))
    return -torch.where(came, bought, not_yet)


@lru_cache(maxsize=1)
def counted_shares(log: Clicks) -> Tensor:
    """For each row the share of its category's purchases that come within its age, `(shops, n)`.

    Counted among the purchases of old clicks: of young ones only the fast have come.
    """
    shares = torch.ones_like(log.age)
    counted = (log.age >= OLD) & log.came
    for shop, categories in enumerate(log.category):
        for category in categories.unique():
            rows = categories == category
            delays = log.delay[shop, rows & counted[shop]].sort().values
            shares[shop, rows] = torch.searchsorted(delays, log.age[shop, rows], right=True) / max(len(delays), 1)
    return shares


def importance(late: Tensor, never: Tensor) -> tuple[Tensor, Tensor]:
    """Weights of positive and negative rows: ES-DFM's, from the chance of a late purchase, and the chance that what
    has not come in time never will."""
    return 1 + late, (1 + late) * never


class Plan(NamedTuple):
    """Columns of the log `(shops, n)`, and the loss of a row, a function of both outputs and these columns."""

    columns: Sequence[Tensor]
    loss: Callable[..., Tensor]


def plan(model: str, log: Clicks, memory: float, seeds: Sequence[int]) -> Plan:
    """How one of `TRAINED` is trained."""
    weight = _even(_forget(log.age, memory))
    early = log.delay <= EARLY
    if model == "all labels":
        return Plan([log.bought, weight], _single)
    if model == NAIVE:
        return Plan([log.came, weight], _single)
    if model in WAITING:
        return Plan([log.came, _even(weight * (log.age >= WAITING[model]))], _single)
    if model == COUNTED:
        columns = [counted_shares(log), log.came, weight]
        return Plan(columns, lambda buy, _, share, came, w: w * shares_loss(buy, share, came))
    if model.startswith(DELAY):
        columns = [log.came, log.delay, log.age, weight]
        return Plan(columns, lambda buy, log_rate, *seen: seen[-1] * delay_loss(buy, log_rate, *seen[:-1]))
    if model.startswith(TWO):
        columns = [early, _even(weight * (log.age >= EARLY)), _even((log.age >= OLD) & log.came)]
        return Plan(columns, lambda buy, other, early, w, old: w * bce(buy, early) + old * bce(other, early))
    late = log.came & ~early
    positive, negative = importance(*_late_or_never(log, tuple(seeds)))
    on_time = _forget(log.age - EARLY, memory) * (log.age >= EARLY)
    again = torch.where(late, _forget(log.age - torch.where(late, log.delay, 0), memory), 0)
    whole = (on_time + again).mean(1, keepdim=True)
    columns = [positive * (on_time * early + again) / whole, negative * on_time * ~early / whole]
    return Plan(columns, lambda buy, _, yes, no: -yes * logsigmoid(buy) - no * logsigmoid(-buy))


@lru_cache(maxsize=1)
def _late_or_never(log: Clicks, seeds: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """For each row, learnt from old ones: the chance of a late purchase, and that of none if none has come early."""
    early, weight = log.delay <= EARLY, _even(log.age >= OLD)
    late = log.came & ~early
    helper = Plan([late, early, weight], lambda a, b, late, early, w: w * (bce(a, late) + ~early * bce(b, ~late)))
    logits = train(WEIGHTS, helper, log, seeds).predict(log.inputs)
    return torch.sigmoid(logits[OUTPUTS[0]]), torch.sigmoid(logits[OUTPUTS[1]])


def _single(buy: Tensor, _: Tensor, label: Tensor, weight: Tensor) -> Tensor:
    return weight * bce(buy, label)


def _forget(age: Tensor, memory: float) -> Tensor:
    return 2.0 ** (-age / memory)


def _even(weight: Tensor) -> Tensor:
    """Of mean 1 in each shop."""
    return weight / weight.float().mean(1, keepdim=True)


def train(model: str, plan: Plan, log: Clicks, seeds: Sequence[int]) -> Copies:
    """A network for each shop, trained by a plan."""
    kind = SingleTasks if model.endswith(APART) else SharedBottom
    copies = Copies([kind(clicks.INPUTS, dict.fromkeys(OUTPUTS, "binary"), [UNITS], [], seed=seed) for seed in seeds])
    optimizer = Adam(list(copies.parameters.values()), lr=RATE, weight_decay=DECAY)
    draws = [torch.Generator().manual_seed(seed) for seed in seeds]
    rows = log.day.shape[1]
    starts = rows * torch.arange(len(seeds))[:, None]
    flat = [column.flatten(0, 1) for column in (log.inputs, *plan.columns)]
    for _ in range(STEPS):
        index = torch.stack([torch.randint(rows, (BATCH,), generator=draw) for draw in draws]) + starts
        inputs, *columns = (column[index.flatten()].unflatten(0, index.shape) for column in flat)
        outputs = copies(inputs)
        plan.loss(*(outputs[name] for name in OUTPUTS), *columns).mean(1).sum().backward()
        optimizer.step()
        for parameter in copies.parameters.values():
            parameter.grad = None
    return copies


def chances(model: str, copies: Copies, log: Clicks, test: Clicks, memory: float) -> Tensor:
    """Of a purchase, for the test rows, `(shops, n)`: of one of `MODELS`, whose networks are `copies`."""
    p, other = (torch.sigmoid(copies.predict(test.inputs)[name]) for name in OUTPUTS)
    if model.startswith(TWO):
        return (p / other).clamp(max=1)
    if model in (DIVIDED, BY_CATEGORY):
        return (p / come(log, test, memory, model == BY_CATEGORY)).clamp(max=1)
    return p


def come(log: Clicks, test: Clicks, memory: float, by_category: bool) -> Tensor:
    """The mean share, over the log's weighted rows, that has come: of all purchases, or of the row's category."""
    shares, weight = counted_shares(log), _forget(log.age, memory)
    if not by_category:
        counts = log.came & (log.age >= OLD)  # how often each category is bought
        often = torch.stack([_sums(row.float(), of) for row, of in zip(counts, log.category, strict=True)])
        weight = weight * often.gather(1, log.category)
        return ((weight * shares).sum(1) / weight.sum(1))[:, None]
    both = [[_sums(row, of) for row in rows] for *rows, of in zip(weight * shares, weight, log.category, strict=True)]
    return torch.stack([(top / bottom)[of] for (top, bottom), of in zip(both, test.category, strict=True)])


def _sums(values: Tensor, category: Tensor) -> Tensor:
    return torch.zeros(int(category.max()) + 1).index_add(0, category, values)


def chance_metrics(p: Tensor, test: Clicks, seeds: Sequence[int]) -> pd.DataFrame:
    """seed; auc and gauc, by who buys; ratio, mean chance / mean true chance; loss, in thousandths of a nat above that
    of the true chances."""
    rows = []
    for shop, seed in enumerate(seeds):
        predicted, true, bought = p[shop].double(), test.chance[shop].double(), test.bought[shop]
        ranked, ratio = gauc(predicted, bought, test.user[shop]).value, (predicted.mean() / true.mean()).item()
        rows.append((seed, auc(predicted, bought), ranked, ratio, _excess(predicted, true)))
    return pd.DataFrame(rows, columns=["seed", "auc", "gauc", "ratio", "loss"])


def _excess(predicted: Tensor, true: Tensor) -> float:
    predicted, true = predicted.clamp(1e-6, 1 - 1e-6), true.clamp(1e-6, 1 - 1e-6)
    gap = true * (true / predicted).log() + (1 - true) * ((1 - true) / (1 - predicted)).log()
    return 1000 * gap.mean().item()


def _networks(model: str) -> str:
    return NAIVE if model in (DIVIDED, BY_CATEGORY) else model


def tune(
    seeds: Sequence[int],
    worlds: Sequence[str] = tuple(WORLDS),
    models: Sequence[str] = MODELS,
    memories: Sequence[float] = MEMORIES,
) -> pd.DataFrame:
    """Every memory: world, model, memory, seed, loss (`chance_metrics`)."""
    every = dict.fromkeys(models, memories)
    return _table(seeds, dict.fromkeys(worlds, every))[["world", "model", "memory", "seed", "loss"]]


def compare(
    seeds: Sequence[int], worlds: Sequence[str] = tuple(WORLDS), models: Sequence[str] = MODELS
) -> pd.DataFrame:
    """Every model with the memory that it chose in that world: world, model, memory, seed, auc, gauc, ratio, loss."""
    return _table(seeds, {world: {model: [CHOSEN[world][model]] for model in models} for world in worlds})


def divided_by_count(seeds: Sequence[int]) -> pd.DataFrame:
    """*Two labels* at fast drift, whose first output is divided by the category's counted share of early purchases, not
    by the second output: seed, auc, gauc, ratio, loss."""
    memory, parts = CHOSEN[FAST][TWO], []
    for start in range(0, len(seeds), GROUP):
        group = list(seeds[start : start + GROUP])
        log, test = clicks.make(group, *WORLDS[FAST])
        logits = train(TWO, plan(TWO, log, memory, group), log, group).predict(test.inputs)[OUTPUTS[0]]
        old = log.came & (log.age >= OLD)
        both = zip(old & (log.delay <= EARLY), old, log.category, strict=True)
        counted = [_sums(early.float(), of) / _sums(every.float(), of) for early, every, of in both]
        share = torch.stack([shares[of] for shares, of in zip(counted, test.category, strict=True)])
        parts.append(chance_metrics((torch.sigmoid(logits) / share).clamp(max=1), test, group))
    return pd.concat(parts, ignore_index=True)


def _table(seeds: Sequence[int], wanted: dict[str, dict[str, Sequence[float]]]) -> pd.DataFrame:
    """wanted: {world: {model: memories}}."""
    parts = []
    for world, models in wanted.items():
        for start in range(0, len(seeds), GROUP):
            group = list(seeds[start : start + GROUP])
            log, test = clicks.make(group, *WORLDS[world])
            trained: dict[tuple[str, float], Copies] = {}
            for model, memories in models.items():
                for memory in memories:
                    key = _networks(model), memory
                    if key not in trained:
                        trained[key] = train(key[0], plan(key[0], log, memory, group), log, group)
                    table = chance_metrics(chances(model, trained[key], log, test, memory), test, group)
                    parts.append(table.assign(world=world, model=model, memory=memory))
    table = pd.concat(parts, ignore_index=True)
    return table[["world", "model", "memory", "seed", "auc", "gauc", "ratio", "loss"]]


# {world: {model: memory}}
CHOSEN = Chosen("07_late_tuning", by=["world", "model"], setting=["memory"], value="loss", lowest=True)
WITHIN = {"auc": 0.01, "gauc": 0.01, "ratio": 0.05}
TABLES = kept_tables(
    KeptTable(
        "07_late_tuning",
        tune,
        {"seeds": range(900, 906)},
        [Recheck({"seeds": [900], "worlds": [FAST], "models": [NAIVE], "memories": [2.0]}, {"loss": 4})],
    ),
    KeptTable(
        "07_late",
        compare,
        {"seeds": range(120)},
        [Recheck({"seeds": [3], "worlds": [FAST], "models": [NAIVE, DIVIDED, DELAY]}, WITHIN | {"loss": 4})],
    ),
    KeptTable(
        "07_late_by_count", divided_by_count, {"seeds": range(120)}, [Recheck({"seeds": [3]}, WITHIN | {"loss": 4})]
    ),
)
