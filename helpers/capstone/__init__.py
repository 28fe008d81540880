"""From a reader's own table to a report: does sharing help here?"""
