"""The project's own tools: set-up, JupyterLab, the canonical form of notebooks, exported pages."""
