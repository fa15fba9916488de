"""Notes: rules in words that the system learns from experience, and that people can read and correct.

Source: Wang et al. 2024, "In-Memory Learning", arXiv 2403.02757; the itemised notes and the deltas merged by code
follow Zhang et al. 2025, "Agentic Context Engineering", arXiv 2510.04618.
"""

from addenda.memories.notes.memory import NotesConfig, NotesMemory

__all__ = ["NotesConfig", "NotesMemory"]
