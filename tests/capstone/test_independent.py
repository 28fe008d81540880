"""A shop's log, made here, from a file to the report: leaks of three kinds are named, and the numbers are those of code
by other hands, plain PyTorch and scikit-learn, on the same rows."""

import html
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from torch import nn

from helpers.capstone.comparison import compare
from helpers.capstone.declaration import Declaration
from helpers.capstone.ranker import Recipe
from helpers.capstone.reading import read
from helpers.capstone.report import report
from helpers.capstone.table_checks import check
from helpers.chapters.ch08 import leaks
from helpers.support import environment

ROWS, CUT = 30_000, (24_000, 27_000)  # four fifths, and nine tenths
IDS, NUMBERS, TASKS = ("user", "sku", "kind"), ("price", "age"), ("clicked", "bought")
SEEDS, LR, EPOCHS, PATIENCE, BATCH = range(12), 0.002, 12, 3, 512  # seeds: a mean of them is known to 0.0015 AUC
OWN = Declaration(dict.fromkeys(TASKS, "binary"), "user", "sku", ids=("kind",), numbers=NUMBERS, time="time")


def shop(rows: int = ROWS) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    user, sku = rng.integers(0, 300, rows), rng.integers(0, 150, rows)
    tastes, appeals = rng.normal(size=(300, 3)), rng.normal(size=(150, 3))
    frame = pd.DataFrame({"user": user, "sku": sku, "kind": sku % 12, "age": rng.normal(40, 12, rows)})
    frame["price"] = rng.lognormal(3, 0.5, rows)
    wish = 0.5 * (tastes[user] * appeals[sku]).sum(1) + appeals[sku, 0] - 0.6 * np.log(frame["price"]) + 1
    frame["clicked"] = (rng.random(rows) < 1 / (1 + np.exp(-wish))).astype(int)
    frame["bought"] = frame["clicked"] * (rng.random(rows) < 1 / (1 + np.exp(1 - wish))).astype(int)
    return frame.assign(time=range(rows))


class Plain(nn.Module):
    """As one would write it by hand: embeddings of eight numbers, a bottom of 64 units, a tower of 32 for each task."""

    def __init__(self, sizes: list[int], tasks: int):
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(size, 8) for size in sizes)
        for table in self.tables:
            nn.init.normal_(table.weight, std=0.01)
        self.bottom = nn.Sequential(nn.Linear(8 * len(sizes) + len(NUMBERS), 64), nn.ReLU())
        self.towers = nn.ModuleList(nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1)) for _ in range(tasks))

    def forward(self, ids, numbers):
        parts = [table(ids[:, k]) for k, table in enumerate(self.tables)]
        shared = self.bottom(torch.cat([*parts, numbers], 1))
        return torch.cat([tower(shared) for tower in self.towers], 1)


def by_hand(frame: pd.DataFrame, tasks: tuple[str, ...], seed: int) -> list[float]:
    """Test AUC of each task, by the state with the lowest sum of validation losses."""
    torch.manual_seed(seed)
    ids = torch.tensor(frame[list(IDS)].to_numpy())
    raw = frame[list(NUMBERS)].to_numpy(float)
    numbers = torch.tensor((raw - raw[: CUT[0]].mean(0)) / raw[: CUT[0]].std(0), dtype=torch.float32)
    labels = torch.tensor(frame[list(tasks)].to_numpy(), dtype=torch.float32)
    model, loss = Plain([int(frame[name].max()) + 1 for name in IDS], len(tasks)), nn.BCEWithLogitsLoss()
    for tower, share in zip(model.towers, labels[: CUT[0]].mean(0), strict=True):
        nn.init.constant_(tower[-1].bias, torch.logit(share).item())
    optimizer = torch.optim.Adam(model.parameters(), LR)
    train, valid, test = slice(0, CUT[0]), slice(*CUT), slice(CUT[1], None)
    lowest, since, best = np.inf, 0, None
    for _ in range(EPOCHS):
        model.train()
        for rows in torch.randperm(CUT[0]).split(BATCH):
            optimizer.zero_grad()
            outputs = model(ids[train][rows], numbers[train][rows])
            sum(loss(outputs[:, k], labels[train][rows, k]) for k in range(len(tasks))).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            outputs = model(ids[valid], numbers[valid])
            now = sum(float(loss(outputs[:, k], labels[valid][:, k])) for k in range(len(tasks)))
            since += 1
            if now < lowest:
                lowest, since, best = now, 0, model(ids[test], numbers[test]).numpy()
        if since >= PATIENCE:
            break
    return [roc_auc_score(labels[test][:, k], best[:, k]) for k in range(len(tasks))]


def by_sklearn(frame: pd.DataFrame, task: str) -> dict[str, float]:
    """Test AUC of a linear model and of trees, each with what is best for the validation rows."""
    train, valid, test = frame[: CUT[0]], frame[slice(*CUT)], frame[CUT[1] :]
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), list(IDS)), (StandardScaler(), list(NUMBERS))
    )
    columns, found = [*IDS, *NUMBERS], {}
    models = [make_pipeline(encode, LogisticRegression(C=1 / p, max_iter=1_000)) for p in (1, 10, 100)]
    trees = [HistGradientBoostingClassifier(max_iter=n, random_state=0) for n in range(10, 151, 20)]
    for name, tried in (("linear", models), ("trees", trees)):
        own = train.copy(), valid.copy(), test.copy()
        if name == "trees":  # user is an id of too many values: the smoothed mean label, of its other rows
            fold = np.random.default_rng(1).permutation(len(train)) % 5
            for part in own[1:]:
                part["user"] = means(train, part, task)
            own[0]["user"] = np.nan
            for k in range(5):
                own[0].loc[fold == k, "user"] = means(train[fold != k], train[fold == k], task)
            for model in tried:
                model.set_params(categorical_features=[1, 2])
        for model in tried:
            model.fit(own[0][columns], own[0][task])
        scores = [[roc_auc_score(p[task], m.predict_proba(p[columns])[:, 1]) for p in own[1:]] for m in tried]
        found[name] = max(scores)[1]
    return found


def means(known: pd.DataFrame, asked: pd.DataFrame, task: str) -> np.ndarray:
    """The mean label of each user, as if five more rows had the mean of all."""
    every, by_user = known[task].mean(), known.groupby("user")[task].agg(["sum", "count"])
    smooth = (by_user["sum"] + 5 * every) / (by_user["count"] + 5)
    return asked["user"].map(smooth).fillna(every).to_numpy()


@pytest.mark.long
def test_leaks_of_three_kinds_are_named_from_the_file_to_the_report(tmp_path):
    """A score with noise, an amount that was paid, stars that were given; without them nothing is accused."""
    frame, planted = shop(8_000), ("with noise", "amount", "stars")
    for seed, kind in enumerate(planted):
        frame[kind] = leaks.planted(frame, "bought", seed, kind)[leaks.PLANTED]
    frame.to_csv(path := tmp_path / "shop.csv", index=False)
    leaky = replace(OWN, numbers=(*NUMBERS, *planted))
    pages = {}
    for own in (OWN, leaky):
        table = read(path)
        accused = {problem.column for problem in check(own, table) if "a leak?" in problem.sentence}
        assert accused == set(own.numbers) - set(NUMBERS)
        found = compare(table, own, Recipe(batch_size=128), mode="quick", also=["yardsticks"])
        pages[own.numbers] = html.unescape(report(found, path).save(tmp_path / "report.html").read_text("utf-8"))
    honest, spoiled = pages.values()
    assert "Too good to be true?" in spoiled and "Too good to be true?" not in honest
    for kind in planted:
        assert re.search(f"<li>{kind}: .*a leak[?]", spoiled) and f"<li>{kind}" not in honest
    assert all(
        name in page for page in pages.values() for name in ("label of each item", "linear model", "boosted trees")
    )


@pytest.mark.long
def test_numbers_agree_with_code_of_others():
    """Within 0.005 AUC: both sides, whose difference the gain is, and the yardsticks."""
    environment.threads()
    frame = shop()
    recipe = Recipe(lr=LR, epochs=EPOCHS, patience=PATIENCE, batch_size=BATCH)
    found = compare(frame, OWN, recipe, seeds=SEEDS, rates=[LR], also=["yardsticks"])
    together = np.mean([by_hand(frame, TASKS, seed) for seed in SEEDS], axis=0)
    yardsticks = found.beaten.pivot(index="task", columns="yardstick", values="value")
    for k, row in enumerate(found.gains.itertuples()):
        alone = np.mean([by_hand(frame, (row.task,), seed) for seed in SEEDS])
        assert row.single == pytest.approx(alone, abs=0.005)
        assert row.shared == pytest.approx(together[k], abs=0.005)
        assert row.gain == pytest.approx(row.shared - row.single)
        others = by_sklearn(frame, row.task)
        assert yardsticks.loc[row.task, list(others)].to_dict() == pytest.approx(others, abs=0.005)
