"""The explorer's page: its compiled bytes, and in a real browser its numbers beside Python's."""

import json
import re
import subprocess
import sys
import warnings
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

import chaintheory as ct
from chaintheory.explorer import build
from chaintheory.explorer.page import HERE, explorer_page, write_explorer

SYSTEM = ct.System(ct.Chain(10.0, 40.0), ct.Gaussian(2.0, 4.0), mass=1.0, bias=0.01)
PROBE = (Path(__file__).parent / "page_probe.js").read_text(encoding="utf-8")
NAMES = ("omega_fast", "spacing", "amplitude", "width", "mass", "bias")


def system_of(given):
    chain = ct.Chain(given["omega_fast"], given["spacing"])
    return ct.System(chain, ct.Gaussian(given["amplitude"], given["width"]), given["mass"], given["bias"])


# The compiled bytes ----------------------------------------------------------------------------------------------


def test_the_bytes_are_of_these_sources():
    """Where a source, a header, the command or a setting has changed, `make explorer` is due."""
    assert json.loads((HERE / "explorer.json").read_text(encoding="utf-8")) == build.record(), "run make explorer"


def test_the_same_bytes_are_compiled_again():
    name, version = build.COMPILER.split()
    try:
        here = metadata.version(name)
    except metadata.PackageNotFoundError:
        pytest.skip(f"needs {name}, the compiler")
    if here != version:
        pytest.skip(f"needs {build.COMPILER}, got {here}")
    assert build.compiled() == (HERE / "explorer.wasm").read_bytes()


def test_a_changed_source_is_noticed(monkeypatch):
    before = build.digest()
    monkeypatch.setattr(build, "run_settings", lambda: "#define STAGES 12\n")
    assert build.digest() != before


# The page as a file ----------------------------------------------------------------------------------------------


def test_the_page_is_small_and_loads_nothing():
    page = explorer_page(SYSTEM)
    assert len(page.encode()) < 250_000  # 145,000 measured; the issue allows a megabyte
    assert not re.findall(
        r"(?:src|href)\s*=\s*[\"'](?!#|data:)|url\((?!#)|@import|\bfetch\(|XMLHttpRequest|importScripts", page
    )
    assert "{{" not in page.replace("${{", "")


def test_what_is_not_the_explorers_stays(tmp_path):
    target = tmp_path / "page.html"
    write_explorer(target, SYSTEM)
    write_explorer(target, SYSTEM)
    target.write_text("mine")
    with pytest.raises(ValueError, match="earlier page of the explorer"):
        write_explorer(target, SYSTEM)
    assert target.read_text() == "mine"
    (tmp_path / "link.html").symlink_to(tmp_path / "other.html")
    with pytest.raises(ValueError, match="earlier page"):
        write_explorer(tmp_path / "link.html", SYSTEM)
    with pytest.raises(ValueError, match="existing directory"):
        write_explorer(tmp_path / "none" / "page.html", SYSTEM)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link.html", "page.html"]


@pytest.mark.parametrize(
    "system",
    [
        ct.System(ct.Chain(10.0, 40.0), ct.Lorentzian(2.0, 4.0)),
        ct.System(ct.Chain(10.0, 40.0, damping=0.1), ct.Gaussian(2.0, 4.0)),
    ],
)
def test_other_systems_are_refused(system):
    with pytest.raises(ValueError, match="must be"):
        system.explore()


# In a browser ----------------------------------------------------------------------------------------------------


class Opened:
    """The page in a browser, with what it logs and asks for."""

    def __init__(self, browser, target, width=1280, scheme="light", address=""):
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
        self.page = self.context.new_page()
        self.logged, self.asked = [], []
        self.page.on("console", lambda said: self.logged.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.logged.append(f"error: {error}"))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(target.as_uri() + address, wait_until="load")
        self.page.evaluate("window.chaintheory.ready")

    def call(self, name, *given):
        """What a function of the page returns, or the message of its error."""
        script = """([name, given]) => { try {
            const found = window.chaintheory[name](...given);
            return ArrayBuffer.isView(found) ? Array.from(found) : found;
        } catch (error) { return {error: error.message, lines: error.message.split("\\n").length,
            kind: error instanceof Error}; } }"""
        return self.page.evaluate(script, [name, list(given)])


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_explorer(tmp_path_factory.mktemp("explorer") / "explorer.html", SYSTEM)


@pytest.fixture(scope="module")
def opened(browser, written):
    page = Opened(browser, written)
    yield page
    page.context.close()


def random_systems(count, seed):
    """Systems over four decades of lengths, any band from flat to wide, either sign."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        spacing = 10 ** rng.uniform(-1, 3)
        yield (
            {
                "omega_fast": 1 + 10 ** rng.uniform(-2, 2),
                "spacing": spacing,
                "width": spacing * 10 ** rng.uniform(-2, 0.3),
                "amplitude": rng.choice([-1.0, 1.0]) * 10 ** rng.uniform(-3, 1),
                "mass": 10 ** rng.uniform(-1, 1),
                "bias": 0.0,
            },
            rng,
        )


def largest_difference(found, true, least=1e-290):
    """Relative; below ``least`` a double has fewer digits, and both must be there."""
    found, true = np.asarray(found), np.asarray(true)
    seen = np.abs(true) > least
    assert np.all(np.abs(found[~seen]) <= 2 * least)
    return float(np.max(np.abs(found - true)[seen] / np.abs(true)[seen], initial=0.0))


def test_losses_at_random_points(opened):
    """250 systems, four speeds each, from where the loss is below 1e-290 to a hundred times that of the peak."""
    single = mean = 0.0
    for given, rng in random_systems(250, 1):
        speed = 2 * np.pi * given["width"] * 10 ** rng.uniform(-1.5, 2, 4)
        system = system_of(given)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            true = system.single_pass_dissipation(speed), system.mean_dissipation(speed)
        single = max(single, largest_difference(opened.call("singlePass", given, speed.tolist()), true[0]))
        mean = max(mean, largest_difference(opened.call("meanDissipation", given, speed.tolist()), true[1]))
    print(f"explorer: single pass within {single:.1e}, mean dissipation within {mean:.1e} of Python at 1,000 points")
    assert single < 2e-11 and mean < 2e-11  # 2e-13 and 5e-13 measured: the exponent, up to 700, is a double


def test_losses_at_a_temperature(opened):
    """200 systems, five speeds each, from a temperature below every quantum to one far above them, and T = 0."""
    spread = mean = 0.0
    for given, rng in random_systems(200, 4):
        speed = 2 * np.pi * given["width"] * 10 ** rng.uniform(-1.0, 2.0, 5)
        given["temperature"] = heat = float(rng.choice([0.0, 10 ** rng.uniform(-2, 3)], p=[0.1, 0.9]))
        system = system_of(given)
        variance = system.loss_variance(speed, heat)
        spread = max(spread, largest_difference(opened.call("lossVariance", given, speed.tolist()), variance))
        if heat > 0.0:
            cold, true = system.single_pass_dissipation(speed), system.single_pass_dissipation(speed, temperature=heat)
            found = np.array(opened.call("singlePass", given, speed.tolist()))
            # The recoil has terms of both signs: -4 and twice the exponent, of each mode.
            scale = np.abs(cold) + 2.0 * np.pi**2 / given["mass"] * variance / speed**2
            seen = variance > 1e-290
            mean = max(mean, float(np.max((np.abs(found - true) / scale)[seen], initial=0.0)))
    print(f"explorer: variance within {spread:.1e}, mean with recoil within {mean:.1e} of Python at 1,000 points")
    assert spread < 2e-11 and mean < 1e-10  # 4e-13 and 4e-12 measured


def test_drift_velocities_of_random_systems(opened):
    """The same jumps and roots, of the same kinds, as the search by interval bounds finds."""
    number, worst = 0, 0.0
    for given, rng in random_systems(50, 2):
        system = system_of(given)
        speed = 2 * np.pi * given["width"] * 10 ** rng.uniform(-0.6, 0.8)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            given["bias"] = float(system.mean_dissipation(speed)) * rng.uniform(0.9, 1.1)
            true = system_of(given).drift_velocities(speed / 1.25, speed * 1.25, certified=False)
        found = opened.call("driftVelocities", given, speed / 1.25, speed * 1.25)
        assert [one["kind"] for one in found] == [one.kind for one in true], given
        assert [one["resonance"] and (one["resonance"]["edge"], one["resonance"]["n"]) for one in found] == [
            one.resonance and (one.resonance.edge, one.resonance.n) for one in true
        ]
        number += len(true)
        worst = max(worst, largest_difference([one["speed"] for one in found], [one.speed for one in true]))
    print(f"explorer: {number} drift velocities of the same kind as Python's, speeds within {worst:.1e}")
    assert number > 100 and worst < 1e-11  # 1e-13 measured


def test_the_static_lattice(opened):
    """Beside Python's, which moves the path of integration; where it ends (nan) the page draws nothing."""
    compared, worst = 0, 0.0
    for given, rng in random_systems(35, 3):
        given["width"] = given["spacing"] * 10 ** rng.uniform(-1.5, -0.6)
        system = system_of(given)
        for speed in 2 * np.pi * given["width"] * np.array([0.4, 1.0, 3.0]):
            found = opened.call("meanDissipation", given, speed, "static-lattice")
            if isinstance(found, dict):
                assert found["error"].startswith("speed must be the mean of a motion past the masses at rest")
                continue
            true = float(system.mean_dissipation(speed, approximation="static-lattice"))
            compared += 1
            worst = max(worst, abs(found - true) / true)
    print(f"explorer: static lattice within {worst:.1e} at {compared} points")
    assert compared > 50 and worst < 3e-10  # 7e-11 measured


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("singlePass", [{"width": -4}, 50], "width must be within 1e-30 .. 1e+30, got -4"),
        ("singlePass", [{"width": "4"}, 50], 'width must be a finite real number, got "4"'),
        ("singlePass", [{"omega_fast": 1}, 50], "omega_fast must be within 1.000001 .. 1000000, got 1"),
        ("singlePass", [{"widht": 4}, 50], "parameters must be omega_fast, spacing, amplitude, width, mass, bias, "),
        ("singlePass", [{"temperature": -1}, 50], "temperature must be within 0 .. 1e+30, got -1"),
        ("lossVariance", [{"temperature": "5"}, 50], 'temperature must be a finite real number, got "5"'),
        ("meanDissipation", [{"temperature": 5}, 50], "temperature must be 0 for meanDissipation, which is of a chain"),
        ("driftVelocities", [{"temperature": 5}, 20, 50], "temperature must be 0 for driftVelocities, which is of a"),
        ("simulate", [{"temperature": 5}, {"position": 220, "speed": 50, "duration": 1}], "temperature must be 0 for"),
        ("singlePass", [{"bias": None}, 50], "bias must be a finite real number, got null"),
        ("meanDissipation", [{}, "fast"], 'speed must be a finite real number, got "fast"'),
        ("meanDissipation", [{"width": 1e-9}, 1e-6], "speed must be large enough for at most 1e5 roots of the"),
        ("meanDissipation", [None, 1], "parameters must be an object with omega_fast"),
        ("driftVelocities", [{}, 50, 20], "highest must be greater than lowest (50), got 20"),
        ("driftVelocities", [{}, 0, 20], "lowest must be within 1e-30 .. 1e+30, got 0"),
        ("driftVelocities", [{}, 1e-6, 20], "lowest and highest must enclose at most 1e4 resonances"),
        ("driftVelocities", [{"bias": 1e-130}, 10, 20], "bias must be 0 or at least 1e-120 in magnitude"),
        ("meanDissipation", [{}, 50, "third-order"], 'approximation must be "constant-velocity" or "static-lattice"'),
        ("simulate", [{}, {"position": 220, "speed": 50}], "duration must be a finite real number, got undefined"),
        ("simulate", [{"width": 400}, {"position": 220, "speed": 50, "duration": 1}], "width must be at most"),
        ("simulate", [{}, {"position": 1e12, "speed": 50, "duration": 1}], "position must be within"),
        ("simulate", [{}, {"position": 220, "speed": 50, "duration": 1e9}], "duration must take at most"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_line(opened, name, given, said):
    start = dict(zip(NAMES, (10.0, 40.0, 2.0, 4.0, 1.0, 0.01), strict=True))
    first = None if given[0] is None else start | given[0]
    answer = opened.call(name, first, *given[1:])
    assert answer["error"].startswith(said) and answer["lines"] == 1 and answer["kind"]


RUNS = [
    ({}, 220.0, 50.0),
    ({"amplitude": -2.0}, 220.0, 46.0),
    ({"mass": 0.3, "bias": -0.02}, 7.0, -31.0),
    ({"omega_fast": 1.4, "width": 9.0}, 20.0, 60.0),
]


@pytest.mark.parametrize(("changed", "position", "speed"), RUNS)
def test_the_run_beside_simulate(opened, changed, position, speed):
    """The same map, step by step: rounding alone, which 100 units of time do not let grow beyond 1e-9."""
    given = dict(zip(NAMES, (10.0, 40.0, 2.0, 4.0, 1.0, 0.01), strict=True)) | changed
    true = system_of(given).simulate(position, speed, 100.0)
    script = """([given, start]) => { const begun = performance.now(), run = window.chaintheory.simulate(given, start);
      return {seconds: (performance.now() - begun) / 1000, ...Object.fromEntries(
        ["time", "position", "velocity", "chainEnergy"].map(name => [name, Array.from(run[name])]))}; }"""
    found = opened.page.evaluate(script, [given, {"position": position, "speed": speed, "duration": 100.0}])
    assert len(found["time"]) == true.time.size
    names = (("time", "time"), ("position", "position"), ("velocity", "velocity"), ("chainEnergy", "chain_energy"))
    off = {name: float(np.max(np.abs(np.array(found[name]) - getattr(true, other)))) for name, other in names}
    print(f"explorer: run to tau = 100 in {found['seconds']:.2f} s, off by {off}")
    assert max(off.values()) < 1e-9  # 1e-11 measured


def test_the_page_logs_and_fetches_nothing(opened, written):
    assert not [line for line in opened.logged if re.match("(error|warning|assert)", line)]
    assert opened.asked == [written.as_uri()] or set(opened.asked) == {written.as_uri(), "data:,"}


# The page as it is used ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_readable_wide_and_narrow_light_and_dark(browser, written, width, scheme):
    opened = Opened(browser, written, width, scheme, "#temperature=5")
    opened.page.wait_for_function("document.getElementById('drifts').tBodies[0].rows.length > 0")
    found = opened.page.evaluate(PROBE)
    opened.context.close()
    assert {fault: found[fault] for fault in ("small", "faint", "wide")} == {"small": [], "faint": [], "wide": []}
    assert found["counts"][2] > 50
    assert found["paper"] > 0.8 if scheme == "light" else found["paper"] < 0.05


def test_keyboard_link_and_screen_reader(browser, written):
    """A slider by keys changes curves, texts and tables; the address opens the same state; everything has a name."""
    opened = Opened(browser, written)
    page = opened.page
    unnamed = page.evaluate("""() => [...document.querySelectorAll("input, button, canvas, svg[role=img], table")]
        .filter(one => !(one.getAttribute("aria-label") || one.getAttribute("aria-labelledby") || one.labels?.length
            || one.textContent.trim())).map(one => one.outerHTML)""")
    assert unnamed == []
    text, path = (
        "document.getElementById('curves-text').textContent",
        "document.querySelector('#curves .mean').outerHTML",
    )
    page.wait_for_function(f"{text}.includes('locked')")
    before = page.evaluate(f"[{text}, {path}]")
    page.focus("#width")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    width = float(page.input_value("#width-number"))
    assert width > 4.0 and page.get_attribute("#width", "aria-valuetext") == page.input_value("#width-number")
    page.wait_for_function(f"{text} !== {json.dumps(before[0])}")
    assert page.evaluate(path) != before[1]
    page.wait_for_function("location.hash.includes('width=')")
    rows = page.evaluate("document.getElementById('drifts').tBodies[0].textContent")
    address = page.evaluate("location.hash")
    opened.context.close()
    again = Opened(browser, written, address=address)
    assert float(again.page.input_value("#width-number")) == width
    again.page.wait_for_function(f"document.getElementById('drifts').tBodies[0].textContent === {json.dumps(rows)}")
    again.context.close()


def test_the_temperature_by_keys(browser, written):
    """The first step above 0 draws mean and spread at the temperature, and says so; the address keeps it."""
    opened = Opened(browser, written)
    page = opened.page
    drawn = "document.querySelectorAll('#curves .spread, #curves .warm').length"
    shown = "[...document.querySelectorAll('.when-warm')].map(one => one.offsetHeight > 0)"
    assert page.evaluate(drawn) == 0 and not any(page.evaluate(shown))
    page.focus("#temperature")
    page.keyboard.press("End")
    page.wait_for_function(f"{drawn} === 2")
    assert all(page.evaluate(shown)) and page.input_value("#temperature-number") == "100"
    page.wait_for_function("document.getElementById('curves-text').textContent.includes('standard deviation')")
    said = page.evaluate("document.getElementById('curves-text').textContent")
    speed, mean, deviation = re.search(r"speed (\S+) takes (\S+) on .* deviation of (\S+)\. ", said).groups()
    true = SYSTEM.single_pass_dissipation(float(speed), temperature=100.0), SYSTEM.loss_variance(float(speed), 100.0)
    assert float(mean) == pytest.approx(true[0], rel=2e-3) and float(deviation) ** 2 == pytest.approx(true[1], rel=2e-3)
    page.wait_for_function("location.hash.includes('temperature=100')")
    again = Opened(browser, written, address=page.evaluate("location.hash"))
    assert again.page.input_value("#temperature") == "1000" and again.page.evaluate(drawn) == 2
    again.context.close()
    page.keyboard.press("Home")
    page.wait_for_function(f"{drawn} === 0")
    opened.context.close()


def test_a_value_that_is_refused_is_told(opened):
    page = opened.page
    page.fill("#mass-number", "-1")
    page.wait_for_function("document.getElementById('problem').textContent.startsWith('mass must be within')")
    page.fill("#mass-number", "1")
    page.wait_for_function("document.getElementById('problem').textContent === ''")


SHOWN = """() => ({
    curves: document.querySelectorAll("#curves *").length, passes: document.querySelectorAll("#passes *").length,
    text: document.getElementById("curves-text").textContent, now: document.getElementById("run-now").textContent,
    rows: document.getElementById("drifts").tBodies[0].rows.length,
    canvas: document.getElementById("chain").width})"""


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("omega_fast", "1", "omega_fast must be within"),
        ("mass", "1e400", "mass must be a finite real number, got none"),
        ("bias", "", "bias must be a finite real number, got none"),
        ("spacing", "1e308", "spacing must be within"),
    ],
)
def test_what_is_refused_has_no_curves_and_no_run(browser, written, name, typed, said):
    """Nothing of the system before it stays; the field tells it to a screen reader; a right value brings all back."""
    opened = Opened(browser, written)
    page = opened.page
    field = f"#{name}-number"
    right = page.input_value(field)
    page.wait_for_function("document.getElementById('drifts').tBodies[0].rows.length > 0")
    before = page.evaluate(SHOWN)
    page.focus(field)
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.type(typed)
    page.wait_for_function("document.getElementById('run-now').textContent.startsWith('No run')")
    page.wait_for_timeout(600)  # longer than what is drawn and told later
    after = page.evaluate(SHOWN)
    none = "No curves: a value is refused.", "No run: a value is refused."
    assert after == {"curves": 0, "passes": 0, "text": none[0], "now": none[1], "rows": 0, "canvas": 0}
    beside = page.locator(f"#{page.get_attribute(field, 'aria-describedby')}")
    assert page.get_attribute(field, "aria-invalid") == "true" and beside.inner_text().startswith(said)
    assert page.locator("#problem").inner_text().startswith(said)
    found = page.evaluate(PROBE)
    assert found["faint"] == found["small"] == found["wide"] == []
    assert f"{name}=NaN" not in page.evaluate("location.hash")
    page.fill(field, right)
    page.wait_for_function("document.getElementById('drifts').tBodies[0].rows.length > 0")
    page.wait_for_function("document.getElementById('run-now').textContent.startsWith('tau')")
    assert page.evaluate(SHOWN) == before and page.locator("#problem").inner_text() == ""
    assert page.get_attribute(field, "aria-invalid") is None and page.locator(".refusal:not(:empty)").count() == 0
    opened.context.close()


# Types a value, and looks at what is seen in each frame of the next 1.2 s, longer than what is told later.
SEEN = """async ([field, typed]) => {
    const box = document.getElementById(field), seen = new Set(), begun = performance.now();
    box.value = typed;
    box.dispatchEvent(new Event("input"));
    do {
        await new Promise(requestAnimationFrame);
        for (const [drawn, place] of [["curves", "curves-text"], ["passes", "run-now"], ["passes", "run-text"]]) {
            const text = document.getElementById(place);
            if (text.checkVisibility({visibilityProperty: true})) {
                const there = document.getElementById(drawn).childElementCount > 0;
                seen.add(JSON.stringify([there, place, text.textContent]));
            }
        }
    } while (performance.now() - begun < 1200);
    return [...seen].map(JSON.parse);
}"""


def test_no_sentence_of_another_state_stands_beside_what_is_drawn(browser, written):
    """Of a refusal none beside curves or a run, none of curves beside a refusal, and one alone after a change."""
    opened = Opened(browser, written)
    page = opened.page
    page.wait_for_function("document.getElementById('drifts').tBodies[0].rows.length > 0")
    for typed in ("-1", "1", "2"):
        seen = page.evaluate(SEEN, ["mass-number", typed])
        assert all(text.startswith("No ") is not drawn for drawn, _, text in seen), seen
        assert sorted({place for _, place, _ in seen}) == ["curves-text", "run-now", "run-text"]
    before = page.inner_text("#curves-text")
    seen = [text for _, place, text in page.evaluate(SEEN, ["width-number", "3"]) if place == "curves-text"]
    assert len(seen) == 1 and seen[0] != before
    opened.context.close()


def test_messages_have_digits_that_can_be_read(browser, written):
    """An address may hold all digits of a double, and one parameter may be a limit of another, with rounding."""
    opened = Opened(browser, written, address=f"#spacing=0.30000000000000004&width={400 / 3!r}&position=1e9")
    told = opened.page.inner_text("#problem")
    opened.context.close()
    assert "got 133.333333333 at 0.3" in told and not re.search(r"\d\.\d{13}", told)


@pytest.mark.parametrize(("lowest", "highest", "resonances"), [(81, 85, 0), (18, 19, 1), (9.5, 20.5, 25)])
def test_the_sentence_counts(browser, written, lowest, highest, resonances):
    """As the tables do, and as Python does, in words that hold for one, none and many."""
    opened = Opened(browser, written, address=f"#lowest={lowest}&highest={highest}")
    page = opened.page
    page.wait_for_function("document.getElementById('curves-text').textContent.includes('Resonances')")
    said = page.inner_text("#curves-text")
    rows = [page.locator(f"#{table} tbody tr").count() for table in ("drifts", "resonances")]
    opened.context.close()
    drawn, found = re.search(r"Drift velocities from \S+ to \S+: (\d+)[,.].* Resonances: (\d+)\.$", said).groups()
    more = re.search(r" (\d+) more in pairs", said)
    drifts = int(drawn) + (int(more[1]) if more else 0)
    assert [drifts, int(found)] == rows == [len(SYSTEM.drift_velocities(lowest, highest)), resonances]


def test_ranges_starts_and_pace_are_refused_beside_their_fields(browser, written):
    """Each takes away what it is of, and nothing else: an address tells as a field does."""
    opened = Opened(browser, written, address="#lowest=120&pace=1e400&speed=none")
    page = opened.page
    page.wait_for_function("document.getElementById('run-now').textContent.startsWith('No run')")
    beside = {name: page.locator(f"#{name}-refusal").inner_text() for name in ("highest", "pace", "speed", "mass")}
    assert beside.pop("mass") == ""
    assert {name: text.split(",")[0] for name, text in beside.items()} == {
        "highest": "highest must be greater than lowest (120)",
        "pace": "pace must be a finite real number",
        "speed": "speed must be a finite real number",
    }
    page.fill("#speed", "50")
    page.wait_for_function("document.getElementById('run-now').textContent.startsWith('tau')")
    assert page.evaluate(SHOWN)["curves"] == 0
    page.fill("#lowest", "20")
    page.wait_for_function("document.querySelectorAll('#curves .mean').length === 1")
    assert page.locator("#problem").inner_text().startswith("pace must be")
    opened.context.close()


def test_infinite_peaks_reach_the_top(browser, written):
    """Those of Python's picture of the same range, and from where the curve ends; narrower ones are left out."""
    curves = SYSTEM.curves(10.0, 100.0)
    infinite = [one.speed for one, (_, last) in zip(curves.resonances, curves.peaks, strict=True) if np.isfinite(last)]
    assert 88.0 < infinite[-1] < 90.0
    opened = Opened(browser, written, address="#lowest=10&highest=100")
    opened.page.wait_for_function("document.querySelectorAll('#curves .static').length === 1")
    frame, drawn, mean = opened.page.evaluate("""() => {
        const numbers = path => path.getAttribute("d").match(/-?[0-9.]+/g).map(Number);
        const frame = document.querySelector("#curves .frame");
        return [["x", "width", "y"].map(name => Number(frame.getAttribute(name))),
            [...document.querySelectorAll("#curves .peak")].map(numbers),
            numbers(document.querySelector("#curves .mean"))]; }""")
    opened.context.close()
    left, width, top = frame
    across = left + width * np.log(np.array(infinite) / 10.0) / np.log(10.0)
    assert {end for _, _, end in drawn} == {top}
    assert sorted({round(x, 3) for x, _, _ in drawn}) == sorted(set(np.round(across, 3)))
    along, down = np.array(mean).reshape(-1, 2).T
    lines = {x: start for x, start, _ in reversed(drawn)}  # the first of each place is that of Eq. (10)
    for x, start in lines.items():
        assert start < down[np.abs(along - x) < 0.006].min() + 0.006  # paths have two decimals


def test_the_live_run_starts_by_key_and_tells_its_passes(browser, written):
    opened = Opened(browser, written, address="#pace=20")
    page = opened.page
    page.focus("#start")
    page.keyboard.press("Enter")
    rows = "document.getElementById('pass-table').tBodies[0].rows"
    page.wait_for_function(f"{rows}.length > 10", timeout=60_000)
    page.keyboard.press("Enter")
    told = page.evaluate(f"Array.from({rows}, row => Array.from(row.cells, cell => Number(cell.textContent)))")
    run = SYSTEM.simulate(20.0, 50.0, float(told[0][0]) + 1.0)
    lost = run.passes["energy_lost"]
    for time, _, energy, theory in told:
        near = int(np.argmin(np.abs(run.passes["time"] - time)))
        # The page interpolates linearly between steps, where the energy hardly changes.
        assert abs(lost[near] - energy) < 1e-4 * abs(lost).max() and 0.5 < energy / theory < 2.0
    opened.context.close()


def test_frames_while_a_slider_moves(opened):
    """Printed, not judged: a machine may be busy."""
    script = """async () => { const slider = document.getElementById("width"), begun = performance.now();
      let frames = 0, longest = 0, last = begun;
      while (performance.now() - begun < 2000) {
        slider.value = 300 + (frames * 7) % 400;
        slider.dispatchEvent(new Event("input", {bubbles: true}));
        await new Promise(requestAnimationFrame);
        const now = performance.now(); longest = Math.max(longest, now - last); last = now; frames++;
      }
      return {frames, longest, seconds: (performance.now() - begun) / 1000}; }"""
    found = opened.page.evaluate(script)
    print(f"explorer: {found['frames'] / found['seconds']:.0f} frames per second while a slider moves, longest "
          f"{found['longest']:.0f} ms")  # fmt: skip
    assert found["frames"] > 0


def test_the_command_writes_it(tmp_path):
    command = [sys.executable, "-m", "chaintheory", "explore", "--width", "6", "--output", "page.html"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "page.html\n"
    assert '"width": 6.0' in (tmp_path / "page.html").read_text(encoding="utf-8")
    (tmp_path / "page.html").write_text("mine")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and "earlier page" in done.stderr and done.stderr.count("\n") == 1
