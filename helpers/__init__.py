"""The library behind the course, in floors. A floor imports only from floors above it in this list.

    support/     what all others use: `validate` (one clear error for bad input), `files` (written whole or not at all),
                 `environment` (is this machine ready?), `movielens_files` (is there a copy of MovieLens-100K?)
    data/        where rows come from and how they become tensors: `examples`, `features`, `synthetic` (tasks whose
                 relation we set), `feed` (a simulated short-video feed), `worlds` (such feeds, one a seed), `movielens`
    models/      `shared_bottom` (encoder, towers, Shared-Bottom, single-task models), `bottoms` (DeepFM, DCN, DIN),
                 `experts` (MMoE, PLE), `esmm`, `copies` (many copies of a model, trained as one)
    training/    `losses`, `balancing` (UWL, GradNorm, PCGrad), `arguments` (what a training checks first), `loop` (fit,
                 save, load)
    evaluation/  `metrics` (AUC, GAUC, R² …), `statistics` (paired differences and intervals over seeds), `intervals`
                 (over users), `verdicts` (what an interval allows us to say), `four_outcomes` (of joint training)
    experiments/ `grid` (kept tables of trained runs), `claim` (a sentence and how it is measured)
    display/     what the reader sees and moves: `palette`, `figures`, `pictures` (a figure with its words), `diagrams`,
                 `outcome_map`, `panels` and `explorer` (figures that answer), `exercises` (predictions, checks with
                 hints), `model_ids` (widgets that live on the next day)
    capstone/    does sharing help on a table of your own? `own_data`, `own_checks`, `kuairand` (a worked mapping),
                 `ranker` (train, save, load, export), `comparison`, `recommendation`, `report`, `form`
    chapters/    one folder a chapter, `chapters/ch04/`: its experiments, claims, exercises, explorer
    course/      finds grids and claims by name in the chapters; `outcomes` (the map's table), and the commands:
                 `train_grids`, `measure_claims`, `cores`
"""
