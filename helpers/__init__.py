"""The library behind the course, in floors. A floor imports only from floors above it in this list.

    support/     what all others use: `validate` (one clear error for bad input), `files` (written whole or not at all),
                 `environment` (is this machine ready?), `downloads` (is there a copy of the data of others?)
    data/        where rows come from and how they become tensors: `examples`, `features`, `synthetic` (tasks whose
                 relation we set), `world` (users and videos whose truth we know), `feed` (a world and its log, one a
                 seed), `shop` (clicked, then bought), `movielens`, `census` (a survey)
    models/      `shared_bottom` (encoder, towers, Shared-Bottom, single-task models), `bottoms` (DeepFM, DCN,
                 NeuMF, DIN), `one_head`, `experts` (MMoE, PLE), `gates` (to look at them), `esmm`, `mixture` (of each
                 task what is best), `copies` (many copies of a model, run as one)
    training/    `losses`, `adam`, `balance` (the plain sum), `balancing` (UWL, GradNorm, PCGrad), `arguments` (what
                 fit checks first), `loop` (fit)
    evaluation/  `metrics` (AUC, GAUC, R² …); what shares nothing, the yardsticks of every model: `counts`, `yardsticks`
                 (a linear model and trees), `pool` (several outputs, one score); `statistics` (contrasts and
                 intervals over seeds), `intervals` (on one log, over users), `margins` (the smallest effect that
                 matters), `verdicts` (what an interval allows us to say), `four_outcomes` (of joint training),
                 `own_label` (is a row's label in one of its features?), `within_lists` (the luck of a GAUC),
                 `calibration` (scores become logits)
    experiments/ `sweep` (a model trained at every point of a table of settings), `feature_tasks` (what the experiments
                 on relu features share), `kept` (tables of runs that were trained before), `chosen` (what a search
                 found best), `jobs` (on all cores)
    display/     what the reader sees and moves: `palette`, `figures`, `pictures` (a figure with its words), `diagrams`,
                 `outcome_map`, `panels` and `explorer` (figures that answer), `runs` (kept runs: pick, compare, draw),
                 `cards` (claims), `questions` (predictions), `score_card` (what came of them), `quiz` (multiple
                 choice), `exercises` (checks with hints), `mistakes` (the table of one), `answers` (its form and
                 numbers), `model_ids` (widgets that live on the next day), `scripts` (their JavaScript); `live/`: the
                 kit of all explorables, which compute in the browser
    capstone/    does sharing help on a table of your own? `reading`, `declaration` (what each column is), `suggestion`,
                 `table_checks`, `preparation` (split, examples), `ranker` (train, save,
                 load, rank, export), `plan` (what a comparison will train), `comparison`,
                 `served` (what is best, as one ranker), `recommendation`, `lists` (one list from several predictions),
                 `report`, `list_section` (of it), `shadow` (keep a ranker, or retrain?), `__main__` (all as a command)
    chapters/    one folder a chapter, `chapters/ch04/`: what its notebook runs, claims (claims.toml), predictions
                 (texts in predictions.md, figures in questions.py), quiz, the teacher's bank of questions, exercises,
                 explorer; and `clinic/`. Its `studies/` are what makes its kept tables, by topic; those that only a
                 notebook in deeper/ shows, in a folder of its name; and effects.py, for claims that are no contrasts.
                 They stand on the laboratory, and no core notebook loads them
    course/      what a notebook asks for by name: cards, kept tables, questions; `outcomes` (the table of the map)
    lab/         the laboratory, which no core notebook loads: `study` (an experiment as data: its search, its
                 comparison), `fused` (late fusion as its judge), `kept_table` (its experiment, settings and hash),
                 `reads` (the constants that an experiment reaches: they are in the hash), `recheck` (a few of its
                 points, trained again), `claim` (a sentence, its effect, its table), `seeds` (which are used up),
                 `replication` (how many a verdict needs to come back), and the commands `train_tables`,
                 `measure_claims`, `tuning_luck` (what other searches would have found), `keep_findings`

A test holds the order of the floors, and that this map is complete.
"""
