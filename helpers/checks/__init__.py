"""The exercises of the chapters, one module each.

    from helpers.checks import chapter04 as check
    check.transfer(my_transfer)
"""
