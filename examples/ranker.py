"""Train on a log, save, load, export, without a notebook:  python examples/ranker.py"""

from helpers.capstone.ranker import Ranker, Recipe
from helpers.data import feed
from helpers.data.features import Dense, Sparse

log = feed.load("impressions").merge(feed.load("videos"), on="video").sort_values("time")
train, valid, test = log[:60_000], log[60_000:67_000], log[67_000:]

columns = [Sparse("user"), Sparse("video"), Sparse("topic"), Dense("duration")]
tasks = {"click": "binary", "like": "binary", "watch_seconds": "regression"}
ranker = Ranker(columns, tasks, Recipe("Shared-Bottom", bottom="MLP", weighting="equal", epochs=5))
ranker.fit(train, valid)
print(ranker.evaluate(test, groups="user")[["task", "metric", "value"]].round(3).to_string(index=False))

ranker.save("ranker.pt")  # one file: columns, vocabularies, parameters
print(Ranker.load("ranker.pt").predict(test[:5]).round(3))
ranker.export("ranker.pt2")  # and ranker.json: both run where this course is not, see examples/serve.py
