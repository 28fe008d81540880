"""Speed and memory of the course, as `name value` lines: `make bench`, or `python -m benchmarks`. README.md says what
each line means.

    task         data and model on which libraries are compared
    libraries    that model in our library and in three others, behind one interface
    peers        installs the others, and measures all side by side
    limits       our training against the processor, against a loop, and from few rows to many
    chapters     the notebooks in Chromium: Run All, memory, sliders
"""
