"""What the README prints is what is there: its commands, its Python, its pictures."""

import os
import re
import subprocess
import sys
from pathlib import Path

from chaintheory.cli.main import group

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_five_lines_run():
    said = printed(0, None)
    assert said.startswith("0.01486")
    assert "Trajectory(tau = 0 .. 800" in said


def test_the_ion_in_ev_and_angstrom_runs(tmp_path):
    """To the picture and a table of the curve."""
    said = printed(1, tmp_path)
    assert "speed (speed) float64" in " ".join(said.split())
    assert (tmp_path / "drag.png").read_bytes().startswith(b"\x89PNG")


def printed(at, folder):
    """What a program of the README prints."""
    program = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[at]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True, cwd=folder
    )
    return done.stdout


def test_every_command_is_told_and_exists():
    told = re.findall(r"^    chaintheory (\w+)\s+#", README, re.MULTILINE)
    assert told == list(group.commands)


def test_every_make_target_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^    make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_links_lead_somewhere():
    for link in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / link).exists(), link
    for name in re.findall(r"`(notebooks/[^`]+)`", README):
        assert (ROOT / name).is_file(), name


def test_ci_runs_the_test_command_of_the_readme():
    commands = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    last = [line for line in commands if line and not line.startswith("#")][-1]
    assert f"    {last}" in README
