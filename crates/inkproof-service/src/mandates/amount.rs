//! Amounts in an account's own currency: exact decimals, never floating point.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// So many parts make one of the currency: no currency divides it further.
const PARTS: u64 = 1000;
/// Digits before the point, at most.
const MOST_DIGITS: usize = 15;

/// An amount in the account's own currency, to the thousandth; as text `10000` or `10000.50`, in JSON the same text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u64);

/// Text that is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no amount; give one as 10000 or 10000.50: at most 15 digits, a point, at most three digits, and nothing between \
     thousands"
)]
pub struct AmountError(String);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let (whole, parts) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |digits: &str, most: usize| {
            (1..=most).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
        };
        if !(is_number(whole, MOST_DIGITS) && is_number(parts, 3)) {
            return Err(AmountError(text.chars().take(40).collect()));
        }
        let number = |digits: &str| digits.bytes().fold(0, |number, digit| 10 * number + u64::from(digit - b'0'));
        Ok(Self(PARTS * number(whole) + number(&format!("{parts:0<3}"))))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, parts) = (self.0 / PARTS, self.0 % PARTS);
        match parts {
            0 => write!(f, "{whole}"),
            cents if cents % 10 == 0 => write!(f, "{whole}.{:02}", cents / 10),
            parts => write!(f, "{whole}.{parts:03}"),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    /// From text, or a whole number; one with a point would have gone through floating point.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) if number.is_u64() => number.to_string(),
            other => return Err(serde::de::Error::custom(format!("{other} is no amount; give one as \"10000.50\""))),
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_to_the_thousandth_and_shown_as_people_write_them() {
        let shown = |text: &str| text.parse::<Amount>().map(|amount| amount.to_string()).ok();
        for (text, expected) in [
            ("0", "0"),
            ("10000", "10000"),
            ("10000.5", "10000.50"),
            ("007.10", "7.10"),
            ("0.001", "0.001"),
            ("0.05", "0.05"),
            ("999999999999999.999", "999999999999999.999"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", ".", "1.", ".5", "1.2345", "-1", "+1", "1e3", "1,000", "1 000", "1000000000000000", "NaN", "٣"]
        {
            assert_eq!(shown(text), None, "{text}");
        }
        assert!("1.5".parse::<Amount>().unwrap() < "1.501".parse().unwrap());
    }

    #[test]
    fn json_has_text_or_a_whole_number_and_no_floating_point() {
        let read = |json: &str| serde_json::from_str::<Amount>(json);
        assert_eq!(read("\"10000.50\"").unwrap().to_string(), "10000.50");
        assert_eq!(read("10000").unwrap(), "10000".parse().unwrap());
        assert_eq!(serde_json::to_string(&read("12").unwrap()).unwrap(), "\"12\"");
        for json in ["10000.5", "-1", "null", "\"1,5\"", "1e30"] {
            let why = read(json).unwrap_err().to_string();
            assert!(why.contains("is no amount"), "{json}: {why}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_is_read_back(parts in 0..1_000_000_000_000_000_000_u64) {
            let amount = Amount(parts);
            assert_eq!(amount.to_string().parse(), Ok(amount));
        }
    }
}
