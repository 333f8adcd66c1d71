//! PDF documents as tests want them, object by object.
#![allow(dead_code, reason = "the stories of the program use a part of it")]

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// A document whose objects are numbered from 3 in the order in which they are added; the first two are its catalog and the
/// list of its pages.
pub struct Document {
    objects: Vec<Vec<u8>>,
    pages: Vec<usize>,
    catalog: String,
    trailer: String,
}

impl Document {
    pub fn new() -> Self {
        Self { objects: Vec::new(), pages: Vec::new(), catalog: String::new(), trailer: String::new() }
    }

    /// Adds an object and returns its number.
    pub fn object(&mut self, body: impl Into<Vec<u8>>) -> usize {
        self.objects.push(body.into());
        self.objects.len() + 2
    }

    /// The number of the object that is added next.
    pub fn next(&self) -> usize {
        self.objects.len() + 3
    }

    /// Adds a stream; `dict` without its length.
    pub fn stream(&mut self, dict: &str, data: &[u8]) -> usize {
        let mut body = format!("<< {dict} /Length {} >>\nstream\n", data.len()).into_bytes();
        body.extend(data);
        body.extend(b"\nendstream");
        self.object(body)
    }

    /// Adds a page of so many units with these marks on it; `rest` are the further entries of its dictionary.
    pub fn page(&mut self, sides: [f64; 2], marks: &str, rest: &str) -> usize {
        let marks = self.stream("", marks.as_bytes());
        self.page_of(&format!("/MediaBox [0 0 {} {}] /Contents {marks} 0 R {rest}", sides[0], sides[1]))
    }

    /// Adds a page with all its entries.
    pub fn page_of(&mut self, entries: &str) -> usize {
        let page = self.object(format!("<< /Type /Page /Parent 2 0 R {entries} >>"));
        self.pages.push(page);
        page
    }

    /// Adds a page that a picture covers; `picture` are its further entries.
    pub fn scan(&mut self, page: [f64; 2], pixels: [u32; 2], picture: &str, data: &[u8]) {
        let [width, height] = pixels;
        let image = format!("/Type /XObject /Subtype /Image /Width {width} /Height {height} {picture}");
        let image = self.stream(&image, data);
        let marks = format!("q {} 0 0 {} 0 0 cm /Scan Do Q", page[0], page[1]);
        self.page(page, &marks, &format!("/Resources << /XObject << /Scan {image} 0 R >> >>"));
    }

    /// Further entries of the catalog.
    pub fn catalog(&mut self, entries: &str) {
        self.catalog.push_str(entries);
    }

    /// Further entries of the trailer.
    pub fn trailer(&mut self, entries: &str) {
        self.trailer.push_str(entries);
    }

    pub fn bytes(&self) -> Vec<u8> {
        let kids: String = self.pages.iter().fold(String::new(), |mut kids, page| {
            let _ = write!(kids, "{page} 0 R ");
            kids
        });
        let catalog = format!("<< /Type /Catalog /Pages 2 0 R {} >>", self.catalog).into_bytes();
        let pages = format!("<< /Type /Pages /Count {} /Kids [{kids}] >>", self.pages.len()).into_bytes();
        let mut bytes = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
        let mut table = String::from("0000000000 65535 f \n");
        let objects = [&catalog, &pages].into_iter().chain(&self.objects);
        for (object, number) in objects.zip(1..) {
            let _ = writeln!(table, "{:010} 00000 n ", bytes.len());
            bytes.extend(format!("{number} 0 obj\n").bytes());
            bytes.extend(object);
            bytes.extend(b"\nendobj\n");
        }
        let (begin, size) = (bytes.len(), self.objects.len() + 3);
        let trailer = format!("trailer\n<< /Size {size} /Root 1 0 R {} >>", self.trailer);
        bytes.extend(format!("xref\n0 {size}\n{table}{trailer}\nstartxref\n{begin}\n%%EOF\n").bytes());
        bytes
    }
}

/// Packed as most streams are.
pub fn deflated(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}
