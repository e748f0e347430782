"""Grids of systems: what a sweep computes, and how its points are kept and resumed."""
