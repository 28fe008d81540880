"""From a reader's own table to a report: does sharing help here?

The way of the rows from a CSV file to the pixels of the report's first figure:

    reading → comparison (the corridor: it hands each result to the next) → preparation → data.features
    training rows   training.loop → models.copies → models.shared_bottom → training.losses
    test rows       models.copies → models.shared_bottom → evaluation.metrics → evaluation.intervals
    report → display.pictures

They return to one: `intervals` takes ranks from `metrics`. On the way `table_checks`, `recommendation` and the verdicts
only say something of the rows, and `declaration` and `ranker.Recipe` what to do with them.
"""
