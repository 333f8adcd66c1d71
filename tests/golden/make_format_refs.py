"""Writes tests/golden/formats: one small drawn picture in every format and depth that is read, and what a person sees in
it (NAME.ref.png): colours to luma, alpha on white, turned as EXIF says, of several pages the first."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

OUT = Path(__file__).parent / "formats"


def drawing(ink=(30, 40, 110), paper=(240, 236, 225)):
    """Not symmetric, so that every turn shows."""
    image = Image.new("RGB", (61, 37), paper)
    draw = ImageDraw.Draw(image)
    draw.line([(4, 30), (14, 6), (22, 29), (33, 12), (56, 27)], fill=ink, width=2)
    draw.ellipse([40, 4, 50, 12], outline=(150, 60, 40))
    return image


def translucent():
    image = drawing().convert("RGBA")
    image.putalpha(Image.fromarray(np.tile(np.linspace(0, 255, 61).astype(np.uint8), (37, 1))))
    return image


def deep():
    return Image.fromarray(np.asarray(drawing().convert("L")).astype(np.uint16) * 211 + 77)


def turned(how):
    exif = Image.Exif()
    exif[0x0112] = how
    return exif.tobytes()


def pictures():
    """Name, picture, options of its encoder."""
    yield "tiff_g4.tif", drawing().convert("1"), {"compression": "group4"}
    yield "tiff_lzw.tif", drawing(), {"compression": "tiff_lzw"}
    yield "tiff_deflate_gray.tif", drawing().convert("L"), {"compression": "tiff_adobe_deflate"}
    yield "tiff_packbits.tif", drawing().convert("L"), {"compression": "packbits"}
    yield "tiff_palette.tif", drawing().quantize(8), {}
    yield "tiff_gray16.tif", deep(), {}
    yield "tiff_rgba.tif", translucent(), {}
    yield "tiff_pages.tif", drawing().convert("1"), {
        "compression": "group4", "save_all": True, "append_images": [Image.new("1", (90, 20), 1)]}
    yield "bmp_rgb.bmp", drawing(), {}
    yield "bmp_palette.bmp", drawing().quantize(16), {}
    yield "bmp_bilevel.bmp", drawing().convert("1"), {}
    yield "webp_lossless.webp", drawing(), {"lossless": True}
    yield "webp_alpha.webp", translucent(), {"lossless": True, "exact": True}
    yield "pnm_gray.pgm", drawing().convert("L"), {}
    yield "pnm_bilevel.pbm", drawing().convert("1"), {}
    yield "pnm_rgb.ppm", drawing(), {}
    yield "png_rgba.png", translucent(), {}
    yield "png_gray_alpha.png", translucent().convert("LA"), {}
    yield "png_gray16.png", deep(), {}
    yield "png_palette.png", drawing().quantize(8), {}
    yield "png_bilevel.png", drawing().convert("1"), {}
    for how in range(2, 9):
        yield f"jpeg_turned_{how}.jpg", drawing(), {"quality": 97, "subsampling": 0, "exif": turned(how)}
    yield "png_turned_6.png", drawing(), {"exif": turned(6)}


def seen(path):
    image = ImageOps.exif_transpose(Image.open(path))
    if image.mode in ("I;16", "I"):
        return np.floor(np.asarray(image).astype(np.float64) / 257 + 0.5)
    rgba = np.asarray(image.convert("RGBA")).astype(np.float64)
    luma = rgba[..., :3] @ [0.299, 0.587, 0.114]
    alpha = rgba[..., 3] / 255
    return np.floor(luma * alpha + 255 * (1 - alpha) + 0.5)


OUT.mkdir(exist_ok=True)
for old in OUT.iterdir():
    old.unlink()
for name, image, options in pictures():
    path = OUT / name
    image.save(path, **options)
    Image.fromarray(seen(path).astype(np.uint8)).save(OUT / f"{name}.ref.png", optimize=True)
