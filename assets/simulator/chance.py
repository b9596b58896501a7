"""Random numbers that are looked up, not drawn: a hash of the seed and of what is being decided.

The draw for "pupil 17, 5 October, third lesson" is the same number whether the run is cut into
months or days, starts in August or October, or is done with another release of numpy. That is why
no `numpy.random.Generator` is used here: its stream depends on the order of the calls.
"""

import zlib

import numpy as np
import numpy.typing as npt

Counters = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def _mix(z: Counters) -> Counters:
    """Finish a splitmix64 step in place: every input bit reaches every output bit."""
    z ^= z >> np.uint64(30)
    z *= _MIX_1
    z ^= z >> np.uint64(27)
    z *= _MIX_2
    z ^= z >> np.uint64(31)
    return z


def bits(seed: int, stream: str, *counters: npt.ArrayLike) -> Counters:
    """Hash a seed, the name of a decision and integer counters.

    Args:
        seed: Any integer; only its low 64 bits count.
        stream: What is decided, e.g. `"illness_start"`; other names give independent numbers.
        *counters: Integer arrays that broadcast together, e.g. persons (P, 1) and days (D,). Put
            the counter that varies fastest last: only the last step runs on the full shape.

    Returns:
        uint64 of the broadcast shape, uniform over all 2^64 values.
    """
    start = (seed ^ (zlib.crc32(stream.encode()) << 32)) & 0xFFFFFFFFFFFFFFFF
    state: Counters = _mix(np.array([start], dtype=np.uint64))
    for counter in counters:
        # A counter enters multiplied by an odd constant, so that 0, 1, 2 … lie far apart.
        step = np.atleast_1d(counter).astype(np.uint64) * _GOLDEN + _GOLDEN
        state = _mix(state ^ step)
    return state


def uniform(seed: int, stream: str, *counters: npt.ArrayLike) -> Floats:
    """As `bits`, as float64 in [0, 1)."""
    return (bits(seed, stream, *counters) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def choice(seed: int, stream: str, size: int, *counters: npt.ArrayLike) -> Ints:
    """As `bits`, as int64 indexes in 0..size-1."""
    return np.floor(uniform(seed, stream, *counters) * size).astype(np.int64)


def shuffled(seed: int, stream: str, size: int, *key: int) -> Ints:
    """A permutation of 0..size-1 that depends on seed, stream and key only; int64 (size,)."""
    order = bits(seed, stream, *key, np.arange(size))
    return np.argsort(order, kind="stable").astype(np.int64)
