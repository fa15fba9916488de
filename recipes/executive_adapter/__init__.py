"""Makes the adapter with which the bundled model takes questions apart; see README.md."""
