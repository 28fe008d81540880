"""The explorers of the chapters, one module a chapter; each function builds one from the grid that it shows."""
