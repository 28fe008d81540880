"""Losses, their balance, and the training loop."""
