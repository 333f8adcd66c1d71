"""Writes tests/golden/formats: one small drawn picture in every format and depth that is read, and what a person sees in
it (NAME.ref.png): colours to luma, alpha on white unless it is the ink, turned as EXIF says, pixels made square, of several
pages the one that has something on it."""

import base64
import io
import struct
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, ImageDraw, ImageOps

pillow_heif.register_heif_opener()

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


def hidden():
    """The alpha channel says nothing."""
    image = drawing().convert("RGBA")
    image.putalpha(0)
    return image


def light_ink():
    """White ink that is only in alpha."""
    image = Image.new("RGBA", (61, 37), (255, 255, 255, 0))
    image.putalpha(Image.eval(drawing((0, 0, 0), (255, 255, 255)).convert("L"), lambda level: 255 - level))
    return image


def wide():
    """Runs of more than 2560 pixels, and lines that are nearly alike."""
    image = Image.new("1", (3000, 40), 1)
    draw = ImageDraw.Draw(image)
    draw.line([(20, 30), (900, 4), (1300, 35), (2980, 10)], fill=0, width=3)
    draw.rectangle([0, 36, 2999, 38], fill=0)
    return image


def twice(image):
    return image.resize((122, 74), Image.NEAREST)


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


FAX = {"x_resolution": 204, "y_resolution": 98, "resolution_unit": "inch"}
LOWEST_FIRST = {"tiffinfo": {266: 2}}
TWO_DIMENSIONS = {"tiffinfo": {292: 1}}


def faxes():
    yield "tiff_huffman.tif", wide(), {"compression": "tiff_ccitt"}
    yield "tiff_g3.tif", wide(), {"compression": "group3"}
    yield "tiff_g3_two.tif", wide(), {"compression": "group3", **TWO_DIMENSIONS}
    yield "tiff_g3_two_filled.tif", wide(), {"compression": "group3", "tiffinfo": {292: 5}}
    yield "tiff_g3_lowest_first.tif", drawing().convert("1"), {"compression": "group3", **LOWEST_FIRST}
    yield "tiff_g4_lowest_first.tif", drawing().convert("1"), {"compression": "group4", **LOWEST_FIRST}
    yield "tiff_packbits_lowest_first.tif", drawing().convert("1"), {"compression": "packbits", **LOWEST_FIRST}
    yield "tiff_lzw_lowest_first.tif", drawing().convert("1"), {"compression": "tiff_lzw", **LOWEST_FIRST}
    yield "tiff_deflate_lowest_first.tif", drawing(), {"compression": "tiff_adobe_deflate", **LOWEST_FIRST}
    yield "tiff_blank_first.tif", Image.new("1", (90, 20), 1), {
        "compression": "group4", "save_all": True, "append_images": [drawing().convert("1")]}
    yield "gif.gif", drawing().quantize(8), {}
    yield "gif_pictures.gif", drawing().quantize(8), {
        "save_all": True, "append_images": [Image.new("P", (61, 37), 0)], "duration": 100}
    yield "jpeg2000.jp2", drawing(), {"irreversible": False}
    yield "jpeg2000_gray.j2k", drawing().convert("L"), {"irreversible": False}
    yield "jpeg2000_alpha.jp2", translucent(), {"irreversible": False}
    yield "heic.heic", twice(drawing()), {"quality": 95, "chroma": 444}
    yield "heic_turned.heic", twice(drawing()), {"quality": 95, "chroma": 444, "exif": turned(6)}
    yield "heic_alpha.heic", twice(translucent()), {"quality": 95, "chroma": 444}
    yield "tiff_density.tif", drawing().convert("1"), {"compression": "group4", **FAX}
    yield "png_density.png", drawing(), {"dpi": (204, 98)}
    yield "jpeg_density.jpg", drawing(), {"quality": 97, "subsampling": 0, "dpi": (98, 204), "exif": turned(6)}
    yield "bmp_density.bmp", drawing(), {"dpi": (204, 98)}
    yield "png_hidden.png", hidden(), {}
    yield "tiff_hidden.tif", hidden(), {}
    yield "png_light_ink.png", light_ink(), {}
    yield "png_light_ink_gray.png", light_ink().convert("LA"), {}
    yield "webp_light_ink.webp", light_ink(), {"lossless": True, "exact": True}


def tiff(entries, data):
    """A TIFF of one page; a value in brackets counts from where its data begin."""
    after = 8 + 2 + 12 * len(entries) + 4
    packed = b"".join(
        struct.pack("<HHII", tag, 4, 1, after + value[0] if isinstance(value, tuple) else value)
        for tag, value in sorted(entries.items()))
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed + bytes(4) + data


def made_by_hand():
    """What no program at hand writes: name, bytes, and the picture."""
    image = drawing().convert("1")
    bits = bytes(int(f"{byte:08b}"[::-1], 2) for byte in image.tobytes())
    sides = {256: 61, 257: 37}
    yield "tiff_lowest_first.tif", tiff(
        {**sides, 258: 1, 259: 1, 262: 1, 266: 2, 273: (0,), 277: 1, 278: 37, 279: len(bits)}, bits), image
    stream = io.BytesIO()
    drawing().save(stream, "JPEG", quality=97, subsampling=0)
    stream = stream.getvalue()
    decoded = Image.open(io.BytesIO(stream))
    color = {**sides, 259: 6, 262: 6, 277: 3, 278: 37}
    yield "tiff_old_jpeg.tif", tiff(
        {**color, 273: (0,), 279: len(stream), 513: (0,), 514: len(stream)}, stream), decoded
    buffer = io.BytesIO()
    drawing().save(buffer, "PNG")
    digits = base64.b64encode(buffer.getvalue()).decode()
    yield "png_data_uri.txt", f"data:image/png;base64,{digits}\n".encode(), drawing()
    scan = stream.index(b"\xff\xda")
    yield "tiff_old_jpeg_strips.tif", tiff(
        {**color, 273: (scan,), 279: len(stream) - scan, 513: (0,), 514: scan}, stream), decoded


def stretched(levels, name):
    """Twice and a bit as high, as 204 x 98 dots an inch have to be seen."""
    if "density" not in name:
        return levels
    rows = levels.shape[0]
    high = round(rows * 204 / 98)
    at = np.clip((np.arange(high) + 0.5) * rows / high - 0.5, 0, rows - 1)
    return np.stack([np.interp(at, np.arange(rows), column) for column in levels.T], 1)


def seen(path):
    image = Image.open(path)
    if path.name == "tiff_blank_first.tif":
        image.seek(1)
    image = ImageOps.exif_transpose(image)
    if "light_ink" in path.name:
        return 255 - np.asarray(image.convert("RGBA")).astype(np.float64)[..., 3]
    if "hidden" in path.name:
        image = image.convert("RGB")
    if image.mode in ("I;16", "I"):
        return np.floor(np.asarray(image).astype(np.float64) / 257 + 0.5)
    rgba = np.asarray(image.convert("RGBA")).astype(np.float64)
    luma = rgba[..., :3] @ [0.299, 0.587, 0.114]
    alpha = rgba[..., 3] / 255
    return np.floor(luma * alpha + 255 * (1 - alpha) + 0.5)


OUT.mkdir(exist_ok=True)
for old in OUT.iterdir():
    old.unlink()
for name, image, options in [*pictures(), *faxes()]:
    path = OUT / name
    image.save(path, **options)
    levels = np.floor(stretched(seen(path), name) + 0.5)
    Image.fromarray(levels.astype(np.uint8)).save(OUT / f"{name}.ref.png", optimize=True)
for name, content, image in made_by_hand():
    (OUT / name).write_bytes(content)
    image.convert("L").save(OUT / f"{name}.ref.png", optimize=True)
