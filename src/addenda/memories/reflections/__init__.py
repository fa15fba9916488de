"""Reflections: question-answer pairs about a corpus, and a small memory model that is trained on them and consulted.

Source: "MeMo: Memory as a Model" (arXiv 2605.15156).
"""
