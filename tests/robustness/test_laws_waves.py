"""Laws of the exact steady drift in chains of every kind: balances, scaling, and Eq. 10 at weak coupling.

Bands of 1.1 to 30, damping of 1e-3 to 1 times the top or none, widths of 0.05 to 0.4 spacings, speeds over a decade and
a half, barriers of up to half of the kinetic energy. A wave may be refused by name; it may not be wrong.
"""

import math
import os

import numpy as np
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

import chaintheory as ct
from tests.robustness.chains import chains, decades, stretched

FUZZ = max(1, int(os.environ.get("CHAINTHEORY_FUZZ", "0")))


def cases(number):
    return settings(max_examples=number * FUZZ, phases=[Phase.explicit, Phase.generate])


@st.composite
def waves(draw, coupling=(1e-3, 0.5)):
    """A system, and a speed at which phonons are excited that are not exponentially few."""
    chain = draw(chains(bands=(1.1, 30.0), damping=(1e-3, 1.0)))
    width = chain.spacing * draw(decades(0.05, 0.4))
    # The wave number times the width of the slowest phonons, or of the fastest where there are no wells.
    speed = 2.0 * math.pi * width * (chain.band[0] or chain.band[1]) / draw(decades(0.1, 3.0))
    mass = draw(decades(0.1, 10.0))
    kinetic = mass * speed**2 / (8.0 * math.pi**2)
    amplitude = draw(st.sampled_from([-1.0, 1.0])) * draw(decades(*coupling)) * kinetic
    interaction = getattr(ct, draw(st.sampled_from(["Gaussian", "Sech2"])))(amplitude, width)
    return ct.System(chain, interaction, mass), speed


def wave_or_refused(system, speed):
    try:
        return system.travelling_wave(speed)
    except ct.NoSteadyDrift as reason:
        assert "speed" in str(reason) or "damping" in str(reason)
        assume(False)


def distance(system, speed):
    """Relative distance to the nearest resonance within 10 %; the speed is rounded, which shows beside one."""
    found = system.resonant_speeds(0.9 * speed, 1.1 * speed)
    return min((abs(one.speed / speed - 1.0) for one in found), default=0.1)


@cases(25)
@given(waves())
def test_the_work_of_the_bias_is_what_the_chain_takes(case):
    """Momentum, a sum over the pulse, against energy: what the phonons carry off, or the integral of the heat."""
    system, speed = case
    wave = wave_or_refused(system, speed)
    unbalanced = wave.energy_balance * wave.bias
    allowed = 1e-13 * abs(system.interaction.amplitude) + 1e-11 * wave.bias
    beside = 1e-15 / distance(system, speed) * wave.bias
    assert unbalanced <= allowed + beside, (system, speed, wave)
    assert wave.residual < 1e-12
    assert wave.bias >= 0.0


@cases(10)
@given(waves(), decades(0.2, 5.0), decades(0.2, 5.0))
def test_lengths_and_frequencies_scale(case, length, unit):
    """Lengths times s and frequencies times u: energies are s^2 u^2 times as large, at the same mass."""
    system, speed = case
    wave = wave_or_refused(system, speed)
    assume(distance(system, speed) > 1e-4)
    old = system.interaction
    interaction = type(old)((length * unit) ** 2 * old.amplitude, length * old.width)
    other = ct.System(stretched(system.chain, length, unit), interaction, system.mass)
    scaled = wave_or_refused(other, length * unit * speed)
    off = scaled.bias / (length * unit) ** 2 - wave.bias
    assert abs(off) <= 1e-9 * wave.bias + 1e-13 * abs(old.amplitude), (system, speed, length, unit)


@cases(10)
@given(waves(coupling=(1e-4, 1e-3)))
def test_weak_coupling_is_eq_10(case):
    """The next order is odd in the amplitude: the mean over both signs leaves the one after it."""
    system, speed = case
    old = system.interaction
    coupling = 8.0 * math.pi**2 * abs(old.amplitude) / (system.mass * speed**2)
    assume(distance(system, speed) > 0.01)
    turned = ct.System(system.chain, type(old)(-old.amplitude, old.width), system.mass)
    both = [wave_or_refused(one, speed).bias for one in (system, turned)]
    second = float(system.mean_dissipation(speed))
    assume(second > 1e-12 * abs(old.amplitude))
    # The response of the masses counts beside the speed's variation: the displacement over the width.
    assert abs(np.mean(both) / second - 1.0) <= 1e4 * coupling**2 + 1e-8, (system, speed, both, second)
