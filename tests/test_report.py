"""The report: one directory, whole or not at all, that opens with no network."""

import errno
import json
import re
import signal
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from chaintheory.comparison.with_published import Comparison, read_published
from chaintheory.report import page as report
from chaintheory.report.formulas import mathml
from chaintheory.report.page import MARKER, Section, Table, render, replacing


def hidden(folder):
    """What was left beside the report."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_a_foreign_directory_is_left_alone(tmp_path):
    foreign = tmp_path / "results"
    foreign.mkdir()
    (foreign / "data.txt").write_text("mine")
    with pytest.raises(ValueError, match="output must be a new directory"), replacing(foreign):
        pytest.fail("work was begun")
    assert (foreign / "data.txt").read_text() == "mine"
    assert not hidden(tmp_path)


def test_an_empty_directory_and_a_file_are_foreign_too(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    for name in ("empty", "file", "link"):
        with pytest.raises(ValueError, match=name), replacing(tmp_path / name):
            pytest.fail("work was begun")


def write(target, text):
    with replacing(target) as partial:
        (partial / "index.html").write_text(text)
        (partial / "figures").mkdir()
        (partial / "figures" / "one.svg").write_text(text)


def test_an_earlier_report_is_replaced(tmp_path):
    write(tmp_path / "report", "first")
    write(tmp_path / "report", "second")
    assert (tmp_path / "report" / "index.html").read_text() == "second"
    assert not hidden(tmp_path)


def tree(folder):
    return {str(path.relative_to(folder)): path.is_file() and path.read_text() for path in folder.rglob("*")}


@pytest.mark.parametrize("name", ["mine.txt", "figures/mine.svg"])
def test_a_report_with_files_of_a_user_beside_it_is_left_alone(tmp_path, name):
    write(tmp_path / "report", "first")
    (tmp_path / "report" / name).write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(ValueError, match="and nothing else"):
        write(tmp_path / "report", "second")
    assert tree(tmp_path) == before


@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize("what", ["directory", "file", "link", "file in the report"])
def test_what_comes_during_the_work_stays(tmp_path, earlier, what):
    """The new report is then beside it, and the error says where."""
    target, other = tmp_path / "report", tmp_path / "other"
    other.mkdir()
    if earlier or what == "file in the report":
        write(target, "first")
    with pytest.raises(ValueError, match="the new report is in") as refused, replacing(target) as partial:
        (partial / "index.html").write_text("second")
        if what != "file in the report" and target.exists():
            target.rename(tmp_path / "moved")
        if what == "directory":
            target.mkdir()
            (target / "data.txt").write_text("mine")
        elif what == "file":
            target.write_text("mine")
        elif what == "link":
            target.symlink_to(other)
        else:
            (target / "data.txt").write_text("mine")
    kept = str(refused.value).rpartition("the new report is in ")[2].strip("'")
    assert (tmp_path / kept / "index.html").read_text() == "second"
    if what == "link":
        assert target.readlink() == other and list(other.iterdir()) == []
    else:
        mine = target if what == "file" else target / "data.txt"
        assert mine.read_text() == "mine"
    assert not hidden(tmp_path)


def test_a_marker_that_names_files_outside_removes_none(tmp_path):
    write(tmp_path / "report", "first")
    (tmp_path / "victim").write_text("mine")
    marker = tmp_path / "report" / MARKER
    marker.write_text(marker.read_text() + "../victim\n")
    write(tmp_path / "report", "second")
    assert (tmp_path / "victim").read_text() == "mine"
    assert (tmp_path / "report" / "index.html").read_text() == "second"
    assert not hidden(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "[1]", "[" * 200000, '[{"a": "\\ud800"}]', '[{"\\udfff": 1}]'])
def test_benchmarks_that_are_none_are_refused(tmp_path, text):
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"benchmarks .*results\.json") as refusal:
        report.benchmark_section(path)
    assert "recursion" not in str(refusal.value)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError])
def test_an_interrupted_report_changes_nothing(tmp_path, error):
    write(tmp_path / "report", "first")
    with pytest.raises(error), replacing(tmp_path / "report") as partial:
        (partial / "index.html").write_text("half")
        raise error
    assert (tmp_path / "report" / "index.html").read_text() == "first"
    assert not hidden(tmp_path)


def test_a_full_disk_is_told_with_the_directory(tmp_path):
    with pytest.raises(OSError) as full, replacing(tmp_path / "report"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert str(full.value) == f"[Errno {errno.ENOSPC}] No space left on device: {str(tmp_path / 'report')!r}"
    assert not hidden(tmp_path)


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_killed_report_leaves_nothing(tmp_path, kind):
    """The real command, stopped while it works."""
    program = (
        "import signal, time, chaintheory.report.page as report\n"
        # A suite in the background of a shell is started with the interrupt ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "report.verified_entries = lambda tick: (print('working', flush=True), time.sleep(60))\n"
        "from chaintheory.__main__ import main\n"
        f"main(['report', '--quick', '--output', {str(tmp_path / 'report')!r}])"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with running:
        assert running.stdout.readline() == "working\n"
        running.send_signal(kind)
        _, err = running.communicate(timeout=20)
    assert running.returncode == 130
    assert err.strip() == "chaintheory: interrupted"  # Click ends the line of the ^C first
    assert list(tmp_path.iterdir()) == []


class Page(HTMLParser):
    """Collects what a page refers to."""

    def __init__(self, text):
        super().__init__()
        self.sources, self.links, self.ids, self.tags = [], [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append(tag)
        self.ids.add(given.get("id"))
        if "src" in given:
            self.sources.append(given["src"])
        if "href" in given:
            self.links.append(given["href"])


NASTY = "<script>alert(\"x\")</script> & 'quoted'"


def test_everything_is_escaped(tmp_path):
    section = Section(
        "nasty",
        NASTY,
        [NASTY],
        tables=[Table(NASTY, (NASTY,), [(NASTY,)])],
        numbers={"value": float("inf"), NASTY: NASTY},
    )
    render([section], tmp_path, quick=True)
    text = (tmp_path / "index.html").read_text()
    assert "script" not in Page(text).tags
    assert "&lt;script&gt;" in text
    numbers = json.loads((tmp_path / "report.json").read_text(), parse_constant=pytest.fail)
    assert numbers["sections"]["nasty"] == {"value": None, NASTY: NASTY}


HARMLESS = "abcxyz"
STRANGE = [
    "<script>alert(1)", "<img src=x onerror=alert(1)>", "<table><td><iframe src=javascript:alert(1)>",
    "'onload='alert(1)", '" autofocus onfocus="alert(1)', "{{ 7*7 }}{% raw %}", "&lt;b&gt;", "<!--", "]]>",
    "<math><mtext>",
    "\u202etxt", "]<style>*{}",
]  # fmt: skip


def page_with(text, folder, monkeypatch):
    """The page of a report in which a stranger's text stands wherever it can: names of files and of cells, cells."""
    published, output = folder / "published", folder / "out"
    published.mkdir()
    output.mkdir()
    (published / text).write_text("0.7 50\n1.5 50\n2.3 50\n")
    columns = "initial_position,initial_speed,width,amplitude,mass,steps_per_fast_period,bias"
    quoted = '"' + text.replace('"', '""') + '"'
    (published / "index.csv").write_text(f"file,{columns}\n{quoted},220,50,4,2,1,60,0.01\n", encoding="utf-8")
    (folder / "results.json").write_text(json.dumps([{text: text, "other": text}, {text: 1}]))
    rows = lambda runs, progress: [Comparison(run.file, 3, 3, 0, 0.0, 0.0, 0.0, True) for run in runs]  # noqa: E731
    monkeypatch.setattr("chaintheory.comparison.with_published.compare_published", rows)
    sections = [
        report.published_section(read_published(published), lambda _: None),
        report.benchmark_section(folder / "results.json"),
    ]
    render(sections, output, quick=True)
    return (output / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", STRANGE)
def test_a_strangers_text_is_text_wherever_it_stands(tmp_path, monkeypatch, text):
    """The page has the elements of one with a harmless text, each with the attributes that it has there."""
    folders = [tmp_path / "strange", tmp_path / "harmless"]
    for folder in folders:
        folder.mkdir()
    page, plain = (page_with(one, folder, monkeypatch) for one, folder in zip((text, HARMLESS), folders, strict=True))
    assert Outline(page).elements == Outline(plain).elements
    assert Outline(page).text.count(text) == Outline(plain).text.count(HARMLESS) == 4


class Outline(HTMLParser):
    """The elements of a page with the names of their attributes, and its text."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, sorted(name for name, _ in attributes)))

    def handle_comment(self, data):
        self.elements.append(("comment", data))

    def handle_data(self, data):
        self.text += data


def test_formulas_become_mathml():
    formula = mathml(r"\omega_{fast}^{2} = \frac{1}{2} \sin^{2}{\left(\theta \right)}")
    assert formula.startswith("<math")
    assert "<mfrac>" in formula
    assert "<mtext>fast</mtext>" in formula


def test_report_is_whole(made):
    output, passed, pieces = made
    assert passed
    assert len(pieces) == pieces[-1][1]  # the bar ends at its end
    page = Page((output / "index.html").read_text())
    inner = [link for link in page.links if link.startswith("#")]
    assert inner
    assert all(link[1:] in page.ids for link in inner)
    assert page.sources
    for source in page.sources + [link for link in page.links if not link.startswith(("#", "data:"))]:
        assert (output / source).is_file()
    text = (output / "index.html").read_text()
    assert [int(n) for n in re.findall(r"<strong>Figure (\d+)\.", text)] == list(range(1, len(page.sources) + 1))
    # Model, results and symbols come first; the ledger comes last.
    places = [text.index(f'id="{id}"') for id in ("model", "results", "symbols", "comparisons", "ledger", "provenance")]
    assert places == sorted(places)
    for id in [entry["id"] for entry in json.loads((output / "report.json").read_text())["sections"]["ledger"]]:
        assert f'id="{id}"' in text
    drawn = json.loads((output / "figures" / "drift.json").read_text())
    assert drawn["bias"] == 0.01
    assert page.tags.count("math") >= 90  # a formula for each statement, and its steps
    assert (output / MARKER).is_file()


def test_report_needs_no_network(made):
    output, _, _ = made
    for path in [output / "index.html", *output.glob("figures/*.svg")]:
        text = path.read_text()
        page = Page(text)
        outside = [to for to in page.sources + page.links if "://" in to or to.startswith("//")]
        assert not outside, path
        assert not re.search(r"url\(\s*['\"]?(?!#)", text), path
        assert "@import" not in text


def test_report_holds_its_numbers(made):
    output, _, _ = made
    numbers = json.loads((output / "report.json").read_text(), parse_constant=pytest.fail)
    assert numbers["passed"] is True
    curves = numbers["sections"]["single-pass"]["slow"]
    assert [curve["amplitude"] for curve in curves] == [0.1, 0.5, 1.0, 10.0]
    # Weak, fast: Eq. 7 is the first order in the amplitude, the next is of relative order
    # 4 pi^2 Phi0/(mu v^2) = 6e-4 at v = 80 and amplitude 0.1; both signs together cancel it.
    points = curves[0]["repulsive"]
    assert points["loss"][-1] == pytest.approx(points["eq7"][-1], rel=5e-3)


def test_a_failed_check_is_told(tmp_path, monkeypatch):
    failing = Section("comparisons", "Theory beside simulation", [], passed=False)
    monkeypatch.setattr(report, "verified_entries", lambda tick: [])
    monkeypatch.setattr(report, "comparison_section", lambda tick: failing)
    monkeypatch.setattr("chaintheory.figures.NAMES", ())
    assert report.write_report(tmp_path / "report", quick=True) is False
    assert "fails" in (tmp_path / "report" / "index.html").read_text()
