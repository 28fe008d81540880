"""The service over HTTP: what it answers, and that it refuses what it does not know, by candidate and column."""

import json
import math
import random
import runpy
import socket
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from benchmarks.service import SERVE, served
from helpers.capstone.ranker import Ranker, Recipe
from helpers.data.features import Dense, Sequence, Sparse

pytestmark = pytest.mark.slow  # a ranker is trained and exported

COLUMNS = [*(Sparse(name, 4) for name in ("user", "topic", "saved")), Dense("duration")]
COLUMNS += [Sequence("history", of="user", length=3)]
TASKS = {"click": "binary", "seconds": "regression"}
GOOD = {"user": 3, "topic": "music", "saved": True, "duration": 31.5, "history": [3, 5]}
WHOLE, TEXT = "a whole number, or null where it is missing", "text, or null where it is missing"


@pytest.fixture(scope="module")
def ranker() -> Ranker:
    rng = np.random.default_rng(0)
    log = pd.DataFrame({"user": rng.integers(0, 9, 300), "topic": rng.choice(["music", "news"], 300)})
    log["saved"], log["duration"] = rng.random(300) < 0.5, rng.normal(30, 10, 300)
    log["history"] = [list(rng.integers(0, 9, length)) for length in rng.integers(0, 4, 300)]
    log["click"], log["seconds"] = rng.integers(0, 2, 300), rng.normal(10, 5, 300)
    ranker = Ranker(COLUMNS, TASKS, Recipe(units=(8,), towers=(4,), epochs=2))
    ranker.exponents = {"click": 1.0}
    return ranker.fit(log, log[:60], progress=False)


@pytest.fixture(scope="module")
def path(ranker, tmp_path_factory):
    path = tmp_path_factory.mktemp("served") / "ranker.pt2"
    ranker.export(path)
    return path


@pytest.fixture(scope="module")
def client(path):
    """The application in this process: what goes wrong in it is raised here, and is no status 500."""
    serve = runpy.run_path(str(SERVE))
    with TestClient(serve["application"](serve["Service"](path))) as client:
        yield client


def ask(client, body: object):
    """Status and answer; the body of a request as bytes, or what is JSON."""
    answer = client.post("/predict", content=body if isinstance(body, bytes) else json.dumps(body))
    return answer.status_code, answer.json()


def test_over_http_the_predictions_are_the_notebooks(client, ranker):
    asked = [GOOD, dict.fromkeys(GOOD), GOOD | {"user": 10**400, "topic": "\ud800", "duration": 60}]
    status, answer = ask(client, asked)
    assert status == 200 and answer["unknown"] == {"user": 1, "topic": 1}
    expected = ranker.predict(pd.DataFrame([row | {"user": min(row["user"] or -1, 99)} for row in asked]))
    found = pd.DataFrame(answer["predictions"])
    np.testing.assert_allclose(found[list(TASKS)][:1], expected[:1], rtol=1e-5)
    assert np.isfinite(found).all(axis=None) and sorted(answer["order"]) == [0, 1, 2]
    assert ask(client, []) == (200, {"predictions": [], "order": [], "unknown": {}})


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("user", "3", WHOLE),
        ("user", 3.5, WHOLE),
        ("user", True, WHOLE),
        ("user", {"id": 3}, WHOLE),
        ("user", math.nan, WHOLE),
        ("user", "\ud800", WHOLE),
        ("saved", "true", WHOLE),
        ("topic", 3, TEXT),
        ("topic", False, TEXT),
        ("topic", ["music"], TEXT),
        ("duration", "31.5", "a number from"),
        ("duration", True, "a number from"),
        ("duration", math.nan, "a number from"),
        ("duration", -math.inf, "a number from"),
        ("duration", 10**400, "a number from"),
        ("duration", -1e9, "a number from"),
        ("history", "3 5", "a list of whole numbers"),
        ("history", {"3": 5}, "a list of whole numbers"),
        ("history", ["3"], WHOLE),
        ("history", [3, True], WHOLE),
        ("colour", "red", "no such column: the model has duration, user, topic, saved, history"),
        ("\ud800", 1, "no such column: the model has"),
        ("duration", ..., "a number, or null where it is missing"),
    ],
)
def test_what_the_model_cannot_take_is_refused_by_candidate_and_column(client, column, value, expected):
    bad = {name: given for name, given in {**GOOD, column: value}.items() if given is not ...}
    status, answer = ask(client, [GOOD, bad])
    assert status == 422
    detail = answer["detail"]
    assert (detail["candidate"], detail["column"]) == (1, column) and detail["got"]
    assert detail["expected"].startswith(expected)


def test_numbers_of_the_size_of_those_in_training_are_those_that_it_names(client):
    """The largest number that the refusal names is taken, the next one is not; so is the smallest."""
    words = ask(client, [GOOD | {"duration": 1e30}])[1]["detail"]["expected"].split()
    for name, away in ((words[3], -1), (words[5].strip(","), 1)):
        bound = float(name)
        assert 9_000 < abs(bound) < 11_000  # a thousand deviations of 10
        assert ask(client, [GOOD | {"duration": bound - 0.1 * away}])[0] == 200
        assert ask(client, [GOOD | {"duration": bound + 0.1 * away}])[0] == 422


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[", 400),
        (b"\xff\xfe\xfd", 400),
        (b"{}", 400),
        (b"NaN", 400),
        (b'["\\ud800"]', 400),
        (b"[[]]", 400),
        (b"[" * 100_000, 400),
        (b'[{"user": ' + b"[" * 5_000 + b"]" * 5_000 + b"}]", 400),
        (b'[{"user": 1' + b"0" * 5_000 + b"}]", 400),
        (json.dumps([GOOD] * 10_001).encode(), 413),
        (b" " * 10_000_001, 413),
        (json.dumps([GOOD] * 10_000).encode(), 200),
    ],
    ids=lambda body: f"{body[:12]!r}, {len(body)}" if isinstance(body, bytes) else str(body),
)
def test_what_is_no_list_of_candidates_or_too_much_is_refused_as_a_whole(client, body, status):
    found, answer = ask(client, body)
    assert found == status
    assert status == 200 or (answer["detail"]["got"] and answer["detail"]["expected"])


def value(rng: random.Random, deep: int = 0) -> object:
    """Anything that JSON of Python's can hold."""
    number = rng.choice([0, -1, 3, 1.5, 5.0, 1e9, -1e300, math.nan, math.inf, 10 ** rng.choice([5, 20, 309, 4_000])])
    text = rng.choice(["", "music", "3", "\ud800", "\x00", "".join(map(chr, rng.choices(range(0x11_0000), k=3)))])
    few = [] if deep > 2 else [value(rng, deep + 1) for _ in range(rng.randrange(4))]
    return rng.choice([None, True, False, number, number, text, few, {text: few}])


def fuzzed(rng: random.Random) -> list[dict]:
    """Up to two good candidates, and one with columns changed, left out, or added."""
    row = dict(GOOD)
    for name in rng.choices(list(GOOD), k=rng.randrange(1, 4)):
        row[name] = value(rng)
    if rng.random() < 0.1:
        row.pop(rng.choice(list(GOOD)))
    if rng.random() < 0.1:
        row[rng.choice(["x", "", " user", "\ud800"])] = value(rng)
    return [GOOD] * rng.randrange(3) + [row]


def is_answered_rightly(candidates: list[dict], status: int, answer: dict) -> bool:
    """A prediction for each candidate, with no boolean where none was logged; or a refusal that names its column."""
    if status == 200:
        given = [
            one
            for row in candidates
            for name, value in row.items()
            for one in (value if type(value) is list else [value] * (name != "saved"))
        ]
        numbers = [number for row in answer["predictions"] for number in row.values()]
        return (
            bool not in map(type, given)
            and len(answer["predictions"]) == len(candidates)
            and np.isfinite(numbers).all()
        )
    detail, last = answer["detail"], len(candidates) - 1
    named = detail["candidate"] == last and detail["column"] in GOOD.keys() | candidates[last].keys()
    return status == 422 and named and detail["got"] != "" and detail["expected"] != ""


@pytest.mark.parametrize("seed", range(3))
def test_whatever_comes_is_served_or_refused_by_its_column(client, seed):
    rng, statuses = random.Random(seed), []
    for _ in range(300):
        candidates = fuzzed(rng)
        status, answer = ask(client, candidates)
        assert is_answered_rightly(candidates, status, answer), (candidates, status, answer)
        statuses.append(status)
    assert min(statuses.count(200), statuses.count(422)) > 30


@pytest.mark.long
def test_32_clients_at_a_time_each_get_their_own_answer(path, capfd):
    """As it is started by hand, on this machine alone; half of them ask what is refused, and one hangs up."""

    def asked(client: int) -> list[tuple[list[dict], int, dict]]:
        rng, connection, found = random.Random(client), HTTPConnection("127.0.0.1", port, timeout=120), []
        for turn in range(20):
            candidates = fuzzed(rng) if turn % 2 else [GOOD | {"user": client % 9, "duration": turn}] * (client + 1)
            connection.request("POST", "/predict", json.dumps(candidates), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            found.append((candidates, answer.status, json.loads(answer.read())))
        connection.close()
        return found

    with served([path]) as port:
        with socket.create_connection(("127.0.0.1", port)) as half:
            half.sendall(b"POST /predict HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n\r\n[{")
        with ThreadPoolExecutor(32) as pool:
            together = list(pool.map(asked, range(32)))
        alone = asked(7)
    for found in together:
        for candidates, status, answer in found:
            assert is_answered_rightly(candidates, status, answer), (candidates, status, answer)
    assert together[7] == alone
    assert capfd.readouterr().err == ""  # nothing failed on its side
