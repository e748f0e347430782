"""Energy lost per pass: one pass of a chain at rest, the static lattice, the steady state."""
