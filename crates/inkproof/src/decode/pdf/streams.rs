//! What the streams of a document unpack to, before anything else looks at it: the library unpacks whole streams, whatever
//! comes out of them, and reads some of them to find the document's pages at all.
//!
//! Every stream follows the word `stream` after its dictionary, so the streams are found without the document's own table,
//! which may lie. What cannot be unpacked here counts as if it were packed as tightly as the format allows.

use flate2::{Decompress, FlushDecompress, Status};
use memchr::memmem;
use weezl::decode::Decoder as Lzw;
use weezl::{BitOrder, LzwStatus};

use super::{broken, unsupported};
use crate::error::Result;
use crate::limits::Limits;

/// Deflate packs no tighter than this.
const TIGHTEST: u64 = 1032;
/// And runs of bytes no tighter than this.
const TIGHTEST_RUN: u64 = 64;
/// A pixel of a picture takes so many bytes of a stream.
const BYTES_A_PIXEL: u64 = 3;
/// Streams of other things than pictures may be held all at once, in so many bytes for each pixel that an image may have.
const HELD_A_PIXEL: u64 = 4;
/// The table of objects may have a byte for so many of them ...
const PIXELS_A_BYTE_OF_TABLE: u64 = 4;
/// ... and the document a dictionary.
const PIXELS_A_DICTIONARY: u64 = 100;
/// All streams of a document are unpacked once, which takes time.
const MOST_IN_ALL: u64 = 1 << 30;
/// A stream begins after this word.
const WORD: &[u8] = b"stream";
/// A document may be looked through so many times for the ends of its streams.
const MOST_LOOKED_AT: usize = 64;
/// Of dictionaries and objects no more than this are open at a time.
const DEEPEST: usize = 500;
/// Each time that a document is changed it gets a trailer, and all of them are read where its table is damaged.
const MOST_TRAILERS: usize = 1000;
/// So much of the dictionary before a stream is looked at.
const DICTIONARY: usize = 4096;
/// Bytes unpacked at a time.
const STEP: usize = 1 << 16;

/// Refuses a document whose streams unpack to more than its pages can be in need of.
pub(super) fn check(bytes: &[u8], limits: &Limits) -> Result<()> {
    check_ends(bytes)?;
    check_nesting(bytes)?;
    if memmem::find_iter(bytes, b"/Root").nth(MOST_TRAILERS).is_some() {
        return Err(broken("it has too many trailers"));
    }
    let most = limits.pixels.saturating_mul(BYTES_A_PIXEL).max(STEP as u64);
    let most_held = limits.pixels.saturating_mul(HELD_A_PIXEL).max(STEP as u64);
    let most_of_table = (limits.pixels / PIXELS_A_BYTE_OF_TABLE).max(STEP as u64);
    let mut unpacker = Unpacker { inflater: Decompress::new(true), out: vec![0; STEP], most, dictionaries: 0 };
    let (mut held, mut all, mut dictionaries) = (0, 0, count_dictionaries(bytes));
    for (dictionary, data) in streams(bytes) {
        limits.check_time()?;
        let size = unpacker.size(dictionary, data)?;
        all += size;
        if !contains(dictionary, b"/Image") {
            held += size;
            dictionaries += unpacker.dictionaries;
        }
        let table = if contains(dictionary, b"/XRef") { size } else { 0 };
        for (size, most) in [(size, most), (held, most_held), (all, MOST_IN_ALL), (table, most_of_table)] {
            if size > most {
                return Err(unsupported(format!("it unpacks to more than {} MiB", most >> 20)));
            }
        }
        check_dictionaries(dictionaries, limits)?;
    }
    check_dictionaries(dictionaries, limits)
}

/// Any dictionary may be a page, and takes memory as one.
fn check_dictionaries(count: u64, limits: &Limits) -> Result<()> {
    if count > limits.pixels / PIXELS_A_DICTIONARY {
        return Err(unsupported(format!("it has more than {} objects", limits.pixels / PIXELS_A_DICTIONARY)));
    }
    Ok(())
}

fn count_dictionaries(bytes: &[u8]) -> u64 {
    memmem::find_iter(bytes, b"<<").count() as u64
}

/// Refuses a document whose streams share their ends: the library looks for the end of each anew.
fn check_ends(bytes: &[u8]) -> Result<()> {
    let mut ends = memmem::find_iter(bytes, b"endstream").chain(std::iter::once(bytes.len()));
    let (mut end, mut looked_at) = (0, 0);
    for begin in begins(bytes) {
        while end < begin {
            end = ends.next().unwrap_or(bytes.len());
        }
        looked_at += end - begin;
        if looked_at > MOST_LOOKED_AT * bytes.len() {
            return Err(broken("its streams do not end"));
        }
    }
    Ok(())
}

/// Refuses a document whose dictionaries or objects do not end: the library looks through the rest of the file for each.
/// Among the bytes of pictures the same signs are found by chance, as many of one as of the other.
fn check_nesting(bytes: &[u8]) -> Result<()> {
    let signs = memchr::memchr2_iter(b'<', b'>', bytes).filter_map(|at| match bytes.get(at..at + 2) {
        Some(b"<<") => Some(true),
        Some(b">>") => Some(false),
        _ => None,
    });
    let objects = memmem::find_iter(bytes, b"obj").map(|at| !bytes[..at].ends_with(b"end"));
    if is_deep(signs) || is_deep(objects) { Err(broken("its objects do not end")) } else { Ok(()) }
}

/// Whether too many are open at any time.
fn is_deep(mut opens: impl Iterator<Item = bool>) -> bool {
    let mut depth = 0_usize;
    opens.any(|opens| {
        depth = if opens { depth + 1 } else { depth.saturating_sub(1) };
        depth > DEEPEST
    })
}

/// Where the word stands that begins a stream.
fn begins(bytes: &[u8]) -> impl Iterator<Item = usize> {
    memmem::find_iter(bytes, WORD).filter(|&at| !bytes[..at].ends_with(b"end"))
}

/// The dictionary of each stream, and the file from the stream's first byte on.
fn streams(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    begins(bytes).map(|at| {
        let dictionary = &bytes[at.saturating_sub(DICTIONARY)..at];
        let dictionary = &dictionary[memmem::rfind(dictionary, b"obj").unwrap_or(0)..];
        let data = &bytes[at + WORD.len()..];
        let line_ends = [&b"\r\n"[..], b"\n", b"\r"];
        (dictionary, line_ends.iter().find_map(|end| data.strip_prefix(*end)).unwrap_or(data))
    })
}

struct Unpacker {
    inflater: Decompress,
    out: Vec<u8>,
    /// No stream is unpacked any further.
    most: u64,
    /// Those of the last stream.
    dictionaries: u64,
}

impl Unpacker {
    /// How many bytes come out of a stream, or more than `most`.
    fn size(&mut self, dictionary: &[u8], data: &[u8]) -> Result<u64> {
        let times = |names: [&[u8]; 2]| names.iter().map(|name| count(dictionary, name)).sum::<usize>();
        let deflated = times([b"/FlateDecode", b"/Fl"]);
        let lzw = times([b"/LZWDecode", b"/LZW"]);
        let runs = times([b"/RunLengthDecode", b"/RL"]);
        if deflated + lzw + runs > 1 {
            return Err(unsupported("streams that are packed twice"));
        }
        let text;
        let data = if times([b"/ASCII85Decode", b"/A85"]) > 0 {
            text = from_ascii_85(data);
            &text
        } else if times([b"/ASCIIHexDecode", b"/AHx"]) > 0 {
            text = from_hex(data);
            &text
        } else {
            data
        };
        Ok(if lzw > 0 {
            self.lzw(data)
        } else if runs > 0 {
            to_end(data) * TIGHTEST_RUN
        } else {
            self.deflated(data, deflated > 0)
        })
    }

    /// Of a stream of Deflate, with its header or without. What is none ends at once.
    fn deflated(&mut self, data: &[u8], is_said_to_be: bool) -> u64 {
        let has_header =
            matches!(*data, [method, flags, ..] if method & 15 == 8 && u16::from_be_bytes([method, flags]) % 31 == 0);
        self.inflater.reset(has_header);
        self.dictionaries = 0;
        loop {
            let (read, written) = (self.inflater.total_in(), self.inflater.total_out());
            let rest = &data[read as usize..];
            let status = self.inflater.decompress(rest, &mut self.out, FlushDecompress::None);
            let fresh = (self.inflater.total_out() - written) as usize;
            self.dictionaries += count_dictionaries(&self.out[..fresh]);
            match status {
                // Others go on where this is an error, and nobody knows how far.
                Err(_) if has_header || is_said_to_be => return written + to_end(rest) * TIGHTEST,
                Ok(Status::Ok) if written <= self.most && self.inflater.total_in() > read => {}
                Ok(Status::Ok) if written <= self.most && self.inflater.total_out() > written => {}
                _ => return self.inflater.total_out(),
            }
        }
    }

    fn lzw(&mut self, data: &[u8]) -> u64 {
        let mut decoder = Lzw::with_tiff_size_switch(BitOrder::Msb, 8);
        let (mut rest, mut written) = (data, 0);
        while written <= self.most {
            let step = decoder.decode_bytes(rest, &mut self.out);
            rest = &rest[step.consumed_in..];
            written += step.consumed_out as u64;
            if !matches!(step.status, Ok(LzwStatus::Ok)) || step.consumed_in + step.consumed_out == 0 {
                break;
            }
        }
        written
    }
}

/// How often a dictionary has a name.
fn count(dictionary: &[u8], name: &[u8]) -> usize {
    let ends = |at: usize| dictionary.get(at + name.len()).is_none_or(|next| !next.is_ascii_alphanumeric());
    memmem::find_iter(dictionary, name).filter(|&at| ends(at)).count()
}

/// Bytes to the word that ends a stream.
fn to_end(data: &[u8]) -> u64 {
    memmem::find(data, b"endstream").unwrap_or(data.len()) as u64
}

/// Base 85 to bytes; what of its last word is missing is not.
fn from_ascii_85(text: &[u8]) -> Vec<u8> {
    let text = &text[..memchr::memchr(b'~', text).unwrap_or(text.len())];
    let mut bytes = Vec::new();
    let (mut word, mut digits) = (0_u32, 0);
    for &character in text {
        match character {
            b'z' if digits == 0 => bytes.extend([0; 4]),
            b'!'..=b'u' => {
                word = word.wrapping_mul(85).wrapping_add(u32::from(character - b'!'));
                digits += 1;
                if digits == 5 {
                    bytes.extend(word.to_be_bytes());
                    (word, digits) = (0, 0);
                }
            }
            _ => {}
        }
    }
    bytes
}

fn from_hex(text: &[u8]) -> Vec<u8> {
    let text = &text[..memchr::memchr(b'>', text).unwrap_or(text.len())];
    let digits: Vec<u8> = text.iter().filter_map(|&digit| Some(char::from(digit).to_digit(16)? as u8)).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// True of a document that is encrypted: where its trailer says so is never packed or encrypted itself.
pub(super) fn is_encrypted(bytes: &[u8]) -> bool {
    let word = b"/Encrypt";
    memmem::find_iter(bytes, word).any(|at| {
        let rest = &bytes[at + word.len()..];
        let value = rest.trim_ascii_start();
        value.starts_with(b"<<") || value.len() < rest.len() && value.first().is_some_and(u8::is_ascii_digit)
    })
}

pub(super) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    memmem::find(bytes, part).is_some()
}
