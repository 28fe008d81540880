"""The course in a browser: JupyterLab and exported pages, in Chromium."""
