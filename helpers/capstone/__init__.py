"""From a reader's own table to a report: does sharing help here?

The rows go from a CSV file to the pixels of the report's first figure through twelve modules, none entered twice:

    reading → comparison (the corridor: it hands each result to the next) → preparation → data.features
    training rows   training.loop → models.copies → models.shared_bottom → training.losses
    test rows       models.copies → models.shared_bottom → evaluation.metrics → evaluation.intervals
    report → display.pictures

`table_checks`, `recommendation` and the verdicts say something of the rows on the way; `declaration` and `ranker.Recipe`
say what is to be done with them. `tests/capstone/test_path.py` counts, and says how.
"""
