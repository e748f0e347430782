"""Interactions of the particle with one mass: named ones, formulas and tables of samples."""
