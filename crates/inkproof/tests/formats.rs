//! Every format and depth that is read, against what `tests/golden/make_format_refs.py` sees in the same files; and
//! bytes that are not an image at all.

mod golden;

use std::fs;
use std::path::PathBuf;

use inkproof::decode::{Kind, decode_picture};
use inkproof::{Error, GrayRule, Limits, Preprocess, decode};
use proptest::prelude::*;

fn pictures() -> Vec<PathBuf> {
    golden::pictures("formats")
}

#[test]
fn every_format_shows_what_a_person_sees() {
    let pictures = pictures();
    assert!(pictures.len() >= 60, "only {} pictures", pictures.len());
    for path in pictures {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let ours = decode(&fs::read(&path).unwrap(), GrayRule::OnWhite, &Limits::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let theirs = image::open(path.with_file_name(format!("{name}.ref.png"))).unwrap().into_luma8();
        assert_eq!((ours.width() as u32, ours.height() as u32), theirs.dimensions(), "{name}");
        // Colours of a JPEG and of a HEIC photo are rounded on the way; all others are exact but for the last rounding.
        let bound = if name.ends_with(".jpg") || name.ends_with(".heic") { 3 } else { 1 };
        let furthest = ours.pixels().iter().zip(theirs.iter()).map(|(&a, &b)| a.abs_diff(b)).max().unwrap();
        assert!(furthest <= bound, "{name}: {furthest} gray levels");
    }
}

#[test]
fn a_signature_in_any_format_becomes_nearly_the_same_ink() {
    let ink = |name: &str| {
        Preprocess::ink()
            .apply(&fs::read(golden::folder("formats").join(name)).unwrap(), &Limits::default())
            .unwrap()
            .ink
    };
    let differing = |a: &inkproof::Ink, b: &inkproof::Ink| {
        let pairs = a.pixels().iter().zip(b.pixels());
        pairs.filter(|(a, b)| a.abs_diff(**b) > 64).count() as f64 / a.pixels().len() as f64
    };
    // In colour the red ring is another ink than the blue strokes, and left out.
    let colored = ["bmp_rgb.bmp", "tiff_lzw.tif", "webp_lossless.webp", "pnm_rgb.ppm", "jpeg2000.jp2"].as_slice();
    for names in [colored, &["pnm_gray.pgm", "png_gray16.png", "jpeg2000_gray.j2k"]] {
        for name in names {
            let share = differing(&ink(name), &ink(names[0]));
            assert!(share < 0.01, "{name}: {share}");
        }
    }
    assert!(differing(&ink("bmp_rgb.bmp"), &ink("pnm_gray.pgm")) > 0.01);
}

#[test]
fn other_formats_and_oversized_files_are_refused() {
    let unknown = decode(b"\x01\x02\x03\x04", GrayRule::OnWhite, &Limits::default());
    assert!(matches!(unknown, Err(Error::UnknownFormat)));
    let avif = decode(b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", GrayRule::OnWhite, &Limits::default());
    assert!(matches!(avif, Err(Error::OtherKind(Kind::Avif))));
    let small = Limits { bytes: 100, pixels: 1000, deadline: None, page: None };
    let picture = fs::read(&pictures()[0]).unwrap();
    assert!(matches!(decode(&picture, GrayRule::OnWhite, &small), Err(Error::TooManyBytes { .. })));
    for path in pictures() {
        let limits = Limits { pixels: 1000, ..Limits::default() };
        let found = decode(&fs::read(&path).unwrap(), GrayRule::OnWhite, &limits);
        assert!(matches!(found, Err(Error::TooManyPixels { .. })), "{}: {found:?}", path.display());
    }
}

/// A white image with a stroke, as PNG.
fn long(width: u32, height: u32) -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    let is_ink = |x: u32, y: u32| y.abs_diff(height / 2 + x / 7 % (height / 3 + 1)) < 2;
    let draw = |x, y| image::Luma([if is_ink(x, y) { 20 } else { 240 }]);
    image::GrayImage::from_fn(width, height, draw).write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

#[test]
fn sides_that_no_scanner_makes_are_refused_and_long_ones_are_not() {
    for (width, height) in [(65_536, 1), (1, 65_536), (1_000_000, 1)] {
        let refused = decode(&long(width, height), GrayRule::OnWhite, &Limits::default());
        assert!(matches!(refused, Err(Error::TooLong { limit: 65_535, .. })), "{width} x {height}: {refused:?}");
    }
    assert!(Preprocess::ink().apply(&long(20_000, 400), &Limits::default()).is_ok());
}

#[test]
fn work_ends_at_its_deadline() {
    let image = long(2000, 400);
    let until = |deadline| Preprocess::ink().apply(&image, &Limits { deadline: Some(deadline), ..Limits::default() });
    let now = std::time::Instant::now();
    assert!(matches!(until(now), Err(Error::OutOfTime)));
    assert!(until(now + std::time::Duration::from_secs(60)).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_files_give_an_error_or_a_picture_but_no_panic(
        which in 0..1000_usize, cut in 0.0..1.0_f64, at in 0.0..1.0_f64, byte: u8,
    ) {
        let pictures = pictures();
        let mut bytes = fs::read(&pictures[which % pictures.len()]).unwrap();
        let place = (at * (bytes.len() - 1) as f64) as usize;
        bytes[place] = byte;
        let limits = Limits { pixels: 1_000_000, ..Limits::default() };
        let _ = decode_picture(&bytes, &limits);
        for rule in [GrayRule::OnWhite, GrayRule::Tensorflow] {
            let _ = decode(&bytes, rule, &limits);
            let _ = decode(&bytes[..(cut * bytes.len() as f64) as usize], rule, &limits);
        }
    }
}
