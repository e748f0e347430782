"""The committed sources are what the ledger emits under the SymPy version they name."""

from pathlib import Path

import pytest
import sympy

from derivations import emit
from derivations.__main__ import main

GENERATED = Path(__file__).parents[2] / "chaintheory_ext" / "generated"


def test_regenerated_sources_are_identical(tmp_path):
    if f"SymPy {sympy.__version__}." not in (GENERATED / "dissipation.pxd").read_text(encoding="utf-8"):
        pytest.skip("the committed sources were written with another SymPy; values are tested instead")
    assert main(["--regenerate", "--output", str(tmp_path)]) == 0
    for name in emit.files():
        assert (tmp_path / name).read_bytes() == (GENERATED / name).read_bytes(), name


def test_the_glossary_is_that_of_the_notation(tmp_path):
    assert main(["--glossary", str(tmp_path / "glossary.md")]) == 0
    kept = Path(__file__).parents[2] / "docs" / "glossary.md"
    assert (tmp_path / "glossary.md").read_bytes() == kept.read_bytes()
