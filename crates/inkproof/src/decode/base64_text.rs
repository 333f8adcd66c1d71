//! Images as text: base64 as the web and mail write it, a data URI or the digits alone.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Takes digits with padding and without, and whatever their unused bits say.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
/// Digits that are decoded at a time, a multiple of 4.
const SOME: usize = 4096;
/// Fewer digits than this are a word.
const SHORTEST: usize = 64;

/// A text that is not base64.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Base64Error {
    /// A character that is none of its digits.
    #[error("character {0} is none of its 64 digits")]
    Character(usize),
    /// The last digit says less than a byte.
    #[error("its end is missing")]
    Cut,
    /// A data URI that says that it is not base64.
    #[error("the data URI is not marked as base64; send data:image/png;base64, and the digits")]
    OtherUri,
}

/// The bytes of a text in base64, in every form that is sent: with `data:image/png;base64,` before it, in lines, with and
/// without padding, and in the alphabet of URLs.
///
/// # Errors
/// What is wrong with the text.
pub fn from_base64(text: &str) -> Result<Vec<u8>, Base64Error> {
    let digits = without_uri(text)?;
    let before = text.len() - digits.len();
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 3);
    let mut some = Vec::with_capacity(SOME);
    let mut is_padded = false;
    for (at, digit) in digits.bytes().enumerate() {
        let digit = match digit {
            b' ' | b'\t' | b'\r' | b'\n' => continue,
            b'=' => {
                is_padded = true;
                continue;
            }
            b'-' => b'+',
            b'_' => b'/',
            digit => digit,
        };
        if is_padded || !(digit.is_ascii_alphanumeric() || matches!(digit, b'+' | b'/')) {
            return Err(Base64Error::Character(before + at + 1));
        }
        some.push(digit);
        if some.len() == SOME {
            decode(&mut some, &mut bytes)?;
        }
    }
    decode(&mut some, &mut bytes)?;
    Ok(bytes)
}

fn decode(digits: &mut Vec<u8>, bytes: &mut Vec<u8>) -> Result<(), Base64Error> {
    LENIENT.decode_vec(&*digits, bytes).map_err(|_| Base64Error::Cut)?;
    digits.clear();
    Ok(())
}

/// What follows the head of a data URI, where there is one.
fn without_uri(text: &str) -> Result<&str, Base64Error> {
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n', '"', '\'']);
    let is_uri = text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    if !is_uri {
        return Ok(text);
    }
    let (head, digits) = text.split_once(',').ok_or(Base64Error::OtherUri)?;
    let is_base64 = head.rsplit(';').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("base64"));
    if is_base64 { Ok(digits) } else { Err(Base64Error::OtherUri) }
}

/// The bytes of a file that is a text in base64 and nothing else.
pub(super) fn of_file(file: &[u8]) -> Option<Vec<u8>> {
    let text =
        str::from_utf8(file).ok()?.trim_end_matches(|end: char| end.is_whitespace() || matches!(end, '"' | '\''));
    let bytes = from_base64(text).ok()?;
    (text.len() >= SHORTEST).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_is_sent_gives_the_same_bytes() {
        let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        let plain = base64::engine::general_purpose::STANDARD.encode(&bytes);
        let lines: Vec<&str> = plain.as_bytes().chunks(76).map(|line| str::from_utf8(line).unwrap()).collect();
        let forms = [
            plain.clone(),
            format!("data:image/png;base64,{plain}"),
            format!("DATA:image/svg+xml;charset=utf-8;Base64, {plain}\r\n"),
            lines.join("\r\n") + "\r\n",
            lines.join("\n"),
            plain.trim_end_matches('=').to_owned(),
            plain.replace('+', "-").replace('/', "_"),
            format!("\u{feff}{plain}\n"),
        ];
        for form in forms {
            assert_eq!(from_base64(&form).as_deref(), Ok(&*bytes), "{}", &form[..40]);
        }
    }

    #[test]
    fn what_is_no_base64_is_said_with_its_place() {
        assert_eq!(from_base64("iVBO!Rw0"), Err(Base64Error::Character(5)));
        assert_eq!(from_base64("iVBOR"), Err(Base64Error::Cut));
        assert_eq!(from_base64("aGVs=bG8"), Err(Base64Error::Character(6)));
        assert_eq!(from_base64("data:image/svg+xml,<svg/>"), Err(Base64Error::OtherUri));
        assert_eq!(from_base64(""), Ok(Vec::new()));
        assert_eq!(of_file(b"hello"), None);
    }
}
