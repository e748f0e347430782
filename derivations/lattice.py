"""The chain by itself: band and modes (Eq. 1).

Masses on springs: each mass is held by its own spring (unit strength, frequency 1) and tied to its neighbours
by springs of strength ``(omega_fast^2 - 1)/4``.  In units of ``Omega_slow`` the frequencies fill a band from 1
to ``omega_fast``, and everything the chain does to the particle goes through this band.

>>> band_squared(sp.pi / 2)
omega_fast**2
"""

from __future__ import annotations

import sympy as sp

from .checks import Reduce
from .ledger import Step, states
from .notation import omega, omega_fast, site, theta

__all__ = ["STATEMENTS", "band_squared"]


def band_squared(angle: sp.Expr) -> sp.Expr:
    """Return omega(theta)^2, Eq. (1): 1 at the zone centre, omega_fast^2 at the zone boundary."""
    return 1 + (omega_fast**2 - 1) * sp.sin(angle) ** 2


def dynamical_operator(displacement) -> sp.Expr:
    """Return (D rho)_l, the restoring force on mass l, for a displacement given as a function of l."""
    coupling = (omega_fast**2 - 1) / 4
    return displacement(site) + coupling * (
        2 * displacement(site) - displacement(site + 1) - displacement(site - 1)
    )


@states(
    "eq01_band",
    "Eq. 1",
    "A plane wave of phase 2 theta per mass is a mode of the chain, and its frequency fills the band from 1 to omega_fast.",
    sp.Eq(omega**2, band_squared(theta), evaluate=False),
)
def band(formula):
    """Insert exp(2 i theta l) into the restoring force; both band edges follow."""
    wave = lambda number: sp.exp(2 * sp.I * theta * number)  # noqa: E731
    return [
        Step(dynamical_operator(wave) / wave(site), formula.rhs, "insert a plane wave", Reduce("trigonometry")),
        Step(formula.rhs.subs(theta, 0), sp.Integer(1), "lower edge of the band", Reduce()),
        Step(formula.rhs.subs(theta, sp.pi / 2), omega_fast**2, "upper edge of the band", Reduce("expand")),
    ]


STATEMENTS = (band,)
