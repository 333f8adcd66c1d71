//! Pages as a whole: the same for the same seed, boxes that hold ink, everything that pages should have.

use std::collections::BTreeSet;
use std::fs;
use std::sync::OnceLock;

use super::*;
use crate::error::Error;
use crate::progress::Silent;

fn fonts() -> &'static Fonts {
    static FONTS: OnceLock<Fonts> = OnceLock::new();
    FONTS.get_or_init(|| Fonts::find(None).expect("tests/install.sh installs fonts"))
}

fn one(design: Design, wear: Wear) -> PageOptions {
    PageOptions { designs: vec![design], wear: vec![wear] }
}

#[test]
fn pages_come_again_and_differ() {
    let options = PageOptions::default();
    let first = page(fonts(), 5, 0, &options);
    assert_eq!(first, page(fonts(), 5, 0, &options));
    assert_ne!(first.gray, page(fonts(), 5, 1, &options).gray);
    assert_ne!(first.gray, page(fonts(), 6, 0, &options).gray);
}

#[test]
fn boxes_hold_ink_and_lie_on_the_page() {
    for index in 0..40 {
        let drawn = page(fonts(), 7, index, &PageOptions::default());
        for found in &drawn.boxes {
            let PageBox { left, top, width, height, .. } = *found;
            assert!(width > 0 && left + width <= drawn.gray.width(), "page {index}: {found:?}");
            assert!(height > 0 && top + height <= drawn.gray.height(), "page {index}: {found:?}");
            let pixels = || (top..top + height).flat_map(|y| &drawn.gray.row(y)[left..left + width]);
            let (darkest, lightest) = (pixels().min().unwrap(), pixels().max().unwrap());
            assert!(lightest - darkest > 20 || width * height < 30, "page {index}: {found:?} {darkest} {lightest}");
        }
    }
}

/// Every side of a box is touched by ink: it is no larger than it has to be.
#[test]
fn boxes_are_tight() {
    let mut seen = 0;
    for index in 0..12 {
        let drawn = page(fonts(), 8, index, &one(Design::Letter, Wear::Bilevel));
        for found in drawn.boxes.iter().filter(|found| found.kind == BoxKind::Signature) {
            let PageBox { left, top, width, height, .. } = *found;
            let is_ink = |x: usize, y: usize| drawn.gray.row(y)[x] < 128;
            for y in [top, top + height - 1] {
                assert!((left..left + width).any(|x| is_ink(x, y)), "page {index}: row {y} of {found:?}");
            }
            for x in [left, left + width - 1] {
                assert!((top..top + height).any(|y| is_ink(x, y)), "page {index}: column {x} of {found:?}");
            }
            seen += 1;
        }
    }
    assert!(seen > 3, "{seen} signatures");
}

#[test]
fn every_design_and_every_kind_of_box_occurs_and_some_pages_are_not_signed() {
    let options = PageOptions { wear: vec![Wear::Gray], ..PageOptions::default() };
    let pages: Vec<DrawnPage> = (0..80).map(|index| page(fonts(), 9, index, &options)).collect();
    let designs: BTreeSet<Design> = pages.iter().map(|page| page.design).collect();
    assert_eq!(designs.len(), Design::ALL.len());
    let kinds: BTreeSet<BoxKind> = pages.iter().flat_map(|page| &page.boxes).map(|found| found.kind).collect();
    assert_eq!(kinds.len(), BoxKind::ALL.len());
    let signatures = |page: &DrawnPage| page.boxes.iter().filter(|found| found.kind == BoxKind::Signature).count();
    let unsigned = pages.iter().filter(|page| signatures(page) == 0).count();
    assert!((20..55).contains(&unsigned), "{unsigned} of 80 are not signed");
    assert!(pages.iter().any(|page| signatures(page) > 1), "somewhere two sign");
    assert!(pages.iter().filter(|page| page.design == Design::Report).all(|page| signatures(page) == 0));
    let crossed = |page: &DrawnPage, is: bool| page.boxes.iter().any(|found| found.overlapped == is);
    assert!(pages.iter().any(|page| crossed(page, true)) && pages.iter().any(|page| crossed(page, false)));
}

#[test]
fn signatures_have_the_size_of_signatures() {
    let options = one(Design::Letter, Wear::Gray);
    let mut widths = Vec::new();
    for index in 0..30 {
        let drawn = page(fonts(), 10, index, &options);
        let signed = drawn.boxes.iter().filter(|found| found.kind == BoxKind::Signature);
        widths.extend(signed.map(|found| found.width as f32 / drawn.dpi * 25.4));
    }
    widths.sort_by(f32::total_cmp);
    let median = widths[widths.len() / 2];
    assert!((30.0..65.0).contains(&median), "{median} mm");
    assert!(widths[0] > 5.0 && widths[widths.len() - 1] < 115.0, "{widths:?}");
}

#[test]
fn black_and_white_pages_are_black_and_white_and_gray_ones_are_not() {
    for wear in Wear::ALL {
        let drawn = page(fonts(), 11, 3, &one(Design::Memo, wear));
        let tones: BTreeSet<u8> = drawn.gray.pixels().iter().copied().collect();
        let is_gray = matches!(wear, Wear::Gray | Wear::Jpeg);
        assert_eq!(tones.len() > 40, is_gray, "{wear:?}: {} tones", tones.len());
    }
}

#[test]
fn a_folder_has_its_pages_and_the_tables_of_their_boxes() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("pages");
    let options = one(Design::Form, Wear::Bilevel);
    let info = write(&out, fonts(), 12, 3, &options, &mut Silent).unwrap();
    assert_eq!((info.pages, info.seed), (3, 12));
    let lines = |name: &str| -> Vec<String> {
        fs::read_to_string(out.join(name)).unwrap().lines().map(str::to_owned).collect()
    };
    let (pages, boxes) = (lines("pages.csv"), lines("boxes.csv"));
    assert_eq!((pages[0].as_str(), pages.len()), ("path,signatures", 4));
    assert_eq!((boxes[0].as_str(), boxes.len()), ("path,kind,x,y,width,height,overlapped", info.boxes + 1));
    for (index, line) in pages[1..].iter().enumerate() {
        let drawn = page(fonts(), 12, index as u64, &options);
        let path = format!("images/{:05}.png", index + 1);
        let stored = image::open(out.join(&path)).unwrap().into_luma8();
        assert_eq!(stored.as_raw(), drawn.gray.pixels());
        let signatures = drawn.boxes.iter().filter(|found| found.kind == BoxKind::Signature).count();
        assert_eq!(line, &format!("{path},{signatures}"));
        let of_page = boxes.iter().filter(|line| line.starts_with(&format!("{path},"))).count();
        assert_eq!(of_page, drawn.boxes.len());
    }
    let error = write(&out, fonts(), 12, 3, &options, &mut Silent).unwrap_err();
    assert!(matches!(error, Error::NotEmpty(_)), "{error}");
    let none = write(&folder.path().join("none"), fonts(), 12, 0, &options, &mut Silent);
    assert!(matches!(none, Err(Error::ZeroOption { option: "pages" })));
}

#[test]
fn without_fonts_the_error_says_what_to_install() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("no.ttf"), b"no font").unwrap();
    let error = Fonts::find(Some(folder.path())).unwrap_err();
    assert!(matches!(error, Error::NoFonts { .. }) && error.to_string().contains("fonts-dejavu"), "{error}");
}
