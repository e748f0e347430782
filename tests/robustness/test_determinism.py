"""Same input, same bits: over threads, processes, the order of a list, restarts; and no growth of memory."""

import dataclasses
import gc
import hashlib
import itertools
import json
import os
import subprocess
import sys

import numpy as np
import pytest

import chaintheory as ct

PROGRAM = """
import hashlib, sys
import numpy as np
import chaintheory as ct
chain = ct.Chain(10.0, 40.0)
system = ct.System(chain, ct.Gaussian(2.0, 4.0), bias=0.01)
digest = hashlib.sha256()
def add(*arrays):
    for array in arrays:
        digest.update(np.ascontiguousarray(array, dtype=float).tobytes())
speeds = np.linspace(1.0, 90.0, 2001)
add(system.single_pass_dissipation(speeds), system.mean_dissipation(speeds))
add(chain.memory_kernel(np.arange(40), np.linspace(0.0, 20.0, 101)))
add([(d.speed, d.separation) for d in system.drift_velocities(18.0, 70.0)])
for run in system.simulate_many([220.0, 20.0], [50.0, 16.0], 20.0):
    add(run.time, run.position, run.velocity, run.chain_energy, run.passes["energy_lost"], run.chain_state.state)
run = system.simulate(20.0, 30.0, 1.0, method="direct")
add(run.position, run.speed)
print(digest.hexdigest())
"""


def digest(threads, seed):
    variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(variables, str(threads)), "PYTHONHASHSEED": str(seed)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_threads_and_restarts_change_no_bit():
    assert len({digest(1, 0), digest(2, 1), digest(7, 2)}) == 1


def system(bias=0.01):
    return ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=bias)


def same(one, other):
    names = ("time", "position", "velocity", "acceleration", "chain_energy")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def test_the_order_of_a_list_changes_no_bit():
    speeds = [50.0, 16.0, 90.0]
    alone = {v: system().simulate(20.0, v, 5.0) for v in speeds}
    for order in itertools.permutations(speeds):
        for v, run in zip(order, system().simulate_many(20.0, list(order), 5.0), strict=True):
            assert same(run, alone[v])


def test_what_ran_before_changes_no_bit():
    first = system().simulate(20.0, 50.0, 5.0)
    ct.System(ct.Chain(3.0, 11.0), ct.Sech2(1.0, 2.0)).simulate(0.5, 20.0, 3.0)
    assert same(first, system().simulate(20.0, 50.0, 5.0))


def test_the_order_and_the_number_of_speeds_change_no_bit():
    speeds = np.random.default_rng(7).uniform(1.0, 90.0, 4001)
    for curve in (system().single_pass_dissipation, system().mean_dissipation):
        whole = curve(speeds)
        assert np.array_equal(curve(speeds[::-1])[::-1], whole)
        assert np.array_equal(np.concatenate([curve(part) for part in np.array_split(speeds, 13)]), whole)
        assert [float(curve(v)) for v in speeds[:50]] == whole[:50].tolist()


def test_a_resumed_run_is_the_same_run(tmp_path):
    path = tmp_path / "checkpoint.nc"
    run = system().simulate(20.0, 50.0, 3.0, checkpoint=path)
    assert same(run, system().simulate(20.0, 50.0, 3.0))
    assert same(run, system().simulate(20.0, 50.0, 3.0, checkpoint=path))
    # A run made longer has other blocks than one that was meant to be as long: the same to rounding.
    longer, whole = system().simulate(20.0, 50.0, 7.0, checkpoint=path), system().simulate(20.0, 50.0, 7.0)
    np.testing.assert_allclose(longer.position, whole.position, rtol=1e-12)
    np.testing.assert_allclose(longer.speed, whole.speed, rtol=1e-11)


def test_saved_and_loaded_is_the_same(tmp_path):
    run = system().simulate(20.0, 50.0, 3.0)
    run.save(tmp_path / "run.nc")
    assert same(ct.Trajectory.load(tmp_path / "run.nc"), run)


def sweep_digest(tmp_path, name, biases, workers):
    from chaintheory.sweep.run import run_sweep
    from chaintheory.sweep.specification import parse_sweep

    text = f'[axes]\nbias = {json.dumps(biases)}\n[run]\nduration = 2.0\n[compute]\nquantities = ["final_state"]'
    data = run_sweep(parse_sweep(text), tmp_path / name, workers=workers).sortby("bias")
    columns = [data[name].values for name in sorted(data.data_vars)]
    return hashlib.sha256(np.array(columns).tobytes()).hexdigest()


def test_the_order_and_processes_of_a_sweep_change_no_bit(tmp_path):
    forward = sweep_digest(tmp_path, "a.nc", [0.0, 0.01, 0.02], 1)
    assert sweep_digest(tmp_path, "b.nc", [0.02, 0.0, 0.01], 2) == forward


def resident():
    with open("/proc/self/statm") as lines:
        return int(lines.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="no /proc to read the memory from")
def test_memory_does_not_grow_over_a_thousand_runs():
    def runs(count):
        for _ in range(count):
            system().simulate(20.0, 50.0, 0.05)
        gc.collect()

    runs(400)  # fills the free lists and small-block caches of Python and NumPy, which end by themselves
    before, blocks = resident(), sys.getallocatedblocks()
    runs(1000)
    # One object kept by each run would be 1,000 blocks; 4 kB of an array kept by each would be 4e6 bytes.
    grown = sys.getallocatedblocks() - blocks
    assert grown < 500
    assert resident() - before < 4e6


def test_other_chains_do_not_pile_up():
    """Caches keyed by the system are bounded."""
    from chaintheory.lattice import memory_kernel as kernel
    from chaintheory.simulation import light_cone

    for cache in (kernel.half_width, kernel._shifted_paths, light_cone.block_tables, light_cone.flow_spectrum):
        assert cache.cache_info().maxsize is not None


@pytest.mark.parametrize(
    "made",
    [
        lambda system: system.simulate(220.0, 50.0, 0.2),
        lambda system: system.simulate(220.0, 50.0, 0.2).chain_state,
        lambda system: system.mean_dissipation_terms(50.0),
        lambda system: system.travelling_wave(50.0),
        lambda system: system.travelling_wave(50.0).phonons,
        lambda system: system.curves(40.0, 60.0, points=20),
        lambda system: system.loss_distribution(50.0, 1.0),
        lambda system: system.drag_curve(45.0, 46.0),
    ],
)
def test_results_that_hold_arrays_are_equal_where_all_bits_are(made):
    system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
    one, again = made(system), made(system)
    assert one == again and one in [again] and not one != again
    stronger = made(dataclasses.replace(system, interaction=ct.Gaussian(np.nextafter(2.0, 3.0), 4.0)))
    assert one != stronger and one != 3
