"""How the bundled model is made: tokenizer, corpus, training, scores, and a probe of what it can be taught."""
