"""A class that votes: `make class` serves the pages on this machine and gathers what students commit.

A prediction or a question of *Check yourself* is voted on, the bars are shown without the answer, neighbours argue, all
vote again, and the teacher opens the result for everybody. Students need a browser, no account and no name.

    room.py     what was asked and voted: rules, the file of a class, its summary; knows nothing of a network
    pages.py    the pages that are served, among them the decks, which are the teacher's
    shelf.py    what is kept of these, with which a class starts again in a second
    server.py   two addresses: a page, and `/room`, a WebSocket between each page and the room
    room.js     in each page: sends votes in place of opening results, draws the bars on the teacher's
    guests.py   voters and those who mean no good, for tests and a rehearsal

A class is a file of lines in `_votes/`, one for each vote and each act of the teacher: a restart reads it again.
"""
