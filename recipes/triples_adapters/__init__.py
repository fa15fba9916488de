"""How the bundled model's skills of writing and reading triples were made, step by step."""
