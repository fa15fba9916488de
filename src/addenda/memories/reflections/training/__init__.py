"""From reflections to a memory model: lessons, refusals, validation, and the training with its card."""
