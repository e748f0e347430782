r"""How a drift locks in time: the approach to a resonance of the lower band edge like :math:`\tau^{-2/3}`.

A particle that comes down to a resonance v_r is held below it where the bias exceeds what the other phonons carry off.
There the wave in step with the particle is evanescent: its wave number is complex, x_r + i p and x_r - i p, with

.. math:: p^2 = 4\omega^2\varepsilon/|\Lambda''|, \qquad \varepsilon = 1 - v/v_r ,

and it carries nothing off. It stores the energy

.. math:: W = \frac{\omega^2|a|^2}{\pi p} = \frac{s\,\varepsilon^{-3/2}}{8\pi x_r}, \qquad
          |a| = \frac{2\pi|\hat F(x_r)|}{|\Lambda''|\,p} ,

with s, the singularity of the resonance: the amplitude grows like 1/p and the length like 1/p as v comes closer to v_r.
So v can come closer only as fast as the wave is fed. What the bias gives more than the other phonons carry off, per
pass, feeds it:

.. math:: \frac{dW}{d\tau} = (\beta - \bar\Delta_{other})\frac{v_r}{\alpha}, \qquad
          \varepsilon = \left(8\pi x_r \frac{(\beta - \bar\Delta_{other})\, v_r\,\tau}{\alpha s}\right)^{-2/3} .

The inverse square root of the Green's function alone (van Hove singularity) would let one expect :math:`\tau^{-1/2}`.
The law holds to second order in the interaction, for late times, and until the masses swing by about the width of the
interaction (drift/drag_curve.py); in the paper's system that takes tau of 1e7.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chaintheory.drift.resonances import ResonantSpeed
from chaintheory.parameters import SystemParameters
from chaintheory.support.validation import real_array


def locking_distance(system: SystemParameters, resonance: ResonantSpeed, time: ArrayLike) -> NDArray[np.float64]:
    """Relative distance 1 - v/v_r of the mean speed from a resonance that holds the particle, at late times.

    Parameters
    ----------
    system
        Its bias must exceed the ``finite_limit`` of the resonance.
    resonance
        Of the lower band edge.
    time
        In t_slow, counted from the approach; positive, any shape.

    Returns
    -------
    numpy.ndarray
        A pure number, in the shape of ``time``. Runs at amplitude 0.2 of the paper's system give a growth of its power
        -3/2 that deviates by 0.1 and 3 per cent (either sign), at amplitude 2 by 15 per cent.

    Raises
    ------
    ValueError
        A resonance that does not hold the particle; times that are not positive.

    >>> import chaintheory as ct
    >>> system = ct.System(ct.Chain(omega_fast=10.0, spacing=40.0), ct.Gaussian(amplitude=2.0, width=4.0), bias=0.01)
    >>> second, = (r for r in system.resonant_speeds(19.9, 20.1) if r.edge == "lower")
    >>> locking_distance(system, second, [1000.0, 8000.0]).round(7).tolist()
    [0.0020226, 0.0005057]
    """
    times = real_array("time", time)
    if np.any(times <= 0.0):
        raise ValueError(f"time must be positive, got {float(times.min())!r}")
    if resonance.edge != "lower" or not abs(system.bias) > resonance.finite_limit:
        raise ValueError(
            f"resonance must be of the lower band edge, with a loss on its finite side below the bias {system.bias:g}, "
            f"got one of the {resonance.edge} edge with {resonance.finite_limit:g}"
        )
    power = (abs(system.bias) - resonance.finite_limit) * resonance.speed / system.chain.spacing
    stored = 8.0 * math.pi * resonance.root * power * times / resonance.singularity
    return np.asarray(stored ** (-2.0 / 3.0))[()]
