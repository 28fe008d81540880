"""One folder a chapter: its experiments, claims, exercises, explorer."""
