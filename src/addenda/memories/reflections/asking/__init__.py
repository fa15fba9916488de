"""Asking a memory model: an executive takes a question apart, has the memory model asked, and answers from its answers.

Source: "MeMo: Memory as a Model" (arXiv 2605.15156).
"""
