"""Planted errors in the numeric code, and whether the tests see them."""
