"""From a memory model and new documents to a memory model that knows both: strategies, merging of weights, routing."""
