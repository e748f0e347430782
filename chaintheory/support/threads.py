"""Threads of the linear algebra: one where matrices are small, for which threads wait longer than they work."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any


@cache
def _pools() -> Any:
    """The libraries of linear algebra that are loaded, NumPy's among them; None where nothing can limit them."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:  # then it takes longer, and that is all
        return None
    return ThreadpoolController()


class _OneThread:
    """A context with one thread of linear algebra; the last to leave it gives back what was there before the first."""

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._limit: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside and _pools():
                self._limit = _pools().limit(limits=1, user_api="blas")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside and self._limit:
                self._limit.restore_original_limits()


one_thread = _OneThread()
