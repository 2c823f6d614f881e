"""The Merkle tree of RFC 6962 over event hashes, built in one pass with a stack."""

import hashlib


class Tree:
    """Append leaves, ask for the root; memory grows with the logarithm of the size."""

    def __init__(self) -> None:
        self.size = 0
        self._stack: list[tuple[int, bytes]] = []  # (leaves below, hash), largest first

    def append(self, leaf: bytes) -> None:
        node, below = hashlib.sha256(b"\x00" + leaf).digest(), 1
        while self._stack and self._stack[-1][0] == below:
            node = _join(self._stack.pop()[1], node)
            below *= 2
        self._stack.append((below, node))
        self.size += 1

    def root(self) -> str:
        """The tree's root as 64 hex digits; of no leaves, the hash of nothing."""
        if not self._stack:
            return hashlib.sha256().hexdigest()
        *left, (_, node) = self._stack
        for _, sibling in reversed(left):
            node = _join(sibling, node)
        return node.hex()


def _join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
