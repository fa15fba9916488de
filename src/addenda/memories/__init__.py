"""The four memories behind one protocol; siblings that know neither each other nor the ledger."""
