//! What is measured of an image other than the shape of its signature: a cue, its value, and how far two values are apart.

use std::fmt;

use serde::Serialize;

/// One thing that can be known of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cue {
    /// Its key in JSON; never changes.
    pub id: &'static str,
    /// As the reader sees it.
    pub name: &'static str,
    /// What follows where it tells.
    pub role: Role,
}

/// What follows where a cue tells genuine from forged pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It is not part of the signature's shape, so it must tell nothing.
    Judged,
    /// It belongs to the shape, which may tell: reported, not judged.
    Shape,
    /// A fact of the scan that the normalised ink is meant to hide and that no network sees: reported, not judged.
    Hidden,
}

impl Cue {
    pub(super) const fn judged(id: &'static str, name: &'static str) -> Self {
        Self { id, name, role: Role::Judged }
    }

    pub(super) const fn shape(id: &'static str, name: &'static str) -> Self {
        Self { id, name, role: Role::Shape }
    }

    pub(super) const fn hidden(id: &'static str, name: &'static str) -> Self {
        Self { id, name, role: Role::Hidden }
    }
}

/// The value of one cue of one image.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Of what can be more or less.
    Number(f64),
    /// Of what can only be equal or not.
    Word(String),
}

impl Value {
    pub(super) fn word(word: impl Into<String>) -> Self {
        Value::Word(word.into())
    }

    /// |difference| of two numbers; 0 for equal words and 1 for others.
    pub(super) fn difference(&self, other: &Value) -> f64 {
        match (self, other) {
            (Value::Number(a), Value::Number(b)) => (a - b).abs(),
            (a, b) => f64::from(u8::from(a != b)),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) if number.fract() == 0.0 => write!(f, "{number:.0}"),
            Value::Number(number) => write!(f, "{number:.3}"),
            Value::Word(word) => f.write_str(word),
        }
    }
}
