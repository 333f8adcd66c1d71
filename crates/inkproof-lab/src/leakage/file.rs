//! What a file shows before its picture is decoded: format, depth, colours, resolution, tables, profile.
//!
//! Only headers are read, and read forgivingly: the picture has been decoded already, so what is not understood here is
//! simply left out. PNG (ISO/IEC 15948), JPEG (ITU T.81, JFIF), TIFF 6.0 and BMP are looked into; of the others the format
//! is known.

use inkproof::decode::Format;
use sha2::{Digest, Sha256};

/// Where a file says nothing.
const NONE: &str = "none";

/// The facts in words; equal words are equal facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    pub format: String,
    /// Bits of a sample.
    pub depth: String,
    /// Gray, RGB, palette, with or without alpha.
    pub color: String,
    /// The resolution that the file states.
    pub resolution: String,
    /// A fingerprint of the quantisation tables.
    pub jpeg_tables: String,
    /// An embedded colour profile or a statement of the colour space.
    pub profile: String,
}

impl FileFacts {
    /// The facts of the file with these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let none = || NONE.to_owned();
        let format = Format::detect(bytes);
        let mut facts = Self {
            format: format.map_or_else(none, |format| format.to_string()),
            depth: none(),
            color: none(),
            resolution: none(),
            jpeg_tables: none(),
            profile: none(),
        };
        match format {
            Some(Format::Png) => facts.read_png(bytes),
            Some(Format::Jpeg) => facts.read_jpeg(bytes),
            Some(Format::Tiff) => facts.read_tiff(bytes).unwrap_or_default(),
            Some(Format::Bmp) => facts.read_bmp(bytes).unwrap_or_default(),
            _ => {}
        }
        facts
    }

    /// The chunks before the pixels.
    fn read_png(&mut self, bytes: &[u8]) {
        let mut rest = bytes.get(8..).unwrap_or_default();
        let mut space = Vec::new();
        while let Some((head, body)) = rest.split_first_chunk::<8>() {
            let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
            let Some(data) = body.get(..length) else { break };
            match &head[4..] {
                b"IHDR" if length >= 10 => {
                    self.depth = data[8].to_string();
                    self.color = png_color(data[9]).to_owned();
                }
                b"pHYs" if length >= 9 => {
                    let [x, y] =
                        [0, 4].map(|at| u32::from_be_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]]));
                    let unit = if data[8] == 1 { "per metre" } else { "without unit" };
                    self.resolution = format!("{x} x {y} {unit}");
                }
                b"iCCP" => {
                    let name = data.split(|&byte| byte == 0).next().unwrap_or_default();
                    space.push(format!("{} {}", String::from_utf8_lossy(name), fingerprint(&[data])));
                }
                b"sRGB" | b"gAMA" | b"cHRM" => {
                    space.push(format!("{} {}", String::from_utf8_lossy(&head[4..]), fingerprint(&[data])));
                }
                b"IDAT" => break,
                _ => {}
            }
            rest = body.get(length + 4..).unwrap_or_default();
        }
        if !space.is_empty() {
            self.profile = space.join(", ");
        }
    }

    /// The segments before the first scan.
    fn read_jpeg(&mut self, bytes: &[u8]) {
        let mut at = 2;
        let mut tables: Vec<&[u8]> = Vec::new();
        while let Some([0xff, marker, high, low]) = bytes.get(at..at + 4) {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let Some(data) = bytes.get(at + 4..at + 2 + length) else { break };
            match marker {
                0xda => break,
                0xdb => tables.push(data),
                0xc0..=0xc3 if data.len() >= 6 => {
                    self.depth = data[0].to_string();
                    self.color = match data[5] {
                        1 => "gray".to_owned(),
                        channels => format!("{channels} channels"),
                    };
                }
                0xe0 if data.starts_with(b"JFIF\0") && data.len() >= 12 => {
                    let [x, y] = [8, 10].map(|at| u16::from_be_bytes([data[at], data[at + 1]]));
                    let unit = ["without unit", "per inch", "per centimetre"].get(usize::from(data[7])).unwrap_or(&"");
                    self.resolution = format!("{x} x {y} {unit}");
                }
                0xe2 if data.starts_with(b"ICC_PROFILE\0") => self.profile = fingerprint(&[data]),
                _ => {}
            }
            at += 2 + length;
        }
        if !tables.is_empty() {
            self.jpeg_tables = fingerprint(&tables);
        }
    }

    /// The tags of the first page.
    fn read_tiff(&mut self, bytes: &[u8]) -> Option<()> {
        let tags = TiffTags::first(bytes)?;
        let samples = tags.number(277).unwrap_or(1);
        self.depth = tags.number(258).unwrap_or(1).to_string();
        self.color = match tags.number(262)? {
            0 | 1 => "gray".to_owned(),
            2 => "RGB".to_owned(),
            3 => "palette".to_owned(),
            other => format!("photometric {other}"),
        };
        if samples > 1 {
            self.color += &format!(", {samples} channels");
        }
        if let (Some(x), Some(y)) = (tags.ratio(282), tags.ratio(283)) {
            let unit = match tags.number(296).unwrap_or(2) {
                2 => "per inch",
                3 => "per centimetre",
                _ => "without unit",
            };
            self.resolution = format!("{x} x {y} {unit}");
        }
        if let Some(profile) = tags.bytes(34675) {
            self.profile = fingerprint(&[profile]);
        }
        Some(())
    }

    fn read_bmp(&mut self, bytes: &[u8]) -> Option<()> {
        let word = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let bits = word(28)? & 0xffff;
        self.depth = bits.to_string();
        self.color = if bits <= 8 { "palette" } else { "RGB" }.to_owned();
        self.resolution = format!("{} x {} per metre", word(38)?, word(42)?);
        Some(())
    }
}

fn png_color(kind: u8) -> &'static str {
    match kind {
        0 => "gray",
        2 => "RGB",
        3 => "palette",
        4 => "gray and alpha",
        6 => "RGBA",
        _ => NONE,
    }
}

/// Eight hexadecimal digits.
fn fingerprint(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize()[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The directory of a TIFF's first page.
struct TiffTags<'a> {
    bytes: &'a [u8],
    little: bool,
    start: usize,
    count: usize,
}

impl<'a> TiffTags<'a> {
    fn first(bytes: &'a [u8]) -> Option<Self> {
        let mut tags = Self { bytes, little: bytes.first()? == &b'I', start: 0, count: 0 };
        let directory = tags.word(4)? as usize;
        tags.count = usize::from(tags.half(directory)?);
        tags.start = directory.checked_add(2)?;
        Some(tags)
    }

    fn half(&self, at: usize) -> Option<u16> {
        let pair = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    }

    fn word(&self, at: usize) -> Option<u32> {
        let four = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    }

    fn entry(&self, tag: u16) -> Option<usize> {
        (0..self.count).map(|i| self.start + 12 * i).find(|&at| self.half(at) == Some(tag))
    }

    /// The first of a tag's numbers.
    fn number(&self, tag: u16) -> Option<u32> {
        const SHORT: u16 = 3;
        const LONG: u16 = 4;
        let entry = self.entry(tag)?;
        let (kind, count) = (self.half(entry + 2)?, self.word(entry + 4)?);
        let far = self.word(entry + 8)? as usize;
        match kind {
            SHORT => self.half(if count > 2 { far } else { entry + 8 }).map(u32::from),
            LONG => self.word(if count > 1 { far } else { entry + 8 }),
            _ => None,
        }
    }

    fn ratio(&self, tag: u16) -> Option<f64> {
        let at = self.word(self.entry(tag)? + 8)? as usize;
        let (above, below) = (self.word(at)?, self.word(at.checked_add(4)?)?);
        (below > 0).then(|| f64::from(above) / f64::from(below))
    }

    fn bytes(&self, tag: u16) -> Option<&'a [u8]> {
        let entry = self.entry(tag)?;
        let (length, at) = (self.word(entry + 4)? as usize, self.word(entry + 8)? as usize);
        self.bytes.get(at..at.checked_add(length)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn png_with(color: png::ColorType, extra: impl Fn(&mut png::Encoder<'_, &mut Vec<u8>>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 2, 1);
        encoder.set_color(color);
        extra(&mut encoder);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&vec![9; 2 * color.samples()]).unwrap();
        drop(writer);
        bytes
    }

    #[test]
    fn a_png_tells_its_depth_colors_and_resolution() {
        let plain = FileFacts::from_bytes(&png_with(png::ColorType::Grayscale, |_| ()));
        assert_eq!((plain.format.as_str(), plain.depth.as_str(), plain.color.as_str()), ("PNG", "8", "gray"));
        assert_eq!((plain.resolution.as_str(), plain.profile.as_str()), (NONE, NONE));
        let marked = FileFacts::from_bytes(&png_with(png::ColorType::Rgb, |encoder| {
            let dims = png::PixelDimensions { xppu: 11811, yppu: 11811, unit: png::Unit::Meter };
            encoder.set_pixel_dims(Some(dims));
            encoder.set_source_gamma(png::ScaledFloat::new(0.45455));
        }));
        assert_eq!((marked.color.as_str(), marked.resolution.as_str()), ("RGB", "11811 x 11811 per metre"));
        assert!(marked.profile.starts_with("gAMA"), "{}", marked.profile);
    }

    #[test]
    fn a_jpeg_tells_its_tables_and_resolution() {
        let jpeg = |density: u8, table: u8| {
            let mut bytes = vec![0xff, 0xd8, 0xff, 0xe0, 0, 16];
            bytes.extend(b"JFIF\0\x01\x01\x01");
            bytes.extend([0, density, 0, density, 0, 0]);
            bytes.extend([0xff, 0xdb, 0, 4, 0, table]);
            bytes.extend([0xff, 0xc0, 0, 11, 8, 0, 1, 0, 2, 1, 1, 0x11, 0]);
            bytes.extend([0xff, 0xda, 0, 2]);
            FileFacts::from_bytes(&bytes)
        };
        let facts = jpeg(200, 5);
        assert_eq!((facts.format.as_str(), facts.depth.as_str(), facts.color.as_str()), ("JPEG", "8", "gray"));
        assert_eq!(facts.resolution, "200 x 200 per inch");
        assert_ne!(facts.jpeg_tables, NONE);
        assert_eq!(facts.jpeg_tables, jpeg(100, 5).jpeg_tables);
        assert_ne!(facts.jpeg_tables, jpeg(200, 6).jpeg_tables);
    }

    #[test]
    fn a_tiff_tells_its_tags() {
        let entry = |tag: u16, kind: u16, count: u32, value: u32| {
            [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
        };
        let mut bytes = b"II\x2a\0\x08\0\0\0\x05\0".to_vec();
        let after = 10 + 5 * 12 + 4;
        for tag in [(258, 3, 1, 8), (262, 3, 1, 1), (282, 5, 1, after), (283, 5, 1, after), (296, 3, 1, 2)] {
            bytes.extend(entry(tag.0, tag.1, tag.2, tag.3));
        }
        bytes.extend([0; 4]);
        bytes.extend([300_u32.to_le_bytes(), 1_u32.to_le_bytes()].concat());
        let facts = FileFacts::from_bytes(&bytes);
        assert_eq!((facts.depth.as_str(), facts.color.as_str()), ("8", "gray"));
        assert_eq!(facts.resolution, "300 x 300 per inch");
    }

    proptest! {
        #[test]
        fn hostile_bytes_tell_nothing_and_harm_nothing(kind in 0_usize..4, tail in proptest::collection::vec(any::<u8>(), 0..200)) {
            let heads: [&[u8]; 4] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II\x2a\0", b"BM"];
            FileFacts::from_bytes(&[heads[kind], &tail].concat());
        }
    }
}
