"""Compiled loops: the memory-kernel integrators and the curves. Used through ``chaintheory``."""
