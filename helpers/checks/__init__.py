"""The exercises of the chapters, one module each.

In a notebook: `from helpers.checks import chapter_04 as check`, then `check.transfer(my_transfer)`.
"""
