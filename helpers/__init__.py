"""The library behind the course, in floors. A floor imports only from floors above it in this list.

    support/     what all others use: `validate` (one clear error for bad input), `files` (written whole or not at all),
                 `environment` (is this machine ready?), `downloads` (is there a copy of the data of others?)
    data/        where rows come from and how they become tensors: `examples`, `features`, `synthetic` (tasks whose
                 relation we set), `world` (users and videos whose truth we know), `feed` (a world and its log, one a
                 seed), `shop` (clicked, then bought), `movielens`, `census` (a survey)
    models/      `shared_bottom` (encoder, towers, Shared-Bottom, single-task models), `bottoms` (DeepFM, DCN, DIN),
                 `experts` (MMoE, PLE), `esmm`, `copies` (many copies of a model, run as one)
    training/    `losses`, `adam`, `balancing` (UWL, GradNorm, PCGrad), `arguments` (what fit checks first),
                 `loop` (fit)
    evaluation/  `metrics` (AUC, GAUC, R² …); what shares nothing, the yardsticks of every model: `counts`, `yardsticks`
                 (a linear model and trees), `late_fusion` (separate models, one score); `statistics` (contrasts and
                 intervals over seeds), `intervals` (on one log, over users), `margins` (the smallest effect that
                 matters), `verdicts` (what an interval allows us to say), `four_outcomes` (of joint training)
    experiments/ `sweep` (a model trained at every point of a table of settings), `feature_tasks` (what the experiments
                 on relu features share), `grid` (kept tables of trained runs), `sample` (a few of its points, trained
                 again), `chosen` (what a search found best), `claim` (a sentence, its effect as data, its grid), `jobs`
                 (on all cores, or a cluster)
    display/     what the reader sees and moves: `palette`, `figures`, `pictures` (a figure with its words), `diagrams`,
                 `outcome_map`, `panels` and `explorer` (figures that answer), `runs` (kept runs: pick, compare, draw),
                 `cards` (claims), `questions` (predictions), `score_card` (what came of them), `quiz` (multiple
                 choice), `exercises` (checks with hints), `answers` (what a check asks of an answer), `model_ids`
                 (widgets that live on the next day), `scripts` (their JavaScript); `live/`: the kit of all
                 explorables, which compute in the browser
    capstone/    does sharing help on a table of your own? `reading`, `declaration` (what each column is), `suggestion`,
                 `table_checks`, `preparation` (split, examples), `kuairand` (a worked mapping), `ranker` (train, save,
                 load, rank, export), `plan` (what a comparison will train, and how long), `comparison`,
                 `recommendation`, `lists` (one list from several predictions), `ladder` (past a count), `report`,
                 `list_section` (of the report)
    chapters/    one folder a chapter, `chapters/ch04/`: its experiments, claims (claims.toml, and effects.py for what
                 no contrast says), questions, quiz, exercises, explorer
    course/      what a notebook asks for by name: cards, kept tables, questions; `outcomes` (the table of the map)
    lab/         what makes kept tables and findings, and no core notebook loads: `seeds` (which are used up), and the
                 commands `train_grids`, `measure_claims`, `keep_findings`

A test holds the order of the floors, and that this map is complete.
"""
