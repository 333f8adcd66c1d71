"""Weights and pictures that Python and Rust both compute, so that they need not be stored.

All arithmetic is on unsigned 64-bit integers, so that both give the same bits.
"""

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
SIDE = 224


def mix(x):
    """The finaliser of splitmix64 (Steele et al. 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def name_hash(name):
    """FNV-1a."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return np.uint64(value)


def uniform(name, count):
    """Numbers in [-1, 1), multiples of 2^-23."""
    index = np.arange(1, count + 1, dtype=np.uint64)
    bits = mix(name_hash(name) + index * GOLDEN) >> np.uint64(40)
    return bits.astype(np.float64) / 2.0**23 - 1.0


def signs(name, count, which):
    """+1 and -1 in equal parts; `which` numbers the sequences of a name."""
    return np.where(uniform(f"{name}#{which}", count) < 0, -1.0, 1.0)


def tensor(name, shape):
    """The values of the tensor `name`, in inkproof's names and layouts."""
    u = uniform(name, int(np.prod(shape)))
    kind = name.rsplit(".", 1)[1]
    if kind == "weight":
        fan_in = int(np.prod(shape[1:])) if len(shape) == 4 else shape[0]
        u = u * np.sqrt(6.0 / fan_in)
    else:
        low, span = {"gamma": (1.0, 0.2), "variance": (1.0, 0.3)}.get(kind, (0.0, 0.1))
        u = low + span * u
    return u.astype(np.float32).reshape(shape)


def picture(number):
    """SIDE x SIDE bytes: squares with some noise; their size, tone and contrast depend on the number."""
    y, x = np.indices((SIDE, SIDE)).astype(np.uint64)
    key, cell = np.uint64(number), np.uint64(3 + 5 * (number % 7))
    contrast, tone = np.uint64(20 + 30 * (number % 5)), np.uint64(25 * (number % 4))
    square = mix(key * np.uint64(1000003) + y // cell * np.uint64(1009) + x // cell) >> np.uint64(40)
    noise = mix(key * np.uint64(7000003) + y * np.uint64(1013) + x) >> np.uint64(40)
    return (tone + square % contrast + noise % np.uint64(40)).astype(np.uint8)


def pictures(numbers):
    """`[batch, SIDE, SIDE, 1]` in [0, 1]."""
    return np.stack([picture(n) for n in numbers])[..., None].astype(np.float32) / np.float32(255.0)
