"""Balls of python-flint as an arithmetic of the generated formulas: their argument ``m``."""

from __future__ import annotations

from flint import arb


class Balls:
    """What the formulas need of an arithmetic, at the precision that is set when it is called.

    >>> BALLS.pi.contains(arb("3.14159265358979323846264338327950288"))
    True
    """

    @property
    def pi(self) -> arb:
        """Pi as a ball."""
        return arb.pi()

    @staticmethod
    def exp(x: arb) -> arb:
        """The exponential of a ball."""
        return x.exp()

    @staticmethod
    def sqrt(x: arb) -> arb:
        """The square root of a ball."""
        return x.sqrt()


BALLS = Balls()
