"""Where Chromium is. `python -m tests.browser.chromium`, the end of `make test`, says what lacks a check without it."""

import argparse
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)

if __name__ == "__main__":
    about = "Say what is not checked where there is no Chromium."
    argparse.ArgumentParser(prog="python -m tests.browser.chromium", description=about).parse_args()
    if not CHROMIUM:
        print(
            f"Not checked: widgets in JupyterLab and in the exported pages, because none of {', '.join(NAMES)} is on "
            "the PATH; install one (on Debian: apt-get install chromium) and run make test-browser."
        )
