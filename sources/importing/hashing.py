"""Keyed hashes of personal numbers, and one 64-bit hash a row to tell changed rows from unchanged.

Both depend on `hash_key` alone, so the same value gives the same hash in every file and format.
"""

import hashlib
import hmac

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

U64 = npt.NDArray[np.uint64]
_LONG = 64  # bytes; longer texts are hashed one by one


def keyed(values: pa.Array, hash_key: str) -> pa.Array:
    """HMAC-SHA256 of each text, its first 32 hex digits; null stays null."""
    key = hash_key.encode()
    return pa.array(
        [
            None if value is None else hmac.digest(key, value.encode(), "sha256").hex()[:32]
            for value in values.to_pylist()
        ],
        pa.string(),
    )


def seed(hash_key: str, kind: str, column: str) -> np.uint64:
    """What makes the same value count differently in different columns."""
    digest = hmac.digest(hash_key.encode(), f"row/{kind}/{column}".encode(), "sha256")
    return np.uint64(int.from_bytes(digest[:8], "little") | 1)


def hash_values(values: pa.Array, start: np.uint64) -> U64:
    """A hash of every value; null gives 0, so that a new but empty column changes no row."""
    if pa.types.is_string(values.type):
        hashes = _hash_texts(values, start)
    else:
        hashes = _mix(_bits(values) ^ start)
    if values.null_count:
        hashes[np.asarray(values.is_null())] = 0
    return hashes


def _bits(values: pa.Array) -> U64:
    """The typed values as 64 bits each."""
    if pa.types.is_floating(values.type):
        numbers = values.fill_null(0.0).to_numpy(zero_copy_only=False) + 0.0  # -0.0 is 0.0
        plain = numbers
    else:
        narrow = values.cast(pa.int32()) if pa.types.is_date32(values.type) else values
        plain = narrow.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    bits: U64 = np.ascontiguousarray(plain).view(np.uint64)
    return bits


def _mix(state: U64) -> U64:
    """The finaliser of splitmix64."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def _hash_texts(values: pa.Array, start: np.uint64) -> U64:
    """Texts up to 64 bytes eight bytes at a time over all of them, longer ones singly."""
    lengths = pc.binary_length(values).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    words = _words(values, np.minimum(lengths, _LONG))
    state = _mix(lengths.astype(np.uint64) ^ start)
    for place in range(words.shape[1]):
        here = lengths > 8 * place
        state = np.where(here, _mix(state ^ words[:, place]), state)
    for index in np.flatnonzero(lengths > _LONG):
        digest = hashlib.blake2b(values[int(index)].as_buffer(), digest_size=8).digest()
        state[index] = _mix(np.array([int.from_bytes(digest, "little")], np.uint64) ^ start)[0]
    return state


def _words(values: pa.Array, lengths: npt.NDArray[np.int64]) -> U64:
    """The bytes of each text, zero-padded, as a matrix of 64-bit words (texts x words)."""
    width = -(-int(lengths.max(initial=0)) // 8) * 8
    matrix = np.zeros((len(values), width), np.uint8)
    _, offsets_buffer, data_buffer = values.buffers()
    if width == 0 or data_buffer is None:
        return np.zeros((len(values), 0), np.uint64)
    offsets = np.frombuffer(offsets_buffer, np.int32)[values.offset :][: len(values)]
    data = np.frombuffer(data_buffer, np.uint8)
    places = np.arange(width)
    inside = places[None, :] < lengths[:, None]
    matrix[inside] = data[(offsets[:, None] + places[None, :])[inside]]
    return matrix.view("<u8").astype(np.uint64, copy=False)
