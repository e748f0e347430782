"""Harmonic chains of every kind, drawn over wide ranges: the laws that hold in any chain are tried in these."""

import math

from hypothesis import strategies as st

import chaintheory as ct

KINDS = ("paper", "one spring", "pinned", "gapless", "einstein")


def decades(low, high):
    return st.floats(math.log(low), math.log(high)).map(math.exp)


@st.composite
def chains(draw, kinds=KINDS, bands=(1.001, 1e3), spacings=(0.1, 100.0), damping=None):
    """The paper's chain, wells with one spring or several, springs without wells, or wells without springs.

    ``bands`` are the tops over the bottoms, in units of the frequency of the wells, which is 0.1 to 10. ``damping`` is
    a range in units of the top of the band; a quarter of the chains are without it all the same.
    """
    kind, spacing = draw(st.sampled_from(kinds)), draw(decades(*spacings))
    top = 1.0 + draw(decades(bands[0] - 1.0, bands[1] - 1.0))
    unit = 1.0 if kind == "paper" else draw(decades(0.1, 10.0))
    rate = draw(decades(*damping)) * top * unit if damping and draw(st.integers(0, 3)) else 0.0
    if kind == "paper":
        return ct.Chain(top, spacing, rate)
    nearest = 0.25 * unit**2 * (top * top - (kind != "gapless"))
    # sin^2(j theta) is at most j^2 sin^2(theta): springs of both signs that these bounds keep stable.
    further = [] if kind == "one spring" else draw(st.lists(st.floats(-0.2, 1.0), max_size=4))
    springs = [nearest, *(nearest * part / j**2 for j, part in enumerate(further, 2))]
    wells = 0.0 if kind == "gapless" else unit**2
    return ct.Chain.from_springs(wells, [] if kind == "einstein" else springs, spacing, rate)


def stretched(chain, length=1.0, unit=1.0):
    """The chain with another spacing, and with all frequencies so many times as high."""
    springs = [unit**2 * one for one in chain.couplings]
    return ct.Chain.from_springs(unit**2 * chain.confinement, springs, length * chain.spacing, unit * chain.damping)


def squared(chain, sine, theta):
    """omega^2 at theta by any arithmetic's ``sine``."""
    return chain.confinement + sum(4 * one * sine(j * theta) ** 2 for j, one in enumerate(chain.couplings, 1))
