"""Experiments: tables of trained runs, those that are kept, and the claims that they allow."""
