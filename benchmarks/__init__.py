"""Benchmarks: every figure a ratio against a comparator, measured in one run."""
