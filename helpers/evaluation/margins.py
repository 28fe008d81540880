"""The smallest effect that matters: one for each outcome, for the whole course, with its reason.

An effect below its margin would change no decision about *our* product, a feed of 600 users, however surely it is
measured. The margins of satisfaction, of returns and of the AUC go back to one number of that business: one user in 400
who comes back (for the AUC, `chapters.ch01.studies.worth` measures it). A large platform notices less: the DeepFM paper
(arXiv:1703.04247, section 3) quotes for Wide & Deep an AUC 0.275% higher offline, and 3.9% more clicks online. What is
said to be *far* better, or to lose *far* more, must lie beyond ten times the margin.

The table was made after most effects had been measured: until then each claim had a margin of its own. What each claim
was judged by before, and since when, is in `data/margins.csv`.
"""

from typing import NamedTuple

from .verdicts import LEFT


class Margin(NamedTuple):
    """The smallest effect that matters in these units, and why a product would not notice less."""

    smallest: float
    units: tuple[str, ...]
    reason: str


MARGINS = (
    Margin(
        0.005,
        ("AUC", "GAUC"),
        "of our feed: one user in 400 comes back for 0.003 to 0.008 more in likes, for 0.012 to 0.016 more in clicks",
    ),
    Margin(0.01, ("R²", "loss", "MSE"), "a hundredth of what there is to predict, in labels of variance 1"),
    Margin(0.1375, (LEFT,), "a tenth of the error that is left, log₂ 1.1: at an R² of 0.9 that is 0.01, above it less"),
    Margin(0.0025, ("of the users", "chance to return"), "one user in 400 who comes back, or does not"),
    Margin(0.003, ("satisfaction",), "by the law of our feed it brings one user in 400 back the next day"),
    Margin(0.01, ("of the served", "of the clicked", "click rate", "finish rate"), "one video in ten lists of ten"),
    Margin(1, ("s per impression",), "a second a video: a list of ten takes ten seconds more"),
    Margin(5, ("s of length", "s per click"), "a sixth of the length of a usual video"),
    Margin(
        0.1, ("standard deviations", "standard deviations of bait", "sd"), "1,600 users in each arm of a test to see it"
    ),
    Margin(
        0.05,
        ("of the truth", "of what was watched", "of what is logged", "× the mean"),
        "a rate or a time that is 5% off changes no bid and no order",
    ),
    Margin(
        0.25,
        ("doublings of the loss", "halvings of the steps", "halvings of the multiply-adds"),
        "a fifth more or less; who trains again with other settings moves it further",
    ),
    Margin(0.05, ("of the weight", "cosine"), "a twentieth of a gate's weight, or of the length of a gradient"),
    Margin(0.5, ("experts",), "half an expert: fewer than one are idle"),
    Margin(0.01, ("of the tests",), "one A/B test in a hundred"),
    Margin(0.05, ("of the gains", "of the intervals"), "one interval in twenty: as many as a 95% interval may miss"),
    Margin(0.1, ("of the runs", "of the worlds", "of the feeds"), "one in ten: what is rarer, we call an exception"),
)
SMALLEST = {unit: margin.smallest for margin in MARGINS for unit in margin.units}
REASONS = {unit: margin.reason for margin in MARGINS for unit in margin.units}
