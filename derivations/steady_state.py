"""The mean loss per pass of a particle at constant speed through the whole chain (Eq. 10).

Successive masses push the phonons in step when ``alpha omega/v - x`` is a whole number, x = theta/pi.  Continued
over all zones this is where the line ``x v/alpha`` crosses the band, and the mean dissipation is a sum over the
crossings.

>>> crossing_function().subs(x, 0)
1
"""

from __future__ import annotations

import sympy as sp

from .lattice import band_squared
from .notation import omega_fast, spacing, speed, x
from .potentials import transform_gaussian
from .single_pass import loss_per_mode

__all__ = ["crossing_function", "tangency_function", "weight_gaussian"]


def band_continued() -> sp.Expr:
    """Return omega(x), continued over all zones: period 1."""
    return sp.sqrt(band_squared(sp.pi * x))


def crossing_function() -> sp.Expr:
    """Return omega(x) - x v/alpha, zero at the phonons that the particle excites."""
    return band_continued() - x * speed / spacing


def tangency_function() -> sp.Expr:
    """Return (omega_fast^2 - 1) pi x sin(pi x) cos(pi x) - omega^2: zero where a line from the origin is tangent."""
    return (omega_fast**2 - 1) * sp.pi * x * sp.sin(sp.pi * x) * sp.cos(sp.pi * x) - band_squared(sp.pi * x)


def weight_gaussian() -> sp.Expr:
    """Return the term of Eq. (10) for the crossing x: loss per mode over the Jacobian |1 - alpha omega'/v|."""
    omega = band_continued()
    loss = loss_per_mode(omega**2, transform_gaussian(2 * sp.pi * omega / speed))
    return loss / sp.Abs(1 - spacing * sp.diff(omega, x) / speed)
