"""Interactions between the particle and a chain mass, and their Fourier transforms.

``transform(k) = int Phi(u) exp(i k u) du`` is real and even for an even interaction, and it is all that the
dissipation of a particle at constant speed knows of the interaction.

>>> transform_gaussian(0)
sqrt(2)*sqrt(pi)*Phi_0*lambda
"""

from __future__ import annotations

import sympy as sp

from .checks import Reduce
from .ledger import Step, states
from .notation import amplitude, u, wavenumber, width

__all__ = ["STATEMENTS", "potential_gaussian", "transform_gaussian"]

transform = sp.Function(r"\hat\Phi")


def potential_gaussian(distance: sp.Expr) -> sp.Expr:
    """Return Phi0 exp(-u^2/(2 lambda^2)), the paper's interaction; energy, for a distance in length units."""
    return amplitude * sp.exp(-(distance**2) / (2 * width**2))


def transform_gaussian(k: sp.Expr) -> sp.Expr:
    """Return the transform of the Gaussian, sqrt(2 pi) Phi0 lambda exp(-(k lambda)^2/2)."""
    return sp.sqrt(2 * sp.pi) * amplitude * width * sp.exp(-((k * width) ** 2) / 2)


@states(
    "transform_gaussian",
    "above Eq. 7",
    "The transform of a Gaussian interaction is a Gaussian.",
    sp.Eq(transform(wavenumber), transform_gaussian(wavenumber), evaluate=False),
)
def gaussian(formula):
    """The odd part of exp(iku) integrates to nothing; SymPy does the even part."""
    even = sp.Integral(potential_gaussian(u) * sp.cos(wavenumber * u), (u, -sp.oo, sp.oo))
    return [Step(even, formula.rhs, "integrate the even part", Reduce("evaluate", "expand"))]


STATEMENTS = (gaussian,)
