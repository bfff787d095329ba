"""Random numbers of the photon kernels: SplitMix64 seeds, one xoroshiro128+ stream for each block of photons.

The seed, the number of the block and the lane decide a stream; threads have no part in it.
References: Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195; Blackman & Vigna 2021, doi:10.1145/3460772.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recutis.jit import bare_kernel, inlined

Words = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_UNIT = 2.0**-53


@inlined
def mix(word: np.uint64) -> np.uint64:
    """The output function of SplitMix64."""
    word = (word ^ (word >> np.uint64(30))) * _FIRST
    word = (word ^ (word >> np.uint64(27))) * _SECOND
    return word ^ (word >> np.uint64(31))


@bare_kernel
def fill(words: Words, seed: int, block: int) -> None:
    """Fill `words` for this seed and block; different pairs give unrelated words."""
    key = mix(mix(np.uint64(seed) + _GOLDEN) + np.uint64(block) * _GOLDEN)
    for i in range(words.size):
        key += _GOLDEN
        words[i] = mix(key)


@inlined
def _rotated(word: np.uint64, by: int) -> np.uint64:
    return (word << np.uint64(by)) | (word >> np.uint64(64 - by))


@inlined
def uniform(state: Words) -> float:
    """The next number in (0, 1]; `state` (2 words) moves on."""
    first, second = state[0], state[1]
    drawn = first + second
    second ^= first
    state[0] = _rotated(first, 24) ^ second ^ (second << np.uint64(16))
    state[1] = _rotated(second, 37)
    return (np.float64(drawn >> np.uint64(11)) + 0.5) * _UNIT
