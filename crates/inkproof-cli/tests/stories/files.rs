//! What people have in hand: faxes, scans of two pages, what a telephone and a signature pad make, files by a wrong name.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use base64::Engine;
use image::GrayImage;
use serde_json::{Value, json};

use super::documents::{Document, deflated};
use super::program::{Desk, example_files};
use super::running::Server;

/// Three references, and a fourth signature by the same writer.
struct Signatures {
    desk: Desk,
    references: String,
    questioned: GrayImage,
}

impl Signatures {
    fn new() -> Self {
        let files = example_files("005");
        let references = files[..3].iter().map(|file| format!("--reference {} ", file.display())).collect();
        Self { desk: Desk::new(), references, questioned: gray(&files[3]) }
    }

    fn verify(&self, rest: &str) -> super::program::Done {
        self.desk.run(&format!("verify {}{rest}", self.references))
    }

    fn decision(&self, file: &str) -> (Value, f64) {
        let found = self.verify(&format!("{file} --json")).json();
        (found["decision"].clone(), found["score"].as_f64().unwrap())
    }
}

fn gray(path: &Path) -> GrayImage {
    image::open(path).unwrap().into_luma8()
}

/// A TIFF of pages.
fn tiff(pages: &[&GrayImage]) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut bytes).unwrap();
    for page in pages {
        encoder.write_image::<tiff::encoder::colortype::Gray8>(page.width(), page.height(), page).unwrap();
    }
    bytes.into_inner()
}

/// A PNG that says how many pixels it has on a metre.
fn png_of_density(image: &GrayImage, across: u32, down: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width(), image.height());
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: across, yppu: down, unit: png::Unit::Meter }));
    encoder.write_header().unwrap().write_image_data(image).unwrap();
    bytes
}

#[test]
fn a_fax_is_judged_as_the_signature_that_was_faxed() {
    let signatures = Signatures::new();
    let whole = &signatures.questioned;
    let (width, height) = whole.dimensions();
    let squashed = image::imageops::resize(whole, width, height / 2, image::imageops::FilterType::Triangle);
    signatures.desk.write("whole.png", &png_of_density(whole, 8031, 8031));
    signatures.desk.write("fax.png", &png_of_density(&squashed, 8031, 4016));
    signatures.desk.write("flat.png", &png_of_density(&squashed, 8031, 8031));
    let [whole, fax, flat] = ["whole.png", "fax.png", "flat.png"].map(|file| signatures.decision(file));
    assert_eq!(fax.0, whole.0);
    assert!((fax.1 - whole.1).abs() < (flat.1 - whole.1).abs() / 2.0, "{whole:?}, {fax:?}, {flat:?}");
}

#[test]
fn white_ink_on_a_transparent_ground_is_ink_as_black_is() {
    let signatures = Signatures::new();
    let save = |name: &str, color: u8| {
        let (width, height) = signatures.questioned.dimensions();
        let pixel = |x, y| image::LumaA([color, 255 - signatures.questioned.get_pixel(x, y).0[0]]);
        image::GrayAlphaImage::from_fn(width, height, pixel).save(signatures.desk.path(name)).unwrap();
    };
    save("black.png", 0);
    save("white.png", 255);
    image::GrayAlphaImage::new(300, 100).save(signatures.desk.path("none.png")).unwrap();
    assert_eq!(signatures.decision("white.png"), signatures.decision("black.png"));
    signatures.verify("none.png").fails_with(&["none.png", "no ink"]);
}

#[test]
fn of_several_pages_the_one_that_was_read_is_said_and_two_are_asked_about() {
    let signatures = Signatures::new();
    let (signature, other) = (&signatures.questioned, &gray(&example_files("002")[0]));
    let blank = &GrayImage::from_pixel(signature.width(), signature.height(), image::Luma([255]));
    let desk = &signatures.desk;
    desk.write("blank.tif", &tiff(&[blank, signature]));
    desk.write("two.tif", &tiff(&[other, signature, blank]));
    desk.write("one.tif", &tiff(&[signature]));
    let one = signatures.decision("one.tif");
    assert_eq!(signatures.decision("blank.tif"), one);
    let text = signatures.verify("blank.tif").out;
    assert!(text.contains("Read: page 2 of 2 of blank.tif."), "{text}");
    let found = signatures.verify("blank.tif --json").json();
    assert_eq!((&found["page"], &found["pages"]), (&json!(2), &json!(2)));
    assert!(signatures.verify("one.tif --json").json().get("page").is_none());
    signatures.verify("two.tif").fails_with(&["two.tif: has 3 pages, and pages 1 and 2", "--page"]);
    assert_eq!(signatures.decision("two.tif --page 2"), one);
    assert_eq!(signatures.decision("two.tif[2]"), one);
    assert_ne!(signatures.decision("two.tif[1]").1, one.1);
    signatures.verify("two.tif[4]").fails_with(&["no page 4", "from 1 to 3"]);
    signatures.verify("one.tif --page 2").fails_with(&["no page 2"]);
    desk.write("cases.csv", b"references,questioned\ntwo.tif[2],blank.tif\ntwo.tif,one.tif\n");
    desk.run("verify-batch cases.csv --out out.csv").succeeds();
    let out = fs::read_to_string(desk.path("out.csv")).unwrap();
    assert!(out.contains("page 2 of 2 of blank.tif") && out.contains("page 2 of 3 of two.tif[2]"), "{out}");
    assert!(out.contains("pages 1 and 2 have something on them"), "{out}");
}

/// A document with a page that shows this and nothing else, at 300 dots an inch.
fn scan_into(document: &mut Document, image: &GrayImage) {
    let (width, height) = image.dimensions();
    let page = [width, height].map(|side| f64::from(side) * 72.0 / 300.0);
    let picture = "/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode";
    document.scan(page, [width, height], picture, &deflated(image));
}

#[test]
fn a_page_of_a_document_is_judged_as_the_image_on_it() {
    let signatures = Signatures::new();
    let desk = &signatures.desk;
    signatures.questioned.save(desk.path("image.png")).unwrap();
    let judged = signatures.decision("image.png");
    let mut document = Document::new();
    scan_into(&mut document, &signatures.questioned);
    desk.write("one.pdf", &document.bytes());
    assert_eq!(signatures.decision("one.pdf"), judged);
    scan_into(&mut document, &gray(&example_files("002")[0]));
    desk.write("two.pdf", &document.bytes());
    signatures.verify("two.pdf").fails_with(&["two.pdf: has 2 pages, and pages 1 and 2 have something", "--page"]);
    assert_eq!(signatures.decision("two.pdf --page 1"), judged);
    assert_eq!(signatures.decision("two.pdf[1]"), judged);
    assert_ne!(signatures.decision("two.pdf[2]").1, judged.1);
    signatures.verify("two.pdf --page 3").fails_with(&[
        "two.pdf",
        "has 2 page(s), so there is no page 3",
        "from 1 to 2",
    ]);
    let text = signatures.verify("two.pdf --page 1").out;
    assert!(text.contains("Read: page 1 of 2 of two.pdf"), "{text}");
    // A reference may be one, its original is that page alone, and another model is asked about the same one.
    desk.run("enroll K-17 two.pdf[1] --store writers.db").succeeds();
    let found = desk.run("verify --writer K-17 image.png --store writers.db --json").json();
    assert_eq!(found["decision"], "undecided", "it is a copy");
    desk.run("store reembed --store writers.db").succeeds();
    document.trailer("/Encrypt << /Filter /Standard >>");
    desk.write("locked.pdf", &document.bytes());
    signatures
        .verify("locked.pdf")
        .fails_with(&["locked.pdf: is an encrypted PDF document; open it with its password"]);
    desk.write("half.pdf", &fs::read(desk.path("one.pdf")).unwrap()[..2000]);
    signatures.verify("half.pdf").fails_with(&["half.pdf: is a PDF document that cannot be decoded"]);
}

#[test]
fn what_is_not_read_is_named_with_what_to_do() {
    let signatures = Signatures::new();
    for (name, bytes, words) in [
        ("photo.jpg", &b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..], "HEIC"),
        ("a.avif", b"\0\0\0\x1cftypavif\0\0\0\0mif1miaf", "AVIF"),
        ("scan.pdf", b"%PDF-1.4\n", "PDF document that cannot be decoded"),
        ("pad.png", b"<!DOCTYPE html><html>", "web page (HTML), not an image"),
        ("pad.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG drawing, which is not read here; export it"),
        ("letter.docx", b"PK\x03\x04\x14\0\x06\0[Content_Types].xml", "office program"),
    ] {
        signatures.desk.write(name, bytes);
        signatures.verify(name).fails_with(&[name, words]);
    }
}

#[test]
fn large_images_are_read_and_the_limit_can_be_said() {
    let signatures = Signatures::new();
    let mut sheet = GrayImage::from_pixel(4000, 4000, image::Luma([250]));
    let signature = image::imageops::resize(
        &signatures.questioned,
        3 * signatures.questioned.width(),
        3 * signatures.questioned.height(),
        image::imageops::FilterType::Triangle,
    );
    image::imageops::overlay(&mut sheet, &signature, 700, 1500);
    sheet.save(signatures.desk.path("sheet.png")).unwrap();
    assert!(["accepted", "undecided"].contains(&signatures.decision("sheet.png").0.as_str().unwrap()));
    let limited = signatures.verify("sheet.png --max-pixels 10M");
    limited.fails_with(&["4000 x 4000 pixels", "10000000", "--max-pixels"]);
}

#[test]
fn base64_is_taken_as_it_is_sent_and_one_image_as_it_is() {
    let signatures = Signatures::new();
    let server = Server::start(&signatures.desk, "");
    let files = example_files("005");
    let [reference, questioned] = [0, 3].map(|file| fs::read(&files[file]).unwrap());
    let plain = base64::engine::general_purpose::STANDARD.encode(&questioned);
    let lines: Vec<&str> = plain.as_bytes().chunks(76).map(|line| str::from_utf8(line).unwrap()).collect();
    let forms = [
        plain.clone(),
        format!("data:image/png;base64,{plain}"),
        lines.join("\r\n"),
        plain.clone() + "\n",
        plain.trim_end_matches('=').to_owned(),
        plain.replace('+', "-").replace('/', "_"),
    ];
    let reference = base64::engine::general_purpose::STANDARD.encode(reference);
    let scores = forms.map(|form| {
        let document = json!({"references": [{"image": reference}], "questioned": {"image": form}});
        server.post_json("/v1/verify", &document).is(200).json()["score"].clone()
    });
    assert!(scores.iter().all(|score| *score == scores[0]), "{scores:?}");

    let parts: Vec<_> = files[..3].iter().map(|file| fs::read(file).unwrap()).collect();
    let mut parts: Vec<_> = parts.iter().map(|bytes| ("reference", "a.png", &bytes[..])).collect();
    parts.push(("id", "", b"w"));
    server.post_form("/v1/writers", &parts).is(201);
    let send = |path: &str, bytes: &[u8]| server.ask("POST", path, &[("Content-Type", "image/png")], bytes);
    assert_eq!(send("/v1/writers/w/verify", &questioned).is(200).json()["writer"], "w");
    assert_eq!(send("/v1/identify", &questioned).is(200).json()["writers"][0]["writer"], "w");
    assert_eq!(send("/v1/writers/w/references", &questioned).is(201).json()["total"], 4);

    let (one, other) = (gray(&files[0]), gray(&files[3]));
    let pages = tiff(&[&one, &other]);
    let ask = |page: &[u8]| {
        server.post_form("/v1/writers/w/verify", &[("questioned", "two.tif", &pages[..]), ("page", "", page)])
    };
    ask(b"").is_problem(422, Some("questioned"));
    let found = ask(b"2").is(200).json();
    assert_eq!((&found["page"], &found["pages"]), (&json!(2), &json!(2)));
}
