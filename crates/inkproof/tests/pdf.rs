//! Pages of PDF documents: scans come back pixel by pixel, drawings at 300 dots an inch, and what a hostile document wants
//! is refused before it costs anything.

mod counting;
mod documents;

use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use counting::{HELD, PEAK};
use documents::{Document, deflated};
use inkproof::decode::pdf::{PdfFacts, facts};
use inkproof::decode::{Picture, decode_picture, only_page};
use inkproof::{Error, Gray, GrayRule, Limits, Page, decode};
use proptest::prelude::*;

/// What is allocated is counted for all threads, so one test runs at a time.
static ONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Whatever a document holds is answered within this time, on a busy machine too.
const MOST_TIME: Duration = Duration::from_secs(25);
const A4: [f64; 2] = [595.2, 841.92];
/// A stroke with a loop, as a pen draws it, on a page of 300 x 150 units.
const SIGNATURE: &str =
    "1.2 w 0.1 0.1 0.4 RG 40 60 m 80 140 90 20 120 60 c 150 120 170 20 200 70 c 220 100 240 60 260 80 c S";

/// As the service has them.
fn service() -> Limits {
    Limits { bytes: 16 << 20, pixels: 16_000_000, ..Limits::default() }
}

fn gray(bytes: &[u8]) -> Gray {
    decode(bytes, GrayRule::OnWhite, &Limits::default()).unwrap()
}

/// The answer within the service's limits, and what it cost.
fn costs(bytes: &[u8]) -> (inkproof::Result<Picture>, Duration, usize) {
    let before = HELD.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let begin = Instant::now();
    let found = decode_picture(bytes, &service()).map(|(picture, _)| picture);
    (found, begin.elapsed(), PEAK.load(Ordering::Relaxed) - before)
}

/// The answer, which comes in time and within the memory of any image.
fn is_answered(name: &str, bytes: &[u8]) -> inkproof::Result<Picture> {
    let (found, time, memory) = costs(bytes);
    let sides = |picture: &Picture| format!("{} x {}", picture.gray.width(), picture.gray.height());
    let said = found.as_ref().map_or_else(ToString::to_string, sides);
    println!("{name}: {said} ({time:.1?}, {} MiB)", memory >> 20);
    assert!(time < MOST_TIME, "{name}: {time:?}");
    assert!(memory as u64 <= service().memory(), "{name}: {} MiB", memory >> 20);
    found
}

fn is_refused(name: &str, bytes: &[u8], says: &str) {
    match is_answered(name, bytes) {
        Ok(_) => panic!("{name} is read"),
        Err(error) => assert!(error.to_string().contains(says), "{name}: {error}"),
    }
}

/// Strokes on paper, with what the codecs of faxes find hard.
fn ink(width: u32, height: u32) -> Vec<bool> {
    let is_ink = |x: u32, y: u32| {
        let wave = (height / 2).saturating_add_signed(((f64::from(x) / 31.0).sin() * f64::from(height) / 5.0) as i32);
        y.abs_diff(wave) < 4 || (x % 97 < 2 && y.is_multiple_of(3))
    };
    (0..height).flat_map(|y| (0..width).map(move |x| is_ink(x, y))).collect()
}

fn group_4(ink: &[bool], width: u32) -> Vec<u8> {
    use fax::{Color, VecWriter, encoder::Encoder};
    let mut encoder = Encoder::new(VecWriter::new());
    for row in ink.chunks(width as usize) {
        let pels = row.iter().map(|&is_ink| if is_ink { Color::Black } else { Color::White });
        encoder.encode_line(pels, width as u16).unwrap();
    }
    encoder.finish().unwrap().finish()
}

const FAX: &str = "/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode";

/// A fax's scan of A4 at 200 dots an inch.
fn fax_scan() -> (Document, Vec<bool>) {
    let [width, height] = [1653, 2339];
    let ink = ink(width, height);
    let mut document = Document::new();
    let parameters = format!("{FAX} /DecodeParms << /K -1 /Columns {width} /Rows {height} >>");
    document.scan(A4, [width, height], &parameters, &group_4(&ink, width));
    (document, ink)
}

#[test]
fn a_drawn_page_has_300_dots_an_inch() {
    let _alone = alone();
    let mut document = Document::new();
    document.page([300.0, 150.0], SIGNATURE, "");
    let (picture, _) = decode_picture(&document.bytes(), &Limits::default()).unwrap();
    assert_eq!((picture.gray.width(), picture.gray.height()), (1250, 625));
    let ink = picture.gray.pixels().iter().filter(|&&level| level < 128).count();
    assert!((2000..6000).contains(&ink), "{ink} pixels of ink");
    // The stroke begins at 40, 60 from the lower left corner.
    let at = |x: usize, y: usize| picture.gray.pixels()[y * 1250 + x];
    assert!(at(168, 370) < 100 && at(5, 5) == 255);
    assert!(picture.colors.is_some(), "the ink is blue");
    assert_eq!(picture.page, Page::ONLY);
}

#[test]
fn a_scanned_page_has_the_pixels_of_its_scanner() {
    let _alone = alone();
    let (document, ink) = fax_scan();
    let found = gray(&document.bytes());
    assert_eq!((found.width(), found.height()), (1653, 2339));
    assert!(found.pixels().iter().zip(&ink).all(|(&level, &is_ink)| level == if is_ink { 0 } else { 255 }));
}

#[test]
fn codecs_and_depths_of_scans() {
    let _alone = alone();
    let [width, height] = [827_u32, 1169];
    let tones: Vec<u8> = (0..width * height).map(|at| (at % 251) as u8 ^ (at / width % 7) as u8).collect();
    let page = [595.44, 841.68];
    let plain = |picture: &str, data: &[u8]| {
        let mut document = Document::new();
        document.scan(page, [width, height], picture, data);
        gray(&document.bytes())
    };
    let gray_8 = "/ColorSpace /DeviceGray /BitsPerComponent 8";
    assert_eq!(plain(gray_8, &tones).pixels(), tones);
    assert_eq!(plain(&format!("{gray_8} /Filter /FlateDecode"), &deflated(&tones)).pixels(), tones);
    let inverted: Vec<u8> = tones.iter().map(|tone| 255 - tone).collect();
    assert_eq!(plain(&format!("{gray_8} /Decode [1 0]"), &inverted).pixels(), tones);
    let colors: Vec<u8> = tones.iter().flat_map(|&tone| [tone, tone / 2, 255 - tone]).collect();
    let found = plain("/ColorSpace /DeviceRGB /BitsPerComponent 8", &colors);
    let luma =
        |color: &[u8]| (299 * u32::from(color[0]) + 587 * u32::from(color[1]) + 114 * u32::from(color[2]) + 500) / 1000;
    assert!(found.pixels().iter().zip(colors.chunks(3)).all(|(&level, color)| u32::from(level) == luma(color)));
    let mut jpeg = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut jpeg, 90);
    encoder.encode(&tones, width as u16, height as u16, jpeg_encoder::ColorType::Luma).unwrap();
    let found = plain(&format!("{gray_8} /Filter /DCTDecode"), &jpeg);
    assert_eq!(found.pixels(), gray(&jpeg).pixels());
}

#[test]
fn a_scan_in_strips_turned_with_margins_or_with_text_unseen_is_one_too() {
    let _alone = alone();
    let [width, height] = [800_u32, 1000];
    let tones: Vec<u8> = (0..width * height).map(|at| (at % 253) as u8).collect();
    let strip = |document: &mut Document, part: usize| {
        let data = &tones[part * tones.len() / 4..][..tones.len() / 4];
        document.stream("/Subtype /Image /Width 800 /Height 250 /ColorSpace /DeviceGray /BitsPerComponent 8", data)
    };
    let mut document = Document::new();
    let strips: Vec<String> = (0..4).map(|part| format!("/S{part} {} 0 R", strip(&mut document, part))).collect();
    // At 200 dots an inch; a reading of it lies on it, as scanners' programs add it.
    let mut marks: String =
        (0..4).map(|part| format!("q 288 0 0 90 0 {} cm /S{part} Do Q ", 270 - 90 * part)).collect();
    marks.push_str("BT 3 Tr /F1 12 Tf 20 20 Td (unseen) Tj ET");
    let resources = format!("/Resources << /XObject << {} >> >>", strips.join(" "));
    document.page([288.0, 360.0], &marks, &resources);
    assert_eq!(gray(&document.bytes()).pixels(), tones);

    let mut turned = Document::new();
    turned.scan([288.0, 360.0], [width, height], "/ColorSpace /DeviceGray /BitsPerComponent 8", &tones);
    let upright = turned.bytes();
    let text = String::from_utf8_lossy(&upright).replace("/Type /Page ", "/Rotate 90 /Type /Page ");
    assert!(text.contains("/Rotate 90"));
    let image = "/Subtype /Image /Width 800 /Height 1000 /ColorSpace /DeviceGray /BitsPerComponent 8";
    let mut turned = Document::new();
    let image = turned.stream(image, &tones);
    let rest = format!("/Rotate 90 /Resources << /XObject << /Scan {image} 0 R >> >>");
    turned.page([288.0, 360.0], "q 288 0 0 360 0 0 cm /Scan Do Q", &rest);
    let found = gray(&turned.bytes());
    assert_eq!((found.width(), found.height()), (1000, 800));
    // Clockwise: its first row is the first column from below.
    let expected: Vec<u8> = (0..800_usize)
        .flat_map(|y| (0..1000_usize).map(move |x| (y, x)))
        .map(|(y, x)| tones[(999 - x) * 800 + y])
        .collect();
    assert_eq!(found.pixels(), expected);
}

#[test]
fn a_coarse_background_with_a_drawn_signature_is_drawn_finely() {
    let _alone = alone();
    let mut document = Document::new();
    let image = document
        .stream("/Subtype /Image /Width 100 /Height 50 /ColorSpace /DeviceGray /BitsPerComponent 8", &[240; 5000]);
    let resources = format!("/Resources << /XObject << /B {image} 0 R >> >>");
    document.page([300.0, 150.0], &format!("q 300 0 0 150 0 0 cm /B Do Q {SIGNATURE}"), &resources);
    assert_eq!(gray(&document.bytes()).width(), 1250);
}

#[test]
fn a_fax_with_pixels_that_are_not_square_is_made_square() {
    let _alone = alone();
    let [width, height] = [1728, 1145];
    let ink = ink(width, height);
    let mut document = Document::new();
    let parameters = format!("{FAX} /DecodeParms << /K -1 /Columns {width} >>");
    let page = [f64::from(width) / 204.0 * 72.0, f64::from(height) / 98.0 * 72.0];
    document.scan(page, [width, height], &parameters, &group_4(&ink, width));
    let found = gray(&document.bytes());
    assert_eq!((found.width(), found.height()), (1728, 2383));
}

#[test]
fn of_several_pages_the_wanted_one_is_read_or_the_only_one_that_has_something_on_it() {
    let _alone = alone();
    let mut document = Document::new();
    document.page([300.0, 150.0], "", "");
    document.page([300.0, 150.0], SIGNATURE, "");
    let bytes = document.bytes();
    let read =
        |bytes: &[u8], page| decode_picture(bytes, &Limits { page, ..Limits::default() }).map(|(picture, _)| picture);
    let found = read(&bytes, None).unwrap();
    assert_eq!(found.page, Page { number: 2, count: 2 });
    assert_eq!(read(&bytes, Some(2)).unwrap(), found);
    assert!(read(&bytes, Some(1)).unwrap().gray.pixels().iter().all(|&level| level == 255));
    assert!(matches!(read(&bytes, Some(3)), Err(Error::NoPage { page: 3, pages: 2 })));
    // What is kept of it is read again as the same.
    let only = only_page(&bytes, found.page, &Limits::default());
    assert!(only.starts_with(b"\x89PNG"));
    let again = read(&only, None).unwrap();
    // A PNG has whole dots in a metre.
    let [width, of_page] = [again.sheet, found.sheet].map(|sheet| sheet.unwrap().0);
    assert!(width.abs_diff(of_page) <= 10 && of_page.abs_diff(105_833) <= 1, "{width} and {of_page} micrometres");
    assert_eq!(again, Picture { page: Page::ONLY, sheet: again.sheet, ..found });
    document.page([300.0, 150.0], SIGNATURE, "");
    let two = read(&document.bytes(), None).unwrap_err().to_string();
    assert!(two.contains("3 pages, and pages 2 and 3 have something"), "{two}");
    let digest = |bytes: &[u8], page| decode_picture(bytes, &Limits { page, ..Limits::default() }).unwrap().1;
    assert_eq!(digest(&only, None), digest(&bytes, Some(2)));
}

#[test]
fn a_page_of_thousands_is_read_at_once() {
    let _alone = alone();
    let mut document = Document::new();
    for _ in 0..5000 {
        document.page([300.0, 150.0], SIGNATURE, "");
    }
    let bytes = document.bytes();
    is_refused("5,000 pages", &bytes, "has 5000 pages, and too many");
    let begin = Instant::now();
    let found = decode_picture(&bytes, &Limits { page: Some(4711), ..service() }).unwrap().0;
    println!("page 4711 of 5000: {:.1?}", begin.elapsed());
    assert_eq!(found.page, Page { number: 4711, count: 5000 });
    assert!(begin.elapsed() < Duration::from_secs(5));
    let missing = decode_picture(&bytes, &Limits { page: Some(5001), ..service() });
    assert!(matches!(missing, Err(Error::NoPage { page: 5001, pages: 5000 })));
}

#[test]
fn form_fields_and_ink_are_drawn_where_they_bring_an_appearance() {
    let _alone = alone();
    let mut document = Document::new();
    let appearance = document.stream("/Subtype /Form /BBox [0 0 300 150]", SIGNATURE.as_bytes());
    let drawn =
        document.object(format!("<< /Type /Annot /Subtype /Ink /Rect [0 0 300 150] /AP << /N {appearance} 0 R >> >>"));
    document.page([300.0, 150.0], "", &format!("/Annots [{drawn} 0 R]"));
    let bytes = document.bytes();
    assert!(gray(&bytes).pixels().iter().filter(|&&level| level < 128).count() > 2000);
    let found = facts(&bytes, &Limits::default()).unwrap();
    assert_eq!((found.pages, found.has_digital_signature, found.undrawn_annotations), (1, false, vec![]));
}

#[test]
fn what_a_document_holds_besides_its_pages_is_said() {
    let _alone = alone();
    let facts = |document: &Document| -> PdfFacts { facts(&document.bytes(), &Limits::default()).unwrap() };
    let mut document = Document::new();
    document.page([300.0, 150.0], "", "");
    let ink = document.object("<< /Type /Annot /Subtype /Ink /Rect [0 0 9 9] /InkList [[1 1 8 8]] >>");
    let link = document.object("<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] >>");
    let hidden = document.object("<< /Type /Annot /Subtype /Stamp /F 2 /Rect [0 0 9 9] >>");
    document.page([300.0, 150.0], "", &format!("/Annots [{link} 0 R {ink} 0 R]"));
    let empty = document.object("<< /Type /Annot /Subtype /Widget /FT /Tx /Rect [0 0 9 9] >>");
    document.page([300.0, 150.0], "", &format!("/Annots [{link} 0 R {hidden} 0 R {empty} 0 R]"));
    let filled = document.object("<< /Type /Annot /Subtype /Widget /FT /Tx /V (Jo) /Rect [0 0 9 9] >>");
    document.page([300.0, 150.0], "", &format!("/Annots [{filled} 0 R]"));
    // A field that waits for a signature is none.
    let field = document.object("<< /FT /Sig /T (Sign here) >>");
    document.catalog(&format!("/AcroForm << /Fields [{field} 0 R] >>"));
    let found = facts(&document);
    assert_eq!((found.pages, found.has_digital_signature, found.undrawn_annotations), (4, false, vec![2, 4]));
    document.object("<< /Type /Sig /Filter /Adobe.PPKLite /ByteRange [0 10 20 30] /Contents <00> >>");
    assert!(facts(&document).has_digital_signature);
}

#[test]
fn what_cannot_be_read_is_said() {
    let _alone = alone();
    let (document, _) = fax_scan();
    let bytes = document.bytes();
    for cut in [20, 200, bytes.len() / 2] {
        is_refused(&format!("cut off at {cut}"), &bytes[..cut], "is a PDF document that cannot be decoded");
    }
    is_refused("nothing", b"%PDF-1.4\n", "is a PDF document that cannot be decoded");
    let mut none = Document::new();
    none.object("<< >>");
    is_refused("no pages", &none.bytes(), "no pages");
    let mut encrypted = fax_scan().0;
    let key = encrypted.object("<< /Filter /Standard /V 1 /R 2 /O <00> /U <00> /P -4 >>");
    encrypted.trailer(&format!("/Encrypt {key} 0 R /ID [<00> <00>]"));
    is_refused("encrypted", &encrypted.bytes(), "encrypted");
    // A picture that is not there leaves no blank page behind, and marks that are not there do not.
    let mut missing = Document::new();
    missing.page([300.0, 150.0], "/Scan Do", "/Resources << /XObject << /Scan 99 0 R >> >>");
    is_refused("a missing picture", &missing.bytes(), "a part of the page is missing");
    let mut missing = Document::new();
    missing.page_of("/MediaBox [0 0 300 150] /Contents 99 0 R");
    is_refused("missing marks", &missing.bytes(), "a part of the page is missing");
    // Neither does a picture that is none.
    let mut broken = Document::new();
    broken.scan(A4, [800, 1000], "/ColorSpace /DeviceGray /Filter /DCTDecode", b"no JPEG");
    is_refused("a broken picture", &broken.bytes(), "a picture on it cannot be decoded");
}

#[test]
fn sides_of_pages_and_pictures_have_limits() {
    let _alone = alone();
    let boxed = |sides: &str| {
        let mut document = Document::new();
        let marks = document.stream("", SIGNATURE.as_bytes());
        document.page_of(&format!("/MediaBox {sides} /Contents {marks} 0 R"));
        document.bytes()
    };
    is_refused("a page of a kilometre", &boxed("[0 0 10000000 10000000]"), "more than the limit");
    is_refused("a page beyond numbers", &boxed(&"[-N -N N N]".replace('N', &"9".repeat(60))), "more than the limit");
    is_refused("a page as long as a road", &boxed("[0 0 1000000 1]"), "more than");
    // Corners may be in any order; boxes that make no sense are those of a sheet.
    for (sides, pixels) in [
        ("[300 150 0 0]", (1250, 625)),
        ("[0 0 -300 -150]", (1250, 625)),
        ("[0 0 0 0]", (2480, 3508)),
        ("[/a /b]", (2480, 3508)),
        ("[]", (2480, 3508)),
    ] {
        let found = is_answered(sides, &boxed(sides)).unwrap();
        assert_eq!((found.gray.width(), found.gray.height()), pixels, "{sides}");
    }
    let a0 = gray(&boxed("[0 0 2384 3370]"));
    assert!((8_900_000..=9_000_000).contains(&a0.pixels().len()), "{} x {}", a0.width(), a0.height());

    let picture = |sides: [u32; 2], entries: &str, data: &[u8]| {
        let mut document = Document::new();
        document.scan(A4, sides, entries, data);
        document.bytes()
    };
    let plain = "/ColorSpace /DeviceGray /BitsPerComponent 1";
    is_refused("a picture of 65,000 x 65,000", &picture([65_000, 65_000], plain, &[0; 100]), "65000 x 65000 pixels");
    is_refused("a picture of 4e9 x 4e9", &picture([u32::MAX, u32::MAX], plain, &[0; 100]), "no side may have more");
    let columns = format!("{FAX} /DecodeParms << /K -1 /Columns 4000000000 >>");
    is_refused("a fax of 4e9 columns", &picture([100, 60_000], &columns, &[0; 100]), "no side may have more");
    let columns = format!("{FAX} /DecodeParms [<< /K -1 /Columns 65000 >>]");
    is_refused("a fax of 65,000 columns", &picture([100, 60_000], &columns, &[0; 100]), "65000 x 60000 pixels");
    // A page of 65,535 x 65,535 in a segment of JBIG2.
    let jbig2 = [0, 0, 0, 0, 48, 0, 1, 0, 0, 0, 19, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let bytes = picture([100, 100], "/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /JBIG2Decode", &jbig2);
    is_refused("JBIG2 of 65,535 x 65,535", &bytes, "65535 x 65535 pixels");
    let mut masked = Document::new();
    let mask = masked.stream("/Subtype /Image /Width 60000 /Height 60000 /ColorSpace /DeviceGray", b"");
    masked.scan(A4, [10, 10], &format!("{plain} /SMask {mask} 0 R"), &[0; 100]);
    is_refused("a mask of 60,000 x 60,000", &masked.bytes(), "60000 x 60000 pixels");
}

#[test]
fn bombs_are_seen_before_they_are_unpacked() {
    let _alone = alone();
    let zeros = vec![b' '; 300 << 20];
    let bomb = deflated(&zeros);
    drop(zeros);
    println!("{} bytes unpack to 300 MiB", bomb.len());
    let with = |dict: &str, data: &[u8]| {
        let mut document = Document::new();
        let marks = document.stream(dict, data);
        document.page_of(&format!("/MediaBox [0 0 300 150] /Contents {marks} 0 R"));
        document.bytes()
    };
    is_refused("marks", &with("/Filter /FlateDecode", &bomb), "unpacks to more than");
    is_refused("packed twice", &with("/Filter [/FlateDecode /FlateDecode]", &deflated(&bomb)), "packed twice");
    let hex: Vec<u8> = bomb.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).chain(*b">").collect();
    is_refused("as digits", &with("/Filter [/ASCIIHexDecode /FlateDecode]", &hex), "unpacks to more than");
    // Without its header, and with an end in its midst.
    is_refused("without a header", &with("/Filter /FlateDecode", &bomb[2..]), "unpacks to more than");
    let mut damaged = bomb.clone();
    damaged[100_000] ^= 0xff;
    is_refused("damaged", &with("/Filter /FlateDecode", &damaged), "unpacks to more than");
    let mut objects = Document::new();
    objects.stream("/Type /ObjStm /N 1 /First 5 /Filter /FlateDecode", &bomb);
    objects.page([300.0, 150.0], SIGNATURE, "");
    is_refused("objects", &objects.bytes(), "unpacks to more than");
    // A picture of the allowed size that unpacks to more.
    let mut picture = Document::new();
    picture.scan(A4, [800, 1000], "/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode", &bomb);
    is_refused("a picture", &picture.bytes(), "unpacks to more than");
    let many: Vec<u8> = vec![b' '; 30 << 20];
    let (many, mut document) = (deflated(&many), Document::new());
    for _ in 0..100 {
        document.stream("/Filter /FlateDecode", &many);
    }
    document.page([300.0, 150.0], SIGNATURE, "");
    is_refused("a hundred of 30 MiB", &document.bytes(), "unpacks to more than");
}

#[test]
fn loops_and_what_multiplies_is_refused_or_ended() {
    let _alone = alone();
    // Forms ten deep, each of which draws the next ten times.
    let mut forms = Document::new();
    let first = forms.next();
    for level in 0..10 {
        let resources = format!("/Resources << /XObject << /F {} 0 R >> >>", first + level + 1);
        forms.stream(&format!("/Subtype /Form /BBox [0 0 300 150] {resources}"), "/F Do ".repeat(10).as_bytes());
    }
    forms.stream("/Subtype /Form /BBox [0 0 300 150]", SIGNATURE.as_bytes());
    forms.page([300.0, 150.0], "/F Do", &format!("/Resources << /XObject << /F {first} 0 R >> >>"));
    is_refused("10^10 forms", &forms.bytes(), "more is drawn on it");

    // A form that draws itself twice.
    let mut form = Document::new();
    let own = form.next();
    let resources = format!("/Resources << /XObject << /F {own} 0 R >> >>");
    form.stream(&format!("/Subtype /Form /BBox [0 0 300 150] {resources}"), b"/F Do /F Do");
    form.page([300.0, 150.0], "/F Do", &resources);
    let _ = is_answered("a form in itself", &form.bytes());

    let mut pattern = Document::new();
    let own = pattern.next();
    let resources = format!("/Resources << /Pattern << /P {own} 0 R >> >>");
    let tiles = "/PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 9 9] /XStep 9 /YStep 9";
    let fill = "/Pattern cs /P scn 0 0 300 150 re f";
    pattern.stream(&format!("{tiles} {resources}"), fill.as_bytes());
    pattern.page([300.0, 150.0], fill, &resources);
    let _ = is_answered("a pattern in itself", &pattern.bytes());
    let mut patterns = Document::new();
    let uses = |number: usize| format!("/Resources << /Pattern << /P {number} 0 R >> >>");
    patterns.page([300.0, 150.0], fill, &uses(patterns.next() + 2));
    for _ in 0..20 {
        patterns.stream(&format!("{tiles} {}", uses(patterns.next() + 1)), fill.as_bytes());
    }
    is_refused("patterns within patterns", &patterns.bytes(), "patterns within patterns");

    let mut tiny = Document::new();
    let tiles = tiles.replace("Step 9", "Step 0.01").replace("9 9]", "90000 90000]");
    let tiny_pattern = tiny.stream(&tiles, b"0 0 1 1 re f");
    tiny.page([300.0, 150.0], fill, &format!("/Resources << /Pattern << /P {tiny_pattern} 0 R >> >>"));
    is_refused("tiles without end", &tiny.bytes(), "a pattern larger");

    let mut dashes = Document::new();
    dashes.page([300.0, 150.0], "[0.001 0.001] 0 d 0 0 m 1000000 1000000 l S", "");
    is_refused("dashes without end", &dashes.bytes(), "too many dashes");

    let mut mask = Document::new();
    let own = mask.next();
    let state = format!("<< /ExtGState << /G << /SMask << /S /Luminosity /G {own} 0 R >> >> >> >>");
    let group = "/Subtype /Form /BBox [0 0 300 150] /Group << /S /Transparency /CS /DeviceGray >>";
    mask.stream(&format!("{group} /Resources {state}"), b"/G gs 0 0 300 150 re f");
    mask.page([300.0, 150.0], "/G gs 0 0 300 150 re f", &format!("/Resources {state}"));
    let _ = is_answered("a mask in itself", &mask.bytes());

    let many_masks = |count: usize| {
        let mut document = Document::new();
        let form = document.stream(group, b"1 g 0 0 300 150 re f");
        let states: String = (0..count)
            .map(|at| format!("/G{at} << /SMask << /S /Luminosity /BC [0.{at}] /G {form} 0 R >> >> "))
            .collect();
        let marks: String = (0..count).map(|at| format!("/G{at} gs 0 0 300 150 re f ")).collect();
        document.page(A4, &marks, &format!("/Resources << /ExtGState << {states} >> >>"));
        document.bytes()
    };
    is_refused("a thousand masks", &many_masks(1000), "more is drawn on it");

    let mut letters = Document::new();
    let own = letters.next();
    let font = format!("/Resources << /Font << /F {own} 0 R >> >>");
    let glyph = letters.next() + 1;
    letters.object(format!(
        "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] /FirstChar 97 /LastChar 97 /Widths [9] \
         /Encoding << /Differences [97 /a] >> /CharProcs << /a {glyph} 0 R >> {font} >>"
    ));
    letters.stream("", b"9 0 d0 BT /F 9 Tf (aa) Tj ET");
    letters.page([300.0, 150.0], "BT /F 9 Tf (a) Tj ET", &font);
    let _ = is_answered("a letter in itself", &letters.bytes());

    let mut forms = Document::new();
    let first = forms.next();
    for level in 0..200 {
        let resources = format!("/Resources << /XObject << /F {} 0 R >> >>", first + level + 1);
        forms.stream(&format!("/Subtype /Form /BBox [0 0 300 150] {resources}"), b"q 1 0 0 1 0 0 cm /F Do Q");
    }
    forms.page([300.0, 150.0], "/F Do", &format!("/Resources << /XObject << /F {first} 0 R >> >>"));
    let _ = is_answered("forms 200 deep", &forms.bytes());

    // A list of pages that holds itself, and a table of objects that does.
    let mut pages = Document::new();
    pages.page_of("/Type /Pages /Kids [2 0 R 3 0 R]");
    is_refused("pages within themselves", &pages.bytes(), "no pages");
    let mut table = fax_scan().0;
    table.trailer("/Prev 15");
    assert!(is_answered("a table in itself", &table.bytes()).is_ok());
    let deep = "[".repeat(1 << 20);
    let mut nested = Document::new();
    nested.page([300.0, 150.0], SIGNATURE, &format!("/Resources {deep}"));
    let _ = is_answered("a million brackets", &nested.bytes());
}

#[test]
fn much_of_everything_takes_no_longer_than_it_may() {
    let _alone = alone();
    let page = |marks: &str| {
        let mut document = Document::new();
        let marks = document.stream("/Filter /FlateDecode", &deflated(marks.as_bytes()));
        document.page_of(&format!("/MediaBox [0 0 595 842] /Contents {marks} 0 R"));
        document.bytes()
    };
    let layers = "0 0 595 842 re f ".repeat(100_000);
    is_refused("100,000 layers", &page(&layers), "more is drawn on it");
    let lines = format!("0 0 m {} S", "595 842 l 0 3 l ".repeat(200_000));
    is_refused("400,000 lines across", &page(&lines), "more is drawn on it");
    let states = "q Q ".repeat(8 << 20);
    let _ = is_answered("8 million states", &page(&states));
    let saves = "q ".repeat(8 << 20);
    let _ = is_answered("8 million states that are kept", &page(&saves));
    let clips = "0 0 500 800 re W n ".repeat(100_000);
    let _ = is_answered("100,000 clips", &page(&clips));
    // As many streams as fit, none of which is one, or none of which ends.
    let file = |part: &str| [b"%PDF-1.4\n", part.repeat((15 << 20) / part.len()).as_bytes()].concat();
    for part in [
        "1 0 obj << /Filter /FlateDecode >> stream\n",
        "1 0 obj << /Length 9 >> stream\n",
        "1 0 obj << /Type /ObjStm /N 1 /First 9 /Length 9 >> stream\n",
        "stream ",
        "endstream ",
        "1 0 obj ",
        "<< ",
        "1 0 obj << /Type /Catalog /Pages 1 0 R >> endobj ",
        "trailer << /Root 1 0 R >> ",
        "1 0 R ",
        "/",
        "(",
        "1 0 obj << /A (",
        "1 0 obj [ ",
        "1 0 obj << /A << /B << /C [ >> >> ",
        "% ",
        "<< /Type /ObjStm >> ",
        "1 0 obj << /Type /ObjStm /N 9 /First 9 /Length 1 >> stream\n1 endstream ",
    ] {
        is_refused(part, &file(part), "is a PDF document");
    }
    let mut document = Document::new();
    document.page_of(&format!("/Type /Pages /Kids [{}]", "<<>>".repeat(150_000)));
    is_refused("150,000 pages", &document.bytes(), "has 150000 pages");
    document.page_of(&format!("/Type /Pages /Kids [{}]", "<<>>".repeat(3_000_000)));
    is_refused("three million pages", &document.bytes(), "more than 160000 objects");
    let mut document = Document::new();
    document.stream("/Type /ObjStm /N 1 /First 9 /Filter /FlateDecode", &deflated("<<>>".repeat(200_000).as_bytes()));
    document.page([300.0, 150.0], SIGNATURE, "");
    is_refused("packed pages", &document.bytes(), "more than 160000 objects");
    let mut document = Document::new();
    document.stream("/Type /XRef /W [1 2 0] /Size 9 /Filter /FlateDecode", &deflated(&vec![1; 20 << 20]));
    document.page([300.0, 150.0], SIGNATURE, "");
    is_refused("seven million objects", &document.bytes(), "unpacks to more than");
}

#[test]
fn a_page_takes_no_more_memory_than_any_image() {
    let _alone = alone();
    let full = |name: &str, bytes: &[u8]| assert!(is_answered(name, bytes).is_ok(), "{name}");
    let scan = |[width, height]: [u32; 2], colors: &[u8], space: &str, channels: jpeg_encoder::ColorType| {
        let mut jpeg = Vec::new();
        let encoder = jpeg_encoder::Encoder::new(&mut jpeg, 80);
        let samples: Vec<u8> =
            (0..width * height).flat_map(|at| colors.iter().map(move |c| c ^ (at % 61) as u8)).collect();
        encoder.encode(&samples, width as u16, height as u16, channels).unwrap();
        let mut document = Document::new();
        let picture = format!("/ColorSpace /Device{space} /BitsPerComponent 8 /Filter /DCTDecode");
        document.scan(A4, [width, height], &picture, &jpeg);
        document.bytes()
    };
    use jpeg_encoder::ColorType::{Cmyk, Luma, Rgb};
    full("a gray scan at 300 dpi", &scan([2480, 3508], &[128], "Gray", Luma));
    full("a colour scan at 300 dpi", &scan([2480, 3508], &[128, 90, 200], "RGB", Rgb));
    full("a colour scan of 16 megapixels", &scan([3400, 4700], &[128, 90, 200], "RGB", Rgb));
    full("a CMYK scan of 16 megapixels", &scan([3400, 4700], &[128, 90, 200, 3], "CMYK", Cmyk));
    let text = |lines: usize| -> String {
        (0..lines)
            .map(|line| format!("BT /F1 6 Tf 30 {} Td ({}) Tj ET ", 820 - 8 * line, "signature ".repeat(16)))
            .collect()
    };
    let mut document = Document::new();
    let font = document.object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
    document.page(A4, &format!("{} {SIGNATURE}", text(100)), &format!("/Resources << /Font << /F1 {font} 0 R >> >>"));
    full("a page full of text", &document.bytes());
    let curves = |count: usize| {
        let curve = |at: usize| format!("{0} {1} m {0} 400 300 {1} 590 {0} c S ", at % 590, at % 840);
        let mut document = Document::new();
        document.page(A4, &(0..count).map(curve).collect::<String>(), "");
        document.bytes()
    };
    full("2,500 curves across the page", &curves(2500));
    is_refused("10,000 curves across the page", &curves(10_000), "more is drawn on it");
    // As many masks as may be, and pictures.
    let mut document = Document::new();
    let form = document.stream(
        "/Subtype /Form /BBox [0 0 600 850] /Group << /S /Transparency /CS /DeviceGray >>",
        b"1 g 0 0 300 150 re f",
    );
    let states: String =
        (0..10).map(|at| format!("/G{at} << /SMask << /S /Luminosity /BC [0.{at}] /G {form} 0 R >> >> ")).collect();
    let marks: String = (0..10).map(|at| format!("/G{at} gs 0 0 300 150 re f ")).collect();
    document.page(A4, &marks, &format!("/Resources << /ExtGState << {states} >> >>"));
    full("ten masks", &document.bytes());
    let mut document = Document::new();
    let image = document.stream(
        "/Subtype /Image /Width 2480 /Height 3508 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /FlateDecode",
        &deflated(&vec![200; 2480 * 3508 * 3]),
    );
    let marks = "q 595.2 0 0 841.92 0 0 cm /I Do Q ".repeat(3);
    document.page(A4, &marks, &format!("/Resources << /XObject << /I {image} 0 R >> >>"));
    full("three pictures of the page's size", &document.bytes());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn damaged_documents_never_panic(at in 0_usize..4000, by in 1_u8.., cut in 0_usize..4000) {
    let _alone = alone();
            let mut document = Document::new();
        let image = document.stream("/Subtype /Image /Width 20 /Height 20 /ColorSpace /DeviceGray /BitsPerComponent 8", &[90; 400]);
        let marks = format!("{SIGNATURE} q 50 0 0 50 9 9 cm /I Do Q BT /F 12 Tf 9 9 Td (text) Tj ET");
        document.page([300.0, 150.0], &marks, &format!("/Resources << /XObject << /I {image} 0 R >> >>"));
        let mut bytes = document.bytes();
        let length = bytes.len();
        bytes[at % length] ^= by;
        bytes.truncate(length - if cut % 3 == 0 { cut % length } else { 0 });
        let _ = decode_picture(&bytes, &service());
        let _ = facts(&bytes, &service());
    }
}
