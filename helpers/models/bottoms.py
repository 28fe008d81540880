"""Bottoms of other shapes, for the same towers: DCN, DeepFM and NeuMF cross the columns, DIN reads a history.

    SharedBottom(features, tasks, bottom=partial(DCN, layers=2, units=[64]))
    SharedBottom(features, tasks, bottom=partial(DeepFM, units=[64]))
    SharedBottom(features, tasks, bottom=[64], encoder=DIN)

A bottom takes the row of numbers that the encoder made, `(n, encoder.width)`, and gives `(n, width)` to the towers.
DIN changes how a sequence becomes one vector, which is the encoder's part; any bottom may follow.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..data.features import Features, SequenceLayout
from ..support import validate
from .shared_bottom import MLP, Encoder


def _check(encoder: Encoder) -> Encoder:
    if not isinstance(encoder, Encoder):
        validate.fail("encoder", repr(encoder), "the Encoder that SharedBottom hands to its `bottom`", TypeError)
    return encoder


class DCN(nn.Module):
    """Cross layers next to a deep part: DCN-v2 in its parallel form (Wang et al., WWW 2021, arXiv:2008.13535, §3).

    A cross layer is x_{l+1} = x_0 ⊙ (W_l x_l + b_l) + x_l, with W_l a square matrix. (In the first DCN, Wang et al.,
    2017, arXiv:1708.05123, W_l has one row.) After l layers the row holds products of up to l + 1 of its numbers.
    """

    def __init__(self, encoder: Encoder, layers: int = 2, units: Sequence[int] = (64,)):
        super().__init__()
        _check(encoder)
        layers = validate.number("layers", layers, low=1, whole=True)
        self.cross = nn.ModuleList(nn.Linear(encoder.width, encoder.width) for _ in range(layers))
        self.deep = MLP(encoder.width, units)
        self.width = encoder.width + self.deep.width

    def forward(self, row: Tensor) -> Tensor:
        x = row
        for layer in self.cross:
            x = row * layer(x) + x
        return torch.cat([x, self.deep(row)], dim=-1)  # (n, encoder width + units)


class DeepFM(nn.Module):
    """A factorisation machine next to a deep part, on the same embeddings (Guo et al., IJCAI 2017, arXiv:1703.04247).

    The machine's second-order term is Σ_{i<j} ⟨v_i, v_j⟩ over the columns' vectors v_i, the sum of the numbers in
    ½[(Σ v_i)² − Σ v_i²]. Two things differ from the paper: the towers get these numbers before the sum, so that each
    may weigh them its own way (the bi-interaction pooling of NFM; He and Chua, SIGIR 2017, arXiv:1708.05027); and the
    first-order term has a weight for each number of the row, where the paper has one for each id.
    """

    def __init__(self, encoder: Encoder, units: Sequence[int] = (64,)):
        super().__init__()
        self.vectors = list(_check(encoder).vectors.values())
        widths = {part.stop - part.start for part in self.vectors}
        if len(self.vectors) < 2 or len(widths) > 1:
            came = f"{len(self.vectors)} ids and sequences with embeddings of widths {sorted(widths)}"
            validate.fail("features", came, "at least two, all of one width")
        self.first = nn.Linear(encoder.width, 1, bias=False)
        self.deep = MLP(encoder.width, units)
        self.width = 1 + widths.pop() + self.deep.width

    def forward(self, row: Tensor) -> Tensor:
        vectors = torch.stack([row[..., part] for part in self.vectors], dim=-2)  # (n, columns, k)
        second = (vectors.sum(-2) ** 2 - (vectors**2).sum(-2)) / 2  # (n, k)
        return torch.cat([self.first(row), second, self.deep(row)], dim=-1)


class NeuMF(nn.Module):
    """Products of the vectors of a user and an item, next to a deep part: matrix factorisation in a network (He et al.,
    *Neural Collaborative Filtering*, WWW 2017, arXiv:1708.05031, §3.4). A user's taste for an item that no column tells
    is a sum of such products.

    The user and the item are the first two ids of the features. Two things differ from the paper: both parts read the
    same embeddings, and the products are multiplied by `TIMES`. Embeddings start near 0, so without that their products
    are nearly nothing for many epochs, and this bottom takes as many as an MLP does to find a taste; with a penalty on
    the embeddings it may never leave 0.
    """

    TIMES = 200  # times products of numbers with a deviation of 0.05: at the start theirs is 0.5

    def __init__(self, encoder: Encoder, units: Sequence[int] = (64,)):
        super().__init__()
        self.pair = list(_check(encoder).vectors.values())[: min(2, len(encoder.names))]
        widths = [part.stop - part.start for part in self.pair]
        if len(widths) < 2 or widths[0] != widths[1]:
            validate.fail("features", f"embeddings of widths {widths}", "first a user and an item, both of one width")
        self.deep = MLP(encoder.width, units)
        self.width = widths[0] + self.deep.width

    def forward(self, row: Tensor) -> Tensor:
        user, item = (row[..., part] for part in self.pair)
        return torch.cat([self.TIMES * user * item, self.deep(row)], dim=-1)  # (n, k + units)


class DIN(Encoder):
    """Attention to a history in place of its mean: the Deep Interest Network (Zhou et al., KDD 2018, arXiv:1706.06978).

    For a target with the vector t and a list with the vectors h_1, h_2, … (both of the sequence's column `of`), a small
    network gives each pair a weight w_k from [h_k, t, h_k − t, h_k ⊙ t], and the list becomes Σ w_k h_k. Padding counts
    nothing; an empty list is 0. Tags have no target, and stay a mean.

    Two things differ from the paper: the pairs are those of its authors' code, where the paper has the outer product of
    h_k and t; and the small network has a ReLU in place of PReLU or Dice. Its mini-batch aware regularisation (§5.1) is
    `l2_rows="looked up"` of the model.

    units    of the small network's hidden layer
    softmax  the weights of a list sum to 1. The paper leaves that out (§4.3), so that a list with three items like the
             target says more than a list with one; its authors' code has it.
    """

    def __init__(self, features: Features, units: int = 16, softmax: bool = False):
        super().__init__(features)
        self.histories = [sequence for sequence in self.sequences if sequence.of in self.names]
        if not self.histories:
            validate.fail("features", "no Sequence", "at least one history to attend to")
        units = validate.number("units", units, low=1, whole=True)
        self.softmax = softmax
        self.scores = nn.ModuleList(
            nn.Sequential(nn.Linear(4 * sequence.width, units), nn.ReLU(), nn.Linear(units, 1))
            for sequence in self.histories
        )

    def extra_repr(self) -> str:
        return f"softmax={self.softmax}"  # or a model with it and one without would look like copies of one model

    def _pool(self, sequence: SequenceLayout, vectors: Tensor, real: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        if sequence not in self.histories:
            return super()._pool(sequence, vectors, real, inputs)
        column = self.names.index(sequence.of)
        target = self._look_up(sequence.width, inputs["sparse"][..., column, None])  # (n, 1, width)
        pairs = torch.cat([vectors, target.expand_as(vectors), vectors - target, vectors * target], dim=-1)
        weight = self.scores[self.histories.index(sequence)](pairs)  # (n, length, 1)
        if self.softmax:
            weight = weight.masked_fill(~real, -1e9).softmax(dim=-2)  # not −∞: an empty list would give NaN
        return (vectors * weight).sum(-2)  # the vectors of padding are 0
