"""The report in a real browser: nothing logged or fetched, all rendered, readable wide and narrow, light and dark."""

import re
from pathlib import Path

import pytest

from chaintheory.figures import NAMES
from chaintheory.report.formulas import displayed
from chaintheory.report.page import Section, Table, render

PROBE = (Path(__file__).parent / "page_probe.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def window(browser):
    """One page of the browser, with the network cut, that shows one report after another."""
    page = browser.new_context(offline=True).new_page()
    page.set_default_timeout(120_000)  # of a page with hundreds of formulas, on a machine with other work
    page.logged, page.asked = [], []
    page.on("console", lambda said: page.logged.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: page.logged.append(f"error: {error}"))
    page.on("request", lambda request: page.asked.append(request.url))
    yield page
    page.context.close()


def look(page, directory, width=400, scheme="light"):
    """Open a report, unless it is open, and return what the probe finds, with what was logged and asked for so far."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    address = (directory / "index.html").as_uri()
    if page.url != address:
        page.logged.clear()
        page.asked.clear()
        page.goto(address, wait_until="load")
    found = page.evaluate(PROBE)
    found["logged"] = [line for line in page.logged if re.match("(error|warning|assert)", line)]
    found["fetched"] = [url for url in page.asked if not url.startswith((directory.as_uri(), "data:"))]
    return found


FAULTS = ("logged", "fetched", "images", "formulas", "cut", "scrolled", "ascii", "small", "faint", "wide")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_report_in_a_browser(window, made, width, scheme):
    directory, _, _ = made
    found = look(window, directory, width, scheme)
    assert {fault: found[fault] for fault in FAULTS} == {fault: [] for fault in FAULTS}
    images, formulas, texts = found["counts"]
    assert images == len(NAMES) and formulas > 200 and texts > 1000
    assert found["paper"] > 0.8 if scheme == "light" else found["paper"] < 0.05


# Too wide for 400 pixels in one piece, as a fraction or a root is.
SUM = " + ".join(f"a_{{{n}}}" for n in range(1, 11))
PRODUCT = " ".join(rf"\left(x_{{{n}}} + y_{{{n}}}\right)" for n in range(1, 9))
WIDE = rf"\frac{{\sqrt{{{SUM}}}}}{{{PRODUCT}}}"


@pytest.fixture(scope="module")
def small_page(tmp_path_factory):
    """A page of one formula and one table too wide for it, to plant errors in."""
    directory = tmp_path_factory.mktemp("small")
    entry = {"id": "one", "equation": "Eq. (1)", "kind": "derived", "evidence": "proved", "ok": True,
             "statement": "It holds.", "derivation": [], "detail": "none", "title": "One",
             "formula": displayed(r"\omega_{fast}^{2} = \frac{1}{2}") + displayed(WIDE)}  # fmt: skip
    table = Table("Widths", ("name", "value"), [("one", "1" * 200)], prose=True)
    render([Section("only", "Only", ["A paragraph."], statements=[entry], tables=[table])], directory, quick=True)
    return (directory / "index.html").read_text(encoding="utf-8")


PLANTED = [
    ("logged", "</body>", "<script>console.error('planted')</script></body>"),
    ("logged", "</body>", "<script>console.warn('planted')</script></body>"),
    ("logged", "</body>", "<script>nowhere.planted = 1</script></body>"),
    ("fetched", "</head>", '<link rel="stylesheet" href="https://example.org/planted.css"></head>'),
    ("fetched", "</body>", '<img src="../planted.svg" alt=""></body>'),
    ("images", "</main>", '<img src="figures/planted.svg" alt="planted"></main>'),
    ("images", "</main>", '<img src="data:image/svg+xml,planted" alt="planted"></main>'),
    ("formulas", "<mfrac>", '<mfrac style="display: none">'),
    ("formulas", "<mfrac>", "<mfenced>"),
    ("formulas", "<math ", '<math style="display: none" '),
    ("formulas", "<math ", '<math style="display: block" '),
    ("formulas", "<mtext>fast</mtext>", r"<mtext>\planted</mtext>"),
    ("formulas", "A paragraph.", r"A paragraph with \frac{1}{2}."),
    ("formulas", "A paragraph.", "A paragraph with $x$."),
    ("cut", 'class="formula ', 'style="height: 20px; overflow: hidden" class="formula '),
    ("cut", 'tabindex="0" role="group" aria-label="formula">', '><div style="width: 2000px">wide</div>'),
    ("scrolled", 'aria-label="formula">', 'aria-label="formula"><div style="width: 2000px">wide</div>'),
    ("scrolled", "container-type: inline-size;", ""),
    ("ascii", "A paragraph.", "A paragraph with omega^2."),
    ("small", "A paragraph.", '<small style="font-size: 9px">A paragraph.</small>'),
    ("small", "<math ", '<math style="font-size: 8px" '),
    ("faint", "A paragraph.", '<span style="color: #999">A paragraph.</span>'),
    ("faint", "A paragraph.", '<span style="background: #000; color: #222">A paragraph.</span>'),
    ("wide", 'class="scroll"', 'class="planted"'),
    ("wide", "A paragraph.", '<div style="width: 401px">A paragraph.</div>'),
]


def test_a_form_for_narrow_columns_is_needed(window, small_page, tmp_path):
    """Without it the wide formula of the page would be scrolled."""
    (tmp_path / "index.html").write_text(small_page.replace("@container", "@media print and"), encoding="utf-8")
    assert look(window, tmp_path)["scrolled"]


def test_the_page_to_plant_in_has_no_fault(window, small_page, tmp_path):
    (tmp_path / "index.html").write_text(small_page, encoding="utf-8")
    found = look(window, tmp_path)
    assert not any(found[fault] for fault in FAULTS)


@pytest.mark.parametrize(("fault", "there", "planted"), PLANTED)
def test_a_planted_error_is_found(window, small_page, tmp_path, fault, there, planted):
    assert there in small_page
    (tmp_path / "index.html").write_text(small_page.replace(there, planted), encoding="utf-8")
    assert look(window, tmp_path)[fault]
