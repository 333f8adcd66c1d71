//! An image as a person sees it: its colours, and how large it may be.

mod golden;

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageFormat, RgbImage, RgbaImage};
use inkproof::decode::{Picture, decode_picture, only_page};
use inkproof::{Error, GrayRule, Limits, Page, decode, decode_with_digest};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// Blue strokes on cream.
fn drawn(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let is_ink = y.abs_diff(height / 2 + x / 7 % (height / 3 + 1)) < 4;
        image::Rgb(if is_ink { [30, 40, 160] } else { [240, 236, 225] })
    })
}

fn saved(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn picture(bytes: &[u8]) -> Picture {
    let (picture, digest) = decode_picture(bytes, &Limits::default()).unwrap();
    let (_, of_gray) = decode_with_digest(bytes, GrayRule::Tensorflow, &Limits::default()).unwrap();
    assert_eq!(digest, of_gray);
    assert_eq!(picture.gray, decode(bytes, GrayRule::OnWhite, &Limits::default()).unwrap());
    if let Some(colors) = &picture.colors {
        assert_eq!(colors.len(), picture.gray.pixels().len());
    }
    picture
}

#[test]
fn a_picture_of_any_format_has_the_gray_and_the_digest_of_the_others() {
    for file in golden::pictures("formats") {
        picture(&std::fs::read(file).unwrap());
    }
}

#[test]
fn a_coloured_jpeg_has_its_colours_and_the_same_gray() {
    let image = drawn(333, 222);
    for (factor, is_progressive) in
        [(SamplingFactor::F_1_1, false), (SamplingFactor::F_2_2, false), (SamplingFactor::F_2_1, true)]
    {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 95);
        encoder.set_sampling_factor(factor);
        encoder.set_progressive(is_progressive);
        encoder.encode(&image, 333, 222, ColorType::Rgb).unwrap();
        let colors = picture(&bytes).colors.expect("it is blue");
        let theirs = image::load_from_memory(&bytes).unwrap().into_rgb8();
        let furthest = |(ours, theirs): (&[u8; 3], &image::Rgb<u8>)| {
            ours.iter().zip(theirs.0).map(|(&a, b)| a.abs_diff(b)).max().unwrap()
        };
        let furthest = colors.iter().zip(theirs.pixels()).map(furthest).max().unwrap();
        assert!(furthest <= 2, "{furthest} levels");
    }
}

#[test]
fn gray_in_any_coding_has_no_colours() {
    let gray: GrayImage = DynamicImage::from(drawn(300, 200)).into_luma8();
    let rgb = DynamicImage::from(gray.clone()).into_rgb8();
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Bmp] {
        assert_eq!(picture(&saved(gray.clone(), format)).colors, None, "{format:?}");
        assert_eq!(picture(&saved(rgb.clone(), format)).colors, None, "{format:?}");
    }
}

#[test]
fn sixteen_bits_have_colours_too() {
    let image = DynamicImage::from(drawn(300, 200));
    let eight = picture(&saved(image.clone(), ImageFormat::Png));
    for sixteen in [DynamicImage::from(image.to_rgb16()), DynamicImage::from(image.to_rgba16())] {
        assert_eq!(picture(&saved(sixteen, ImageFormat::Png)), eight);
    }
    assert!(eight.colors.is_some());
}

#[test]
fn the_page_that_was_read_is_known_and_can_be_asked_for() {
    let blank_first = std::fs::read(golden::folder("formats").join("tiff_blank_first.tif")).unwrap();
    let found = picture(&blank_first);
    assert_eq!(found.page, Page { number: 2, count: 2 });
    let only = only_page(&blank_first, found.page, &Limits::default());
    assert_eq!(picture(&only), Picture { page: Page::ONLY, ..found.clone() });
    let asked = |page| decode_picture(&blank_first, &Limits { page: Some(page), ..Limits::default() });
    assert_eq!(asked(2).unwrap().0, found);
    assert!(asked(1).unwrap().0.gray.pixels().iter().all(|&level| level == 255));
    for page in [0, 3] {
        assert!(matches!(asked(page), Err(Error::NoPage { pages: 2, .. })), "{page}");
    }
    let alone = saved(drawn(30, 20), ImageFormat::Png);
    let asked = |page| decode_picture(&alone, &Limits { page: Some(page), ..Limits::default() });
    assert!(asked(1).is_ok() && matches!(asked(2), Err(Error::NoPage { page: 2, pages: 1 })));
}

#[test]
fn a_sheet_on_a_transparent_desk_is_no_light_ink() {
    let sheet = drawn(120, 100);
    let desk = RgbaImage::from_fn(200, 200, |x, y| match sheet.get_pixel_checked(x, y) {
        Some(image::Rgb([red, green, blue])) => image::Rgba([*red, *green, *blue, 255]),
        None => image::Rgba([0; 4]),
    });
    let found = picture(&saved(desk, ImageFormat::Png));
    assert_eq!(found.gray.pixels()[0], DynamicImage::from(sheet).into_luma8().get_pixel(0, 0).0[0]);
    assert_eq!(found.gray.pixels()[199], 255);
    assert!(found.colors.is_some());
}

#[test]
fn large_images_are_made_smaller_and_others_are_not() {
    let sides = |bytes: &[u8]| {
        let gray = picture(bytes).gray;
        (gray.width(), gray.height())
    };
    assert_eq!(sides(&saved(GrayImage::new(3000, 3000), ImageFormat::Png)), (3000, 3000));
    assert_eq!(sides(&saved(GrayImage::new(3000, 3001), ImageFormat::Png)), (1500, 1501));
    let large = picture(&saved(drawn(4000, 3001), ImageFormat::Png));
    let [ink, paper] = [[30, 40, 160], [240, 236, 225]];
    let colors = large.colors.unwrap();
    assert!(colors.contains(&ink) && colors.contains(&paper));
    let share = |found: &[u8; 3], of: [u8; 3]| found.iter().zip(of).all(|(&a, b)| a.abs_diff(b) < 2);
    assert_eq!(colors.len(), 2000 * 1501);
    assert!(colors.iter().filter(|color| share(color, paper)).count() > colors.len() / 2);
}
