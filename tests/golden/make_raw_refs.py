"""Writes tests/golden/raw: small drawn pictures, and what TensorFlow makes of them.

The notebook's preprocessing is tf.io.decode_png(channels=1) and tf.image.resize to 224 x 224,
bilinear. NAME.ref.png is its result, gray of 16 bits (65535 is 1.0). Nothing here is a real
signature. Run it with the packages of requirements.txt; the same packages write the same files.
"""

import os
import struct
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

OUT = Path(__file__).parent / "raw"
SIDE = 224


def curve(width, height, seed, ink=(40, 50, 120), paper=(238, 235, 228)):
    """A flourish of a few arcs on paper that darkens to the right."""
    rng = np.random.default_rng(seed)
    shade = np.linspace(1.0, 0.93, width)[None, :, None] * np.ones((height, 1, 1))
    image = Image.fromarray((shade * np.array(paper)).astype(np.uint8))
    t = np.linspace(0, 1, 400)
    a, b, c = rng.uniform(2, 7, 3)
    x = width * (0.1 + 0.8 * t + 0.06 * np.sin(9 * a * t))
    y = height * (0.5 + 0.2 * np.sin(6 * b * t) + 0.15 * np.cos(11 * c * t))
    points = [(float(p), float(q)) for p, q in zip(x, y)]
    ImageDraw.Draw(image).line(points, fill=ink, width=max(1, height // 60))
    return image


def noise(width, height, channels, seed):
    rng = np.random.default_rng(seed)
    shape = (height, width, channels) if channels > 1 else (height, width)
    return Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))


def with_alpha(image):
    alpha = np.linspace(0, 255, image.width).astype(np.uint8)
    image = image.copy()
    image.putalpha(Image.fromarray(np.tile(alpha, (image.height, 1))))
    return image


def gray16(image):
    gray = np.asarray(image.convert("L")).astype(np.uint16)
    return Image.fromarray(gray * 200 + 137)


def gamma(value):
    info = PngInfo()
    info.add(b"gAMA", struct.pack(">I", value))
    return info


def srgb():
    info = PngInfo()
    info.add(b"sRGB", b"\0")
    return info


def pictures():
    """File name, picture, options of its encoder."""
    yield "rgb_larger.png", curve(451, 187, 1), {}
    yield "rgb_smaller.png", curve(97, 61, 2), {}
    yield "rgb_noise.png", noise(61, 83, 3, 3), {}
    yield "rgb_gamma.png", curve(301, 120, 4), {"pnginfo": gamma(45455)}
    yield "rgb_srgb.png", noise(40, 30, 3, 5), {"pnginfo": srgb()}
    yield "rgb_linear.png", curve(150, 80, 6), {"pnginfo": gamma(100000)}
    yield "rgba.png", with_alpha(curve(333, 129, 7)), {}
    yield "gray_exact.png", curve(224, 224, 8).convert("L"), {}
    yield "gray_tall.png", curve(119, 389, 9).convert("L"), {}
    yield "gray_noise.png", noise(259, 101, 1, 10), {}
    yield "gray_alpha.png", with_alpha(curve(205, 99, 11).convert("L")), {}
    yield "palette.png", curve(277, 143, 12).quantize(16), {}
    yield "palette_gamma.png", curve(211, 90, 13).quantize(9), {"pnginfo": gamma(45454)}
    yield "bilevel.png", curve(399, 151, 14).convert("1"), {}
    yield "gray16.png", gray16(curve(241, 119, 15)), {}
    yield "one_pixel.png", Image.new("RGB", (1, 1), (10, 200, 90)), {}
    yield "one_row.png", noise(300, 1, 1, 16), {}
    yield "photo.jpg", curve(407, 163, 17), {"quality": 80}
    yield "photo_444.jpg", curve(101, 75, 18), {"quality": 95, "subsampling": 0}
    yield "photo_gray.jpg", curve(263, 111, 19).convert("L"), {"quality": 70}
    yield "photo_progressive.jpg", curve(245, 160, 20), {"progressive": True}


def decoded(path):
    """As decode_png, which reads JPEG too, but then with a fast transform that is up to 8 gray levels off the standard's.
    What is in the file is what the accurate transform says; inkproof has that one alone."""
    content = tf.io.read_file(str(path))
    if path.suffix == ".jpg":
        return tf.io.decode_jpeg(content, channels=1, dct_method="INTEGER_ACCURATE")
    return tf.io.decode_png(content, channels=1)


def reference(path):
    image = decoded(path)
    small = tf.image.resize(image, (SIDE, SIDE), method="bilinear") / 255.0
    return np.round(small.numpy()[..., 0].astype(np.float64) * 65535).astype(np.uint16)


def main():
    OUT.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    for name, image, options in pictures():
        path = OUT / name
        image.save(path, optimize=True, **options)
        Image.fromarray(reference(path)).save(path.with_suffix(".ref.png"), optimize=True)


if __name__ == "__main__":
    main()
