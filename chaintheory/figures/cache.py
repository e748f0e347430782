"""Simulated runs kept on disk, so that a figure drawn twice is simulated once.

A run is filed under a digest of all its parameters, as files store them, the version and the package's own source:
one changed letter of either is another file. Files are written atomically, so that an interrupt
leaves either the whole run or none, and a file that cannot be read is made again. The directory is
``$CHAINTHEORY_CACHE``, or ``chaintheory`` in the user's cache directory.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chaintheory_ext
from chaintheory import __version__
from chaintheory.simulation.record import system_attributes
from chaintheory.support.resources import cores
from chaintheory.system import System

if TYPE_CHECKING:
    from chaintheory.system import Trajectory


def directory() -> Path:
    """Return where runs are kept."""
    if own := os.environ.get("CHAINTHEORY_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chaintheory"


@cache
def source_digest() -> str:
    """Return a digest of all that a run can depend on: all modules of the package but figures, and compiled ones."""
    here = Path(__file__).parent.parent
    python = [path for path in here.rglob("*.py") if path.parent != Path(__file__).parent]
    compiled = [path for path in Path(chaintheory_ext.__path__[0]).iterdir() if path.suffix in (".so", ".pyd")]
    digest = hashlib.sha256()
    for path in sorted(python) + sorted(compiled):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def key(system: System, parameters: dict[str, Any]) -> str:
    """Return the name under which a run is filed."""
    described = {
        "version": __version__,
        "source": source_digest(),
        "system": system_attributes(system),
        "run": parameters,
    }
    text = json.dumps(described, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def simulated(system: System, **parameters: Any) -> Trajectory:
    """Return a run from the cache, or simulate it and keep it."""
    from chaintheory.system import Trajectory

    path = directory() / f"{key(system, parameters)}.nc"
    if path.is_file():
        with contextlib.suppress(ValueError, OSError):
            return Trajectory.load(path)
    run = system.simulate(**parameters)
    # A cache that cannot be written is no reason to fail.
    with contextlib.suppress(OSError, ValueError):
        path.parent.mkdir(parents=True, exist_ok=True)
        run.save(path)
    return run


def simulated_all(runs: Iterable[tuple[System, dict[str, Any]]]) -> list[Trajectory]:
    """Return several runs, simulated side by side on all cores."""
    with ThreadPoolExecutor(max_workers=cores()) as pool:
        tasks = [pool.submit(simulated, system, **parameters) for system, parameters in runs]
        try:
            return [task.result() for task in tasks]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
