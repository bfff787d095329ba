"""Compilation of kernels, with a cache folder that works without a writable home.

The only place that imports numba; the engines of graphics cards take its `cuda` besides.
"""

from __future__ import annotations

import getpass
import hashlib
import importlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


def _state() -> str:
    """A name for the present text of all kernels.

    Numba notices a change in a kernel's own file but not in a function of another file that is built into it; each state
    of the code therefore has a cache of its own.
    """
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        text = path.read_bytes()
        if b"recutis.jit" in text:
            digest.update(text)
    return digest.hexdigest()[:12]


def _cache_folder() -> Path:
    """The user's cache folder when it can be written, else one in the temporary folder."""
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = home / "recutis" / f"numba-{_state()}"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, RuntimeError):
        try:
            user = getpass.getuser()
        except (OSError, KeyError):
            user = "user"
        folder = Path(tempfile.gettempdir()) / f"recutis-numba-{user}-{_state()}"
        folder.mkdir(parents=True, exist_ok=True)
    return folder


if "NUMBA_CACHE_DIR" not in os.environ:
    os.environ["NUMBA_CACHE_DIR"] = str(_cache_folder())

import numba  # noqa: E402  (must come after the cache folder is chosen)

if not getattr(numba.config, "CACHE_DIR", ""):
    # numba was imported earlier by another library and has read its settings already.
    setattr(numba.config, "CACHE_DIR", os.environ["NUMBA_CACHE_DIR"])  # noqa: B010  (not in its type stub)


def kernel(function: Function) -> Function:
    """Compile a function for arrays and floats; releases the interpreter lock, result cached on disk."""
    compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return cast(Function, compiled)


# The sign of zero may be lost, nothing else: were multiply-adds free to fuse, the compiler would choose which, and not the same
# ones in every compilation, so that a seed would not fix the numbers. It costs some per cent of speed.
_RELAXED = {"nsz"}


_njit: Any = numba.njit  # its type stub does not know `_nrt`


def bare_kernel(function: Function) -> Function:
    """Compile a function that allocates nothing: no counting of references, and arithmetic that vector units can run.

    Counting the references of arrays costs more than the arithmetic of a small inner loop. All arrays come from outside.
    """
    compiled: Any = _njit(cache=True, nogil=True, error_model="numpy", fastmath=_RELAXED, _nrt=False)(function)
    return cast(Function, compiled)


def inlined(function: Function) -> Function:
    """A small function that is written into the kernel that calls it."""
    compiled: Any = _njit(inline="always", error_model="numpy", fastmath=_RELAXED, _nrt=False)(function)
    return cast(Function, compiled)


def card_kernel(function: Callable[..., Any]) -> Any:
    """Compile a kernel of a graphics card: arithmetic of float32 as fast as the card has it, result cached on disk.

    Functions that are `inlined` can be called from it.
    """
    cuda: Any = importlib.import_module("numba.cuda")
    return cuda.jit(cache=True, fastmath=True)(function)


def card_function(function: Callable[..., Any]) -> Any:
    """A function of a card that is written into the kernel that calls it and may add to the card's memory."""
    cuda: Any = importlib.import_module("numba.cuda")
    return cuda.jit(device=True, inline="always", fastmath=True)(function)
