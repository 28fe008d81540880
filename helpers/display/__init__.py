"""What the reader sees and moves: figures, explorers, predictions, exercises."""
