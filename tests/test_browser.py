"""The report in a real browser: nothing logged or fetched, all rendered, readable wide and narrow, light and dark."""

import re

import pytest

from chaintheory.figures import NAMES
from chaintheory.report.page import Section, Table, mathml, render

# Run in the page: lists of what is wrong, and a few numbers. A closed statement shows no formula, so all are opened.
PROBE = r"""
() => {
  document.querySelectorAll("details").forEach(one => { one.open = true; });
  const told = node => `${node.localName} ${(node.textContent || node.src || "").trim().slice(0, 60)}`;
  const boxless = node => { const box = node.getBoundingClientRect(); return !(box.width > 0 && box.height > 0); };
  const shown = node => node.checkVisibility() && node.textContent.trim();

  // What a browser renders of MathML; anything else is shown as a bare row of its children.
  const core = new Set(["annotation", "annotation-xml", "maction", "math", "merror", "mfrac", "mi", "mmultiscripts",
    "mn", "mo", "mover", "mpadded", "mphantom", "mprescripts", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle",
    "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "semantics"]);
  const formulas = [...document.querySelectorAll("math")];
  const unrendered = formulas.filter(math =>
    boxless(math) || !getComputedStyle(math).display.includes("math") || /[\\$]/.test(math.textContent)
    || [...math.querySelectorAll("*")].some(part => !core.has(part.localName) || part.localName === "merror"
      || (part.matches("mi, mn, mo, mtext") && /[^\s\u2061-\u2064]/.test(part.textContent) && boxless(part))));
  // A formula that was never turned into one.
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = new Set();
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() && shown(parent)) texts.add(parent);
  }
  const raw = [...texts].filter(node => /\\[a-z]+\W|\$[^$]+\$/.test(node.textContent) && !node.closest("math"));

  // Contrast as in WCAG 2, over the nearest background that is painted.
  const numbers = colour => colour.match(/[\d.]+/g).map(Number);
  const light = colour => numbers(colour).slice(0, 3).map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const contrast = node => {
    const style = getComputedStyle(node), ink = node.closest("svg") ? style.fill : style.color;
    const [dim, bright] = [light(ink), light(behind(node))].sort((a, b) => a - b);
    return (bright + 0.05) / (dim + 0.05);
  };
  // Scripts of a formula are smaller than the text around it.
  const smallest = node => node.closest("math") ? 8.4 : 11.9;
  const size = node => parseFloat(getComputedStyle(node).fontSize);

  return {
    images: [...document.images].filter(one => !one.complete || !one.naturalWidth || boxless(one)).map(told),
    formulas: [...unrendered, ...raw].map(told),
    small: [...texts].filter(node => size(node) < smallest(node)).map(node => `${size(node)} px: ${told(node)}`),
    faint: [...texts].filter(node => contrast(node) < 4.5).map(node => `${contrast(node).toFixed(1)}: ${told(node)}`),
    wide: document.documentElement.scrollWidth > innerWidth ? [`${document.documentElement.scrollWidth} px`] : [],
    counts: [document.images.length, formulas.length, texts.size],
    paper: light(behind(document.body)),
  };
}
"""


def look(browser, directory, width=1280, scheme="light"):
    """Open a report and return what the probe finds, with what the browser logged and asked for."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    page = context.new_page()
    logged, asked = [], []
    page.on("console", lambda said: logged.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: logged.append(f"error: {error}"))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((directory / "index.html").as_uri(), wait_until="load")
    found = page.evaluate(PROBE)
    context.close()
    found["logged"] = [line for line in logged if re.match("(error|warning|assert)", line)]
    found["fetched"] = [url for url in asked if not url.startswith((directory.as_uri(), "data:"))]
    return found


FAULTS = ("logged", "fetched", "images", "formulas", "small", "faint", "wide")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_report_in_a_browser(browser, made, width, scheme):
    directory, _, _ = made
    found = look(browser, directory, width, scheme)
    assert {fault: found[fault] for fault in FAULTS} == {fault: [] for fault in FAULTS}
    images, formulas, texts = found["counts"]
    assert images == len(NAMES) and formulas > 200 and texts > 1000
    assert found["paper"] > 0.8 if scheme == "light" else found["paper"] < 0.05


@pytest.fixture(scope="module")
def small_page(tmp_path_factory):
    """A page of one formula and one table too wide for it, to plant errors in."""
    directory = tmp_path_factory.mktemp("small")
    entry = {"id": "one", "equation": "Eq. (1)", "kind": "derived", "evidence": "proved", "ok": True,
             "statement": "It holds.", "derivation": [], "detail": "none",
             "mathml": mathml(r"\omega_{fast}^{2} = \frac{1}{2}")}  # fmt: skip
    table = Table("Widths", ("name", "value"), [("one", "1" * 200)])
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
    ("small", "A paragraph.", '<small style="font-size: 9px">A paragraph.</small>'),
    ("small", "<math ", '<math style="font-size: 8px" '),
    ("faint", "A paragraph.", '<span style="color: #999">A paragraph.</span>'),
    ("faint", "A paragraph.", '<span style="background: #000; color: #222">A paragraph.</span>'),
    ("wide", 'class="scroll"', 'class="planted"'),
    ("wide", "A paragraph.", '<div style="width: 401px">A paragraph.</div>'),
]


def test_the_page_to_plant_in_has_no_fault(browser, small_page, tmp_path):
    (tmp_path / "index.html").write_text(small_page, encoding="utf-8")
    found = look(browser, tmp_path, 400)
    assert not any(found[fault] for fault in FAULTS)


@pytest.mark.parametrize(("fault", "there", "planted"), PLANTED)
def test_a_planted_error_is_found(browser, small_page, tmp_path, fault, there, planted):
    assert there in small_page
    (tmp_path / "index.html").write_text(small_page.replace(there, planted), encoding="utf-8")
    assert look(browser, tmp_path, 400)[fault]
