"""Recipes that make what the package ships; they use public names of the package only."""
