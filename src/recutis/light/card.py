"""Whether there is a graphics card that light transport can use. Numba is loaded only where a driver answers."""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
from functools import cache
from importlib.util import find_spec
from typing import Any, Final

from recutis.errors import InputError

# Fewer photons than this are done on a processor before the card's kernels are loaded.
WORTH_PHOTONS: Final = 2_000_000


@cache
def obstacle() -> str:
    """What keeps this process from using a card; empty when nothing does. Costs milliseconds where there is none."""
    if os.environ.get("NUMBA_ENABLE_CUDASIM") == "1":
        return ""  # numba's simulator stands in for a card
    if find_spec("numba_cuda") is None:
        return "the package numba-cuda is not installed"
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return "no driver of an NVIDIA card was found"
    try:
        cuda: Any = importlib.import_module("numba.cuda")
        found = bool(cuda.is_available())
    except (ImportError, OSError, RuntimeError) as error:
        return f"the driver does not answer ({type(error).__name__})"
    return "" if found else "the driver reports no card, or numba-cuda lacks its compiler"


def require() -> None:
    """Refuse to go on without a card. Raises InputError."""
    if reason := obstacle():
        msg = (
            f"The engine 'cuda' needs an NVIDIA card with its driver and the extra recutis[gpu], but {reason}; "
            "install what is missing, or choose auto, packet or scalar."
        )
        raise InputError(msg)


def worth_it(photons: int) -> bool:
    """Whether a card can be used and a run of so many photons is large enough to pay for its start."""
    return photons >= WORTH_PHOTONS and not obstacle()
