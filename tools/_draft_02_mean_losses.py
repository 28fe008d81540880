import nbformat, sys
from nbformat.v4 import new_notebook, new_markdown_cell, new_code_cell
def md(id, text, **meta): 
    c=new_markdown_cell(text.strip("\n")); c.id=id; c.metadata.update(meta); return c
def code(id, text, tags=None, hidden=False):
    c=new_code_cell(text.strip("\n")); c.id=id
    if hidden: c.metadata["jupyter"]={"source_hidden":True}
    if tags: c.metadata["tags"]=tags
    return c
cells=[
md("02-mean-losses","""
# 02 deeper · Three losses, one optimum

**If three losses are all lowest at the mean, does it matter which you take?**

> **Afterwards you can** name the losses whose optimum is the mean; say what they disagree on once a model cannot be right everywhere; and check a reading on all rows and on its highest tenth.
>
> **You need** weighted cross-entropy, its correction and what its output reads (chapter 02).
>
> **Time** 1 minute to read and play, a few seconds of computing.
"""),
code("02-mean-losses-setup","""
import numpy as np
import torch

from helpers.course import ask, claims, runs
from helpers.support import environment

environment.setup()
""",["setup"],True),
md("02-mean-losses-slopes","""
## 1 Prediction minus fact

*1 min · core*

Chapter 02 corrected YouTube's loss, and said that squared error does as well. There is a third loss for something that is counted and never negative, the likelihood of **Poisson**. With $m = e^{\\text{logit}}$:

$$\\text{corrected CE: } (1+T)\\log(1+m) - T\\log m, \\qquad \\text{Poisson: } m - T\\log m, \\qquad \\text{squared error: } (m-T)^2 .$$

In code:
""",part="core"),
code("02-mean-losses-three","""
mean_losses = {
    "corrected CE": lambda m, T: (1 + T) * torch.log(1 + m) - T * torch.log(m),
    "Poisson": lambda m, T: m - T * torch.log(m),
    "squared error": lambda m, T: (m - T) ** 2,
}
"""),
md("02-mean-losses-constant","""
On the ten impressions of chapter 02, which brought 12 seconds, each has slope 0 at 1.2 seconds, their mean:
"""),
code("02-mean-losses-at-the-mean","""
T = torch.tensor([4.0, 0, 0, 6, 0, 0, 0, 2, 0, 0])


def slope(loss, m, T):
    logit = torch.tensor(np.log(m), requires_grad=True)
    return torch.autograd.grad(loss(logit.exp(), T).mean(), logit)[0]


[round(abs(slope(loss, 1.2, T).item()), 6) for loss in mean_losses.values()]
"""),
md("02-mean-losses-weights","""
All three slopes are *prediction minus fact*, $m - T$, times a weight. For corrected CE it is $1/(1+m)$: an impression that is predicted at 30 seconds weighs a thirtieth of one that is predicted at none. For Poisson it is 1. For squared error on $m = e^{\\text{logit}}$ it is $2m$. As long as the prediction can be right everywhere, weights do not matter. A model never can. Let one line serve three kinds of videos, $\\log m = a + b x$ with $x = 0, 1, 2$, whose means are 1, 2 and 30 seconds, so that no line fits:
"""),
code("02-mean-losses-one-line","""
x, T = torch.tensor([0.0, 1, 2]), torch.tensor([1.0, 2, 30])
fitted = {}
for name, loss in mean_losses.items():
    line = torch.tensor([0.0, 1.0], requires_grad=True)
    adam = torch.optim.Adam([line], lr=0.01)
    for _ in range(4000):
        m = torch.exp(line[0] + line[1] * x)
        adam.zero_grad(), loss(m, T).mean().backward(), adam.step()
    fitted[name] = m.detach().numpy()
"""),
md("02-mean-losses-line-shown","""
What each says of the three kinds, and in sum (the truth is 33):
"""),
code("02-mean-losses-table","""
import pandas as pd

table = pd.DataFrame(fitted, ["1 s", "2 s", "30 s"]).T
table.assign(sum=table.sum(axis=1)).round(2)
"""),
md("02-mean-losses-line-said","""
Corrected CE comes nearest where little is watched, squared error where much is. **Poisson's sum is right.** That is no accident: the slope for $a$, which every row has, is $\\sum (m - T)$, and at the optimum it is 0. So over the rows that it was trained on, a model with a Poisson loss and a free constant reads right in total, however poor it is otherwise. (Statisticians call the exponential its *canonical link*; the sigmoid has the same property with cross-entropy.)
"""),
]
cells+=[
md("02-mean-losses-feed","""
## 2 On the feed

*1 min · core*

The feed of chapter 02, its networks and its ten on top, in 24 worlds. Poisson's loss chose among the same fifteen settings as the others, on the same eight further worlds; like squared error it takes minutes, so that what it predicts is near 1 in size. (Its setting)

Your guess:
""",part="core"),
code("02-mean-losses-guess","""
served = runs("02_poisson", value="value", seeds="worlds")
ask("C2.P4", served)
""",["predict"]),
md("02-mean-losses-claims-said","""
As claims, Poisson against the corrected loss: seconds (C2.25) and bait (C2.26) of the ten on top.
"""),
code("02-mean-losses-claims","""
claims("C2.25", "C2.26", shut=True)
""",["claim"]),
md("02-mean-losses-read","""
## 3 Read as seconds

*1 min · core*

A second log, which no model has seen. The mean reading divided by the mean watch time, over all impressions, and over the tenth that the model itself reads lowest and highest (mean and 95% interval over worlds; 1 is right):
""",part="core"),
code("02-mean-losses-readings","""
names = ["reading", "reading, lowest tenth", "reading, highest tenth"]
served.where(outcome=names).intervals(["outcome"], "model")
"""),
md("02-mean-losses-read-said","X"),
code("02-mean-losses-read-claim","""
claims("C2.27")
""",["claim"]),
md("02-mean-losses-recap","""
## 4 Recap

*1 min · core*

- X

<details>
<summary><b>References</b></summary>

- T. Gneiting, *Making and Evaluating Point Forecasts*, Journal of the American Statistical Association 106(494), 2011, [doi:10.1198/jasa.2011.r10138](https://doi.org/10.1198/jasa.2011.r10138). Which losses have their optimum at the mean.
- P. McCullagh, J. A. Nelder, *Generalized Linear Models*, 2nd edition, Chapman and Hall, 1989. Poisson regression and canonical links.

</details>
""",part="core"),
]
nb=new_notebook(cells=cells)
nb.metadata={"kernelspec":{"display_name":"Python 3 (ipykernel)","language":"python","name":"python3"},"language_info":{"file_extension":".py","mimetype":"text/x-python","name":"python"}}
nbformat.write(nb, sys.argv[1])
