"""How wide a bottom, how many rows? Transfer on the relu-feature tasks for each width of the bottom and amount of data.

Every run has the same number of steps, of batches of at most 250 rows, so that cells differ in what they could learn
from and not in how long they trained.
"""

from helpers.experiments.feature_tasks import EXTREMES, LEARNING_RATES, MODELS, build, mean_r2, small_batches, task_pair
from helpers.lab.study import Search, Study

STEPS = 400
HEAT = Study(
    "04_heat",
    axes={
        "model": MODELS,
        "width": (4, 8, 16, 32),
        "rows": (250, 500, 1000, 2000),
        "condition": EXTREMES,
        "seed": range(24),
    },
    data=task_pair,
    model=build,
    options=lambda rows, rate: small_batches(rows, rate, STEPS),
    judge=mean_r2,
    near={"r2": 0.02},
    again={"seed": [5], "width": [4, 32], "rows": [250, 2000]},
    search=Search(
        "04_heat_tuning",
        {"rate": LEARNING_RATES},
        by=["model", "width", "rows"],
        seeds=range(900, 904),
        near={"r2": 0.02},
        again={"seed": [900], "width": [4], "rows": [250], "rate": [0.01]},
    ),
)
