"""Drift velocities: resonant speeds, the isolation of every root of loss = bias, its enclosure, its kind."""
