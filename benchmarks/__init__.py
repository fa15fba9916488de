"""Benchmarks: each runs as ``python -m benchmarks.NAME [--quick]`` and writes ``benchmarks/results/NAME.json``."""
