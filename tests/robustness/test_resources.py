"""The memory that may be used: of the machine, of a container, of the process; and runs that would not fit."""

import subprocess
import sys
from pathlib import Path

import pytest

import chaintheory as ct
from chaintheory.dissipation.wave_equations import WaveEquations
from chaintheory.support import resources
from chaintheory.support.threads import one_thread

MIB = 1 << 20


def group(folder, limit, used, droppable, version):
    """The files of one control group."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{used}\n")
    row = "inactive_file" if version == 2 else "total_inactive_file"
    (folder / "memory.stat").write_text(f"anon 1\n{row} {droppable}\n")


@pytest.mark.parametrize(
    ("version", "member"),
    [(2, "0::/job/step"), (1, "7:cpu:/x\n4:memory:/job/step\n0::/"), (1, "4:hugetlb,memory:/job/step\n")],
)
@pytest.mark.parametrize("inside", [False, True])
def test_the_tightest_group_counts(tmp_path, monkeypatch, version, member, inside):
    """A limit of a group above holds too; inside a container only its own group is there, at the base."""
    base = tmp_path / ("memory" if version == 1 else "")
    if inside:
        group(base, 100 * MIB, 30 * MIB, 5 * MIB, version)
    else:
        group(base / "job", 100 * MIB, 30 * MIB, 5 * MIB, version)
        group(base / "job/step", "max" if version == 2 else 1 << 62, 10 * MIB, 0, version)
        group(base / "other", MIB, 0, 0, version)
    (tmp_path / "membership").write_text(member)
    found = list(resources._of_groups(tmp_path, tmp_path / "membership"))
    assert min(found) == 75 * MIB
    monkeypatch.setattr(resources, "_of_groups", lambda: found)
    assert resources.available_memory() == 75 * MIB


@pytest.mark.parametrize("content", ["", "\n", "0", "0::", "::::", "4:memory:/../../etc", "\0"])
def test_groups_that_make_no_sense_limit_nothing(tmp_path, content):
    (tmp_path / "membership").write_text(content)
    assert list(resources._of_groups(tmp_path, tmp_path / "membership")) == []
    assert list(resources._of_groups(tmp_path, tmp_path / "absent")) == []


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the address space in use is not known here")
def test_a_run_beyond_the_limit_of_the_process_is_refused_and_not_begun():
    """400 MiB of rows where 200 MiB of address space are left."""
    program = (
        "import resource, chaintheory as ct\n"
        "system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0))\n"
        "system.simulate(220.0, 50.0, 1.0)\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + (200 << 20),) * 2)\n"
        "system.simulate(220.0, 50.0, 1.0)\n"
        "steps = (400 << 20) / 40\n"
        "try:\n"
        "    system.simulate(220.0, 50.0, steps / 600, order=2, steps_per_fast_period=60)\n"
        "except ValueError as refused:\n"
        "    print(refused)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "memory" in done.stdout, done


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_an_address_space_that_is_too_small_is_refused_before_anything_hangs():
    # OpenBLAS, loaded in 195 MiB, tries for ever to have its buffers, and answers no signal.
    limited = ["bash", "-c", f"ulimit -v 200000; exec '{sys.executable}' -m chaintheory curves --points 3"]
    ended = subprocess.run(limited, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2 and ended.stdout == ""
    assert ended.stderr.count("\n") == 1 and "must be at least 512 MiB to load SciPy, got 195 MiB" in ended.stderr


def test_small_matrices_are_solved_with_one_thread_and_the_others_are_given_back(monkeypatch):
    """Whatever the number outside, also where a second use begins within the first and ends after it."""
    control = pytest.importorskip("threadpoolctl")

    def threads():
        return [one["num_threads"] for one in control.threadpool_info() if one["user_api"] == "blas"]

    seen, jacobian = [], WaveEquations.jacobian
    monkeypatch.setattr(WaveEquations, "jacobian", lambda *given: seen.append(threads()) or jacobian(*given))
    system = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0))
    system.travelling_wave(50.0)  # all libraries are loaded
    seen.clear()
    with control.threadpool_limits(2, user_api="blas"):
        if 2 not in threads():
            pytest.skip("needs a library of linear algebra with two threads")
        outside = threads()
        system.travelling_wave(50.0)
        assert len(seen) > 5 and all(1 in each for each in seen)
        assert threads() == outside
        one_thread.__enter__()
        one_thread.__enter__()
        one_thread.__exit__()
        assert 1 in threads()
        one_thread.__exit__()
        assert threads() == outside
