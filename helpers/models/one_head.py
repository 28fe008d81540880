"""One head that serves all tasks: where weighted losses have to agree on one score (chapters 03 and 04)."""

from torch import Tensor

from ..data.examples import Inputs
from ..data.features import Features
from ..support import validate
from .shared_bottom import SharedBottom, _check_tasks, _units


class OneHead(SharedBottom):
    """A single-task network whose one output is the output of every task. Arguments as of `SharedBottom`.

    All tasks must be of one kind: a number cannot be a logit and a value at once.
    """

    def __init__(self, features: Features | int, tasks: dict[str, str], bottom=(128, 128), tower=(64, 32), **options):
        kinds = set(_check_tasks(tasks).values())
        if len(kinds) != 1:
            validate.fail("tasks", f"the kinds {sorted(kinds)}", "tasks of one kind")
        super().__init__(features, {"score": kinds.pop()}, bottom, [_units("tower", tower)], **options)
        self.tasks = dict(tasks)

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        score = self.towers[0](self.bottom(self.encoder(inputs))).squeeze(-1)  # (n,)
        return dict.fromkeys(self.tasks, score)
