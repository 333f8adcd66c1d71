//! The store's small words: who, when, which writer, which account, and bytes that are shown in hexadecimal.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Result, StoreError};

/// The id that a writer is enrolled under: opaque, never a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct WriterId(String);

/// Characters of an id, at most.
const LONGEST_ID: usize = 128;

fn is_id(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let fits = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:@-".contains(&b));
    begins && fits && text.len() <= LONGEST_ID
}

/// So much of a text that is no id is told.
fn told(text: &str) -> String {
    text.chars().take(LONGEST_ID).collect()
}

impl WriterId {
    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WriterId {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self> {
        if is_id(text) { Ok(Self(text.to_owned())) } else { Err(StoreError::WriterId(told(text))) }
    }
}

impl fmt::Display for WriterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for WriterId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The id of an account that a signing rule is kept for: opaque like a writer's, never a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct AccountId(String);

impl AccountId {
    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountId {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self> {
        if is_id(text) { Ok(Self(text.to_owned())) } else { Err(StoreError::AccountId(told(text))) }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who did something: `local:USER` on the command line, `token:ID:OWNER` or `nobody` at the
/// server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Actor(String);

impl Actor {
    /// Somebody by this name, of one of the kinds above.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The user who runs this program, by the system's word and not the environment's.
    pub fn local() -> Self {
        Self(format!("local:{}", system_user()))
    }

    /// Somebody with a token.
    pub(crate) fn with_token(id: &str, owner: Option<&str>) -> Self {
        Self(owner.map_or_else(|| format!("token:{id}"), |owner| format!("token:{id}:{owner}")))
    }

    /// Whether both are one person, be it with two tokens, or with a token and at the command line.
    pub fn is_same_person(&self, other: &Self) -> bool {
        self.person().eq_ignore_ascii_case(other.person())
    }

    /// What is the same for one person alone, as [`Actor::is_same_person`] tells.
    pub fn person_key(&self) -> String {
        self.person().to_ascii_lowercase()
    }

    /// Whether it is a user of this machine.
    pub(crate) fn is_local(&self) -> bool {
        self.0.starts_with("local:")
    }

    fn person(&self) -> &str {
        match self.0.split_once(':') {
            Some(("local", name)) => name,
            Some(("token", token)) => token.split_once(':').map_or(&self.0, |(_, owner)| owner),
            _ => &self.0,
        }
    }

    /// As the audit has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The user's name in the system's list, or the number where it has none.
#[cfg(unix)]
fn system_user() -> String {
    let number = rustix::process::getuid().as_raw().to_string();
    let list = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = list.lines().find(|line| line.split(':').nth(2) == Some(&number));
    user.and_then(|line| line.split(':').next()).map_or(number.clone(), str::to_owned)
}

#[cfg(not(unix))]
fn system_user() -> String {
    std::env::var("USERNAME").unwrap_or_else(|_| "unknown".to_owned())
}

/// A moment, to the millisecond; shown and serialised as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(Timestamp);

impl Time {
    /// By the clock of this machine.
    pub fn now() -> Self {
        Self::from_milliseconds(Timestamp::now().as_millisecond())
            .expect("the clock is within the years that there are")
    }

    /// So many milliseconds after 1970 began in UTC.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where that is outside the years -9999 to 9999.
    pub fn from_milliseconds(milliseconds: i64) -> Result<Self> {
        let time = Timestamp::from_millisecond(milliseconds);
        time.map(Self).map_err(|_| StoreError::damaged(format_args!("{milliseconds} is not a time")))
    }

    /// Since 1970.
    pub fn milliseconds(self) -> i64 {
        self.0.as_millisecond()
    }

    /// So many times 24 hours later; at most the last moment there is, in the year 9999.
    pub fn plus_days(self, days: u32) -> Self {
        let later = self.milliseconds() + i64::from(days) * MILLISECONDS_A_DAY;
        Self(Timestamp::from_millisecond(later).unwrap_or(Timestamp::MAX))
    }

    /// Whole days from here to `later`; 0 where that is earlier.
    pub fn days_until(self, later: Self) -> i64 {
        (later.milliseconds() - self.milliseconds()).max(0) / MILLISECONDS_A_DAY
    }
}

const MILLISECONDS_A_DAY: i64 = 24 * 60 * 60 * 1000;

/// A day as 2024-03-31, or a moment as RFC 3339.
impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let moment = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
        let found =
            moment.parse::<Timestamp>().ok().and_then(|time| Self::from_milliseconds(time.as_millisecond()).ok());
        found.ok_or_else(|| format!("'{text}' is not a date; give one as 2024-03-31"))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Bytes that are shown, parsed and serialised in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hex<const BYTES: usize>(pub [u8; BYTES]);

/// What the audit calls a writer or an account: random, and nothing without the row that has the id, too.
pub type Pseudonym = Hex<16>;
/// A SHA-256.
pub type Hash = Hex<32>;

impl<const BYTES: usize> Hex<BYTES> {
    /// From the system's source of randomness.
    pub fn random() -> Self {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).expect("the system has randomness");
        Self(bytes)
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Result<Self> {
        let why = || StoreError::damaged(format_args!("{} bytes where {BYTES} belong", bytes.len()));
        bytes.try_into().map(Self).map_err(|_| why())
    }
}

impl<const BYTES: usize> fmt::Display for Hex<BYTES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl<const BYTES: usize> fmt::Debug for Hex<BYTES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const BYTES: usize> FromStr for Hex<BYTES> {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self> {
        let digits = text.len() == 2 * BYTES && text.bytes().all(|b| b.is_ascii_hexdigit());
        let byte = |place: usize| u8::from_str_radix(&text[2 * place..][..2], 16).expect("hexadecimal digits");
        if !digits {
            return Err(StoreError::NoHead(text.to_owned()));
        }
        Ok(Self(std::array::from_fn(byte)))
    }
}

impl<const BYTES: usize> Serialize for Hex<BYTES> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
