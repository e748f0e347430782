"""Interactions of the particle with one mass: named ones, formulas and tables of samples."""

# Loaded with the package, as they attach Interaction.from_expression and Interaction.from_samples.
from chaintheory.interactions import formula as formula
from chaintheory.interactions import table as table
