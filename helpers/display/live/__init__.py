"""Explorables: pictures that are computed in the browser while the reader drags."""
