"""The small library behind the course: one module a room.

    data → features → model → loss → training → experiment (a tidy table) → figure · widget · claim

Each arrow is a module, and imports go only leftwards:

    simulation, feed, movielens where the rows come from
    examples                   inputs and labels as tensors, what everything else passes along
    features                   a DataFrame becomes tensors
    models                     Shared-Bottom and its single-task baseline
    losses                     one loss a task, and their weighted sum
    preflight, members         what a training checks first; the copies that it treats alike
    training                   one model, or dozens of copies at once
    metrics                    AUC, GAUC, R² and friends, per task
    ranker                     all of the above behind one recipe: train, save, load, export
    own_data, own_checks       a table of the reader's own: read, declare, check, split (kuairand: a worked mapping)
    intervals, verdicts        how sure is a gain, and what does its interval allow us to say
    recommendation             from verdicts to words: does sharing help here?
    experiments, claims        pure functions of settings and seeds; what their numbers allow us to say
    pictures                   a figure as a notebook shows it, with its words
    figures, explorer          pictures that stand still, pictures that answer
    report, form               the capstone's page, and its form
    exercises                  predictions, checks with hints
    environment                is this machine ready for the course?
    own_copy                   is there a copy of MovieLens-100K?
    files                      files that are written whole or not at all
    validate                   one clear error for bad input, used by all of the above
"""
