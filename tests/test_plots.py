"""The pictures of results: what their artists hold against the numbers, labels with units, peaks at the resonances."""

import os
import subprocess
import sys
from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray
from PIL import Image

import chaintheory as ct
from chaintheory.cli.main import run as command
from chaintheory.drift.curves import Curves
from chaintheory.plotting.runs import plot_runs, thinned
from chaintheory.sweep.run import assemble
from chaintheory.sweep.specification import compute_point

SYSTEM = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), bias=0.01)
UNITS = ct.Units(mass=6.6e-26, omega_slow=1e12, shown="metal")


@pytest.fixture(autouse=True)
def closed():
    matplotlib.use("agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def run():
    return SYSTEM.simulate(140.0, 50.0, 3.0, chain_window=(-2, 9), chain_every=0.05)


@pytest.fixture(scope="module")
def curves():
    return SYSTEM.curves(12.0, 90.0)


def lines(ax, label):
    return [line for line in ax.lines if line.get_label() == label]


def chord_errors(curves):
    """Relative deviation, of the loss halfway between neighbours, from both chords: the plain and the logarithmic."""
    found = []
    for start, end in curves.pieces:
        speed, mean = curves.speed[start:end], curves.mean[start:end]
        exact = SYSTEM.mean_dissipation(0.5 * (speed[1:] + speed[:-1]))
        plain, logarithmic = 0.5 * (mean[1:] + mean[:-1]), np.sqrt(mean[1:] * mean[:-1])
        found += [np.abs(plain / exact - 1.0), np.abs(logarithmic / exact - 1.0)]
    return np.concatenate(found)


def test_a_curve_never_lies_between_its_points(curves):
    # Half a percent is aimed at; halving judges by neighbours, so that single intervals come out a little above.
    assert curves.speed.size < 3000
    assert chord_errors(curves).max() < 0.01


def test_equidistant_points_would_lie():
    speed = np.linspace(12.0, 90.0, 300)
    plain = Curves(
        SYSTEM, speed, SYSTEM.single_pass_dissipation(speed), SYSTEM.mean_dissipation(speed),
        SYSTEM.resonant_speeds(12.0, 90.0),
    )  # fmt: skip
    assert chord_errors(plain).max() > 0.1


def test_infinite_peaks_reach_the_top_at_the_resonances(curves):
    ax = curves.plot()
    peaks = {line.get_gid(): line for line in ax.lines if str(line.get_gid()).startswith("peak")}
    for n in (1, 2):
        x, y = peaks[f"peak lower {n}"].get_data()
        # The leading order of the tangency, right to 1e-5 here; the top of the axes whatever it is.
        assert x[-1] == pytest.approx(40.0 / np.sqrt(n**2 + 1.0 / (99.0 * np.pi**2)), rel=1e-4, abs=0)
        assert y[-1] == ax.get_ylim()[1] and y[0] <= y[-1]
        assert 0.0 < x[0] / x[-1] - 1.0 < 1e-8  # from the infinite side, above
    narrow = peaks["peak upper 5"]
    assert narrow.get_xdata()[-1] == pytest.approx(2.0 * 40.0 * 10.0 / 11.0, rel=2e-3, abs=0)
    assert narrow.get_ydata()[0] < 0.1 * ax.get_ylim()[1]  # where the curve ends: the dashed line does the rest
    drawn = {str(line.get_gid()) for line in ax.lines if "er " in str(line.get_gid())}
    assert len(drawn) == len(curves.resonances) > 20  # a tick for each of the others
    (once,) = lines(ax, "single pass, Eq. (6)")
    assert np.array_equal(once.get_xdata(), curves.speed) and np.array_equal(once.get_ydata(), curves.single_pass)
    assert r"\hbar" in ax.get_ylabel() and "l_" in ax.get_xlabel()


def test_no_line_of_a_curve_crosses_a_resonance(curves):
    ax = curves.plot()
    cuts = [one.speed for one, (_, height) in zip(curves.resonances, curves.peaks, strict=True) if np.isfinite(height)]
    pieces = [line.get_xdata() for line in ax.lines if line.get_color() == "#000000"]
    assert len(pieces) == len(cuts) + 1
    for piece in pieces:
        assert not any(piece[0] < cut < piece[-1] for cut in cuts)


def test_curves_in_physical_units(curves):
    ax = curves.plot(units=UNITS)
    (once,) = lines(ax, "single pass, Eq. (6)")
    # By hand: l_slow = sqrt(hbar/(m W)), t_slow = 2 pi/W, in m/s and then in angstrom/ps; hbar W in eV.
    length, time = np.sqrt(1.054571817e-34 / 6.6e-14), 2e-12 * np.pi
    np.testing.assert_allclose(once.get_xdata(), curves.speed * length / time * 1e-2, rtol=1e-9)
    np.testing.assert_allclose(once.get_ydata(), curves.single_pass * 1.054571817e-22 / 1.602176634e-19, rtol=1e-9)
    assert ax.get_xlabel() == "speed (Å/ps)" and ax.get_ylabel() == "energy lost per pass (eV)"


PHYSICAL = ct.System(SYSTEM.chain, SYSTEM.interaction, bias=0.01, units=UNITS)


def test_losses_and_comparisons_in_the_units_of_their_system():
    """Labels, lines and text of a system with units are in these; what one line of the model is, by hand."""
    length, time, energy = np.sqrt(1.054571817e-34 / 6.6e-14) * 1e10, 2.0 * np.pi, 1.054571817e-22 / 1.602176634e-19
    losses = PHYSICAL.loss_distribution(50.0, 1.0)
    own, model = losses.plot(), losses.plot(units="model")
    assert (own.get_xlabel(), own.get_ylabel()) == ("energy lost in a pass (eV)", "probability density (1/eV)")
    assert (
        r"1/\hbar\Omega" in model.get_ylabel() and r"1/\hbar" in SYSTEM.loss_distribution(50.0, 1.0).plot().get_ylabel()
    )
    x, y = (ax.lines[0].get_data() for ax in (own, model))
    np.testing.assert_allclose(x[0], y[0] * energy, rtol=1e-9)
    assert np.trapezoid(x[1], x[0]) == pytest.approx(np.trapezoid(y[1], y[0]), rel=1e-9)  # a probability

    run = PHYSICAL.simulate(220.0, 50.0, duration=4.0)
    position = run.position + np.where(run.time > 2.0, 0.1 * (run.time - 2.0), 0.0)
    compared = ct.compare(PHYSICAL, run.time, position, theory_points=0)
    compared.findings = []  # the search for reasons takes long and plays no part here
    own, model = compared.plot().axes, compared.plot(units="model").axes
    assert [ax.get_ylabel().split("\n")[-1].strip() for ax in own] == ["(Å/ps)", "(eV)", "(Å)"]
    assert own[2].get_xlabel() == "time (ps)" and model[2].get_xlabel() == r"time ($t_\mathrm{slow}$)"
    for one, other, factor in zip(own, model, (length / time, energy, length), strict=True):
        assert len(one.lines) == len(other.lines) > 1
        for mine, plain in zip(one.lines, other.lines, strict=True):
            np.testing.assert_allclose(mine.get_xdata(), np.multiply(plain.get_xdata(), time), rtol=1e-9)
            if mine.get_label() != "leaves our run":
                np.testing.assert_allclose(mine.get_ydata(), factor * plain.get_ydata(), rtol=1e-9)
        np.testing.assert_allclose(one.get_xlim(), np.multiply(other.get_xlim(), time), rtol=1e-9)
    leaves, largest = compared.leaves_at * time, compared.largest * length
    assert (
        f"leave our run at {leaves:.4g} ps; the largest residual over 4 passes is {largest:.2g} Å" in compared.verdict
    )
    followed = ct.compare(PHYSICAL, run.time, run.position, theory_points=0).verdict
    assert followed.endswith(" Å.") and "l_slow" not in followed


def test_a_damped_chain_has_heat():
    """The energy that a damped chain took up is its motion and its heat, and the labels say both."""
    damped = ct.System(ct.Chain(10.0, 40.0, damping=0.5), ct.Gaussian(2.0, 4.0)).simulate(20.0, 50.0, duration=0.5)
    assert damped.chain_energy[-1] > 1.01 * damped.chain_state.energy(damped.system.chain)
    said = "energy of the chain and heat of its damping"
    assert damped.plot(quantity="chain_energy").get_ylabel().startswith(said) and said in damped._repr_html_()


def test_a_run(run):
    ax = run.plot()
    (velocity,) = lines(ax, "velocity")
    assert np.array_equal(velocity.get_data(), (run.time, run.velocity))
    (mean,) = lines(ax, "mean over a pass")
    crossings = run.crossings
    np.testing.assert_allclose(mean.get_ydata(), 40.0 / np.diff(crossings["time"]), rtol=1e-12)
    axes = plt.figure().add_subplot()
    assert run.plot(axes, quantity="chain_energy", units=UNITS) is axes
    (energy,) = axes.lines
    factor = 1.054571817e-22 / 1.602176634e-19
    np.testing.assert_allclose(energy.get_ydata(), run.chain_energy * factor, rtol=1e-9, atol=1e-20)
    assert axes.get_xlabel() == "time (ps)" and axes.get_ylabel() == "energy of the chain (eV)"
    (place,) = run.plot(quantity="position", units=UNITS).lines
    np.testing.assert_allclose(place.get_ydata(), run.position * UNITS.length * 1e10, rtol=1e-12)
    with pytest.raises(ValueError, match="did you mean 'velocity'"):
        run.plot(quantity="velocty")
    with pytest.raises(TypeError, match="ax must be"):
        run.plot(3)
    with pytest.raises(ValueError, match=r"not made by System\.from_physical"):
        run.plot(units="metal")


def test_thinned_lines_keep_their_extremes():
    x = np.arange(1e5)
    y = np.sin(0.37 * x)
    y[77_777] = 5.0
    shown, values = thinned(x, y)
    assert shown.size < 5000 and values.max() == 5.0 and values.min() == y.min()
    assert np.all(np.diff(shown) > 0) and shown[0] == 0 and shown[-1] == x[-1]


def test_passes(run):
    passes = run.passes
    ax = passes.plot()
    (lost,) = lines(ax, "lost by the particle")
    assert np.array_equal(lost.get_data(), (passes["time"], passes["energy_lost"]))
    frame = passes.to_dataframe()
    assert list(frame) == list(passes.dtype.names) and np.array_equal(frame["speed"], passes["speed"])
    assert type(passes["speed"]) is np.ndarray
    assert passes[2:].plot().lines[0].get_xdata().size == passes.size - 2
    assert f"{passes.size} passes" in passes._repr_html_()


def test_drift_velocities():
    found = SYSTEM.drift_velocities(30.0, 80.0)
    ax = found.plot()
    marked = {kind: lines(ax, f"drift velocity, {kind}") for kind in ("locked", "stable", "unstable")}
    for kind, one in marked.items():
        speeds = [velocity.speed for velocity in found if velocity.kind == kind]
        assert (one[0].get_xdata().tolist() if one else []) == speeds
        assert not one or set(one[0].get_ydata()) == {0.01}
    # Each symbol of a root lies on the curve below it.
    speed, mean = (
        np.concatenate([line.get_data()[i] for line in ax.lines if line.get_color() == "#000000"]) for i in (0, 1)
    )
    root = next(velocity.speed for velocity in found if velocity.resonance is None)
    assert np.interp(root, speed, mean) == pytest.approx(0.01, rel=5e-3, abs=0)
    frame = found.in_units(UNITS)
    np.testing.assert_allclose(frame["speed (Å/ps)"], [one.speed * UNITS.speed / 100.0 for one in found], rtol=1e-12)
    assert f"{len(found)} drift velocities" in found._repr_html_()
    assert ct.System(SYSTEM.chain, SYSTEM.interaction).drift_velocities(30.0, 80.0).plot().get_xlabel()


def test_resonances():
    found = SYSTEM.resonant_speeds(30.0, 90.0)
    ax = found.plot()
    (lower,) = [line for line in ax.lines if line.get_label().startswith("lower") and "sqrt" in line.get_label()]
    (one,) = [resonance for resonance in found if resonance.edge == "lower"]
    assert lower.get_xdata().tolist() == [one.speed] and lower.get_ydata().tolist() == [one.singularity]
    assert found.to_dataframe()["speed"].tolist() == [one.speed for one in found]
    assert ax.get_legend().get_texts()[0].get_fontsize() >= 8.0
    ax.figure.draw_without_rendering()
    assert ax.get_legend().get_window_extent().y0 >= ax.bbox.y1  # it hides no point


def test_legends_hide_no_line(curves):
    """Of pictures whose lines fill the axes: the legend stands above, whole, also on one's own axes."""
    runs = SYSTEM.simulate_many([20.0, 21.0], [50.0, 45.0], duration=4.0)
    drifts = SYSTEM.drift_velocities(12.0, 90.0)
    for plot in (curves.plot, runs.plot, lambda: drifts.plot(curves.plot()), lambda: curves.plot(plt.subplots()[1])):
        ax = plot()
        ax.figure.draw_without_rendering()
        legend = ax.get_legend().get_window_extent()
        assert legend.y0 >= ax.bbox.y1
        assert legend.y1 <= ax.figure.bbox.y1 and legend.x0 >= 0.0 and legend.x1 <= ax.figure.bbox.x1


def test_drag_curves_in_the_units_of_their_system():
    points = [SimpleNamespace(speed=20.0, bias=0.01), SimpleNamespace(speed=30.0, bias=0.02)]
    curve = ct.DragCurve([SimpleNamespace(points=points, resonance=None)], PHYSICAL)
    own, model = curve.plot(), curve.plot(units="model")
    assert (own.get_xlabel(), own.get_ylabel()) == ("mean speed $v$ (Å/ps)", r"bias $\beta$ (eV)")
    length, time, energy = np.sqrt(1.054571817e-34 / 6.6e-14) * 1e10, 2.0 * np.pi, 1.054571817e-22 / 1.602176634e-19
    np.testing.assert_allclose(own.lines[0].get_xdata(), np.array([20.0, 30.0]) * length / time, rtol=1e-9)
    np.testing.assert_allclose(own.lines[0].get_ydata(), np.array([0.01, 0.02]) * energy, rtol=1e-9)
    assert model.lines[0].get_xdata().tolist() == [20.0, 30.0] and r"\hbar" in model.get_ylabel()


def test_no_resonances():
    ax = SYSTEM.resonant_speeds(80.0, 80.001).plot(units=UNITS)
    (remark,) = [text.get_text() for text in ax.texts]
    low, high = ax.get_xlim()
    assert remark.startswith(f"no resonance between {low:.6g}") and remark.endswith(f"and {high:.6g} Å/ps")
    assert low == pytest.approx(80.0 * UNITS.speed / 100.0, rel=1e-12, abs=0)


def test_a_travelling_wave_in_units():
    """The displacements in angstrom, speed and bias of the title in Å/ps and eV; by hand from SI."""
    wave = SYSTEM.travelling_wave(80.0)
    ax = wave.plot(units=UNITS)
    length = UNITS.length / 1e-10
    np.testing.assert_allclose(ax.lines[0].get_ydata(), wave.mass.value * length, rtol=1e-12)
    speed, bias = 80.0 * UNITS.speed / 100.0, wave.bias * UNITS.energy / 1.602176634e-19
    assert ax.get_title() == f"steady drift: mean speed {speed:.6g} Å/ps,\nbias {bias:.6g} eV"
    assert ax.get_ylabel() == "displacement (Å)"
    assert wave.plot().get_ylabel() == r"displacement ($l_\mathrm{slow}$)"


def test_an_animation_moves_the_particle(run, tmp_path):
    movie = run.animate(frames=5)
    movie.save(tmp_path / "run.gif", writer="pillow")
    with Image.open(tmp_path / "run.gif") as picture:
        assert picture.n_frames == 5
    movie._func(10)  # the picture of the tenth row
    chain, particle = movie._fig.axes[0].lines[:2]
    time = float(run.displacements.time[10])
    assert particle.get_xdata()[0] == pytest.approx(float(run.at(time)[0]), rel=1e-12, abs=0)
    moved = chain.get_xdata() - 40.0 * np.arange(-2, 10)
    u = run.displacements.displacement.values
    np.testing.assert_allclose(moved, u[10] * 10.0 / np.abs(u).max(), rtol=1e-9, atol=1e-9)
    with pytest.raises(ValueError, match="chain_window"):
        SYSTEM.simulate(140.0, 50.0, 0.1).animate()


def test_what_a_notebook_shows():
    own = ct.System(SYSTEM.chain, ct.Interaction.from_expression("exp(-(r/4)**4)"), bias=0.01)
    assert "lattice spacing (l_slow)</td><td>40<" in own._repr_html_()
    assert own.chain._repr_latex_().startswith(r"$\omega(\theta)^2 = 1 +99\,\sin^2\theta")
    assert "duration reached" in own.simulate(20.0, 50.0, 0.1)._repr_html_()
    shown = own.curves(50.0, 52.0)._repr_html_()
    assert "resonances" in shown and ", 50 to 52<" in shown


def test_pictures_and_tables_by_command(tmp_path, capsys):
    picture, table = tmp_path / "a.png", tmp_path / "a.csv"
    files = ["--plot", str(picture), "--csv", str(table)]
    system = ["--lowest", "50", "--highest", "80"]
    assert command(["curves", *system, "--points", "4", *files]) == 0
    assert command(["drift", *system, *files]) == 2
    rows = np.genfromtxt(table, delimiter=",", names=True)
    assert np.array_equal(rows["mean_dissipation"], SYSTEM.mean_dissipation(np.linspace(50.0, 80.0, 4)))
    files.append("--overwrite")
    assert command(["drift", *system, *files]) == 0
    rows = np.genfromtxt(table, delimiter=",", names=True, dtype=None, encoding="utf-8")
    assert rows["speed"].tolist() == [one.speed for one in SYSTEM.drift_velocities(50.0, 80.0)]
    assert command(["simulate", "--duration", "1", *files]) == 0
    rows = np.genfromtxt(table, delimiter=",", names=True)
    assert np.array_equal(rows["position"], SYSTEM.simulate(220.0, 50.0, 1.0).position)
    with Image.open(picture) as image:
        assert image.size[0] > 1000 and len(set(image.convert("L").tobytes())) > 20
    capsys.readouterr()
    assert command(["curves", "--plot", str(tmp_path / "a.docx")]) == 2
    assert "ending in .png, .pdf or .svg" in capsys.readouterr().err


COMMANDS = {
    "curves": ["curves", "--samples", "IN", "--points", "2"],
    "drift": ["drift", "--samples", "IN"],
    "simulate": ["simulate", "--samples", "IN", "--duration", "1"],
    "compare": ["compare", "IN", "--omega-fast", "10"],
    "sweep": ["sweep", "IN", "--output", "OUT"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_no_file_of_the_user_is_replaced(name, tmp_path, capsys, monkeypatch):
    """What exists stays without --overwrite; an input, by whatever name, and another output stay with it too."""
    monkeypatch.chdir(tmp_path)
    table = "".join(f"{r} {float(2.0 * np.exp(-r * r / 32.0))!r}\n" for r in range(25))
    (tmp_path / "mine.png").write_text(table)
    (tmp_path / "other.png").write_text("mine too")
    os.link("mine.png", "hard.png")
    (tmp_path / "soft.png").symlink_to("mine.png")
    arguments = ["mine.png" if one == "IN" else "new.nc" if one == "OUT" else one for one in COMMANDS[name]]
    options = {"sweep": ["--plot"], "simulate": ["--plot", "--csv", "--output"]}.get(name, ["--plot", "--csv"])
    for option in options:
        assert command([*arguments, option, "other.png"]) == 2
        assert capsys.readouterr().err == (
            f"chaintheory: {option} must not exist (or give --overwrite), got 'other.png'\n"
        )
        for place in ("mine.png", "hard.png", "soft.png", f"../{tmp_path.name}/mine.png"):
            assert command([*arguments, option, place, "--overwrite"]) == 2
            assert f"{option} must not be the file that is read" in capsys.readouterr().err
    if name != "sweep":
        assert command([*arguments, "--csv", "new.png", "--plot", "new.png"]) == 2
        assert "--plot must not be the file at --csv" in capsys.readouterr().err
    assert (tmp_path / "mine.png").read_text() == table
    assert (tmp_path / "other.png").read_text() == "mine too"
    assert len(list(tmp_path.iterdir())) == 4


def test_without_matplotlib_one_line(tmp_path):
    program = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from chaintheory.cli.main import run\n"
        f"sys.exit(run(['curves', '--points', '2', '--plot', {str(tmp_path / 'a.png')!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "chaintheory: a plot needs Matplotlib: pip install 'chaintheory[plot]'\n"


SWEEP = """
[run]
speed = 50.0
[axes]
amplitude = {amplitudes}
bias = {{ start = 0.001, stop = 1.0, count = {count}, spacing = "log" }}
[compute]
quantities = ["mean_dissipation", "drift_velocities"]
lowest = 60
highest = 70
"""


@pytest.mark.parametrize(("several", "count"), [(3, 2), (3, 12), (9, 9)])
def test_a_sweep(tmp_path, several, count):
    """Lines for the axis of few values, whichever it is; a map where both have many."""
    amplitudes = [float(2**n) for n in range(several)]
    (tmp_path / "grid.toml").write_text(SWEEP.format(amplitudes=amplitudes, count=count))
    sweep = ct.read_sweep(tmp_path / "grid.toml")
    data = assemble(sweep, [compute_point(point, sweep.quantities, sweep.drift_range) for point in sweep.points()])
    ax = ct.plot_sweep(data, "mean_dissipation")
    expected = [ct.System(SYSTEM.chain, ct.Gaussian(a, 4.0)).mean_dissipation(50.0) for a in amplitudes]
    if count == 2:
        np.testing.assert_allclose(ax.lines[0].get_ydata(), expected, rtol=1e-14)
        assert ax.get_xlabel() == r"amplitude ($\hbar\Omega_\mathrm{slow}$)"
    elif several == 3:
        np.testing.assert_allclose([line.get_ydata() for line in ax.lines], np.tile(expected, (count, 1)).T, rtol=1e-14)
        assert [line.get_label() for line in ax.lines] == ["amplitude 1", "amplitude 2", "amplitude 4"]
        assert ax.get_xscale() == "log" and ax.get_xlabel() == r"bias ($\hbar\Omega_\mathrm{slow}$)"
    else:
        values = np.asarray(ax.collections[0].get_array()).reshape(count, several)
        np.testing.assert_allclose(values, np.tile(expected, (count, 1)), rtol=1e-14)
        assert ax.get_yscale() == "log" and ax.get_ylabel() == r"bias ($\hbar\Omega_\mathrm{slow}$)"
    drifts = ct.plot_sweep(data.isel(bias=0), "drift_velocity")
    assert drifts.get_ylabel() == r"drift velocity ($l_\mathrm{slow}/t_\mathrm{slow}$)"
    with pytest.raises(ValueError, match="did you mean 'mean_dissipation'"):
        ct.plot_sweep(data, "mean_disipation")


def test_the_phonons_of_a_steady_state():
    """Stems at the frequencies, as high as the energies, whose sum is Eq. (10); the system in one formula."""
    terms = SYSTEM.mean_dissipation_terms(30.0)
    ax = terms.plot()
    points = np.concatenate([np.transpose(stems.markerline.get_data()) for stems in ax.containers])
    order = np.argsort(points[:, 0])
    both = np.stack([terms.frequency, terms.energy], axis=1)
    np.testing.assert_array_equal(points[order], both[np.argsort(terms.frequency)])
    assert points[:, 1].sum() == pytest.approx(float(SYSTEM.mean_dissipation(30.0)), rel=1e-12)
    assert r"\hbar" in ax.get_ylabel() and "Omega" in ax.get_xlabel()
    assert list(terms.to_dataframe()) == ["root", "frequency", "group_speed", "energy", "forward"]
    in_si = PHYSICAL.mean_dissipation_terms(30.0).plot(units="SI")  # Omega_slow is 1e12 rad/s
    x, y = (np.concatenate(one) for one in zip(*(c.markerline.get_data() for c in in_si.containers), strict=True))
    np.testing.assert_allclose(np.sort(x), np.sort(terms.frequency) * 1e12, rtol=1e-14)
    assert y.sum() == pytest.approx(float(SYSTEM.mean_dissipation(30.0)) * 1.054571817e-22, rel=1e-9)
    own = PHYSICAL.mean_dissipation_terms(30.0).plot()
    assert (own.get_xlabel(), own.get_ylabel()) == ("angular frequency (rad/ps)", "energy emitted per pass (eV)")
    latex = SYSTEM._repr_latex_()
    assert latex.count("$") == 2 and "e^{" in latex and r"\beta = 0.01" in latex


# Pictures on a dark ground, and narrow ones ----------------------------------------------------------------------


def narrow_pictures():
    """Each on axes of its own, 3.2 inches wide: what has most to say above the axes, or draws in black."""
    physical = SYSTEM.curves(12.0, 90.0, points=40)
    rng = np.random.default_rng(3)
    runs = [
        SimpleNamespace(time=np.linspace(0.0, 1.0, 9), velocity=rng.uniform(49.0, 51.0, 9), system=SYSTEM)
        for _ in range(12)
    ]
    return {
        "curves": lambda ax: physical.plot(ax),
        "resonances": lambda ax: SYSTEM.resonant_speeds(30.0, 90.0).plot(ax),
        "drift velocities": lambda ax: PHYSICAL.drift_velocities(35.0, 90.0).plot(ax, units="SI"),
        "travelling wave": lambda ax: PHYSICAL.travelling_wave(50.0).plot(ax, units="SI"),
        "runs": lambda ax: plot_runs(runs, ax, "velocity", UNITS.scale("SI")),
        "crowd": lambda ax: plot_runs(runs * 2, ax, "velocity", UNITS.scale("SI")),
        "phonons": lambda ax: PHYSICAL.mean_dissipation_terms(30.0).plot(ax, units="SI"),
        "sweep": lambda ax: ct.plot_sweep(two_axes(9, 8), "mean_dissipation", ax),
    }


def two_axes(biases, amplitudes):
    over = {"bias": np.geomspace(1e-3, 1.0, biases), "amplitude": np.linspace(1.0, 4.0, amplitudes)}
    unit = {"units": "hbar Omega_slow"}
    data = xarray.Dataset({"mean_dissipation": (list(over), np.outer(*over.values()), unit)}, over)
    for name in over:
        data[name].attrs.update(unit)
    return data


def brightness(colour):
    """Relative luminance, as the accessibility guidelines for the web define it."""
    parts = np.array(matplotlib.colors.to_rgb(colour))
    return np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("name", narrow_pictures())
@pytest.mark.parametrize("ground", ["default", "dark_background"])
def test_narrow_and_dark_pictures_can_be_read(name, ground):
    """All words are within the figure and apart, all lines 2.5 times as bright as the ground, or as dark."""
    with plt.style.context(ground):
        figure = plt.figure(figsize=(3.2, 2.6), layout="constrained")
        ax = narrow_pictures()[name](figure.add_subplot())
        figure.canvas.draw()
        legend, offset = ax.get_legend(), ax.yaxis.get_offset_text()
        boxes = [part.get_window_extent() for part in (legend, offset, ax.title) if part and part.get_visible()]
        boxes = [box for box in boxes if box.width > 0.0]
        for number, box in enumerate(boxes):
            assert box.x0 >= 0.0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
            assert not any(box.overlaps(other) for other in boxes[:number])
        behind = brightness(ax.get_facecolor())
        for line in ax.lines:
            bright = sorted((brightness(line.get_color()), behind))
            assert (bright[1] + 0.05) / (bright[0] + 0.05) > (2.5 if ground != "default" else 1.5), line.get_label()
        styles = [(line.get_color(), line.get_linestyle()) for line in ax.lines if name in ("runs", "sweep")]
        assert len(set(styles)) == len(styles)


def test_sweeps_over_decades_are_logarithmic_in_what_is_drawn_too():
    ax = ct.plot_sweep(two_axes(9, 8), "mean_dissipation")
    assert ax.get_yscale() == ax.get_xscale() == "log"
    assert ct.plot_sweep(two_axes(9, 1).isel(amplitude=0), "mean_dissipation").get_yscale() == "log"
    assert ct.plot_sweep(two_axes(1, 8).isel(bias=0), "mean_dissipation").get_yscale() == "linear"
    drawn = ct.plot_sweep(two_axes(12, 9), "mean_dissipation").collections[0]
    assert drawn.norm(1e-3) == 0.0 and drawn.norm(4.0**0.5 * 1e-3**0.5) == pytest.approx(0.5)


def test_springs_of_a_sweep_are_words_apart_with_their_unit():
    springs = ["[2.0, -0.1, 0.01, 0.001]", "[1.0, 0.5, 0.25, 0.125]", "[1.5, 0.4, 0.2, 0.1]"]
    data = xarray.Dataset(
        {"mean_dissipation": ("couplings", [0.1, 0.2, 0.3], {"units": "hbar Omega_slow"})},
        {"couplings": ("couplings", springs, {"units": "m Omega^2"})},
    )
    ax = ct.plot_sweep(data, "mean_dissipation")
    assert ax.get_xlabel() == r"couplings ($m \Omega^2$)"
    assert {label.get_rotation() for label in ax.get_xticklabels()} == {20.0}
