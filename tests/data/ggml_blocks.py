"""ggml's quantized blocks, packed from random numbers, and what the numbers are.

The other way round from a reader: every function draws the small integers and scales of a block, packs
them as ggml's quantizers do, and computes the values by the format's formula in float32.
"""

import numpy as np

f32 = np.float32


def half(random, count=1):
    """Finite f16: normal, subnormal and zero, of both signs; and as float32."""
    bits = random.integers(0, 1 << 16, count).astype("<u2")
    bits = np.where(bits & 0x7c00 == 0x7c00, bits & 0x83ff, bits).astype("<u2")
    return bits.tobytes(), bits.view("<f2").astype(f32)


def low_and_high(q):
    return bytes(int(q[j]) | int(q[j + 16]) << 4 for j in range(16))


def fifth_bits(q):
    word = 0
    for j in range(16):
        word |= (int(q[j]) >> 4 & 1) << j
        word |= (int(q[j + 16]) >> 4 & 1) << (j + 16)
    return word.to_bytes(4, "little")


def q4_0(random):
    q = random.integers(0, 16, 32)
    raw, d = half(random)
    return raw + low_and_high(q), d * (q - 8).astype(f32)


def q4_1(random):
    q = random.integers(0, 16, 32)
    raw, (d, m) = half(random, 2)
    return raw + low_and_high(q), d * q.astype(f32) + m


def q5_0(random):
    q = random.integers(0, 32, 32)
    raw, d = half(random)
    return raw + fifth_bits(q) + low_and_high(q & 15), d * (q - 16).astype(f32)


def q5_1(random):
    q = random.integers(0, 32, 32)
    raw, (d, m) = half(random, 2)
    return raw + fifth_bits(q) + low_and_high(q & 15), d * q.astype(f32) + m


def q8_0(random):
    q = random.integers(-128, 128, 32).astype(np.int8)
    raw, d = half(random)
    return raw + q.tobytes(), d * q.astype(f32)


def quarters(q):
    """2 bits of each of 256."""
    packed = bytearray(64)
    for j in range(0, 256, 128):
        for l in range(32):
            packed[j // 4 + l] = sum(int(q[j + l + 32 * k]) << 2 * k for k in range(4))
    return bytes(packed)


def q2_k(random):
    q, s, t = random.integers(0, 4, 256), random.integers(0, 16, 16), random.integers(0, 16, 16)
    raw, (d, d_min) = half(random, 2)
    scales = bytes(int(a) | int(b) << 4 for a, b in zip(s, t))
    values = np.repeat(d * s.astype(f32), 16) * q.astype(f32) - np.repeat(d_min * t.astype(f32), 16)
    return scales + quarters(q) + raw, values


def q3_k(random):
    q, s = random.integers(0, 8, 256), random.integers(0, 64, 16)
    raw, d = half(random)
    mask, place, flag = bytearray(32), 0, 1
    for j in range(256):
        if q[j] > 3:
            mask[place] |= flag
        place += 1
        if place == 32:
            place, flag = 0, flag << 1
    scales = bytearray(12)
    for j in range(16):
        if j < 8:
            scales[j] = int(s[j]) & 15
        else:
            scales[j - 8] |= (int(s[j]) & 15) << 4
        scales[8 + j % 4] |= (int(s[j]) >> 4) << 2 * (j // 4)
    values = np.repeat(d * (s - 32).astype(f32), 16) * (q - 4).astype(f32)
    return bytes(mask) + quarters(q & 3) + bytes(scales) + raw, values


def six_bits(s, t):
    """Eight scales and eight minima in 12 bytes."""
    packed = bytearray(12)
    for j in range(8):
        a, b = int(s[j]), int(t[j])
        if j < 4:
            packed[j], packed[j + 4] = a, b
        else:
            packed[j + 4] = a & 15 | (b & 15) << 4
            packed[j - 4] |= a >> 4 << 6
            packed[j] |= b >> 4 << 6
    return bytes(packed)


def halves(q):
    """4 bits of each of 256."""
    packed = bytearray()
    for j in range(0, 256, 64):
        packed += bytes(int(q[j + l]) | int(q[j + l + 32]) << 4 for l in range(32))
    return bytes(packed)


def q4_k(random, high=0):
    q, s, t = random.integers(0, 16 << high, 256), random.integers(0, 64, 8), random.integers(0, 64, 8)
    raw, (d, d_min) = half(random, 2)
    values = np.repeat(d * s.astype(f32), 32) * q.astype(f32) - np.repeat(d_min * t.astype(f32), 32)
    fifth = bytearray(32 * high)
    first, second = 1, 2
    for n in range(0, 256 * high, 64):
        for j in range(32):
            fifth[j] |= first * int(q[n + j] > 15) | second * int(q[n + j + 32] > 15)
        first, second = first << 2, second << 2
    return raw + six_bits(s, t) + bytes(fifth) + halves(q & 15), values


def q5_k(random):
    return q4_k(random, high=1)


def q6_k(random):
    q, s = random.integers(0, 64, 256), random.integers(-128, 128, 16).astype(np.int8)
    raw, d = half(random)
    low, high = bytearray(), bytearray()
    for j in range(0, 256, 128):
        one, two, three, four = ([int(x) for x in q[j + 32 * k:j + 32 * k + 32]] for k in range(4))
        low += bytes(a & 15 | (c & 15) << 4 for a, c in zip(one, three))
        low += bytes(b & 15 | (e & 15) << 4 for b, e in zip(two, four))
        high += bytes(a >> 4 | b >> 4 << 2 | c >> 4 << 4 | e >> 4 << 6
                      for a, b, c, e in zip(one, two, three, four))
    values = np.repeat(d * s.astype(f32), 16) * (q - 32).astype(f32)
    return bytes(low) + bytes(high) + s.tobytes() + raw, values


def q8_k(random):
    q = random.integers(-128, 128, 256).astype(np.int8)
    d = random.standard_normal(1).astype(f32)
    sums = q.astype(np.int16).reshape(16, 16).sum(1, dtype=np.int16)
    return d.astype("<f4").tobytes() + q.tobytes() + sums.astype("<i2").tobytes(), d * q.astype(f32)


# By ggml's number and name: numbers in a block, and the function.
QUANTIZED = {
    "Q4_0": (2, 32, q4_0), "Q4_1": (3, 32, q4_1), "Q5_0": (6, 32, q5_0), "Q5_1": (7, 32, q5_1),
    "Q8_0": (8, 32, q8_0), "Q2_K": (10, 256, q2_k), "Q3_K": (11, 256, q3_k), "Q4_K": (12, 256, q4_k),
    "Q5_K": (13, 256, q5_k), "Q6_K": (14, 256, q6_k), "Q8_K": (15, 256, q8_k)}


def tensor(name, rows, blocks, seed):
    """ggml's number of the type, its bytes, and the values [rows, blocks * numbers of a block]."""
    number, _, make = QUANTIZED[name]
    random = np.random.default_rng(seed)
    made = [make(random) for _ in range(rows * blocks)]
    assert all(values.dtype == f32 for _, values in made)
    return number, b"".join(raw for raw, _ in made), np.concatenate([v for _, v in made]).reshape(rows, -1)
