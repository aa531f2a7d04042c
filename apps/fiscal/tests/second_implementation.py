"""The format again, written from `docs/fiscal-format.md` and the standards alone.

Nothing here imports the platform: standard library only, Ed25519 included (RFC 8032, section 6),
so that a mistake in `canonical.py` or `crypto.py` cannot hide in its own test.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from uuid import UUID

ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def canonical(value: Any) -> str:
    """RFC 8785 for the values that the format allows (no floats)."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(ESCAPES.get(c, f"\\u{ord(c):04x}" if c < " " else c) for c in value) + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in keys) + "}"


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def genesis(tenant_id: str) -> bytes:
    return sha256(b"cauris/genesis/v1\x00", UUID(tenant_id).bytes)


def link(sequence: int, previous: bytes, data: bytes) -> bytes:
    return sha256(b"cauris/chain/v1\x00", sequence.to_bytes(8, "big"), previous, data)


def committed(name: str, salt: bytes, text: str) -> bytes:
    return sha256(b"cauris/commitment/v1\x00", name.encode(), b"\x00", salt, text.encode())


def signing_seed(master: bytes, tenant_id: str, key_id: str) -> bytes:
    """HKDF-SHA256 (RFC 5869), no salt, one block."""
    pseudorandom = hmac.digest(bytes(32), master, "sha256")
    info = b"cauris/signing-key/v1\x00" + UUID(tenant_id).bytes + key_id.encode()
    return hmac.digest(pseudorandom, info + b"\x01", "sha256")


def closing_genesis(tenant_id: str) -> bytes:
    return sha256(b"cauris/closing-genesis/v1\x00", UUID(tenant_id).bytes)


def closing(previous: bytes, data: bytes) -> bytes:
    return sha256(b"cauris/closing/v1\x00", previous, data)


def anchor_digest(line: dict[str, Any]) -> bytes:
    said = {key: value for key, value in line.items() if key not in {"signature", "previous_line_hash"}}
    return sha256(b"cauris/anchor/v1\x00", canonical(said).encode())


def manifest_digest(manifest: bytes) -> bytes:
    return sha256(b"cauris/manifest/v1\x00", manifest)


# The Merkle tree, as RFC 6962, section 2.1, defines it: by recursion ---------------------------


def leaf(chain_hash: bytes) -> bytes:
    return sha256(b"\x00", chain_hash)


def split(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\x01", root(leaves[:k]), root(leaves[k:]))


def frontier(leaves: list[bytes]) -> list[bytes]:
    found = []
    while leaves:
        width = 1 << (len(leaves).bit_length() - 1)
        found.append(root(leaves[:width]))
        leaves = leaves[width:]
    return found


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*path(index, leaves[:k]), root(leaves[k:])]
    return [*path(index - k, leaves[k:]), root(leaves[:k])]


def consistency(first: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    if first == len(leaves):
        return [] if whole else [root(leaves)]
    k = split(len(leaves))
    if first <= k:
        return [*consistency(first, leaves[:k], whole), root(leaves[k:])]
    return [*consistency(first - k, leaves[k:], False), root(leaves[:k])]


# Ed25519 -------------------------------------------------------------------------------------
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar: int, point: tuple[int, ...]) -> tuple[int, ...]:
    result: tuple[int, ...] = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def recover_x(y: int, sign: int) -> int:
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P)
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return P - x if x & 1 != sign else x


def compress(point: tuple[int, ...]) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decompress(data: bytes) -> tuple[int, ...]:
    number = int.from_bytes(data, "little")
    y = number & (1 << 255) - 1
    x = recover_x(y, number >> 255)
    return x, y, 1, x * y % P


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BASE_Y, 0), BASE_Y, 1, recover_x(BASE_Y, 0) * BASE_Y % P)


def scalar_of(seed: bytes) -> tuple[int, bytes]:
    digest = hashlib.sha512(seed).digest()
    return int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254, digest[32:]


def challenge(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L


def public_key(seed: bytes) -> bytes:
    return compress(multiply(scalar_of(seed)[0], BASE))


def signature(seed: bytes, message: bytes) -> bytes:
    scalar, prefix = scalar_of(seed)
    public = public_key(seed)
    nonce = challenge(prefix, message)
    commit = compress(multiply(nonce, BASE))
    return commit + ((nonce + challenge(commit, public, message) * scalar) % L).to_bytes(32, "little")


def signature_holds(public: bytes, message: bytes, signed: bytes) -> bool:
    commit, response = signed[:32], int.from_bytes(signed[32:], "little")
    right = add(decompress(commit), multiply(challenge(commit, public, message), decompress(public)))
    return len(signed) == 64 and response < L and compress(multiply(response, BASE)) == compress(right)
