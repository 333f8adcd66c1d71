//! Kinds of files that people take for an image of a signature and that are not read here: they are named, with what to do.

use std::fmt;

/// A well-known kind of file that is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Photos of iPhones and other telephones.
    Heic,
    /// Pictures in AV1.
    Avif,
    /// JPEG XL.
    JpegXl,
    /// JPEG XR.
    JpegXr,
    /// JBIG2 on its own.
    Jbig2,
    /// Portable document format.
    Pdf,
    /// PostScript, encapsulated or not.
    PostScript,
    /// Scalable vector graphics.
    Svg,
    /// Windows metafiles.
    Metafile,
    /// A page of the web.
    Html,
    /// XML that is neither a picture nor a page.
    Xml,
    /// A document of the web's JavaScript notation.
    Json,
    /// Rich text.
    RichText,
    /// Text of any other kind.
    Text,
    /// Adobe Photoshop's own format.
    Photoshop,
    /// GIMP's own format.
    Gimp,
    /// Icons and cursors of Windows.
    Icon,
    /// Medical images.
    Dicom,
    /// What a camera's sensor saw.
    Raw,
    /// Pictures with a wide range of light.
    HighRange,
    /// Documents scanned into DjVu.
    DjVu,
    /// A document of an office program.
    Office,
    /// Files packed into one.
    Archive,
    /// A film.
    Video,
    /// A mail with what is attached to it.
    Mail,
}

/// So much of a text is looked at.
const HEAD: usize = 4096;

impl Kind {
    /// The kind by the first bytes.
    pub fn detect(bytes: &[u8]) -> Option<Kind> {
        Some(match bytes {
            [_, _, _, _, b'f', b't', b'y', b'p', rest @ ..] => return by_brand(bytes, rest),
            [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Kind::JpegXl,
            [b'I', b'I', 0xbc, ..] => Kind::JpegXr,
            [0x97, b'J', b'B', b'2', ..] => Kind::Jbig2,
            [0xc5, 0xd0, 0xd3, 0xc6, ..] | [b'%', b'!', ..] | [4, b'%', b'!', ..] => Kind::PostScript,
            [0xd7, 0xcd, 0xc6, 0x9a, ..] => Kind::Metafile,
            [1, 0, 0, 0, ..] if bytes.get(40..44) == Some(b" EMF") => Kind::Metafile,
            [b'8', b'B', b'P', b'S', ..] => Kind::Photoshop,
            [b'g', b'i', b'm', b'p', b' ', b'x', b'c', b'f', ..] => Kind::Gimp,
            [0, 0, 1 | 2, 0, _, 0, ..] => Kind::Icon,
            [b'I', b'I', b'R', b'O' | b'S', ..] | [b'I', b'I', b'U', 0, ..] | [0, b'M', b'R', b'M', ..] => Kind::Raw,
            [b'F', b'U', b'J', b'I', b'F', b'I', b'L', b'M', ..] | [b'F', b'O', b'V', b'b', ..] => Kind::Raw,
            [0x76, 0x2f, 0x31, 1, ..] | [b'#', b'?', b'R', b'A', b'D', ..] => Kind::HighRange,
            [b'A', b'T', b'&', b'T', b'F', b'O', b'R', b'M', ..] => Kind::DjVu,
            [0xd0, 0xcf, 0x11, 0xe0, ..] => Kind::Office,
            [b'P', b'K', 3, 4, ..] => zipped(bytes),
            [0x1f, 0x8b, ..] | [b'7', b'z', 0xbc, 0xaf, ..] | [b'R', b'a', b'r', b'!', ..] | [b'B', b'Z', b'h', ..] => {
                Kind::Archive
            }
            [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] | [0x1a, 0x45, 0xdf, 0xa3, ..] => {
                Kind::Video
            }
            _ if bytes.get(128..132) == Some(b"DICM") => Kind::Dicom,
            _ if contains(&bytes[..bytes.len().min(1024)], b"%PDF-") => Kind::Pdf,
            _ => return text(bytes),
        })
    }

    /// What to do with it.
    fn advice(self) -> &'static str {
        match self {
            Kind::Heic => {
                "open it and save it as JPEG or PNG (or set the telephone's camera to its most compatible format, which is \
                 JPEG)"
            }
            Kind::Pdf => "save its page as a PNG or TIFF image, or take a picture of the signature on it",
            Kind::Html => "the image itself may not have been downloaded: open the page and save the image",
            Kind::Text | Kind::Json | Kind::Xml | Kind::RichText => "give the image itself, as a file or as base64",
            Kind::Office => "save the picture in it as PNG or JPEG",
            Kind::Archive | Kind::Mail => "take the image out of it",
            Kind::Video => "save a picture of it as PNG or JPEG",
            Kind::Svg | Kind::PostScript | Kind::Metafile => "export it as PNG, 1000 pixels wide or more",
            _ => "save it as PNG or JPEG",
        }
    }
}

/// "a HEIC photo, as iPhones take it, which is not read here; save it ...".
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Kind::Heic => "a HEIC photo, as iPhones take them whatever the file is called",
            Kind::Avif => "an AVIF image",
            Kind::JpegXl => "a JPEG XL image",
            Kind::JpegXr => "a JPEG XR image",
            Kind::Jbig2 => "a JBIG2 image",
            Kind::Pdf => "a PDF document",
            Kind::PostScript => "PostScript (EPS)",
            Kind::Svg => "an SVG drawing",
            Kind::Metafile => "a Windows metafile (WMF or EMF)",
            Kind::Html => "a web page (HTML)",
            Kind::Xml => "XML text",
            Kind::Json => "JSON text",
            Kind::RichText => "rich text (RTF)",
            Kind::Text => "text",
            Kind::Photoshop => "a Photoshop file (PSD)",
            Kind::Gimp => "a GIMP file (XCF)",
            Kind::Icon => "a Windows icon (ICO)",
            Kind::Dicom => "a medical image (DICOM)",
            Kind::Raw => "a camera's raw image",
            Kind::HighRange => "a high dynamic range image (OpenEXR or Radiance)",
            Kind::DjVu => "a DjVu document",
            Kind::Office => "a document of an office program",
            Kind::Archive => "an archive of files",
            Kind::Video => "a video",
            Kind::Mail => "a mail",
        };
        let is_writing = matches!(
            self,
            Kind::Html | Kind::Xml | Kind::Json | Kind::RichText | Kind::Text | Kind::Office | Kind::Mail
        );
        let but = if is_writing { "not an image" } else { "which is not read here" };
        write!(f, "{name}, {but}; {}", self.advice())
    }
}

/// Of the ISO base media format, by the brands in its first box.
fn by_brand(bytes: &[u8], rest: &[u8]) -> Option<Kind> {
    let length = u32::from_be_bytes(*bytes.first_chunk()?) as usize;
    let brands = &rest[..length.saturating_sub(8).min(rest.len()).min(256)];
    let has = |names: &[&[u8; 4]]| brands.chunks_exact(4).any(|brand| names.iter().any(|name| brand == *name));
    Some(if has(&[b"avif", b"avis"]) {
        Kind::Avif
    } else if has(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif2"]) {
        Kind::Heic
    } else if has(&[b"crx "]) {
        Kind::Raw
    } else {
        Kind::Video
    })
}

/// Office programs pack their documents as archives.
fn zipped(bytes: &[u8]) -> Kind {
    let head = &bytes[..bytes.len().min(HEAD)];
    let names: [&[u8]; 5] = [b"[Content_Types].xml", b"word/", b"xl/", b"ppt/", b"mimetypeapplication/"];
    if names.iter().any(|name| contains(head, name)) { Kind::Office } else { Kind::Archive }
}

fn text(bytes: &[u8]) -> Option<Kind> {
    let head = &bytes[..bytes.len().min(HEAD)];
    if matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        return Some(Kind::Text);
    }
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let is_text = |byte: &u8| !byte.is_ascii_control() || byte.is_ascii_whitespace();
    if !head.iter().all(is_text) || head.utf8_chunks().any(|chunk| chunk.invalid().len() > 1) {
        return None;
    }
    let head = head.trim_ascii_start().to_ascii_lowercase();
    let has = |name: &[u8]| contains(&head, name);
    Some(if head.starts_with(b"<") {
        let is_page = has(b"<html") || has(b"<!doctype html") || has(b"<head") || has(b"<body");
        let is_drawing = head.starts_with(b"<svg") || !is_page && has(b"<svg");
        if is_drawing {
            Kind::Svg
        } else if is_page {
            Kind::Html
        } else {
            Kind::Xml
        }
    } else if head.starts_with(b"{\\rtf") {
        Kind::RichText
    } else if head.starts_with(b"{") || head.starts_with(b"[") {
        Kind::Json
    } else if has(b"mime-version:") || head.starts_with(b"from:") || head.starts_with(b"received:") {
        Kind::Mail
    } else {
        Kind::Text
    })
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_their_first_bytes() {
        let mut dicom = vec![0; 128];
        dicom.extend(b"DICM");
        let cases: &[(&[u8], Kind)] = &[
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Kind::Heic),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", Kind::Heic),
            (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", Kind::Avif),
            (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", Kind::Video),
            (b"\xff\x0a\0\0", Kind::JpegXl),
            (b"%PDF-1.7\n", Kind::Pdf),
            (b"junk before\n%PDF-1.4\n", Kind::Pdf),
            (b"%!PS-Adobe-3.0 EPSF-3.0\n", Kind::PostScript),
            (b"<?xml version=\"1.0\"?>\n<!-- made by -->\n<svg xmlns=\"http://www.w3.org/2000/svg\">", Kind::Svg),
            (b"  <!DOCTYPE html><html><body><svg></svg>", Kind::Html),
            (b"<ink xmlns=\"http://www.w3.org/2003/InkML\">", Kind::Xml),
            (b"{\"image\": 1}", Kind::Json),
            (b"{\\rtf1\\ansi", Kind::RichText),
            (b"To whom it may concern", Kind::Text),
            (b"8BPS\0\x01", Kind::Photoshop),
            (b"\0\0\x01\0\x01\0\x20\x20", Kind::Icon),
            (&dicom, Kind::Dicom),
            (b"PK\x03\x04\x14\0\x06\0[Content_Types].xml", Kind::Office),
            (b"PK\x03\x04\x14\0\0\0\x08\0scan.png", Kind::Archive),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind::Office),
            (b"Received: from a\r\nMIME-Version: 1.0\r\n", Kind::Mail),
        ];
        for (bytes, kind) in cases {
            assert_eq!(Kind::detect(bytes), Some(*kind), "{}", bytes.escape_ascii());
        }
        assert_eq!(Kind::detect(b"\x01\x02\x03\x04"), None);
    }
}
