"""One Shared-Bottom in four libraries, behind one small interface: `prepare` once, then `train` and `predict`.

Each library gets the data in the form that it takes with the least conversion, and no regularisation, dropout or metric
to compute on the way. Nothing in a library is changed but what keeps it from doing this work at all: see each class.

    python -m benchmarks.libraries NAME THREADS ROWS

answers commands from standard input, one number each: the seconds of "train" (one epoch) and "infer" (all training
rows), and the held-out AUC, mean of the tasks, of a new model after "auc SEED". Runs in the environment of the library.
"""

import argparse
import os
import sys
import time

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import nn
from torch.utils.data import DataLoader

from benchmarks.task import BATCH, BOTTOM, DENSE, EPOCHS, LR, SPARSE, TASKS, TOWERS, VOCABULARY, WIDTH, Data, make

IDS, NUMBERS = [f"id{i}" for i in range(SPARSE)], [f"number{i}" for i in range(DENSE)]
INIT_STD = 0.05  # of our embeddings


class Ours:
    """Our library, called as a notebook calls it."""

    def __init__(self, data: Data, seed: int):
        from helpers.data.features import Dense, Features, Sparse
        from helpers.models.shared_bottom import SharedBottom

        self.seed = seed
        self.features = Features([*(Sparse(name, WIDTH) for name in IDS), *map(Dense, NUMBERS)]).fit(self._frame(data))
        self.model = SharedBottom(self.features, dict.fromkeys(TASKS, "binary"), BOTTOM, TOWERS, seed=seed)

    def _frame(self, data: Data):
        import pandas as pd

        return pd.DataFrame(dict(zip(IDS, data.sparse.T, strict=True)) | dict(zip(NUMBERS, data.dense.T, strict=True)))

    def prepare(self, data: Data):
        from helpers.data.examples import Examples

        labels = dict(zip(TASKS, torch.from_numpy(data.labels).T.contiguous(), strict=True))
        return Examples(self.features.transform(self._frame(data)), labels)

    def train(self, examples, epochs: int) -> None:
        from helpers.training.loop import fit

        fit(self.model, examples, epochs=epochs, batch_size=BATCH, lr=LR, seed=self.seed, progress=False)

    def predict(self, examples) -> np.ndarray:
        from helpers.models.copies import predict

        outputs = predict(self.model, examples.inputs)
        return torch.stack([outputs[task] for task in TASKS], dim=1).sigmoid().numpy()


class DeepCTR:
    """deepctr-torch. Ids go in as float32, which holds ids below 2²⁴, since it makes floats of all columns anyway."""

    def __init__(self, data: Data, seed: int):
        inputs, shared_bottom = self._parts()
        columns = [*(inputs.SparseFeat(name, VOCABULARY, WIDTH) for name in IDS), *map(inputs.DenseFeat, NUMBERS)]
        self.model = shared_bottom(
            columns,
            BOTTOM,
            TOWERS,
            l2_reg_linear=0,
            l2_reg_embedding=0,
            init_std=INIT_STD,
            seed=seed,
            task_types=["binary"] * len(TASKS),
            task_names=list(TASKS),
        )
        adam = torch.optim.Adam(self.model.parameters(), lr=LR)
        self.model.compile(adam, ["binary_crossentropy"] * len(TASKS))

    def _parts(self):
        from deepctr_torch import inputs
        from deepctr_torch.models import SharedBottom

        return inputs, SharedBottom

    def prepare(self, data: Data):
        columns = [*data.sparse.T.astype(np.float32), *data.dense.T]
        return dict(zip([*IDS, *NUMBERS], columns, strict=True)), data.labels

    def train(self, data, epochs: int) -> None:
        self.model.fit(*data, batch_size=BATCH, epochs=epochs, verbose=0)

    def predict(self, data) -> np.ndarray:
        return self.model.predict(data[0], BATCH)


class FunRec(DeepCTR):
    """funrec. Without TensorFlow its `fit` calls methods that its callbacks lack; deepctr-torch's have them."""

    def _parts(self):
        from deepctr_torch import callbacks
        from funrec import inputs
        from funrec.models.b2000 import base
        from funrec.models.p2017.sharedbottom.code import SharedBottom

        base.CallbackList, base.History = callbacks.CallbackList, callbacks.History
        return inputs, SharedBottom


class ReChub:
    """torch-rechub. It has no switch for batch norm, which the other models lack: the layers are taken out."""

    def __init__(self, data: Data, seed: int):
        from torch_rechub.basic.features import DenseFeature, SparseFeature
        from torch_rechub.basic.initializers import RandomNormal
        from torch_rechub.models.multi_task import SharedBottom
        from torch_rechub.trainers import MTLTrainer

        torch.manual_seed(seed)
        start = RandomNormal(0, INIT_STD)
        columns = [*(SparseFeature(name, VOCABULARY, WIDTH, initializer=start) for name in IDS)]
        columns += map(DenseFeature, NUMBERS)
        kinds = ["classification"] * len(TASKS)
        model = SharedBottom(columns, kinds, {"dims": list(BOTTOM)}, [{"dims": list(TOWERS)}] * len(TASKS))
        for layers in [module for module in model.modules() if isinstance(module, nn.Sequential)]:
            for place, layer in enumerate(layers):
                if isinstance(layer, nn.BatchNorm1d):
                    layers[place] = nn.Identity()
        self.trainer = MTLTrainer(model, kinds, optimizer_params={"lr": LR})

    def prepare(self, data: Data):
        columns = [torch.from_numpy(np.ascontiguousarray(column)) for column in (*data.sparse.T, *data.dense.T)]
        return dict(zip([*IDS, *NUMBERS], columns, strict=True)), torch.from_numpy(data.labels)

    def train(self, data, epochs: int) -> None:
        from torch_rechub.utils.data import TorchDataset

        batches = DataLoader(TorchDataset(*data), batch_size=BATCH, shuffle=True)
        for _ in range(epochs):
            self.trainer.train_one_epoch(batches)

    def predict(self, data) -> np.ndarray:
        from torch_rechub.utils.data import PredictDataset

        batches = DataLoader(PredictDataset(data[0]), batch_size=BATCH)
        return np.array(self.trainer.predict(self.trainer.model, batches))


PEERS = {"deepctr-torch": DeepCTR, "torch-rechub": ReChub, "funrec": FunRec}
LIBRARIES = {"ours": Ours} | PEERS


def answer(name: str, threads: int, rows: int) -> None:
    """Answer commands from standard input until it ends. A third of `rows` more is held out for the AUC."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no answer
    torch.set_num_threads(threads)
    data = make(rows + rows // 3)
    known, held_out = data.part(0, rows), data.part(rows, len(data))
    library = LIBRARIES[name](known, seed=0)
    prepared = library.prepare(known)

    def auc(seed: int) -> float:
        new = LIBRARIES[name](known, seed)
        new.train(new.prepare(known), EPOCHS)
        scores = new.predict(new.prepare(held_out))
        return float(np.mean([roc_auc_score(y, score) for y, score in zip(held_out.labels.T, scores.T, strict=True)]))

    print("ready", file=answers)
    for line in sys.stdin:
        command, *seed = line.split()
        start = time.perf_counter()
        if command == "auc":
            print(auc(int(*seed)), file=answers)
            continue
        library.train(prepared, 1) if command == "train" else library.predict(prepared)
        print(time.perf_counter() - start, file=answers)


if __name__ == "__main__":
    about = "Answer commands from standard input: train, infer, auc SEED."
    parser = argparse.ArgumentParser(prog="python -m benchmarks.libraries", description=about)
    parser.add_argument("name", choices=LIBRARIES, help="Train in this library.")
    parser.add_argument("threads", type=int, help="Compute on so many threads.")
    parser.add_argument("rows", type=int, help="Train on so many rows.")
    answer(**vars(parser.parse_args()))
