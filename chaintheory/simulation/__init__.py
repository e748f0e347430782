"""Runs in the infinite chain: splittings, light cone, the record of a run, what ends it, its files."""
