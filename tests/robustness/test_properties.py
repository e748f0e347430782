"""Every public function over the whole range of numbers and shapes: right, or refused by name.

A case passes if the function returns (no NaN, the shape asked for, the same numbers whatever the layout
of the array in memory) or raises a ValueError or TypeError that names the parameter. Warnings are errors
throughout the suite, so that a silent overflow fails too.
"""

import dataclasses
import math
import os
import signal
import time
import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import chaintheory as ct
from chaintheory.simulation.energy_balance import EnergyBalanceError
from chaintheory.simulation.stopping import LeftWindow, Steady, Trapped
from chaintheory.units import PhysicalChain

FUZZ = max(1, int(os.environ.get("CHAINTHEORY_FUZZ", "0")))
# Seconds of processor time in which any case must come back. The longest seen, a range with 3,267 resonances, takes 29
# on a busy machine.
GUARD = 60


def cases(number):
    # Nothing is shrunk: a case that hangs would be tried a hundred times over.
    return settings(max_examples=number * FUZZ, phases=[Phase.explicit, Phase.reuse, Phase.generate])


# Numbers ---------------------------------------------------------------------------------------------

SPECIAL = [
    0.0, -0.0, 5e-324, 2.2250738585072014e-308, 1.0, 1.0 + 2**-52, 1.0 - 2**-53, 1e-30, 1e30, 1e100,
    1e154, 1e155, 1e300, 1.7976931348623157e308, -1.0, -1e300, math.inf, -math.inf, math.nan, 2.0**53,
]  # fmt: skip
JUNK = [
    None, "4", "", b"4", "nan", True, 1j, 3 + 0j, [], [1.0], {}, (), object(), 10**400, -(10**400),
    "\x00", np.nan, np.array([1.0, 2.0]), np.array("x"), slice(None), ..., lambda: 1,
]  # fmt: skip


def log_uniform(low, high):
    return st.floats(math.log(low), math.log(high)).map(math.exp)


def numbers(usual, junk=True):
    """Numbers: mostly in the usual range, then any double, then the special ones, then junk."""
    wide = log_uniform(1e-40, 1e40)
    kinds = [usual, usual, usual, wide, wide.map(lambda x: -x), st.floats(), st.sampled_from(SPECIAL)]
    kinds += [st.integers(-100, 100), usual.map(np.float32), usual.map(np.float64), usual.map(np.array)]
    if junk:
        kinds.append(st.sampled_from(JUNK))
    return st.one_of(kinds)


OMEGA = st.one_of(st.floats(1.01, 30.0), log_uniform(1e-15, 1e8).map(lambda x: 1.0 + x))
SPACING = st.one_of(st.floats(5.0, 60.0), log_uniform(1e-4, 1e4))
AMPLITUDE = st.one_of(st.floats(-4.0, 4.0).filter(lambda a: a == 0.0 or abs(a) > 1e-100), log_uniform(1e-20, 1e4))
WIDTH = st.one_of(st.floats(0.5, 8.0), log_uniform(1e-4, 1e4))
MASS = st.one_of(st.floats(0.1, 10.0), log_uniform(1e-6, 1e6))
BIAS = st.one_of(st.floats(-0.1, 0.1), st.just(0.0))
SPEED = st.one_of(st.floats(1.0, 90.0), log_uniform(1e-6, 1e8))


def rows(usual, kinds=("c16",)):
    """Arrays of any shape, type and layout, and lists."""
    values = st.one_of(usual, usual, st.floats(), st.sampled_from(SPECIAL))
    ordinary = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    shapes = st.one_of(st.just((3,)), st.just(()), st.just((0,)), ordinary)

    @st.composite
    def draw_array(draw):
        tame = draw(st.booleans())
        elements = usual if tame else values
        shape = draw(shapes)
        array = draw(hnp.arrays(np.float64, shape, elements=elements))
        kind = draw(st.sampled_from(
            ["f8", "f8", "f4", ">f8", "g", "i8", "u1", "i4", "list", "bool", *kinds, "O", "U4", "M8[s]"]
        ))  # fmt: skip
        if kind == "list":
            return array.tolist()
        with np.errstate(all="ignore"):
            array = np.nan_to_num(array, posinf=9.0, neginf=-9.0) if kind[0] in "iu" else array
            array = np.clip(array, 0, 200) if kind[0] in "iu" else array
            array = array.astype(kind)
        layout = draw(st.sampled_from(["plain", "strided", "reversed", "transposed", "read-only", "fortran"]))
        if layout == "strided" and array.ndim:
            array = np.repeat(array, 2, axis=0)[::2]
        elif layout == "reversed" and array.ndim:
            array = array[::-1].copy()[::-1]
        elif layout == "transposed":
            array = array.T.copy().T
        elif layout == "fortran":
            array = np.asfortranarray(array)
        array = np.asarray(array)
        array.flags.writeable = layout != "read-only"
        return array

    return st.one_of(draw_array(), numbers(usual))


# Laws ------------------------------------------------------------------------------------------------


class Refused(Exception):
    """The function refused its input, by name."""


def ring(*_):
    raise AssertionError(f"no answer within {GUARD} seconds of processor time")


def lawful(names, function, *args, also=(), **kwargs):
    """Call; the result, or Refused if the input was refused with the name of a parameter."""
    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, GUARD)
    try:
        return function(*args, **kwargs)
    except (ValueError, TypeError) as error:
        text = str(error)
        assert any(name in text for name in names), f"names none of {names}: {text}"
        assert len(text) < 3000
        raise Refused from None
    except also:
        raise Refused from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@st.composite
def interactions(draw, wild=False):
    usual = [AMPLITUDE, WIDTH]
    amplitude, width = (draw(numbers(u) if wild else u) for u in usual)
    name = draw(st.sampled_from(
        ["Gaussian", "Exponential", "Matern", "Lorentzian", "Sech2", "SoftenedCoulomb", "SquareWell", "GaussianMixture"]
    ))  # fmt: skip
    if name == "Matern":
        return lambda: ct.Matern(amplitude, width, draw(st.integers(0, 20)))
    if name == "GaussianMixture":
        other = draw(numbers(AMPLITUDE) if wild else AMPLITUDE)
        other_width = draw(numbers(WIDTH) if wild else WIDTH)
        return lambda: ct.GaussianMixture([amplitude, other], [width, other_width])
    return lambda: getattr(ct, name)(amplitude, width)


SYSTEM_NAMES = ("omega_fast", "spacing", "amplitude", "width", "mass", "bias", "chain", "interaction")


@st.composite
def systems(draw, interaction=None, wild=False):
    """A system that is allowed; built of wild numbers the draw may be refused, and is then repeated."""
    drawn = [draw(numbers(u) if wild else u) for u in (OMEGA, SPACING, MASS, BIAS)]
    build = draw(interactions(wild=wild) if interaction is None else interaction)
    try:
        return lawful(SYSTEM_NAMES, lambda: ct.System(ct.Chain(*drawn[:2]), build(), mass=drawn[2], bias=drawn[3]))
    except Refused:
        return ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)


ANY_SYSTEM = st.one_of(systems(), systems(), systems(wild=True))


def like(result, argument):
    """A result over an array: its shape, no NaN, the same as over a plain copy of the array."""
    result = np.asarray(result)
    assert result.shape == np.shape(argument)
    assert not np.isnan(result).any()
    return result


def check_over(names, function, argument, **options):
    """The law of a function that broadcasts over ``argument``."""
    kept = np.array(argument, copy=True, dtype=object) if isinstance(argument, np.ndarray) else None
    result = like(lawful(names, function, argument, **options), argument)
    if kept is not None:
        assert np.array_equal(kept, np.asarray(argument, dtype=object)), "the input was changed"
    plain = np.array(argument, dtype=np.float64, order="C")
    again = np.asarray(function(plain, **options))
    assert np.array_equal(result, again), "depends on the layout in memory"
    if result.size:
        one = np.asarray(function(float(plain.flat[-1]), **options))
        np.testing.assert_allclose(one, result.flat[-1], rtol=1e-9, atol=1e-300)
    return result


def expect(test):
    """A refusal by name ends a case well."""

    def wrapped(*args, **kwargs):
        try:
            test(*args, **kwargs)
        except Refused:
            pass

    return wrapped


# The model -------------------------------------------------------------------------------------------


@cases(300)
@given(numbers(OMEGA), numbers(SPACING), rows(st.floats(-10.0, 10.0)))
def test_chain(omega_fast, spacing, theta):
    @expect
    def law():
        chain = lawful(("omega_fast", "spacing"), ct.Chain, omega_fast, spacing)
        assert math.isfinite(chain.sound_speed)
        assert hash(chain) == hash(ct.Chain(chain.omega_fast, chain.spacing))
        omega = like(lawful(("theta",), chain.frequency, theta), theta)
        assert np.all((omega >= 1.0) & (omega <= chain.omega_fast * (1.0 + 1e-12)))

    law()


@cases(400)
@given(interactions(wild=True), rows(st.floats(-100.0, 100.0), ()), rows(log_uniform(1e-6, 1e3), ()))
def test_interactions(build, r, k):
    names = ("amplitude", "width", "order")

    @expect
    def law():
        interaction = lawful(names, build)
        assert interaction.reach() >= 0.0 and math.isfinite(interaction.reach())
        assert isinstance(interaction.latex, str)
        assert eval(repr(interaction), {name: getattr(ct, name) for name in ct.__all__}) == interaction
        top = np.abs(interaction.potential(0.0))
        potential = check_over(("r",), interaction.potential, r)
        assert np.all(np.abs(potential) <= (sum(map(abs, interaction.amplitudes))
                      if isinstance(interaction, ct.GaussianMixture) else top) * (1.0 + 1e-12))  # fmt: skip
        if not isinstance(interaction, ct.SquareWell):
            check_over(("r",), interaction.slope, r)

    law()

    @expect
    def transforms():
        interaction = lawful(names, build)
        check_over(("k",), interaction.transform, k)
        check_over(("k",), interaction.shape, k)

    transforms()


@cases(300)
@given(st.data())
def test_system(data):
    chain = data.draw(st.one_of(st.just(ct.Chain(10.0, 40.0)), st.sampled_from(JUNK)))
    interaction = data.draw(st.one_of(interactions().map(lambda build: build()), st.sampled_from(JUNK)))

    @expect
    def law():
        system = lawful(SYSTEM_NAMES, ct.System, chain, interaction, data.draw(numbers(MASS)), data.draw(numbers(BIAS)))
        repr(system)
        # A sum over more than 1,000 masses to each side is refused.
        capture_speed = lawful(("interaction",), lambda: system.capture_speed)
        assert math.isfinite(capture_speed) and capture_speed >= 0.0

    law()


# Curves ----------------------------------------------------------------------------------------------


@cases(400)
@given(ANY_SYSTEM, rows(SPEED), st.sampled_from([None, None, "closed", "quadrature"]), st.booleans())
def test_single_pass(system, speed, method, log):
    @expect
    def law():
        loss = check_over(
            ("speed", "method", "amplitudes"), system.single_pass_dissipation, speed, method=method, log=log
        )
        assert log or np.all(loss >= 0.0)

    law()


@cases(25)
@given(systems(), rows(st.floats(1.0, 90.0)), st.booleans())
def test_single_pass_in_the_static_lattice(system, speed, log):
    @expect
    def law():
        names = ("speed", "approximation", "interaction")
        loss = lawful(names, system.single_pass_dissipation, speed, approximation="static-lattice", log=log)
        like(loss, speed)

    law()


@cases(400)
@given(ANY_SYSTEM, rows(SPEED))
def test_mean_dissipation(system, speed):
    @expect
    def law():
        loss = check_over(("speed",), system.mean_dissipation, speed)
        assert np.all(loss >= 0.0)

    law()


@cases(100)
@given(ANY_SYSTEM, rows(SPEED), numbers(st.integers(1, 300)))
def test_finite_passes(system, speed, passes):
    @expect
    def law():
        like(lawful(("speed", "passes", "amplitudes"), system.finite_pass_dissipation, speed, passes), speed)

    law()


@cases(30)
@given(systems(), rows(st.floats(5.0, 90.0)))
def test_mean_dissipation_in_the_static_lattice(system, speed):
    @expect
    def law():
        like(
            lawful(
                ("speed", "approximation", "interaction"),
                system.mean_dissipation,
                speed,
                approximation="static-lattice",
            ),
            speed,
        )

    law()


@cases(100)
@given(ANY_SYSTEM, st.text(alphabet="constan-velociy 0\x00\nλ\ud800", max_size=20) | st.sampled_from(JUNK[:8]))
def test_methods_are_named(system, method):
    for function in (system.single_pass_dissipation, system.mean_dissipation):
        if method not in ("constant-velocity", "static-lattice", "travelling-wave"):
            with pytest.raises((ValueError, TypeError), match="approximation"):
                function(30.0, approximation=method)


@cases(200)
@example(ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0)), 5e-324)
@given(ANY_SYSTEM, numbers(SPEED))
def test_terms(system, speed):
    @expect
    def law():
        terms = lawful(("speed",), system.mean_dissipation_terms, speed)
        for column in (terms.root, terms.frequency, terms.group_speed, terms.energy):
            assert column.ndim == 1 and not np.isnan(column).any()
        assert np.all(np.diff(terms.root) >= 0.0)
        assert np.all(terms.energy >= 0.0)

    law()


def bisected(function, low, high):
    """Where a function that is negative at ``low`` and positive at ``high`` changes sign, in each element."""
    for _ in range(60):
        middle = 0.5 * (low + high)
        below = function(middle) < 0.0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return low


def tangencies(chain, slowest):
    """Speeds at which the line x v/spacing touches the band, solved apart: lower and upper by period, nan for none.

    The line touches where g = x (omega^2)'/2 - omega^2 vanishes. In the half period above x = n, g is -1 at first and
    largest where tan y = 2 pi n + y for y = 2 pi (x - n).
    """
    spread = (chain.omega_fast - 1.0) * (chain.omega_fast + 1.0)
    n = np.arange(1.0, math.ceil(chain.omega_fast * chain.spacing / slowest) + 2.0)

    def tangency(y):
        return 0.5 * spread * (0.5 * (2.0 * math.pi * n + y) * np.sin(y) - 2.0 * np.sin(0.5 * y) ** 2) - 1.0

    def speed(y):
        omega = np.sqrt(1.0 + spread * np.sin(0.5 * y) ** 2)
        return np.where(largest > 0.0, chain.spacing * omega / (n + y / (2.0 * math.pi)), math.nan)

    peak = bisected(
        lambda y: np.sin(y) - (2.0 * math.pi * n + y) * np.cos(y), np.zeros(n.size), np.full(n.size, 0.5 * math.pi)
    )
    largest = tangency(peak)
    lower = speed(bisected(tangency, np.zeros(n.size), peak))
    upper = speed(bisected(lambda y: -tangency(y), peak, np.full(n.size, math.pi)))
    return np.array([lower, upper]), np.abs(largest) < 1e-10 * (1.0 + spread * n)


@cases(100)
@given(
    st.one_of(systems(), systems(wild=True)),
    numbers(SPEED),
    numbers(SPEED),
    st.booleans(),
    st.floats(-2.0, 0.5),
    st.floats(-2.0, 2.0),
)
def test_resonances(system, lowest, highest, near, decades, span):
    if near:  # a range that holds some
        lowest = system.chain.spacing * system.chain.omega_fast * 10.0**decades
        highest = lowest * (1.0 + 10.0**span)

    @expect
    def law():
        found = lawful(("lowest", "highest"), system.resonant_speeds, lowest, highest)
        speeds = [item.speed for item in found]
        assert speeds == sorted(speeds)
        assert all(lowest <= v <= highest for v in speeds)
        if system.chain.omega_fast * system.chain.spacing / lowest > 3e3:
            return
        expected, unsure = tangencies(system.chain, float(lowest))
        for edge, row in zip(("lower", "upper"), expected, strict=True):
            inside = (row >= lowest * (1.0 + 1e-13)) & (row <= highest * (1.0 - 1e-13)) & ~unsure
            got = {item.n: item for item in found if item.edge == edge}
            # All of them, and none that is not (but for those at the very ends of the range, or of the resonances).
            assert set(np.flatnonzero(inside) + 1) <= set(got)
            for n, item in got.items():
                if not unsure[n - 1]:
                    assert abs(row[n - 1] / item.speed - 1.0) < 1e-13, (n, item)
        for item in found[:: max(1, len(found) // 3)]:
            check_singularity(system, item)

    law()


def check_singularity(system, item):
    """Beside a resonance the loss is finite_limit + singularity/sqrt(distance), beyond it finite_limit, at some distance to 1e-3.

    Which distance is small enough depends on the band and the interaction; at the smallest the speed is rounded.
    """
    around = [r.speed for r in system.resonant_speeds(item.speed * 0.999, item.speed * 1.001)]
    if (
        len(around) > 1
        or system.chain.omega_fast < 1.0 + 1e-6
        or item.singularity < max(1e-250, 1e-6 * item.finite_limit)
    ):
        return
    interaction = system.interaction
    turns = system.chain.omega_fast * interaction.width / item.speed
    if isinstance(interaction, ct.SquareWell) and turns > 1e4:
        return  # a root moves by the square root of the distance: at 1e-12 the transform has turned by 1e-6 of these
    side = 1.0 if item.edge == "lower" else -1.0
    # A square well that turns 6,000 times needs 1e-12, where rounding leaves 1e-4.
    distance = 10.0 ** -np.arange(5.0, 13.0)
    near = system.mean_dissipation(item.speed * (1.0 + side * distance)) - item.finite_limit
    assert np.min(np.abs(near * np.sqrt(distance) / item.singularity - 1.0)) < 1e-3, (system, item)
    if item.finite_limit > 1e-250:
        far = system.mean_dissipation(item.speed * (1.0 - side * distance))
        assert np.min(np.abs(far / item.finite_limit - 1.0)) < 1e-3, (system, item)


@cases(40)
@given(ANY_SYSTEM, numbers(SPEED), st.floats(0.001, 0.5), st.booleans())
def test_drift_velocities(system, lowest, span, certified):
    @expect
    def law():
        try:
            highest = lowest * (1.0 + span)
        except (TypeError, OverflowError):
            highest = 50.0
        names = ("lowest", "highest", "speed", "bias")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ct.UnresolvedWarning)
            found = lawful(names, system.drift_velocities, lowest, highest, certified=certified)
        speeds = [item.speed for item in found]
        assert speeds == sorted(speeds)
        if not found:
            return
        resonances = [r.speed for r in system.resonant_speeds(lowest * (1 - 1e-9), highest * (1 + 1e-9))]
        for item in found:
            assert lowest <= item.speed <= highest
            if item.resonance is not None:
                assert min(abs(v / item.speed - 1.0) for v in resonances) < 1e-13
            elif item.separation > 1e-6 and not hasattr(system.interaction, "transform_error"):
                below, above = system.mean_dissipation(item.speed * np.array([1 - 1e-8, 1 + 1e-8])) - abs(system.bias)
                assert below * above < 0.0 and (above > below) == (item.slope > 0.0)

    law()


@cases(20)
@given(
    st.lists(systems(interaction=st.builds(lambda a, w: lambda: ct.Gaussian(a, w), AMPLITUDE, WIDTH)), max_size=2),
    st.lists(numbers(BIAS), max_size=2), st.floats(-2.0, 2.0), numbers(st.floats(30.0, 40.0)), numbers(st.floats(41.0, 45.0)),
)  # fmt: skip
def test_drift_diagram(several, biases, factor, lowest, highest):
    if several and isinstance(lowest, float) and 1.0 < lowest < 100.0:  # a bias of the order of the loss
        biases = [*biases, float(several[0].mean_dissipation(lowest * 1.07)) * math.exp(factor)]

    @expect
    def law():
        names = ("lowest", "highest", "bias", "speed")
        with warnings.catch_warnings(record=True) as unresolved:
            warnings.simplefilter("always", ct.UnresolvedWarning)
            plane = lawful(names, ct.drift_diagram, several, biases, lowest, highest, resolution=0.0)
        flat = np.ravel(np.array(biases, dtype=float))
        assert plane.number.shape == (len(several), flat.size)
        if unresolved or not flat.size:
            return
        for i, system in enumerate(several):
            loss = system.mean_dissipation(np.array([lowest, highest], dtype=float))
            for j, bias in enumerate(flat):
                cell = plane.isel(system=i, bias=j)
                number = int(cell.number)
                speeds = cell.speed.values
                assert np.isnan(speeds[number:]).all() and np.all(np.diff(speeds[:number]) >= 0.0)
                kinds = [str(kind) for kind in cell.kind.values]
                assert all(kinds[:number]) and not any(kinds[number:])
                # Each root and each jump takes the loss across the bias once.
                clear = np.all(np.abs(loss - abs(bias)) > 1e-9 * np.maximum(loss, abs(bias)))
                if clear and bias:
                    assert (number % 2 == 1) == ((loss[0] > abs(bias)) != (loss[1] > abs(bias)))
                # From below the bias to above it is a hold, back a release; they take turns.
                rises = [
                    edge == "lower" if edge else slope > 0.0
                    for edge, slope in zip(cell.edge.values[:number], cell.slope.values[:number], strict=True)
                ]
                assert all(one != other for one, other in pairwise(rises)), (system, bias, cell)

    law()


# Kernel ----------------------------------------------------------------------------------------------


@cases(120)
@given(
    numbers(OMEGA, junk=False),
    rows(st.integers(-40, 40).map(float)),
    rows(st.one_of(st.floats(-3.0, 3.0), log_uniform(1e-6, 1e3))),
)
def test_memory_kernel(omega_fast, lags, times):
    @expect
    def law():
        chain = lawful(("omega_fast",), ct.Chain, omega_fast, 40.0)
        kernel = lawful(("lags", "times"), chain.memory_kernel, lags, times)
        assert kernel.shape == (np.size(lags), np.size(times))
        assert not np.isnan(kernel).any()
        # |Gamma| <= (2/pi) int 1/omega <= 1
        assert np.all(np.abs(kernel) <= 1.0 + 1e-12)
        plain = chain.memory_kernel(np.array(lags, dtype=float), np.array(times, dtype=float))
        assert np.array_equal(kernel, plain)

    law()


# Runs ------------------------------------------------------------------------------------------------

DURATION = st.one_of(st.floats(0.01, 0.3), log_uniform(1e-6, 0.3))
LITTLE = 24e6  # bytes a run may need: bounds its steps too
RUN_NAMES = (
    "position", "speed", "duration", "method", "order", "steps_per_fast_period", "kernel_cutoff", "events", "chain_window", "time_step", "chain",
    "chain_every", "checkpoint", "interaction", "system", "progress",
)  # fmt: skip


@st.composite
def run_options(draw):
    options = {}
    if draw(st.booleans()):
        options["method"] = draw(st.sampled_from(["light-cone", "light-cone", "direct", "lightcone", None, 3]))
    if draw(st.booleans()):
        options["order"] = draw(st.sampled_from([2, 4, 6, 2, 4, 6, 3, 0, -2, 2.0, "2", None, 10**30]))
    if draw(st.booleans()):
        options["steps_per_fast_period"] = draw(numbers(st.floats(2.0, 80.0)))
    if draw(st.integers(0, 3)) == 0:
        options["chain_window"] = draw(st.one_of(
            st.tuples(st.integers(-20, 20), st.integers(-20, 20)), st.sampled_from(JUNK),
            st.tuples(st.integers(), st.integers()),
        ))  # fmt: skip
        options["chain_every"] = draw(numbers(st.floats(0.01, 1.0)))
    if draw(st.integers(0, 3)) == 0:
        options["events"] = draw(st.sampled_from(
            [Trapped(1), Steady(1e-3, 2), LeftWindow(-10.0, 10.0), [Trapped(2), LeftWindow(0.0, 1e9)], [], *JUNK]
        ))  # fmt: skip
    if draw(st.integers(0, 5)) == 0:
        options["kernel_cutoff"] = draw(numbers(st.floats(0.01, 1.0)))
    if draw(st.integers(0, 5)) == 0:
        options["max_bytes"] = draw(st.sampled_from([-1.0, 0.0, math.nan, "x", 1.0]))
    return {"max_bytes": LITTLE, **options}


def check_run(run):
    """The law of every trajectory."""
    columns = [run.time, run.position, run.velocity, run.acceleration, run.chain_energy]
    assert len({column.shape for column in columns}) == 1
    assert all(np.isfinite(column).all() for column in columns)
    assert np.all(np.diff(run.time) > 0.0)
    assert np.all(run.chain_energy >= -1e-9 * (1.0 + np.abs(run.chain_energy).max()))
    assert math.isfinite(run.balance.drift)
    assert run.passes.dtype.names == ("time", "position", "speed", "energy_lost", "energy_absorbed")
    repr(run)


class Enough(Exception):
    """A run made progress for as long as the law waits."""


def patience(seconds=1.0):
    """Progress that ends a run: how long a run within its memory takes is the user's choice, and the machine's.

    A case that neither ends nor tells of progress is ended by GUARD, and fails.
    """
    start = time.monotonic()

    def tell(_):
        if time.monotonic() - start > seconds:
            raise Enough

    return tell


@cases(180)
@given(ANY_SYSTEM, numbers(st.floats(-500.0, 500.0)), numbers(SPEED), numbers(DURATION), run_options())
def test_extraordinary_runs(system, position, speed, duration, options):
    @expect
    def law():
        names = (*RUN_NAMES, "max_bytes")
        given = {"progress": patience(), "also": (EnergyBalanceError, Enough), **options}
        run = lawful(names, system.simulate, position, speed, duration, **given)
        check_run(run)

    law()


@cases(100)
@given(rows(st.floats(0.0, 0.5)))
def test_interpolation(times):
    run = RUN.get()

    @expect
    def law():
        position, speed = lawful(("times",), run.at, times)
        like(position, times)
        like(speed, times)

    law()


class Once:
    """One short run, made when it is first needed."""

    def get(self):
        if not hasattr(self, "run"):
            system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
            self.run = system.simulate(20.0, 90.0, 0.5)
        return self.run


RUN = Once()


@cases(150)
@given(st.data())
def test_stops(data):
    anything = st.one_of(numbers(st.floats(-10.0, 10.0)), st.integers())

    @expect
    def law():
        kind, names = data.draw(st.sampled_from(
            [(Trapped, ("turning_points",)), (LeftWindow, ("lowest", "highest")), (Steady, ("tolerance", "passes"))]
        ))  # fmt: skip
        stop = lawful(names, kind, *(data.draw(anything) for _ in names))
        row = stop.first_row(RUN.get())
        assert row is None or 0 <= row < RUN.get().time.size

    law()


# Physical units --------------------------------------------------------------------------------------


@cases(200)
@given(*[numbers(log_uniform(1e-30, 1e3))] * 4)
def test_physical(mass, confinement, coupling, spacing):
    names = ("mass", "confinement", "coupling", "spacing", "omega_fast", "omega_slow")

    @expect
    def law():
        chain = lawful(names, ct.Chain.from_physical, mass, confinement, coupling, spacing)
        units = lawful(("mass", "omega_slow"), ct.Units, mass, confinement)
        for value in (units.length, units.time, units.energy, units.speed):
            assert value >= 0.0 and math.isfinite(value)
        back = lawful(names, chain.to_physical, units)
        assert isinstance(back, PhysicalChain)
        assert all(math.isfinite(x) for value in dataclasses.astuple(back) for x in np.ravel(value))

    law()


@cases(200)
@given(
    rows(log_uniform(1.0, 1e3)), numbers(log_uniform(1e-10, 10.0)), st.none() | rows(log_uniform(1e-3, 1.0)),
    st.none() | st.lists(st.integers(0, 5), max_size=5) | st.sampled_from(JUNK), numbers(OMEGA),
)  # fmt: skip
def test_fit(drift, spacing, uncertainty, orders, omega_fast):
    @expect
    def law():
        fit = lawful(
            ("drift_velocities", "spacing", "uncertainty", "numbers", "omega_fast"),
            ct.fit_chain, drift, spacing, uncertainty=uncertainty, numbers=orders, omega_fast=omega_fast,
        )  # fmt: skip
        check_fit(fit, np.ravel(np.asarray(drift, dtype=float)), float(spacing), uncertainty, float(omega_fast))

    law()


def tangents(omega_fast, fitted):
    """Slopes of the lines that touch the lower band edge in the periods ``fitted``."""
    chain = ct.Chain(omega_fast, 1.0)
    return tangencies(chain, omega_fast / (max(fitted) + 1.0))[0][0][np.array(fitted) - 1]


def check_fit(fit, drift, spacing, uncertainty, omega_fast):
    """Least squares says that the weighted residuals are at right angles to the slopes; each is within five errors."""
    slope = spacing / (2.0 * math.pi) * tangents(omega_fast, fit.numbers)
    residual = drift - fit.omega_slow * slope
    np.testing.assert_allclose(fit.residuals, residual, rtol=1e-9, atol=1e-12 * drift.max())
    sigma = (
        0.005 * drift
        if uncertainty is None
        else np.broadcast_to(np.asarray(uncertainty, dtype=float).ravel(), drift.shape)
    )
    scale = np.sum(slope * drift / sigma**2)
    assert abs(np.sum(slope * residual / sigma**2)) < 1e-9 * scale
    assert fit.chi_squared == pytest.approx(float(np.sum((residual / sigma) ** 2)), rel=1e-6, abs=1e-12)
    assert uncertainty is None or np.all(np.abs(residual) <= 5.0 * sigma * (1.0 + 1e-9))
    assert fit.omega_slow > 0.0 and fit.omega_slow_error >= 0.0
    assert fit.confinement_over_mass == fit.omega_slow**2


@cases(100)
@given(
    st.sets(st.integers(1, 12), min_size=2, max_size=6).map(sorted), st.floats(1.5, 30.0), log_uniform(1e9, 1e14),
    log_uniform(1e-10, 1e-8), log_uniform(1e-6, 1e-3), st.lists(st.floats(-1.5, 1.5), min_size=6, max_size=6), st.booleans(),
)  # fmt: skip
def test_a_planted_chain_is_recovered(orders, omega_fast, omega_slow, spacing, error, noise, given_numbers):
    """Velocities of a chain, with errors: its numbers over their common factor, and its omega_slow within them."""

    @expect
    def law():
        slope = tangents(omega_fast, orders)
        if np.isnan(slope).any():
            return
        drift = spacing * omega_slow / (2.0 * math.pi) * slope * (1.0 + error * np.array(noise[: len(orders)]))
        options = {"uncertainty": error * drift, "omega_fast": omega_fast}
        fit = lawful(
            ("drift_velocities",), ct.fit_chain, drift, spacing, numbers=orders if given_numbers else None, **options
        )
        check_fit(fit, drift, spacing, error * drift, omega_fast)
        assert fit.numbers == tuple(orders) or tuple(orders) in fit.alternatives
        # Each velocity, with its error of at most 1.5, gives omega_slow times the ratio of the two tangents.
        ratio = slope / tangents(omega_fast, fit.numbers)
        assert (1.0 - 1.5 * error) * ratio.min() <= fit.omega_slow / omega_slow <= (1.0 + 1.5 * error) * ratio.max()
        # Numbers that are not those of the velocities are refused.
        wrong = [*orders[:-1], orders[-1] + 1]
        for kind in (options, {"omega_fast": omega_fast}):
            if 10.0 * error < 1.0 / (orders[-1] + 1.0) / 2.0:
                with pytest.raises(ValueError, match="numbers must"):
                    ct.fit_chain(drift, spacing, numbers=wrong, **kind)

    law()
