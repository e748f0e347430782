"""The figures: each is made, holds its numbers, and says what the paper could not see."""

import io
import json
import re
from itertools import combinations

import mpmath
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.legend import Legend
from matplotlib.text import Text

from chaintheory.cli.options import plain
from chaintheory.comparison.bound_state import outside_frequencies
from chaintheory.figures import NAMES, available, check_place, module, save
from chaintheory.figures.cache import key, simulated
from chaintheory.interactions.named import Gaussian
from chaintheory.system import Chain, System


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """A cache of its own for the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINTHEORY_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.mark.parametrize("name", NAMES)
def test_figure_is_whole(pictures, name):
    picture = pictures[name]
    assert picture.figure.get_size_inches()[0] == pytest.approx(8.6 / 2.54)  # one column, in inches
    assert picture.title and picture.caption.endswith(".")
    json.dumps(plain(picture.numbers), allow_nan=False)
    panels = [axes for axes in picture.figure.axes if axes.get_label() != "<colorbar>"]
    assert all(axes.get_ylabel() for axes in panels)
    assert panels[-1].get_xlabel()


# Axes without a unit: a count, ratios, and the kernel, which is a number.
BARE = ("mass $n$", "relative deviation", "part that is longer", r"$\hbar\Omega_\mathrm{slow}/k_\mathrm{B}T$",
        r"$\Gamma_n(\tau)$", r"$\Gamma_0(\tau)$")  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_figure_can_be_read_at_one_column(pictures, name, monkeypatch):
    """Units on the axes, nothing below six points, no words over words, no legend over data."""
    figure = pictures[name].figure
    for axes in figure.axes:
        for words in (axes.get_xlabel(), axes.get_ylabel()):
            assert not words or words in BARE or re.search(r"\(.*(Omega|l_|t_).*\)", words), words
    words, draw = [], Text.draw

    def noted(text, renderer):
        if text.get_visible() and text.get_text().strip():
            words.append(text)
        draw(text, renderer)

    monkeypatch.setattr(Text, "draw", noted)  # ticks outside the axes exist, but are not drawn
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    assert min(one.get_fontsize() for one in words) >= 6.0
    boxes = [(one.get_text(), one.get_window_extent(renderer).padded(-0.5)) for one in words]
    for (first, box), (second, other) in combinations(boxes, 2):
        assert not box.overlaps(other), (first, second)
    assert not [text for text, box in boxes if not all(figure.bbox.contains(*corner) for corner in box.corners())]
    for axes in figure.axes:
        for legend in axes.findobj(Legend):
            if not legend.get_frame_on():
                box = legend.get_window_extent(renderer)
                assert not [line.get_label() for line in axes.lines if crosses(line, box)]


def crosses(line, box):
    """Whether a line, or one of its symbols where it has no line, lies in a box."""
    path = line.get_transform().transform_path(line.get_path())
    if line.get_linestyle() == "None":
        return bool(np.any([box.contains(*point) for point in path.vertices]))
    return bool(len(path.vertices) and path.intersects_bbox(box, filled=False))


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_the_same_numbers_give_the_same_bytes(pictures, tmp_path, form):
    paths = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        paths.append(save(pictures["velocity-profile"], tmp_path / name, form))
        save(pictures["velocity-profile"], tmp_path, "svg" if form == "png" else "png")  # leaves no trace
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert [path.name for path in (tmp_path / "first").iterdir()] == [f"velocity-profile.{form}"]


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_a_picture_of_others_is_left_alone(pictures, tmp_path, form):
    path = save(pictures["velocity-profile"], tmp_path, form)
    content = path.read_bytes()
    assert save(pictures["velocity-profile"], tmp_path, form) == path and path.read_bytes() == content
    path.write_bytes(content.replace(b"chaintheory figures", b"somebody else's ink"))
    with pytest.raises(ValueError, match=f"output must hold no {path.name}, or an earlier one"):
        save(pictures["velocity-profile"], tmp_path, form)
    with pytest.raises(ValueError, match="output must hold no velocity-profile"):
        check_place("velocity-profile", tmp_path, form)  # which the command asks before it computes


def test_an_interrupted_picture_leaves_no_file(pictures, tmp_path, monkeypatch):
    def interrupted(self, target, **_):
        target.write(b"half a picture")
        raise KeyboardInterrupt

    monkeypatch.setattr(type(pictures["kernel"].figure), "savefig", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(pictures["kernel"], tmp_path)
    assert not list(tmp_path.iterdir())


def test_unknown_figure_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'slip'"):
        module("slipp")
    assert list(available()) == list(NAMES)


# What the pictures say ----------------------------------------------------------------------


def test_a_biased_run_follows_the_exact_loss(pictures):
    final = pictures["trajectory"].numbers["final_mean_speed"]
    exact, second = (abs(final[name] / final["simulated"] - 1.0) for name in ("theory", "second_order"))
    # Measured to tau = 800: 7e-5 at most, what the steady state takes to build up; 7e-3 with Eq. (10).
    assert exact < 2e-4
    assert second > 3.0 * exact


def test_first_drift_velocity_slips(pictures):
    numbers = pictures["slip"].numbers
    first, second = numbers["resonances"][1], numbers["resonances"][0]
    assert (first["n"], second["n"]) == (1, 2)
    assert first["margin"] < 0 < second["margin"]
    # The locked mean speed comes up to the resonance as it builds up: 0.3 per cent by then.
    assert numbers["final_mean_speed"] == pytest.approx(second["speed"], rel=3e-3)


def test_orbit_theory_is_closer_than_eq7(pictures):
    for sign in ("repulsive", "attractive"):
        numbers = pictures["orbit"].numbers[sign]
        orbit, eq7 = np.abs(numbers["deviation_orbit"]), np.abs(numbers["deviation_eq7"])
        assert np.median(orbit) < 0.01
        assert np.median(orbit) < 0.2 * np.median(eq7)


def test_finite_mean_matches_simulation(pictures):
    numbers = pictures["build-up"].numbers
    points = numbers["points"]
    for n, predicted in points["predicted"].items():
        # Masses that give way: below 1 per cent of a loss, 3 where it is steepest.
        np.testing.assert_allclose(points["simulated"][n], predicted, rtol=4e-2)
        assert np.median(np.abs(points["simulated"][n] / predicted - 1.0)) < 1e-2


def test_upper_edge_attracts_from_both_sides(pictures):
    numbers = pictures["upper-edge"].numbers
    for run in numbers["runs"]:
        before = abs(run["start"] - numbers["predicted"])
        # The short run lasts two relaxation times of the linearised map, fewer for the farthest start.
        assert abs(run["final"] - numbers["predicted"]) < 0.7 * before


def test_runs_on_the_wave_lose_what_theory_says(pictures):
    for sign, peak in (("repulsive", 3.39), ("attractive", 3.00)):
        numbers = pictures["drag-curve"].numbers[sign]
        for point in numbers["simulated"]:
            assert point["simulated"] == pytest.approx(point["exact"], rel=1e-9, abs=0)
        # Eq. 10 diverges; the exact peak is finite. Within 1 per cent, as the points beside it lie.
        highest = max(max(branch["bias"]) for branch in numbers["resonance"]["branches"])
        assert highest == pytest.approx(peak, rel=0.01, abs=0)


def test_phase_diagram_holds_what_theory_holds(pictures):
    points = pictures["phase-diagram"].numbers["points"]
    assert {point["predicted_held"] for point in points} == {True, False}
    assert all(point["held"] == point["predicted_held"] for point in points)


def test_trapped_frequencies(pictures):
    numbers = pictures["trapped"].numbers
    # A hundredth of the resolution 2/duration of the short run.
    np.testing.assert_allclose(numbers["simulated"], numbers["predicted"], atol=2e-4)


def test_unbound_particle_has_no_frequencies():
    with pytest.raises(ValueError, match="must have a minimum at a mass"):
        outside_frequencies(System(Chain(10.0, 40.0), Gaussian(2.0, 4.0)))


@pytest.mark.parametrize(
    ("omega_fast", "amplitude", "mass"), [(111.2, -6e-12, 0.04), (1.28, -7e-7, 11.2), (3.0, -1e3, 50.0)]
)
def test_frequencies_of_a_particle_bound_weakly_or_strongly(omega_fast, amplitude, mass):
    """The balance in 40 digits changes its sign within rounding of them: a bracket beside the edges held none."""
    interaction = Gaussian(amplitude, 1.2)
    found = outside_frequencies(System(Chain(omega_fast, 20.0), interaction, mass=mass))
    with mpmath.workdps(40):
        stiffness, top = mpmath.mpf(float(interaction.curvature(0.0))), mpmath.mpf(omega_fast)
        for omega, sign, edge in zip(found, (-1, 1), (mpmath.mpf(1), top), strict=True):
            balance = []
            for part in (-1e-13, 1e-13):
                at = omega * (1 + mpmath.mpf(part))
                at = min(at, edge) if sign < 0 else max(at, edge)
                root = mpmath.sqrt((at**2 - 1) * (at**2 - top**2))
                balance.append(sign * stiffness * mass * at**2 + (stiffness - mass * at**2) * root)
            assert balance[0] * balance[1] <= 0


def test_twenty_decades(pictures):
    loss = np.asarray(pictures["decades"].numbers["points"]["loss"])
    assert np.log10(loss.max() / loss.min()) > 20.0
    assert np.abs(pictures["decades"].numbers["deviation"])[1:].max() < 1e-6


def test_chain_stays_within_the_sound_cone(pictures):
    numbers = pictures["trajectories"].numbers
    one = numbers["repulsive"]
    times, moved = np.asarray(one["map_times"]), np.abs(np.asarray(one["displacements"]))
    places = np.asarray(numbers["masses"]) * numbers["spacing"]
    ahead = places[None, :] - 220.0 > numbers["sound_speed"] * times[:, None] + 20 * 40.0
    assert moved.max() > 0.1
    assert moved[ahead].max() < 1e-4  # the Airy tail ahead of the front, 20 masses out


# The cache ----------------------------------------------------------------------------------

SYSTEM = System(Chain(10.0, 40.0), Gaussian(2.0, 4.0))
RUN = {"position": 220.0, "speed": 50.0, "duration": 2.0}


def test_cache_gives_back_the_same_run(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINTHEORY_CACHE", str(tmp_path))
    first = simulated(SYSTEM, **RUN)
    monkeypatch.setattr(System, "simulate", lambda *_, **__: pytest.fail("simulated again"))
    second = simulated(SYSTEM, **RUN)
    np.testing.assert_array_equal(first.position, second.position)
    np.testing.assert_array_equal(first.passes, second.passes)
    assert len(list(tmp_path.iterdir())) == 1


def test_every_parameter_is_in_the_key(monkeypatch):
    systems = [
        SYSTEM,
        System(Chain(10.1, 40.0), Gaussian(2.0, 4.0)),
        System(Chain(10.0, 40.1), Gaussian(2.0, 4.0)),
        System(Chain(10.0, 40.0), Gaussian(-2.0, 4.0)),
        System(Chain(10.0, 40.0), Gaussian(2.0, 4.1)),
        System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), mass=2.0),
        System(Chain(10.0, 40.0), Gaussian(2.0, 4.0), bias=0.01),
    ]
    keys = [key(system, RUN) for system in systems]
    keys += [key(SYSTEM, RUN | {"speed": 51.0}), key(SYSTEM, RUN | {"order": 2})]
    monkeypatch.setattr("chaintheory.figures.cache.__version__", "9.9")
    keys.append(key(SYSTEM, RUN))
    assert len(set(keys)) == len(keys)


def test_a_damaged_file_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINTHEORY_CACHE", str(tmp_path))
    first = simulated(SYSTEM, **RUN)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:1000])
    np.testing.assert_array_equal(simulated(SYSTEM, **RUN).position, first.position)


def test_a_cache_that_cannot_be_written_is_no_failure(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("CHAINTHEORY_CACHE", str(blocked / "below"))
    assert simulated(SYSTEM, **RUN).time[-1] == pytest.approx(2.0)


def test_picture_is_not_blank(pictures):
    target = io.BytesIO()
    pictures["slip"].figure.savefig(target, format="rgba", dpi=50)
    assert len(set(target.getvalue())) > 20
