"""Train on a log, save, load, export, without a notebook and in any folder:  python examples/ranker.py"""

from helpers.capstone.ranker import Ranker, Recipe
from helpers.data.features import Dense, Sparse
from helpers.data.feed import Feed

log = Feed.make(seed=0).log.sort_values("time", kind="stable")  # a simulated feed; yours: read("log.csv")
first, second = int(0.8 * len(log)), int(0.9 * len(log))
train, valid, test = log[:first], log[first:second], log[second:]

columns = [Sparse("user"), Sparse("video"), Sparse("topic"), Dense("duration")]
tasks = {"click": "binary", "like": "binary", "watch_seconds": "regression"}
ranker = Ranker(columns, tasks, Recipe("Shared-Bottom", bottom="MLP", weighting="equal", epochs=5))
ranker.fit(train, valid)
print(ranker.evaluate(test, groups="user")[["task", "metric", "value"]].round(3).to_string(index=False))

ranker.save("ranker.pt")  # one file: columns, vocabularies, parameters
print(Ranker.load("ranker.pt").predict(test[:5]).round(3))
ranker.export("ranker.pt2")  # and ranker.json: both run where this course is not, see examples/serve.py
