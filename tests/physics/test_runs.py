"""What a long run needs: passes, stops, checkpoints, windows of the chain, saved results."""

import math
import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import chaintheory as ct
from chaintheory.simulation import settings as module
from chaintheory.simulation.energy_balance import EnergyBalanceError, Watch
from chaintheory.simulation.ensemble import simulate_many
from chaintheory.simulation.light_cone import Records
from chaintheory.simulation.run import Interrupted
from chaintheory.simulation.settings import checked_run
from chaintheory.simulation.stopping import LeftWindow, Status, Steady, Trapped

PAPER = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), mass=1.0, bias=0.01)
TRAP = ct.System(ct.Chain(3.0, 10.0), ct.Gaussian(-2.0, 1.0), mass=1.0)


def test_passes_account_for_the_energy():
    run = PAPER.simulate(220.0, 50.0, 20.0)
    passes = run.passes
    assert passes.size == 24
    assert np.array_equal(passes["position"], 260.0 + 40.0 * np.arange(24))
    # Two roads to the loss. They differ by what the interaction energy midway, 4 Phi(20) = 3e-5,
    # changes from one midpoint to the next: masses are displaced by 1e-4 there (measured 4e-9).
    assert np.max(np.abs(passes["energy_lost"] - passes["energy_absorbed"])) < 4e-8
    total = run.crossings["chain_energy"][-1]
    assert passes["energy_absorbed"].sum() == pytest.approx(total, rel=1e-13)


@pytest.mark.parametrize("order, expected", [(2, 2), (4, 4), (6, 6)])
def test_crossings_are_as_accurate_as_the_scheme(order, expected):
    """Crossing times converge with the order of the scheme, and not with the step."""
    system = ct.System(ct.Chain(2.0, 8.0), ct.Gaussian(-3.0, 1.0))
    coarsest, factor = {2: (64.0, 2.0), 4: (18.0, 2.0), 6: (20.0, 1.4)}[order]
    rates = coarsest * factor ** np.arange(4)

    def first_crossing(order, rate):
        run = system.simulate(1.0, 16.0, 1.5, order=order, steps_per_fast_period=rate)
        return run.crossings["time"][0], run.crossings["speed"][0]

    best = np.array(first_crossing(6, 600.0))
    errors = np.array([np.abs(np.array(first_crossing(order, rate)) - best) for rate in rates])
    time_slope, speed_slope = -np.polyfit(np.log(rates), np.log(errors), 1)[0]
    # Quintic pieces: order 6 for the time and 5 for the speed, whatever part of a step is hit.
    assert time_slope > expected - 0.5, errors
    assert speed_slope > min(expected, 5) - 0.5, errors


def test_dense_output_meets_a_finer_run():
    coarse = PAPER.simulate(220.0, 20.0, 6.0, order=6, steps_per_fast_period=10.0)
    fine = PAPER.simulate(220.0, 20.0, 6.0, order=6, steps_per_fast_period=40.0)
    position, speed = coarse.at(fine.time)
    # Quintic pieces of 0.01: measured 2e-10 and 2e-7.
    assert np.max(np.abs(position - fine.position)) < 2e-9
    assert np.max(np.abs(speed - fine.velocity)) < 2e-6
    with pytest.raises(ValueError, match="times must lie within"):
        coarse.at([6.1])


def test_a_particle_that_turns_back_is_handled():
    """Too slow to pass the barrier: it comes back through the midpoint where it started."""
    run = PAPER.simulate(230.0, 5.0, 12.0)
    assert run.velocity.min() < 0.0
    crossings = run.crossings
    assert crossings["position"][0] == 220.0 and crossings["speed"][0] < 0.0
    assert run.passes.size < crossings.size


def test_trapped_particle_stops_the_run():
    run = TRAP.simulate(0.3, 0.5, 400.0, events=Trapped(turning_points=6))
    assert run.status is Status.TRAPPED
    assert run.time[-1] < 20.0
    assert np.count_nonzero(np.diff(np.signbit(run.velocity))) == 6
    # The stopped run is the beginning of the whole one.
    whole = TRAP.simulate(0.3, 0.5, float(run.time[-1]))
    assert np.max(np.abs(whole.position - run.position)) < 1e-13
    assert run.chain_energy[-1] == pytest.approx(run.chain_state.energy(TRAP.chain), rel=1e-14)


def test_a_particle_between_two_masses_that_repel_it_is_trapped():
    """It swings through the midpoint, where the cells of the masses meet; its energy is below the barriers."""
    run = PAPER.simulate(20.0, 5.0, 60.0, events=Trapped())
    assert run.status is Status.TRAPPED and run.time[-1] < 40.0
    turns = np.flatnonzero(np.diff(np.signbit(run.velocity)))
    assert turns.size == 6
    assert np.all((run.position > 0.0) & (run.position < 40.0))
    # A particle that turns back twice in different cells is not.
    wide = PAPER.simulate(20.0, 50.0, 5.0)
    zigzag = replace(wide, position=40.0 * np.arange(wide.time.size), velocity=(-1.0) ** np.arange(wide.time.size))
    assert Trapped(2).first_row(zigzag) is None


def test_other_stops():
    left = PAPER.simulate(220.0, 50.0, 100.0, events=[LeftWindow(0.0, 500.0), Trapped()])
    assert left.position[-1] > 500.0 >= left.position[-2]
    free = ct.System(PAPER.chain, ct.Gaussian(1e-3, 4.0))
    steady = free.simulate(220.0, 50.0, 100.0, events=Steady(tolerance=1e-3, passes=5))
    assert steady.passes.size in (9, 10) and steady.time[-1] < 10.0


def test_chain_window_sees_the_sound_cone():
    run = PAPER.simulate(220.0, 50.0, 2.0, chain_window=(-80, 90), chain_every=0.1)
    times, masses, u = (run.displacements[name].values for name in ("time", "mass", "displacement"))
    assert u.shape == (21, 171) and masses[0] == -80
    assert np.max(np.abs(np.diff(times) - 0.1)) < 1e-12
    outside = np.abs(masses[None, :] - 5.5) > 30.0 + 28.3 * times[:, None]
    assert np.max(np.abs(u[outside])) < 1e-13 < np.max(np.abs(u))
    plain = PAPER.simulate(220.0, 50.0, 2.0)
    assert np.max(np.abs(plain.position - run.position)) < 1e-11


def test_systems_side_by_side():
    systems = [PAPER, ct.System(PAPER.chain, ct.Gaussian(-2.0, 4.0), bias=0.01)]
    runs = simulate_many(systems, 220.0, [50.0, 40.0], 5.0)
    assert [run.system for run in runs] == systems
    alone = systems[1].simulate(220.0, 40.0, 5.0)
    assert np.array_equal(alone.position, runs[1].position)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_other_block_boundaries_and_directions(sign):
    """A supersonic particle outruns its own sound: the windows follow it."""
    slow_sound = ct.System(ct.Chain(1.1, 5.0), ct.Gaussian(0.5, 1.0))
    assert slow_sound.chain.sound_speed < 2.0
    fast = slow_sound.simulate(2.5, sign * 40.0, 8.0, order=2)
    slow = slow_sound.simulate(2.5, sign * 40.0, 8.0, method="direct")
    assert np.max(np.abs(fast.position - slow.position)) < 1e-11


def test_finite_memory_is_an_error_that_shows():
    whole = PAPER.simulate(220.0, 14.0, 12.0, method="direct")
    cut = PAPER.simulate(220.0, 14.0, 12.0, method="direct", kernel_cutoff=3.0)
    same = PAPER.simulate(220.0, 14.0, 12.0, method="direct", kernel_cutoff=50.0)
    assert np.array_equal(whole.position, same.position)
    assert np.max(np.abs(whole.position - cut.position)) > 1e-4
    # What was cut is written beside the results, and nothing where the whole past was kept.
    assert [run.settings.get("kernel_cutoff") for run in (cut, same)] == [3.0, 50.0]
    assert "kernel_cutoff" not in whole.settings


def test_saved_runs_open_again(tmp_path):
    run = PAPER.simulate(220.0, 50.0, 3.0, chain_window=(0, 9))
    path = tmp_path / "run.nc"
    run.save(path)
    again = ct.Trajectory.load(path)
    for name in ("time", "position", "velocity", "acceleration", "chain_energy"):
        assert np.array_equal(getattr(run, name), getattr(again, name))
    assert again.system == run.system and again.settings == run.settings
    assert np.array_equal(again.passes, run.passes)
    assert again.displacements.identical(run.displacements)
    assert again.balance == run.balance
    assert [file.name for file in tmp_path.iterdir()] == ["run.nc"]


@pytest.mark.parametrize(
    "interaction",
    [
        ct.GaussianMixture([0.5, -0.2], [4.0, 6.0]),
        ct.Matern(0.5, 4.0, order=2),
        ct.Interaction.from_expression("0.4*exp(-abs(r/4)**3)"),
        ct.Interaction.from_samples(np.arange(0.0, 40.0), np.exp(-(np.arange(0.0, 40.0) ** 2) / 20)),
    ],
    ids=lambda one: type(one).__name__,
)
def test_saved_interactions_open_again(tmp_path, interaction):
    run = ct.System(PAPER.chain, interaction).simulate(220.0, 50.0, 0.5)
    run.save(tmp_path / "run.nc")
    again = ct.Trajectory.load(tmp_path / "run.nc")
    assert np.array_equal(again.system.interaction.slope(3.0), interaction.slope(3.0))


@pytest.mark.parametrize("damage", ["truncated", "foreign", "text", "missing"])
def test_damaged_files_are_refused_by_name(tmp_path, damage):
    path = tmp_path / "run.nc"
    PAPER.simulate(220.0, 50.0, 0.5).save(path)
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-2000])
    elif damage == "foreign":
        import xarray

        xarray.Dataset({"x": ("y", [1.0])}).to_netcdf(path, engine="h5netcdf")
    elif damage == "text":
        path.write_text("time speed")
    else:
        path.unlink()
    with pytest.raises(ValueError, match=r"run\.nc"):
        ct.Trajectory.load(path)
    if damage != "missing":
        with pytest.raises(ValueError, match=r"run\.nc"):
            PAPER.simulate(220.0, 50.0, 0.5, checkpoint=path)


def test_a_resumed_run_is_the_same_to_the_last_bit(tmp_path, monkeypatch):
    monkeypatch.setattr("chaintheory.simulation.light_cone.MOST_STEPS_AT_ONCE", 512)
    whole = PAPER.simulate(220.0, 50.0, 60.0)
    path = tmp_path / "checkpoint.nc"
    calls = []

    def interrupt(steps):
        calls.append(steps)
        if len(calls) == 7:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="goes on from it"):
        PAPER.simulate(220.0, 50.0, 60.0, checkpoint=path, progress=interrupt)
    assert path.exists()
    done = []
    resumed = PAPER.simulate(220.0, 50.0, 60.0, checkpoint=path, progress=done.append)
    assert done[0] > 0  # it did go on, and not begin again
    for name in ("position", "velocity", "chain_energy"):
        assert np.array_equal(getattr(whole, name), getattr(resumed, name))
    with pytest.raises(ValueError, match="belongs to another run"):
        PAPER.simulate(220.0, 51.0, 60.0, checkpoint=path)
    with pytest.raises(ValueError, match="beyond the duration"):
        PAPER.simulate(220.0, 50.0, 30.0, checkpoint=path)


def test_a_failed_checkpoint_keeps_the_last_good_one(tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.nc"
    PAPER.simulate(220.0, 50.0, 1.0, checkpoint=path)
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("xarray.Dataset.to_netcdf", full)
    with pytest.raises(OSError, match="No space left"):
        PAPER.simulate(220.0, 50.0, 2.0, checkpoint=path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.nc"]


def test_sigint_leaves_a_valid_checkpoint(tmp_path):
    path = tmp_path / "checkpoint.nc"
    code = (
        "import chaintheory as ct, signal\n"
        # A suite in the background of a shell has SIGINT ignored, and its children inherit that.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "s = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)\n"
        "started = []\n"
        "def tick(n):\n"
        "    if not started: print('going', flush=True); started.append(1)\n"
        f"s.simulate(220.0, 50.0, 1e5, checkpoint={str(path)!r}, progress=tick)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        guard = threading.Timer(60.0, process.kill)
        guard.start()
        assert process.stdout.readline() == "going\n"
        os.kill(process.pid, signal.SIGINT)
        message = process.stderr.read()
        process.wait()
        guard.cancel()
    assert "holds the run so far" in message
    from chaintheory.simulation.files import read_dataset

    assert read_dataset(path, "chaintheory checkpoint 3")["position"].size > 0


def test_a_run_too_large_for_the_memory_is_refused():
    with pytest.raises(ValueError, match=r"duration 1e\+09 needs about \d+ MiB of memory"):
        PAPER.simulate(220.0, 50.0, 1e9)
    with pytest.raises(ValueError, match="allowed are 1 MiB"):
        PAPER.simulate(220.0, 50.0, 10.0, max_bytes=2**20)


def test_a_step_too_long_is_refused_with_one_that_would_do():
    strong = ct.System(PAPER.chain, ct.Gaussian(5e3, 4.0))
    with pytest.raises(ValueError, match=r"steps_per_fast_period must be at least 47\.3 "):
        strong.simulate(220.0, 50.0, 1.0, order=2, steps_per_fast_period=10.0)
    assert abs(strong.simulate(220.0, 50.0, 1.0).balance.drift) < 1.0


def test_a_broken_energy_balance_stops_the_run(monkeypatch):
    monkeypatch.setattr(module, "LEAST", {2: 0.0})  # let a hopeless step through
    hard = ct.System(PAPER.chain, ct.Gaussian(-400.0, 2.0))
    with pytest.raises(EnergyBalanceError, match=r"before tau = .*particle"):
        hard.simulate(201.0, 1.0, 30.0, order=2, steps_per_fast_period=1.0)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"duration": 0.0}, "duration must be greater than 0"),
        ({"duration": math.inf}, "duration must be a finite real number"),
        ({"speed": math.nan}, "speed must be a finite real number"),
        ({"position": "here"}, "position must be a finite real number"),
        ({"order": 3}, "order must be 2, 4 or 6"),
        ({"steps_per_fast_period": 0}, "steps_per_fast_period must be greater than 0"),
        ({"method": "light-cones"}, "did you mean 'light-cone'"),
        ({"kernel_cutoff": 3.0}, "kernel_cutoff goes with method='direct'"),
        ({"method": "direct", "checkpoint": "run.npz"}, "need method='light-cone'"),
        ({"method": "direct", "chain_window": (-3, 3)}, "need method='light-cone'"),
        ({"time_step": 0.01, "steps_per_fast_period": 5.0}, "exclude each other"),
        ({"speed": [1.0, 2.0]}, "speed must be a finite real number"),
        ({"chain_window": (3, 1)}, "chain_window must be a whole number of at least 3"),
    ],
)
def test_bad_input_names_the_parameter(changes, message):
    arguments = {"position": 220.0, "speed": 50.0, "duration": 1.0} | changes
    wrong_type = message == "position must be a finite real number" or changes.get("speed") == [1.0, 2.0]
    refusal = TypeError if wrong_type else ValueError  # house.md: wrong types are TypeError
    with pytest.raises(refusal, match=message):
        PAPER.simulate(**arguments)


def test_a_run_shorter_than_a_usual_step_ends_where_it_should():
    run = PAPER.simulate(220.0, 50.0, 1e-5)
    assert run.time[-1] == pytest.approx(1e-5, rel=1e-15)


def test_far_from_the_origin_is_like_near_it():
    near, far = (PAPER.simulate(20.0 + shift, 50.0, 20.0) for shift in (0.0, 4e6))
    # The rounding of a position of 4e6, at most over 1000 steps.
    assert np.abs(far.position - 4e6 - near.position).max() < 1e-8
    assert np.abs(far.chain_energy - near.chain_energy).max() < 1e-11
    assert far.chain_state.state.shape == near.chain_state.state.shape


@pytest.mark.parametrize(("amplitude", "width", "mass", "speed"), [(300.0, 0.3, 5.0, 40.0), (100.0, 0.5, 20.0, 30.0)])
def test_masses_pushed_over_several_spacings_are_felt(amplitude, width, mass, speed):
    system = ct.System(ct.Chain(1.05, 1.0), ct.Gaussian(amplitude, width), mass=mass)
    run = system.simulate(0.5, speed, 1.0, order=2)
    judge = system.simulate(
        0.5, speed, 1.0, method="direct", steps_per_fast_period=run.settings["steps_per_fast_period"]
    )
    assert np.abs(run.chain_state.state[0]).max() > 4.0
    assert np.abs(run.position - judge.position).max() < 1e-12
    assert abs(run.balance.drift) < 1e-3 * run.balance.chain  # order 2; where masses are missed, 0.007


def test_masses_would_be_missed_if_their_displacement_were_not_watched(monkeypatch):
    """The planted error: no displacement is too large."""
    from chaintheory_ext import light_cone

    watched = light_cone.NearField
    system = ct.System(ct.Chain(1.05, 1.0), ct.Gaussian(300.0, 0.3), mass=5.0)
    right = system.simulate(0.5, 40.0, 1.0)
    monkeypatch.setattr(light_cone, "NearField", lambda *given: watched(*given[:-1], math.inf))
    assert abs(system.simulate(0.5, 40.0, 1.0).position[-1] - right.position[-1]) > 1.0


@pytest.mark.parametrize(
    ("interaction", "position", "message"),
    [
        (ct.Gaussian(2.0, 4000.0), 20.0, "interaction must end within 256 spacings, or fall to 0.001 of its largest"),
        (ct.SoftenedCoulomb(2.0, 30.0), 20.0, "interaction must end within 256 spacings, or fall to 0.001"),
        (ct.SoftenedCoulomb(2.0, 0.01), 20.0, r"interaction must have a width of at least 0\.156"),
        (ct.Gaussian(2.0, 4.0), 1e9, r"position must be at most 4e\+08"),
        (ct.Gaussian(2.0, 4.0), 1e300, r"position must be at most 1e\+30"),
    ],
)
def test_what_cannot_be_followed_well_is_refused(interaction, position, message):
    with pytest.raises(ValueError, match=message):
        ct.System(PAPER.chain, interaction).simulate(position, 50.0, 1.0)


@pytest.mark.parametrize("method", ["light-cone", "direct"])
def test_a_run_that_grows_beyond_its_memory_is_refused(method):
    strong = ct.System(PAPER.chain, ct.Gaussian(2.0, 4.0), bias=1e6)
    with pytest.raises(ValueError, match=r"speed .* needs about \d+ MiB of memory; allowed are 20 MiB") as refused:
        strong.simulate(220.0, 50.0, 4.0, method=method, max_bytes=20.5 * 2**20)
    needed = int(re.search(r"about (\d+) MiB", str(refused.value))[1])
    assert 20 <= needed < 2000  # more than is allowed, and what a doubled bound on the speed asks for


def test_pictures_of_the_chain_need_memory_with_a_window_only():
    run = checked_run(PAPER, 220.0, 50.0, 10.0)
    seen = replace(run, chain_window=(0, 99))
    pictures = 8.0 * 100 * (run.steps / seen.steps_per_picture + 2)
    assert seen.bytes_needed() - run.bytes_needed() == pytest.approx(pictures, rel=1e-9, abs=0)


def test_each_mass_within_the_cutoff_may_err_by_a_step_of_its_jump():
    """A particle at rest among them is allowed as much for each as one that passes one more."""
    run = checked_run(ct.System(ct.Chain(3.0, 1.0), ct.Exponential(0.5, 1.0)), 0.5, 2.0, 1.0, time_step=1e-4)
    still, passed = (Watch(run, 2.0, way).allowed(SimpleNamespace(chain=0.0), 0.0, 0) for way in (0.0, 1.0))
    masses = 2.0 * run.cutoff / run.system.chain.spacing
    assert masses <= still / (passed - still) <= masses + 4.0


@pytest.mark.parametrize(("order", "part"), [(2, 3e-3), (4, 2e-4), (6, 1e-4)])
def test_with_the_steps_of_the_order_the_balance_may_be_off_by_little_of_the_depth(order, part):
    strong = ct.System(ct.Chain(3.0, 40.0), ct.Gaussian(200.0, 1.0))  # needs more steps than any run takes
    run = checked_run(strong, 20.0, 50.0, 1.0, order=order)
    allowed = Watch(run, 50.0, 40.0).allowed(SimpleNamespace(chain=0.0), 0.0, 0)
    assert 0.01 * part * 200.0 < allowed < part * 200.0


def test_a_slow_run_is_watched_at_its_own_speed():
    watch, records = Watch(checked_run(PAPER, 220.0, 0.5, 1.0)), Records.empty(3)
    records.velocity[:], records.position[:] = (0.5, -0.7, 0.6), (220.0, 220.1, 220.0)
    watch.follow(records, 0, 2)
    assert watch.fastest == 0.7 and watch.travelled == pytest.approx(0.2, rel=1e-12, abs=0)


def test_the_energy_between_rows_is_that_of_the_reversed_run():
    """Any energies in reversed order, at the mirrored time: the six rows around a step are the same."""
    run = PAPER.simulate(20.0, 50.0, 1.0)
    energies = np.random.default_rng(3).normal(size=run.time.size)
    forwards, backwards = replace(run, chain_energy=energies), replace(run, chain_energy=energies[::-1].copy())
    row, part = np.arange(run.time.size - 1), np.full(run.time.size - 1, 0.3)
    there, back = forwards._chain_energy_at(row, part), backwards._chain_energy_at(row[::-1].copy(), 1.0 - part)
    assert np.max(np.abs(there - back)) < 1e-12  # of up to 10, with weights that sum to less than 10


@pytest.mark.parametrize("events", [3, "x", object(), Trapped, [Trapped(), 4], np.array(1.0)])
def test_an_event_is_an_event(events):
    with pytest.raises(TypeError, match="events must be Trapped"):
        PAPER.simulate(220.0, 50.0, 1.0, events=events)


@pytest.mark.parametrize("window", [None, (-40, 40)])
def test_masses_pushed_far_are_found_again_in_later_blocks(window):
    """The chain of masses far from their places, carried in one stretch or in many: the same to rounding."""
    system = ct.System(
        ct.Chain(1.1, 1.0), ct.Gaussian(106.89301477233404, 0.03499934571790687), 0.36339674927899657, 5.0
    )
    options = {} if window is None else {"chain_window": window, "chain_every": 0.05}
    run = system.simulate(0.5, 22.3552119034373, 0.35, **options)
    # Every displacement allowed for from the start (``SWAY`` of 26) gives this; without the search 3.704.
    assert run.position[-1] == pytest.approx(3.2723419847, rel=1e-8, abs=0)


@pytest.mark.parametrize("order, measured", [(1, 4.1e-7), (2, 5.3e-9), (3, 3e-11)])
def test_default_steps_follow_the_smoothness_of_the_interaction(order, measured):
    # Of 2 order continuous derivatives; steps of an analytic interaction err by 4e-4, 2e-6 and 8e-8 here.
    system = ct.System(PAPER.chain, ct.Matern(2.0, 4.0, order), bias=0.01)
    for position, speed in ((220.0, 50.0), (221.7, 50.0), (203.3, 30.0), (219.1, 88.0)):
        run = system.simulate(position, speed, duration=3.05)
        fine = system.simulate(position, speed, duration=3.05, order=6, steps_per_fast_period=800.0)
        assert abs(run.at(3.0)[0] - fine.at(3.0)[0]) < 3.0 * measured


def test_default_steps_of_order_6_where_the_band_sets_them():
    """Five in a fast period: measured 2.1e-10, against 20 of them; four would err by (5/4)^6 times as much."""
    run, fine = (PAPER.simulate(203.3, 30.0, 3.05, order=6, steps_per_fast_period=n) for n in (None, 100.0))
    assert 1e-11 < abs(run.at(3.0)[0] - fine.at(3.0)[0]) < 4e-10


def test_a_run_in_heat_keeps_its_energy():
    run = PAPER.simulate(220.0, 50.0, 20.0, temperature=25.0, sampling="classical", seed=3)
    assert np.ptp(run.chain_energy) > 1.0 and abs(run.balance.drift) < 1e-6


def test_the_direct_method_needs_two_kernels_and_a_kick_for_each_mass_and_step():
    run = replace(checked_run(PAPER, 220.0, 50.0, 5.0, method="direct"), duration=2000.0)
    assert run.bytes_needed() > 3 * 8 * run.steps * (50.0 * 2000.0 / PAPER.chain.spacing)


@pytest.mark.parametrize(("order", "steps"), [(2, 15.0), (4, 5.0), (6, 3.0)])
def test_so_many_steps_are_taken_while_the_particle_crosses_the_width(order, steps):
    fast_periods = PAPER.interaction.width / 50.0 * PAPER.chain.omega_fast
    rate = module.needed_rate(PAPER, PAPER.interaction.reach(), 50.0, 0.0, order)
    assert rate * fast_periods == pytest.approx(steps, rel=1e-14, abs=0)
    # Of 2, 4 and 6 continuous derivatives: so many times as many, and its square and cube root.
    times = [module.roughness(ct.Matern(2.0, 4.0, order)) for order in (1, 2, 3)]
    assert times == pytest.approx([module.NOT_SMOOTH ** (1.0 / n) for n in (1, 2, 3)], rel=1e-14, abs=0)


@pytest.mark.parametrize("kind", [ct.Gaussian, ct.Sech2, ct.SoftenedCoulomb, ct.Exponential])
def test_without_an_interaction_the_motion_is_uniform(kind):
    run = ct.System(ct.Chain(10.0, 40.0), kind(0.0, 4.0), mass=2.0).simulate(20.0, 50.0, 2.0)
    assert run.position == pytest.approx(20.0 + 50.0 * run.time, rel=1e-14, abs=0)
    assert np.all(run.chain_energy == 0.0)
