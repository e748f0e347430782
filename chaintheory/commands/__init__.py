"""The commands of ``chaintheory``, one module per kind, and what they share."""
