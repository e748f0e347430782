"""The comparison with published runs: extrema, matching, and rows that fail when they must."""

import gzip
import lzma
import os
from pathlib import Path

import numpy as np
import pytest

from chaintheory.comparison.with_published import (
    LARGEST_MEDIAN,
    PublishedRun,
    compare,
    compare_published,
    match,
    read_published,
    simulate_published,
    speed_extrema,
)
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System

PUBLISHED = Path(__file__).parents[2].parent / "shared" / "published"


class Run:
    """What `compare` reads of a trajectory."""

    def __init__(self, time, position):
        self.time, self.position = time, position


def modulated(amplitude=2.0, phase=0.0):
    """A run whose speed is 50 + cos(2 pi time), and the same as it would be published."""
    time = np.arange(0.0, 20.0, 1.0 / 600.0)
    position = 50.0 * time + np.sin(2 * np.pi * time + phase) / (2 * np.pi)
    times, speeds = speed_extrema(time, position, maxima=amplitude > 0)
    system = System(Chain(10.0, 40.0), Gaussian(amplitude, 4.0))
    return PublishedRun("run.dat", system, 0.0, 50.0, 60, times, speeds), Run(time, position)


def test_extrema_of_a_known_speed():
    published, _ = modulated()
    # The backward difference is the speed half a step earlier: the maximum at 1.0 is listed at or
    # beside 1.0 + 1/1200, the grid allows half a step more.
    np.testing.assert_allclose(published.times, np.arange(1.0, 20.0), atol=1.01 / 600)
    # Half a step off the top lowers 51 by (2 pi/1200)^2/2 = 1.4e-5; the difference itself by less.
    np.testing.assert_allclose(published.speeds, 51.0, atol=3e-5)


def test_minima_are_the_maxima_of_the_opposite_speed():
    time = np.linspace(0.0, 10.0, 6001)
    position = np.sin(time)
    low = speed_extrema(time, position, maxima=False)
    high = speed_extrema(time, -position, maxima=True)
    np.testing.assert_array_equal(low[0], high[0])
    np.testing.assert_array_equal(low[1], -high[1])


def test_a_run_agrees_with_itself():
    published, run = modulated()
    row = compare(published, run)
    assert row.passed
    assert (row.matched, row.unmatched) == (published.times.size, 0)
    assert row.largest == 0.0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda run: Run(run.time, 1.001 * run.position),  # 0.1 per cent too fast
        lambda run: Run(run.time, -run.position),  # wrong sign
        lambda run: Run(run.time[:6000], run.position[:6000]),  # stops half way
        lambda run: Run(run.time, 50.0 * run.time),  # no interaction at all
    ],
    ids=["too fast", "wrong sign", "too short", "no extrema"],
)
def test_a_planted_error_fails_the_row(spoil):
    published, run = modulated()
    assert not compare(published, spoil(run)).passed


def test_one_outlier_is_told_but_does_not_fail():
    published, run = modulated()
    published.speeds[7] += 0.01
    row = compare(published, run)
    assert row.passed
    assert row.largest == pytest.approx(0.01)
    assert row.largest_at == published.times[7]


def test_matching_is_one_to_one_and_within_the_window():
    rng = np.random.default_rng(5)
    first = np.sort(rng.uniform(0, 100, 80))
    second = np.sort(np.concatenate([first[::2] + 1e-3, rng.uniform(0, 100, 30)]))
    left, right = match(first, second, window=0.5)
    assert len(set(left)) == left.size == len(set(right))
    assert np.all(np.abs(first[left] - second[right]) <= 0.5)
    assert match(first, second[:0], 0.5)[0].size == 0


def write_index(folder, **changes):
    row = {
        "file": "run.dat", "initial_position": 220, "initial_speed": 50, "width": 4,
        "amplitude": 2.0, "mass": 1.0, "steps_per_fast_period": 60, "bias": 0.01,
    } | changes  # fmt: skip
    (folder / "index.csv").write_text(",".join(row) + "\n" + ",".join(str(value) for value in row.values()) + "\n")
    (folder / "run.dat").write_text("0.7\t50.0\n1.5\t50.0\n2.3\t50.0\n")
    return folder


def test_reading_a_published_directory(tmp_path):
    (run,) = read_published(write_index(tmp_path))
    assert run.system == System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), mass=1.0, bias=0.01)
    assert run.times.tolist() == [0.7, 1.5, 2.3]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"mass": -1}, "mass"),
        ({"width": 0}, "width"),
        ({"bias": "nan"}, "bias"),
        ({"initial_speed": "fast"}, "fast"),
        ({"steps_per_fast_period": 0}, "steps_per_fast_period"),
        ({"file": "missing.dat"}, "missing.dat"),
        ({"file": "../run.dat"}, "../run.dat"),
    ],
)
def test_bad_index_is_refused_with_its_line(tmp_path, changes, named):
    with pytest.raises(ValueError, match="line 2") as refused:
        read_published(write_index(tmp_path, **changes))
    assert named in str(refused.value)


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="published trajectories are not here")
def test_short_published_runs_agree():
    """Three runs of each sign; 1e-4 is what the same map from the same numbers must reach."""
    chosen = [run for run in read_published(PUBLISHED) if run.times[-1] < 210][::8]
    rows = compare_published(chosen)
    assert len(rows) >= 3
    assert all(row.passed for row in rows)
    assert max(row.median for row in rows) < 1e-4


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="published trajectories are not here")
def test_a_wrong_bias_fails_a_published_run():
    published = next(run for run in read_published(PUBLISHED) if run.times[-1] < 210)
    wrong = System(published.system.chain, published.system.interaction, bias=-0.01)
    run = simulate_published(
        PublishedRun("wrong", wrong, 220.0, published.speed, 60, published.times, published.speeds)
    )
    row = compare(published, run)
    assert not row.passed
    assert row.median > LARGEST_MEDIAN


INDEX = "file,initial_position,initial_speed,width,amplitude,mass,steps_per_fast_period,bias"
ROW = "run.dat,220,50,4,2,1,60,0.01"
ROWS = "0.7\t50\n1.5\t50\n2.3\t50\n"
MALFORMED_INDEX = {
    "empty": ("", 1, "column 'file'"),
    "no run": (INDEX, None, "lists no run"),
    "misspelt column": (f"{INDEX},spcing\n{ROW},3", 1, "'spacing'"),
    "column twice": (f"{INDEX},mass\n{ROW},2", 1, "twice"),
    "file twice": (f"{INDEX}\n{ROW}\n{ROW}", 3, "twice"),
    "cell too many": (f"{INDEX}\n{ROW}\n{ROW},1", 3, "8 cells"),
    "cell too few": (f"{INDEX}\n{ROW[:-5]}", 2, "8 cells"),
    "long cell": (f"{INDEX}\n" + "x" * 200_000, 2, "limit"),
    "open quote": (f'{INDEX}\n"{ROW}', 2, "unexpected end"),
    "no text": (INDEX.encode() + b"\n\xff\xfe", 1, "utf-8"),
    "NUL": (f"{INDEX}\n\0{ROW}", 2, "null byte"),
    "no file": (f"{INDEX}\n{ROW[7:]}", 2, "beside index.csv, got ''"),
    "infinite steps": (f"{INDEX}\n{ROW.replace('60', 'inf')}", 2, "finite"),
    "fraction of a step": (f"{INDEX}\n{ROW.replace('60', '60.7')}", 2, "60.7"),
    "directory": (f"{INDEX}\n{ROW.replace('run.dat', '.')}", 2, "beside"),
    "name too long": (f"{INDEX}\n{ROW.replace('run.dat', 'n' * 300)}", 2, "File name too long"),
    "other number of rows": (f"{INDEX},rows\n{ROW},4", 2, "rows is 4"),
    "other last time": (f"{INDEX},last_time\n{ROW},2.4", 2, "last_time is 2.4"),
}


@pytest.mark.parametrize("kind", MALFORMED_INDEX)
def test_a_malformed_index_is_one_line_with_its_place(tmp_path, kind):
    text, line, named = MALFORMED_INDEX[kind]
    (tmp_path / "run.dat").write_text(ROWS)
    (tmp_path / "index.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=r"index\.csv") as refused:
        read_published(tmp_path)
    said = str(refused.value)
    assert named in said and "\n" not in said and len(said) < 600
    assert line is None or f"index.csv, line {line}: " in said


MALFORMED_RUN = {
    "nan": (b"0.7 50\n1.5 nan\n", 2, "speed must be a finite number, got nan"),
    "infinity": (b"0.7 50\n1e999 50\n", 2, "time must be a finite number"),
    "one row": (b"0.7 50\n", 1, "at least 2 rows, got 1"),
    "no row": (b"# nothing\n", 1, "at least 2 rows, got 0"),
    "empty": (b"", 0, "at least 2 rows"),
    "one column": (b"0.7 50\n1.5\n", 2, "2 cells, got 1"),
    "three columns": (b"0.7 50 1\n", 1, "2 cells, got 3"),
    "word": (b"0.7 50\n\n1.5 fast\n", 3, "got fast"),
    "time that stands": (b"0.7 50\n0.7 50\n", 2, "greater than that of the row before"),
    "time before the start": (b"-0.7 50\n0.7 50\n", 1, "greater"),
    "gzip": (gzip.compress(ROWS.encode())[:-5], 0, "utf-8"),
    "xz": (lzma.compress(ROWS.encode())[:-5], 0, "utf-8"),
}


@pytest.mark.parametrize("name", ["run.dat", "run.gz", "run.xz", "run.bz2"])
@pytest.mark.parametrize("kind", MALFORMED_RUN)
def test_a_malformed_run_is_one_line_with_its_place(tmp_path, kind, name):
    content, line, named = MALFORMED_RUN[kind]
    (tmp_path / "index.csv").write_text(f"{INDEX}\n{ROW.replace('run.dat', name)}\n")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"index\.csv, line 2: '{name}', line {line}: ") as refused:
        read_published(tmp_path)
    assert named in str(refused.value)


def test_a_pipe_beside_the_index_is_refused_and_not_waited_for(tmp_path):
    (tmp_path / "index.csv").write_text(f"{INDEX}\n{ROW}\n")
    os.mkfifo(tmp_path / "run.dat")
    with pytest.raises(ValueError, match=r"index\.csv, line 2: file must exist, got 'run\.dat'"):
        read_published(tmp_path)


def test_an_index_of_a_spreadsheet_is_read(tmp_path):
    """With a byte order mark, quotes, empty lines and the file's own count of rows."""
    (tmp_path / "run.dat").write_text("# time speed\n" + ROWS)
    (tmp_path / "index.csv").write_text(f'{INDEX},rows,last_time\r\n\r\n"run.dat"{ROW[7:]},3,2.3\r\n', "utf-8-sig")
    (run,) = read_published(tmp_path)
    assert run.times.tolist() == [0.7, 1.5, 2.3]


def test_a_published_run_that_is_refused_names_its_file(tmp_path):
    runs = read_published(write_index(tmp_path, steps_per_fast_period=10**9))
    with pytest.raises(ValueError, match=r"^'run\.dat': .*memory|^'run\.dat': .*steps"):
        compare_published(runs)
