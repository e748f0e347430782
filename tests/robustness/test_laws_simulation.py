"""Laws of runs over random systems: each compares with another way, a symmetry, a conservation law or a finer step."""

import math
import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.integrate import simpson, solve_ivp

import chaintheory as ct
import chaintheory_ext
from chaintheory.figures import cache
from chaintheory.lattice.memory_kernel import _shifted_paths, half_width, propagators
from chaintheory.simulation import energy_balance
from chaintheory.simulation import settings as choice
from chaintheory.simulation.energy_balance import Watch
from chaintheory.simulation.ensemble import simulate_many
from chaintheory.simulation.force_table import depth, interpolation_table
from chaintheory.simulation.light_cone import ChainSegment
from tests.robustness.chains import chains

FUZZ = max(1, int(os.environ.get("CHAINTHEORY_FUZZ", "0")))
PAPER = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
FOUR_PI_SQUARED = 4.0 * math.pi**2


def cases(number):
    return settings(max_examples=number * FUZZ)


def log_uniform(low, high):
    return st.floats(math.log(low), math.log(high)).map(math.exp)


KINDS = {
    "gaussian": ct.Gaussian,
    "sech2": ct.Sech2,
    "mixture": lambda a, w: ct.GaussianMixture([a, -0.6 * a], [w, 1.5 * w]),
    "matern2": lambda a, w: ct.Matern(a, w, order=2),
    "matern1": lambda a, w: ct.Matern(a, w, order=1),
}


@st.composite
def starts(draw, kinds=tuple(KINDS), strongest=3.0, damping=(1e-3, 30.0)):
    """A system, and a start midway between masses; the amplitude is measured by the kinetic energy."""
    chain = draw(chains(bands=(1.1, 21.0), spacings=(1.0, 40.0), damping=damping))
    width = chain.spacing * draw(log_uniform(0.05, 1.5))
    mass, speed = draw(log_uniform(0.1, 30.0)), draw(log_uniform(1.0, 100.0))
    kinetic = 0.5 * mass * speed**2 / FOUR_PI_SQUARED
    amplitude = draw(st.sampled_from([1.0, -1.0])) * kinetic * draw(log_uniform(1e-4, strongest))
    bias = draw(st.sampled_from([0.0, 1.0])) * kinetic * draw(log_uniform(1e-3, 0.1))
    interaction = KINDS[draw(st.sampled_from(kinds))](amplitude, width)
    return ct.System(chain, interaction, mass=mass, bias=bias), 0.5 * chain.spacing, speed


def explicit_chain(system, position, speed, duration, tolerance=1e-11):
    """Newton's equations of the particle and a finite chain, as long as sound needs, by DOP853: an adaptive road."""
    chain, spacing = system.chain, system.chain.spacing
    sound = 1.2 * chain.sound_speed / spacing * duration
    masses = (
        2
        * math.ceil(
            sound + 40.0 * max(len(chain.couplings), 1) + (abs(speed) * duration + system.interaction.reach()) / spacing
        )
        + 1
    )
    if masses > 600:
        return None
    sites = (np.arange(masses) - masses // 2) * spacing

    def motion(_, y):
        u, w = y[:masses], y[masses : 2 * masses]
        slope = system.interaction.slope(sites + u - y[-2])
        elastic = -chain.confinement * u - chain.damping / (2.0 * math.pi) * w
        for j, coupling in enumerate(chain.couplings, 1):
            bond = coupling * (u[j:] - u[:-j])
            elastic[:-j] += bond
            elastic[j:] -= bond
        driving = slope.sum() + system.bias / spacing
        return np.concatenate(
            (w, FOUR_PI_SQUARED * (elastic - slope), [y[-1], FOUR_PI_SQUARED / system.mass * driving])
        )

    start = np.zeros(2 * masses + 2)
    start[-2:] = position, speed
    scale = np.full(start.size, tolerance * min(system.interaction.width, spacing))
    return solve_ivp(motion, (0.0, duration), start, "DOP853", rtol=tolerance, atol=scale).y[-2:, -1]


OVERDAMPED = ct.Chain.from_springs(1.0, [], spacing=1.0, damping=8.4)


@cases(25)
@given(starts())
@example((ct.System(OVERDAMPED, ct.Gaussian(0.012665, 1.0)), 0.5, 1.0))
def test_default_steps_meet_newtons_equations_of_a_finite_chain(start):
    system, position, speed = start
    duration = min(4.0 * system.chain.spacing / speed, 10.0)
    run = system.simulate(position, speed, duration)
    ends = explicit_chain(system, position, speed, float(run.time[-1]))
    if ends is None:
        return
    # Where the particle turns back an error grows; |r|^3 at r = 0 limits Matern's of order 1 to 4e-6 of the width.
    assert abs(run.position[-1] - ends[0]) < 1e-5 * system.interaction.width
    assert abs(run.velocity[-1] - ends[1]) < 1e-4 * max(speed, float(run.speed.max()))


@cases(25)
@given(starts(damping=None))
def test_time_reversed_runs_return(start):
    """The whole chain reversed: momenta of the particle and of every mass change their sign, and all comes back."""
    system, position, speed = start
    duration = min(3.0 * system.chain.spacing / speed, 5.0)
    there = system.simulate(position, speed, duration)
    step = {"order": there.settings["order"], "time_step": float(there.time[1])}
    turned = ChainSegment(there.chain_state.origin, there.chain_state.state * np.array([[1.0], [-1.0]]))
    back = system.simulate(float(there.position[-1]), -float(there.velocity[-1]), duration, chain=turned, **step)
    assert back.time.size == there.time.size
    # Rounding only, grown by what grows in the motion.
    assert np.max(np.abs(back.position[::-1] - there.position)) < 1e-8 * system.interaction.width
    kinetic = float(there.kinetic_energy.max()) + depth(system.interaction, system.interaction.reach())
    assert back.chain_state.energy(system.chain) < 1e-9 * kinetic


@cases(25)
@given(starts(kinds=("gaussian", "sech2", "mixture")))
def test_the_chain_takes_up_the_momentum_that_the_particle_loses(start):
    """The sum U of all displacements is one driven oscillator, that of theta = 0: springs between masses cancel in it.

    U'' = (2 pi)^2 (-kappa U - F) - 2 pi gamma U', F the force on the particle.
    """
    system, position, speed = start
    run = system.simulate(position, speed, min(3.0 * system.chain.spacing / speed, 5.0))
    fine = np.linspace(0.0, float(run.time[-1]), 64 * (run.time.size - 1) + 1)
    momentum = run.at(fine)[1] * system.mass / FOUR_PI_SQUARED - system.bias / system.chain.spacing * fine
    # Response h = exp(-pi gamma t) sin(w t)/w to a unit change of the velocity, at w = 0 by a w that is next to nothing;
    # as two exponentials, of which neither overflows.
    rate, late = math.pi * system.chain.damping, fine[-1] - fine
    w = complex(np.emath.sqrt(FOUR_PI_SQUARED * system.chain.confinement - rate**2) or 1e-9)
    fast, slow = np.exp((-rate + 1j * w) * late), np.exp((-rate - 1j * w) * late)
    response = ((fast - slow) / (2j * w)).real
    slope = (0.5 * (fast + slow)).real - rate * response
    # U(T) = -(2 pi)^2 int h(T - t) dP/dt dt, integrated by parts: P is known better than its derivative.
    impulse = simpson(slope * momentum, x=fine) - response[0] * momentum[0]
    total = float(run.chain_state.state[0].sum())
    # The speed between stored steps is of order 5 (measured 1e-9 to 1e-7).
    scale = FOUR_PI_SQUARED * float(np.abs(momentum).max()) * max(float(np.abs(response).max()), 1.0)
    assert abs(total + FOUR_PI_SQUARED * impulse) < 1e-6 * scale


@cases(20)
@given(starts(strongest=0.5))
def test_energy_is_balanced_and_the_allowance_is_no_licence(start):
    """The balance is within what is allowed, and what is allowed is little beside the energies exchanged."""
    system, position, speed = start
    run = system.simulate(position, speed, min(6.0 * system.chain.spacing / speed, 10.0))
    checked = choice.checked_run(system, position, speed, float(run.time[-1]))
    watch = Watch(checked, float(run.speed.max()), float(np.abs(np.diff(run.position)).sum()))
    allowed = watch.allowed(run.balance, 0.0, run.time.size - 1)
    assert abs(run.balance.drift) <= allowed
    # A percent of what the chain took up, and little beside the interaction.
    small = 1e-3 * depth(system.interaction, system.interaction.reach()) + 1e-9 * float(run.kinetic_energy.max())
    assert allowed <= 0.0101 * float(run.chain_energy[-1]) + small


@cases(15)
@given(starts())
def test_light_cone_meets_the_convolution_with_the_memory_kernel(start):
    system, position, speed = start
    duration = min(1.5 * system.chain.spacing / speed, 2.0)
    # Both are the same map at any step: one that resolves the motion is enough, as the direct method costs its square.
    scale = choice.time_scale(system, system.interaction.reach(), speed, 0.0)
    rate = max(30.0, 7.5 / (system.chain.band[1] * scale))
    given_steps = {"order": 2, "steps_per_fast_period": rate}
    if duration * rate * system.chain.band[1] > 1000:
        return
    try:
        fast = system.simulate(position, speed, duration, **given_steps)
    except (ValueError, ct.EnergyBalanceError):
        return
    slow = system.simulate(position, speed, duration, method="direct", **given_steps)
    assert np.max(np.abs(fast.position - slow.position)) < 1e-10 * system.chain.spacing
    # The direct method's balance knows the masses' displacements too (they were left out: 4.7e-3 for 1.8e-6).
    energies = fast.balance.particle + abs(fast.balance.interaction)
    assert abs(fast.balance.drift - slow.balance.drift) < 1e-9 * energies


@cases(15)
@given(starts(damping=(1e-3, 1.0)), st.sampled_from([2, 4, 6]), st.booleans())  # beyond, order 2 needs more steps
def test_order_and_step_are_independent(start, order, by_name):
    system, position, speed = start
    duration = min(system.chain.spacing / speed, 2.0)
    chosen = system.simulate(position, speed, duration)
    assert chosen.settings["order"] == 6
    rate = chosen.settings["steps_per_fast_period"]
    same = system.simulate(position, speed, duration, steps_per_fast_period=rate)
    assert np.array_equal(same.position, chosen.position)
    step = (
        {"time_step": 1.0 / (system.chain.band[1] * 10.0 * rate)} if by_name else {"steps_per_fast_period": 10.0 * rate}
    )
    explicit = system.simulate(position, speed, duration, order=order, **step)
    assert explicit.settings["order"] == order
    assert explicit.time[1] == pytest.approx(chosen.time[1] / 10.0, rel=1e-12)


@cases(30)
@given(starts(), st.floats(0.05, 0.95), st.integers(0, 3))
def test_runs_go_on_in_the_chain_that_they_left(start, part, shift):
    """A run in two halves, the second in the chain of the first, is the run in one; also far along the chain."""
    system, position, speed = start
    whole = system.simulate(position, speed, min(3.0 * system.chain.spacing / speed, 5.0))
    cut = max(1, int(part * (whole.time.size - 1)))
    step = {"order": whole.settings["order"], "time_step": float(whole.time[1])}
    first = system.simulate(position, speed, float(whole.time[cut]), **step)
    moved = ChainSegment(first.chain_state.origin + 1000 * shift, first.chain_state.state)
    again = system.simulate(
        float(first.position[-1]) + 1000 * shift * system.chain.spacing,
        float(first.velocity[-1]),
        float(whole.time[-1] - first.time[-1]) + 0.25 * step["time_step"],
        chain=moved,
        **step,
    )
    allowed = 1e-9 * system.interaction.width + 1e-12 * 1000 * shift * system.chain.spacing
    off = again.position[-1] - 1000 * shift * system.chain.spacing - whole.position[-1]
    assert abs(off) < allowed or again.time.size + cut != whole.time.size + 1
    assert again.balance.drift == pytest.approx(
        0.0, abs=1e-6 * (whole.balance.particle + abs(system.interaction.potential(0.0)))
    )


@cases(25)
@given(starts())
def test_positions_between_steps_are_those_of_finer_steps(start):
    system, position, speed = start
    duration = min(2.0 * system.chain.spacing / speed, 3.0)
    run = system.simulate(position, speed, duration)
    fine = system.simulate(position, speed, duration, time_step=float(run.time[1]) / 5.0, order=run.settings["order"])
    rows = fine.time <= run.time[-1]
    at, velocity = run.at(fine.time[rows])
    # Quintic pieces of a third of the time scale.
    assert np.max(np.abs(at - fine.position[rows])) < 1e-4 * system.interaction.width
    assert np.max(np.abs(velocity - fine.velocity[rows])) < 1e-2 * float(run.speed.max())


# The step follows the motion --------------------------------------------------------------------------


def test_a_bias_makes_the_step_finer_in_time():
    driven = replace(PAPER, bias=20.0)
    run = driven.simulate(220.0, 50.0, 60.0)
    assert run.settings["steps_per_fast_period"] > 100.0  # five were chosen for the start
    fine = driven.simulate(220.0, 50.0, 60.0, order=4, steps_per_fast_period=800.0)
    assert abs(run.position[-1] - fine.position[-1]) < 1e-6  # measured 3e-10; 0.21 with the step of the start


def test_without_the_watch_the_bias_would_spoil_the_run(monkeypatch):
    """The planted error: a step that is never too long."""
    driven = replace(PAPER, bias=20.0)
    right = driven.simulate(220.0, 50.0, 60.0)
    monkeypatch.setattr(choice.Run, "resolves", lambda *_: True)
    try:
        wrong = driven.simulate(220.0, 50.0, 60.0)
    except ct.EnergyBalanceError:
        return
    assert abs(wrong.position[-1] - right.position[-1]) > 0.1


def test_a_ring_of_force_sets_the_step_though_nothing_is_at_the_mass():
    """Phi(0) = 0 beside a well of depth 40: the depth is looked for at all distances."""
    ring = ct.System(PAPER.chain, ct.Interaction.from_expression("-40*(r/2)**2*exp(1-(r/2)**2)"), mass=0.5)
    run = ring.simulate(20.0, 5.0, 6.0)
    fine = ring.simulate(20.0, 5.0, 6.0, order=4, time_step=float(run.time[1]) / 8.0)
    rows = run.time <= fine.time[-1]
    assert np.max(np.abs(run.position[rows] - fine.at(run.time[rows])[0])) < 1e-5


def test_steps_that_give_wrong_energies_are_refused(monkeypatch):
    with pytest.raises(ValueError, match=r"steps_per_fast_period must be at least 3\.87"):
        PAPER.simulate(220.0, 50.0, 20.0, order=2, steps_per_fast_period=1.4)
    right = PAPER.simulate(220.0, 50.0, 20.0).chain_energy[-1]
    at_the_bound = PAPER.simulate(220.0, 50.0, 20.0, order=2, steps_per_fast_period=3.9)
    assert abs(at_the_bound.chain_energy[-1] / right - 1.0) < 0.02
    # Without the bound the balance, judged by the energy taken up, refuses a chain energy that is 15 % off.
    monkeypatch.setattr(choice, "LEAST", {2: 0.0})
    monkeypatch.setattr(energy_balance, "SHADOW", {2: 0.0})
    with pytest.raises(ct.EnergyBalanceError, match="may be off by"):
        PAPER.simulate(220.0, 50.0, 20.0, order=2, steps_per_fast_period=1.2)


@pytest.mark.parametrize(("amplitude", "width", "speed"), [(0.5, 1.3, 11.0), (-0.3, 0.8, 7.0), (0.1, 2.0, 20.0)])
def test_a_cusp_states_its_error(amplitude, width, speed):
    system = ct.System(ct.Chain(2.5, 4.0), ct.Exponential(amplitude, width), mass=0.7, bias=0.02)
    run = system.simulate(2.0, speed, 1.5)
    end = explicit_chain(system, 2.0, speed, float(run.time[-1]), tolerance=1e-9)
    assert abs(run.position[-1] - end[0]) < 2.0 * run.position_error < 0.2
    smooth = PAPER.simulate(220.0, 50.0, 1.0)
    assert smooth.position_error is None


# Events -----------------------------------------------------------------------------------------------


def test_an_event_that_holds_at_the_start_ends_the_run_there():
    run = PAPER.simulate(220.0, 50.0, 100.0, events=ct.LeftWindow(0.0, 100.0))
    assert run.status is ct.Status.LEFT_WINDOW and run.time.tolist() == [0.0]
    assert run.passes.size == 0 and run.balance.drift == 0.0
    position, velocity = run.at([0.0])
    assert (position[0], velocity[0]) == (220.0, 50.0)


def test_an_event_that_holds_at_a_resume_ends_the_run_there(tmp_path):
    path = tmp_path / "checkpoint.nc"
    before = PAPER.simulate(220.0, 50.0, 3.0, checkpoint=path)
    run = PAPER.simulate(220.0, 50.0, 30.0, checkpoint=path, events=ct.LeftWindow(0.0, 300.0))
    assert run.status is ct.Status.LEFT_WINDOW
    assert np.array_equal(run.position, before.position)
    again = PAPER.simulate(220.0, 50.0, 30.0, checkpoint=path, events=[ct.LeftWindow(0.0, 500.0), ct.Trapped()])
    assert again.status is ct.Status.LEFT_WINDOW and again.position[-1] > 500.0 >= again.position[-2]
    # The same call once more: it had ended, and says so again.
    once_more = PAPER.simulate(220.0, 50.0, 30.0, checkpoint=path, events=[ct.LeftWindow(0.0, 500.0), ct.Trapped()])
    assert once_more.status is ct.Status.LEFT_WINDOW and np.array_equal(once_more.position, again.position)


def test_a_resumed_run_keeps_every_displacement(tmp_path, monkeypatch):
    options = {"chain_window": (-20, 40), "chain_every": 0.3}
    whole = PAPER.simulate(220.0, 50.0, 6.0, **options)
    path = tmp_path / "checkpoint.nc"

    def interrupt(steps, calls=[]):  # noqa: B006  # counts the calls
        calls.append(steps)
        if len(calls) == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        PAPER.simulate(220.0, 50.0, 6.0, checkpoint=path, progress=interrupt, **options)
    resumed = PAPER.simulate(220.0, 50.0, 6.0, checkpoint=path, **options)
    assert resumed.displacements.identical(whole.displacements)
    with pytest.raises(ValueError, match="belongs to another run"):
        PAPER.simulate(220.0, 50.0, 6.0, checkpoint=path, chain_window=(-20, 41), chain_every=0.3)


def test_a_run_with_a_finer_step_resumes_to_the_last_bit(tmp_path, monkeypatch):
    monkeypatch.setattr("chaintheory.simulation.light_cone.MOST_STEPS_AT_ONCE", 512)
    driven = replace(PAPER, bias=20.0)
    whole = driven.simulate(220.0, 50.0, 15.0)
    path = tmp_path / "checkpoint.nc"
    done = []

    def interrupt(steps):
        done.append(steps)
        if sum(done) > 4000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        driven.simulate(220.0, 50.0, 15.0, checkpoint=path, progress=interrupt)
    resumed = driven.simulate(220.0, 50.0, 15.0, checkpoint=path)
    assert resumed.settings == whole.settings
    assert np.array_equal(resumed.position, whole.position)


# Interrupts, progress, tables -------------------------------------------------------------------------


def test_an_interrupt_ends_all_parallel_runs_within_a_block():
    told = []

    def interrupt(steps):
        told.append(steps)
        if len(told) == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        PAPER.simulate_many(220.0, np.linspace(20.0, 60.0, 8), 2000.0, progress=interrupt)
    # 800,000 steps were asked for: every run that was going told of one more block at most.
    assert sum(told) < 60_000


def test_a_signal_ends_all_parallel_runs():
    code = (
        "import chaintheory as ct, signal, threading\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0))\n"
        "once = threading.Lock()\n"  # the runs tell from several threads
        "def tick(n):\n"
        "    if once.acquire(blocking=False): print('going', flush=True)\n"
        "try:\n"
        "    system.simulate_many(220.0, [40.0, 50.0, 60.0, 70.0], 1e5, progress=tick)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        guard = threading.Timer(60.0, process.kill)
        guard.start()
        assert process.stdout.readline() == "going\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "interrupted\n"
        assert process.wait() == 0
        guard.cancel()


def test_the_direct_method_tells_the_steps_that_it_did():
    told = []
    run = PAPER.simulate(220.0, 50.0, 1.0, method="direct", progress=told.append)
    assert sum(told) == run.time.size - 1 == 600


def test_a_table_that_cannot_follow_the_force_is_refused(monkeypatch):
    _, error = interpolation_table(ct.Sech2(2.0, 4.0), 100.0)
    assert error < 1e-12
    monkeypatch.setattr("chaintheory.simulation.force_table.MOST_PIECES", 1 << 10)
    rough = ct.System(PAPER.chain, ct.Interaction.from_expression("exp(-(r/4)**2)*cos(40*r)"))
    with pytest.raises(ValueError, match="must vary so slowly"):
        rough.simulate(20.0, 50.0, 0.1)


@pytest.mark.parametrize("method", ["light-cone", "direct"])
def test_a_particle_that_leaves_all_numbered_masses_is_refused(method):
    driven = ct.System(ct.Chain(2.0, 1e-3), ct.Gaussian(1e-12, 1e-3), bias=1e20)
    with pytest.raises((ValueError, ct.EnergyBalanceError)):
        driven.simulate(0.0, 1.0, 1e4, time_step=1e-4 * 1e4, method=method, max_bytes=2e8)


def test_the_figures_cache_tells_tables_of_one_repr_apart(monkeypatch):
    r = np.linspace(0.0, 20.0, 41)
    tables = [ct.Interaction.from_samples(r, np.exp(-(r**2) / 16.0) * (1.0 + k * 1e-9 * (r == 5.0))) for k in (0, 1)]
    monkeypatch.setattr(type(tables[0]), "__repr__", lambda _: "a table")
    keys = {cache.key(ct.System(PAPER.chain, table), {"duration": 1.0}) for table in tables}
    assert len(keys) == 2
    assert cache.key(PAPER, {"duration": 1.0}) == cache.key(replace(PAPER), {"duration": 1.0})


# Domain of dependence ---------------------------------------------------------------------------------


@cases(60)
@given(log_uniform(1e-3, 1e3).map(lambda x: 1.0 + x), st.integers(0, 599))
def test_the_growth_along_a_shifted_path_is_its_largest(omega_fast, index):
    """Against a dense evaluation that finds the maximum to 1e-8, from below."""
    shifts, growth, _ = _shifted_paths(omega_fast)
    theta = np.linspace(0.0, 0.5 * math.pi, 20_001)
    omega = np.sqrt(1.0 + (omega_fast**2 - 1.0) * np.sin(theta + 1j * shifts[index]) ** 2)
    largest = np.max(np.abs(omega.imag))
    # The rounding of the sine and of 1 + ... where the imaginary part is small beside omega.
    slack = 1e-15 * np.max(np.abs(omega)) ** 2 / largest
    assert largest <= growth[index] + slack
    assert growth[index] <= (1.0 + 1e-6) * largest + slack


@cases(40)
@given(chains(bands=(1.01, 30.0), damping=(1e-3, 3.0)), log_uniform(1e-3, 5.0))
def test_nothing_is_left_beyond_the_half_width(chain, duration):
    top, duration = chain.band[1], duration / max(chain.band[1] / 30.0, 1.0)
    width = half_width(chain, duration)
    c, s, d = propagators(chain, [duration], 2 * width + 20)
    rounding = 3e-15 * top
    assert max(np.abs(kernel[0, width + 1 :]).max() for kernel in (c, s, d)) < 1e-16 * top + rounding
    # And the bound is not far from what it bounds: a third nearer there is something, but for what damping took.
    inside, damped = int(0.6 * width), math.exp(-math.pi * chain.damping * duration)
    assert width < 12 or max(np.abs(kernel[0, inside:]).max() for kernel in (c, s, d)) > 1e-14 * damped


# What the compiler made -------------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("objdump"), reason="no objdump to look at the compiled code with")
@pytest.mark.skipif(sys.platform != "linux", reason="names of instructions are those of x86-64")
def test_no_product_is_fused_with_a_sum():
    """All vector versions give the same bits: none holds a fused multiply-add."""
    libraries = sorted(Path(chaintheory_ext.__file__).parent.glob("*.so"))
    assert libraries
    for library in libraries:
        code = subprocess.run(["objdump", "-d", str(library)], capture_output=True, text=True, check=True).stdout
        assert "mulsd" in code or "mulpd" in code or "fmul" in code or "build_info" in library.name
        fused = [line for line in code.splitlines() if "\tvfm" in line or "\tvfnm" in line or "\tfmadd" in line]
        assert fused == [], library.name


def test_runs_of_many_systems_are_those_alone():
    systems = [PAPER, ct.System(ct.Chain(3.0, 10.0), ct.Sech2(-1.0, 1.5))]
    for run, system in zip(simulate_many(systems, [220.0, 5.0], 20.0, 3.0), systems, strict=True):
        alone = system.simulate(float(run.position[0]), 20.0, 3.0)
        assert np.array_equal(run.position, alone.position)
