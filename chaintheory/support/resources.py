"""What the machine offers: cores and memory."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

# Control groups of versions 2 and 1: the controller, which names its folder, the files of limit and use in bytes, and
# the row of memory.stat with what the kernel can drop.
_GROUPS = (
    ("", "memory.max", "memory.current", "inactive_file"),
    ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_memory() -> float:
    """Return the bytes of memory that are free: on the machine, in the container, and below the process's own limit.

    The smallest of what the operating system says is available, what the control groups (versions 1 and 2) of a
    container or a batch job leave, and what RLIMIT_AS leaves of the address space; infinite where nothing is known.
    """
    return max(0.0, min([_of_machine(), *_of_groups(), _of_process()]))


def _of_machine() -> float:
    try:
        with open("/proc/meminfo") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return 1024.0 * int(line.split()[1])
    except (OSError, ValueError):
        pass
    try:
        return 0.5 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return math.inf


def _of_groups(root: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")) -> Iterator[float]:
    """What each control group that this process is in leaves: its limit less its use, but for what can be dropped."""
    try:
        lines = membership.read_text().splitlines()
    except (OSError, ValueError):
        return
    for _, controllers, group in (line.split(":", 2) for line in lines if line.count(":") >= 2):
        for controller, limit, usage, droppable in _GROUPS:
            if controller not in controllers.split(","):
                continue
            base = root / controller
            place = base / group.lstrip("/")
            # A limit holds for all groups below. A container sees its own at the base, by whatever name outside.
            for folder in (place, *place.parents):
                if folder.is_relative_to(base):
                    try:
                        free = int((folder / limit).read_text()) - int((folder / usage).read_text())
                        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
                        yield float(free + int(stat.get(droppable, 0)))
                    except (OSError, ValueError):  # no such file, or no limit: "max"
                        continue


def _of_process() -> float:
    """What the limit of the address space leaves, as `ulimit -v` and batch systems set it."""
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit == resource.RLIM_INFINITY:
            return math.inf
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except (ImportError, OSError, ValueError, IndexError):
        return math.inf
    return float(limit - used)
