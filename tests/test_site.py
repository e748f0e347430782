"""The built site: anchors, links, nothing from elsewhere, formulas in their columns, a search that answers.

``make docs`` builds it; without a build these tests are skipped, but for those of the sources of its pages.
"""

import doctest
import importlib
import inspect
import re
import sys
from functools import cache, cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import chaintheory
from derivations.ledger import MODULES, statements

ROOT = Path(__file__).parents[1]
SITE = ROOT / "docs" / "_build" / "html"

built = pytest.mark.skipif(not (SITE / "searchindex.js").is_file(), reason="needs the built site: make docs")


class Page(HTMLParser):
    """What a page has and asks for."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.sources, self.codes = set(), [], [], []
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids.add(given.get("id"))
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in ("script", "img", "iframe", "source", "video", "audio", "embed") and given.get("src"):
            self.sources.append(given["src"])
        if (
            tag == "link"
            and given.get("href")
            and given.get("rel") not in ("canonical", "index", "search", "next", "prev")
        ):
            self.sources.append(given["href"])
        if tag == "code":
            self.codes.append("")
            self.inside = True

    def handle_endtag(self, tag):
        if tag == "code":
            self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.codes[-1] += data


@cache
def pages():
    """The pages of the site by their address; the explorer and what Sphinx makes of sources are pages too."""
    return {path.relative_to(SITE).as_posix(): Page(path.read_text(encoding="utf-8")) for path in SITE.rglob("*.html")}


def dead(found):
    """Links of pages that lead to no file or to no anchor."""
    wrong = []
    for name, page in found.items():
        for link in page.links + page.sources:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            path = (SITE / name).parent / unquote(parts.path) if parts.path else SITE / name
            target = path.resolve()
            inside = target.is_relative_to(SITE)
            other = target.relative_to(SITE).as_posix() if inside else None
            if other in found:
                if parts.fragment and unquote(parts.fragment) not in found[other].ids:
                    wrong.append((name, link))
            elif not target.is_file():
                wrong.append((name, link))
    return wrong


def elsewhere(found):
    """What pages load from another place."""
    return [(name, to) for name, page in found.items() for to in page.sources if urlsplit(to).netloc]


def public():
    """Every public name, and what the classes of the package define for users."""
    for name in chaintheory.__all__:
        if name.startswith("_"):
            continue
        yield f"chaintheory.{name}"
        value = getattr(chaintheory, name)
        if not inspect.isclass(value) or value.__module__.startswith("chaintheory.support"):
            continue
        for member, what in vars(value).items():
            described = inspect.isfunction(what) or isinstance(what, property | cached_property | classmethod)
            if described and not member.startswith("_") and inspect.getdoc(getattr(value, member, what)):
                if name in ("Chain", "System", "Trajectory", "Units", "Interaction"):
                    yield f"chaintheory.{name}.{member}"


def without_anchor(found):
    """Public names and statements whose address leads nowhere."""
    wrong = [name for name in public() if name not in found["reference/names.html"].ids]
    return wrong + [one.id for one in statements() if one.id not in found[f"theory/{one.module}.html"].ids]


@built
def test_every_public_name_and_statement_has_its_anchor():
    assert without_anchor(pages()) == []
    assert len(list(public())) > 40 and len(statements()) > 100


@built
def test_no_dead_link():
    assert dead(pages()) == []
    assert sum(len(page.links) for page in pages().values()) > 1000


@built
def test_nothing_is_loaded_from_elsewhere():
    assert elsewhere(pages()) == []
    for path in SITE.rglob("*.css"):
        assert not re.search(
            r"url\(\s*['\"]?(https?:)?//|@import\s+['\"(]*(url)?\(?['\"]?(https?:)?//", path.read_text(encoding="utf-8")
        ), path


@built
@pytest.mark.parametrize(
    ("check", "page", "text"),
    [
        (dead, "index.html", '<a href="nowhere.html">x</a>'),
        (dead, "index.html", '<a href="theory/lattice.html#eq01_bend">x</a>'),
        (dead, "index.html", '<img src="planted.png">'),
        (elsewhere, "index.html", '<script src="https://example.org/mathjax.js"></script>'),
        (elsewhere, "index.html", '<link rel="stylesheet" href="//example.org/font.css">'),
        (without_anchor, "theory/lattice.html", "<p id='eq01_bend'></p>"),
        (without_anchor, "reference/names.html", "<p id='chaintheory.Chain'></p>"),
    ],
)
def test_planted_faults_are_seen(check, page, text):
    assert check(pages() | {page: Page(text)})


# Errors explained -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def maker():
    """The modules that make the pages."""
    pytest.importorskip("docutils", reason="needs the packages of the site: pip install '.[docs]'")
    sys.path.insert(0, str(ROOT / "docs"))
    yield lambda name: importlib.import_module(f"sitemaker.{name}")
    sys.path.remove(str(ROOT / "docs"))


def test_every_refusal_is_explained_and_every_rule_is_used(maker):
    refusals = maker("refusals")
    *_, (last, _) = refusals.rules()
    caught = [one.message for one in refusals.refusals() if refusals.advice(one)[0] == last]
    assert len(caught) < 0.2 * len(refusals.refusals()), caught
    used = {refusals.advice(one)[0] for one in refusals.refusals()}
    assert [has for has, _ in refusals.rules() if has not in used and has != last] == []
    assert len(refusals.refusals()) > 150


def test_a_refusal_is_read_from_a_source(maker):
    """Values become an ellipsis, and a message that is put together first is found as well."""
    source = (
        "def f(v):\n    must = f'v must be one of {v}, got {v!r}'\n    if v:\n        raise TypeError(must)\n"
        "    raise ValueError(must + near(v))\n"
    )
    found = [(one.message, one.exception) for one in maker("refusals").in_source(source, "chaintheory/x/y.py")]
    assert found == [("v must be one of …, got …", "TypeError"), ("v must be one of …, got ……", "ValueError")]


@built
def test_the_page_of_errors_has_the_messages_of_the_sources(maker):
    shown = {" ".join(code.split()) for code in pages()["reference/errors.html"].codes}
    assert {one.message for one in maker("refusals").refusals()} <= shown


def test_messages_are_those_that_a_user_sees(maker):
    """A message of the page, its ellipses filled with anything, is what a call says."""
    messages = [one.message for one in maker("refusals").refusals()]
    for call in (
        lambda: chaintheory.Chain(0.5, 40.0),
        lambda: chaintheory.Interaction.from_expression("2*exp(-r"),
        lambda: chaintheory.System(chaintheory.Chain(10.0, 40.0), chaintheory.Gaussian(2.0, 4.0)).mean_dissipation(
            "fast"
        ),
    ):
        with pytest.raises((TypeError, ValueError)) as refused:
            call()
        fitting = [
            one for one in messages if re.fullmatch(".*".join(map(re.escape, one.split("…"))), str(refused.value))
        ]
        assert fitting, str(refused.value)


@pytest.mark.parametrize("name", ["formulas", "ledger", "pages", "reference", "refusals"])
def test_examples_of_the_makers(maker, name):
    pytest.importorskip("sphinx", reason="needs the packages of the site: pip install '.[docs]'")
    assert doctest.testmod(maker(name)).failed == 0


# In a browser -----------------------------------------------------------------------------------------

# Formulas that stick out of their column, or of the page; what may be scrolled sideways is counted apart.
PROBE = """
() => {
  document.querySelectorAll("details").forEach(one => { one.open = true; });
  const out = [], scrolled = [];
  for (const math of document.querySelectorAll("article math")) {
    const box = math.getBoundingClientRect();
    let column = math.parentElement;
    while (getComputedStyle(column).display.startsWith("inline") || column.closest("math"))
      column = column.parentElement;
    const style = getComputedStyle(column), edge = column.getBoundingClientRect();
    const right = edge.right - parseFloat(style.paddingRight);
    if (box.right > right + 1) {
      const holder = column.closest(".formula, table, .cell_output");
      const may = holder && ["auto", "scroll"].includes(getComputedStyle(holder).overflowX);
      (may ? scrolled : out).push(math.textContent.slice(0, 60));
    }
  }
  return {out, scrolled, wide: document.documentElement.scrollWidth > innerWidth + 1};
}
"""


@pytest.fixture(scope="module")
def tab(browser):
    """A page of a browser with the network cut; skipped where there is none."""
    page = browser.new_context(offline=True).new_page()
    page.asked, page.logged = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda said: page.logged.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: page.logged.append(f"error: {error}"))
    return page


def measured(tab, path, *widths):
    """What the probe finds on a page at each width."""
    found = []
    for width in widths:
        tab.set_viewport_size({"width": width, "height": 900})
        if not found:
            tab.goto(path.as_uri(), wait_until="load")
        found.append(tab.evaluate(PROBE))
    return found


LOOKED_AT = ["index.html", "questions.html", "gallery/index.html", "reference/names.html", "reference/errors.html",
             "reference/command_line.html", "glossary.html", "numerics/light_cone.html", "howto/crystal.html",
             *(f"howto/{name}.html" for name in ("data", "temperature", "potential", "cluster", "derivation")),
             "tutorials/01_verify_a_derivation.html", "tutorials/08_exact_steady_drift.html", "theory/errata.html",
             *(f"theory/{module}.html" for module in MODULES)]  # fmt: skip


@built
@pytest.mark.parametrize("name", LOOKED_AT)
def test_pages_in_a_browser(tab, name):
    tab.asked.clear()
    tab.logged.clear()
    for found in measured(tab, SITE / name, 1280, 400):
        assert found["out"] == [] and not found["wide"]
    assert [url for url in tab.asked if not url.startswith(("file:", "data:"))] == []
    assert [line for line in tab.logged if re.match("(error|warning|assert)", line)] == []


@built
def test_a_formula_that_is_too_wide_is_seen(tab, tmp_path):
    wide = "<mi>x</mi><mo>+</mo>" * 60
    page = f"<article><p style='overflow: hidden'>so <math><mrow>{wide}<mi>x</mi></mrow></math></p></article>"
    (tmp_path / "wide.html").write_text(page)
    (found,) = measured(tab, tmp_path / "wide.html", 400)
    assert found["out"]


QUESTIONS = {
    "unit of bias": ("questions.html", "glossary.html"),
    "temperature": ("questions.html", "howto/temperature.html"),
    "own data": ("howto/data.html",),
    "resonance infinite side": ("questions.html", "theory/resonances.html"),
    "is Eq. 9 exact": ("questions.html", "theory/single_pass.html"),
}


@built
@pytest.mark.parametrize("question", QUESTIONS)
def test_the_search_answers(tab, question):
    """From the file system, in the first three results."""
    tab.goto(f"{(SITE / 'search.html').as_uri()}?q={question.replace(' ', '+')}", wait_until="load")
    tab.wait_for_selector("#search-results ul.search li a", timeout=20000)
    tab.wait_for_timeout(300)
    links = tab.eval_on_selector_all("#search-results ul.search li > a", "all => all.map(one => one.href)")
    first = [urlsplit(link).path.removeprefix(SITE.as_posix() + "/") for link in links[:3]]
    assert set(first) & set(QUESTIONS[question]), first
