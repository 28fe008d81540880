"""Several ids at once, such as genres: read, embedded by their mean, compared, exported and served."""

import json

import numpy as np
import pandas as pd
import pytest

from helpers.capstone.comparison import compare
from helpers.capstone.declaration import Declaration
from helpers.capstone.preparation import cut_tags, prepare
from helpers.capstone.ranker import Recipe
from helpers.capstone.reading import read
from helpers.capstone.suggestion import draft, suggest
from helpers.capstone.table_checks import check
from helpers.data.features import Features, Sparse, Tags
from helpers.evaluation import yardsticks
from helpers.models.shared_bottom import Encoder
from tests.capstone.services import says_the_same, service

RECIPE = Recipe(epochs=8, batch_size=128, lr=0.01)
WORDS = np.array(["red", "sale", "men's", "new in", "Café", "42"])


def shop(rows: int = 2_400, seed: int = 0) -> pd.DataFrame:
    """A log whose labels the tags of a product decide, several to each, and no id of it is there."""
    rng = np.random.default_rng(seed)
    has = rng.random((rows, len(WORDS))) < 0.4
    wish = has @ np.array([1.5, -1.5, 1, -1, 0.5, 0])
    frame = pd.DataFrame({"user": rng.integers(0, 200, rows), "tags": ["|".join(WORDS[row]) for row in has]})
    frame["bought"] = (rng.random(rows) < 1 / (1 + np.exp(-wish))).astype(int)
    frame["liked"] = (rng.random(rows) < 1 / (1 + np.exp(1 - wish))).astype(int)
    return frame.assign(time=pd.Timestamp("2026-05-01") + pd.to_timedelta(np.arange(rows), unit="min"))


OWN = Declaration({"bought": "binary", "liked": "binary"}, "user", tags=("tags",), time="time")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["a|b", "new in", None, "b|b| c"], [["a", "b"], ["new in"], [], ["b", "c"]]),
        (["a; b", "c,d;"], [["a", "b"], ["c,d"]]),
        (["a, b", "new in"], [["a", "b"], ["new in"]]),
        (["a b", "c"], [["a", "b"], ["c"]]),
        (['["a, x", "b"]', "[]"], [["a, x", "b"], []]),
        (["['a', 'b']", "['c']"], [["a", "b"], ["c"]]),
        ([[3, 7], (7, 7), np.array([1.0]), None], [[3, 7], [7], [1], []]),
        ([["a", None], ["b"]], [["a"], ["b"]]),
        ([[3], ["a"]], [["3"], ["a"]]),
        ([3, 7], [[3], [7]]),
    ],
)
def test_tags_are_cut_as_they_are_written(texts, expected):
    assert cut_tags(pd.Series(texts, name="tags", dtype=object)) == expected


@pytest.mark.parametrize("text", ["['a' 'b']", "[a, b]", [0.5], [["a"]]])
def test_what_are_no_tags_is_named(text):
    with pytest.raises(ValueError, match=r"tags: got .*expected tags "):
        cut_tags(pd.Series([text], name="tags"))
    frame = shop().assign(tags=[text] * 2_400)
    assert [problem.column for problem in check(OWN, frame).stopping] == ["tags"]


def test_each_tag_has_an_embedding_and_a_row_their_mean():
    frame = pd.DataFrame({"user": [1, 2, 3], "tags": [["a", "b"], ["b"], []]})
    features = Features([Sparse("user", 4), Tags("tags", 8)]).fit(frame)
    encoder = Encoder(features)
    asked = pd.DataFrame({"user": [1, 1, 1], "tags": [["b", "a"], ["b", "never seen"], []]})
    row = encoder(features.transform(asked))[:, encoder.vectors["tags"]]
    (layout,), table = features.sequences, encoder.tables["8"].weight
    missing, unknown, a, b = table[features.ids["tags"].offset :]
    assert layout.of == "tags" and len(table) == 5  # padding, then these four
    expected = [(a + b) / 2, (b + unknown) / 2, 0 * missing]
    for found, by_hand in zip(row, expected, strict=True):
        np.testing.assert_allclose(found.detach(), by_hand.detach(), atol=1e-7)
    assert Features.of_state(json.loads(json.dumps(features.state()))).ids == features.ids


def test_a_linear_model_has_a_weight_for_each_tag():
    rows = prepare(OWN, shop())
    features = Features(OWN.layout()).fit(rows)
    parts = [features.examples(part, {"bought": "bought"}) for part in (rows[:1_800], rows[1_800:])]
    scores = next(yardsticks.candidates("linear", features, parts[0], parts[1].inputs))[0]
    means = pd.Series(scores).groupby(rows["tags"][1_800:].map(lambda tags: "red" in tags).to_numpy()).mean()
    assert means[True] - means[False] > 0.5


def test_a_log_with_tags_goes_from_the_file_to_the_service(tmp_path):
    """Found by `suggest`, learnt (their effect is all there is to learn), and served as lists; a new tag is counted."""
    shop().to_csv(path := tmp_path / "shop.csv", index=False)
    frame = read(path)
    assert "tags=(" in draft(suggest(frame)) and not check(OWN, frame).stopping
    found = compare(frame, OWN, RECIPE, seeds=range(2), penalties=[0], also=())
    assert (found.gains["shared"] > 0.7).all()
    ranker = found.ranker()
    ranker.exponents = {"bought": 1, "liked": 0.5}
    says_the_same(ranker, prepare(OWN, frame)[-20:], tmp_path)
    served = service(tmp_path / "ranker.pt2")
    assert served.predict([{"user": 3, "tags": ["red", "never seen"]}])["unknown"] == {"tags": 1}
    with pytest.raises(ValueError, match=r"column 'tags': got text .red.sale.; expected a list"):
        served.predict([{"user": 3, "tags": "red|sale"}])


def test_ids_of_another_kind_are_no_history():
    frame = shop().assign(item=[f"p{k % 50}" for k in range(2_400)], tags=[["a", "b"]] * 2_400)
    own = Declaration(OWN.labels, "user", "item", lists={"tags": "item"}, time="time")
    sentences = [problem.sentence for problem in check(own, frame) if problem.column == "tags"]
    assert len(sentences) == 1 and sentences[0].startswith("100% of its ids") and "as tags" in sentences[0]


def test_tags_beyond_those_that_count_are_told():
    frame = shop().assign(tags=["|".join(map(str, range(k % 30))) for k in range(2_400)])
    assert "some rows have 29 tags; the last 20" in str(check(OWN, frame))
