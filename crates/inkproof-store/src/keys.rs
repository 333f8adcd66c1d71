//! Master keys: what locks the writers' keys, and is kept elsewhere than the store.
//!
//! Each writer's key, which seals all that is kept of the writer, is itself sealed with a master key (envelope encryption),
//! so a stolen file or backup shows who is enrolled and what was decided, and no ink. The head of the audit carries a mark
//! made with the master key, so that who can write to the database and does not have the key cannot make a new chain.
//!
//! A source has one key a line, the newest last: that one seals, all of them open. So a key is exchanged while programs
//! run: the new one is added to the source, then all writers' keys are sealed with it ([`Store::rotate`](crate::Store::rotate)).

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{PoisonError, RwLock};

use inkproof::{temporary_beside, write_atomically};
use sha2::{Digest, Sha256};

use crate::beside::make_private_folder;
use crate::sealing::Key;
use crate::{Hex, Result, StoreError, user_folder};

/// Where master keys come from.
#[derive(Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A file that its owner alone may read; made, with a random key, where a new store needs it.
    File(PathBuf),
    /// The keys themselves, as from a variable of the environment.
    Text(String),
    /// What a command of the shell prints, as one that asks a key management service or a TPM.
    Command(String),
}

/// The name by which a sealed key says which master key opens it: the first 64 bits of a hash of that.
pub type KeyId = Hex<8>;

/// The keys of a source, read again where one is asked for that was not there.
pub struct Keyring {
    source: Option<KeySource>,
    keys: RwLock<Vec<Key>>,
}

/// The variable of the environment that may hold the key itself.
const VARIABLE: &str = "INKPROOF_KEY";
/// Before the digits of a key.
const WORD: &str = "inkproof-key-1";
/// What is sealed of each writer.
const WRITER_KEY: &str = "key of writer";
const HEADING: &str = "# Master keys of inkproof stores, the newest last. Without them nothing in a store can be read.";

/// No debugging output shows a key.
impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Text(_) => f.write_str("the given key"),
            Self::Command(_) => f.write_str("the key's command"),
        }
    }
}

/// `store.key` in the user's folder for settings: `$XDG_CONFIG_HOME/inkproof`, or `~/.config/inkproof`; None where there is no
/// home folder.
pub fn default_key_file() -> Option<PathBuf> {
    Some(user_folder("XDG_CONFIG_HOME", ".config")?.join("inkproof/store.key"))
}

impl KeySource {
    /// What is set, by name: a command, or a file; else the variable INKPROOF_KEY, which holds the key itself; else
    /// [`default_key_file`]. None where there is no home folder.
    pub fn find(file: Option<&Path>, command: Option<&str>) -> Option<Self> {
        let given = |text: &&str| !text.trim().is_empty();
        if let Some(command) = command.filter(given) {
            return Some(Self::Command(command.to_owned()));
        }
        if let Some(file) = file.filter(|file| !file.as_os_str().is_empty()) {
            return Some(Self::File(file.to_owned()));
        }
        let variable = std::env::var(VARIABLE).ok().filter(|text| given(&text.as_str()));
        variable.map(Self::Text).or_else(|| default_key_file().map(Self::File))
    }

    /// Adds a random key to a file, which is made where it is not there; its id.
    ///
    /// # Errors
    /// [`StoreError::MasterKey`] where the source is not a file, or it cannot be read or written.
    pub fn add_key(&self) -> Result<KeyId> {
        let Self::File(path) = self else {
            return Err(self.wrong("only a file is written here; add the key where it comes from"));
        };
        if self.is_missing_file() && self.make_file()? {
            return Keyring::read(self)?.newest();
        }
        let key = Key::random();
        let text = format!("{}\n{}", self.text()?.trim_end(), line(&key));
        write_atomically(path, text.as_bytes()).map_err(|error| self.wrong(error))?;
        Ok(id(&key))
    }

    /// Makes a file with a random key; whether it was not there. A second program at the same moment takes the first one's.
    fn make_file(&self) -> Result<bool> {
        let Self::File(path) = self else { return Ok(false) };
        let text = format!("{HEADING}\n{}", line(&Key::random()));
        let begun = temporary_beside(path);
        let made = make_private_folder(path).and_then(|()| write_atomically(&begun, text.as_bytes()));
        let made = made.and_then(|()| fs::hard_link(&begun, path));
        // Where it was not made there is nothing to remove.
        let _ = fs::remove_file(&begun);
        match made {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(self.wrong(error)),
        }
    }

    fn read(&self) -> Result<Vec<Key>> {
        let text = self.text()?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let key = |line: &str| {
            let digits = line.strip_prefix(WORD).unwrap_or_default().trim();
            let key = digits.parse().and_then(|Hex::<32>(bytes)| Key::from_slice(&bytes));
            key.map_err(|_| self.wrong(format_args!("a line is not '{WORD}' and 64 digits")))
        };
        let keys = lines.map(key).collect::<Result<Vec<_>>>()?;
        if keys.is_empty() { Err(self.wrong("it holds no key")) } else { Ok(keys) }
    }

    fn text(&self) -> Result<String> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::File(path) => {
                require_private(path).map_err(|why| self.wrong(why))?;
                fs::read_to_string(path).map_err(|error| self.wrong(error))
            }
            Self::Command(command) => {
                let printed = Command::new("sh").args(["-c", command]).output().map_err(|error| self.wrong(error))?;
                if !printed.status.success() {
                    return Err(self.wrong(printed.status));
                }
                String::from_utf8(printed.stdout).map_err(|_| self.wrong("it is not text"))
            }
        }
    }

    fn is_missing_file(&self) -> bool {
        matches!(self, Self::File(path) if matches!(path.try_exists(), Ok(false)))
    }

    fn wrong(&self, why: impl fmt::Display) -> StoreError {
        StoreError::MasterKey { keys: self.to_string(), why: why.to_string() }
    }
}

/// A key that everybody on the machine can read is none.
fn require_private(path: &Path) -> std::result::Result<(), String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map_err(|error| error.to_string())?.permissions().mode();
        if mode & 0o007 != 0 {
            return Err("everybody on this machine may read or write it: chmod 600".to_owned());
        }
    }
    Ok(())
}

fn id(key: &Key) -> KeyId {
    let hash = Sha256::new().chain_update(b"inkproof master key id").chain_update(key.bytes()).finalize();
    Hex::from_slice(&hash[..8]).expect("eight bytes")
}

/// The line of a file that holds a key.
fn line(key: &Key) -> String {
    let digits: String = key.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{WORD} {digits}\n")
}

impl Keyring {
    /// Without any key: what is sealed stays closed.
    pub const fn none() -> Self {
        Self { source: None, keys: RwLock::new(Vec::new()) }
    }

    /// The keys of a source.
    ///
    /// # Errors
    /// [`StoreError::MasterKey`] where there is none.
    pub fn read(source: &KeySource) -> Result<Self> {
        Ok(Self { keys: RwLock::new(source.read()?), source: Some(source.clone()) })
    }

    /// The same for a store that has no master key yet: a file that is not there is made. Whether it was.
    ///
    /// # Errors
    /// As [`Keyring::read`], and where the file cannot be written.
    pub fn read_or_make(source: &KeySource) -> Result<(Self, bool)> {
        let is_new = source.is_missing_file() && source.make_file()?;
        Ok((Self::read(source)?, is_new))
    }

    /// The keys of a store that is sealed with the key of this id.
    ///
    /// # Errors
    /// As [`Keyring::read`], and [`StoreError::OtherMasterKey`].
    pub fn of_store(source: &KeySource, id: KeyId) -> Result<Self> {
        if source.is_missing_file() {
            return Err(StoreError::OtherMasterKey { id, keys: source.to_string() });
        }
        let keys = Self::read(source)?;
        keys.require(id)?;
        Ok(keys)
    }

    /// Where the keys come from; None for none.
    pub fn source(&self) -> Option<&KeySource> {
        self.source.as_ref()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.held().is_empty()
    }

    /// The key that seals.
    ///
    /// # Errors
    /// [`StoreError::NoMasterKey`] without any.
    pub fn newest(&self) -> Result<KeyId> {
        self.held().last().map(id).ok_or(StoreError::NoMasterKey)
    }

    /// Reads the source again.
    ///
    /// # Errors
    /// As [`Keyring::read`].
    pub fn reload(&self) -> Result<()> {
        if let Some(source) = &self.source {
            let keys = source.read()?;
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        }
        Ok(())
    }

    /// Makes sure that a key is there, if need be by reading the source again.
    ///
    /// # Errors
    /// [`StoreError::OtherMasterKey`], or [`StoreError::NoMasterKey`] without any.
    pub fn require(&self, id: KeyId) -> Result<()> {
        self.key(id).map(drop)
    }

    fn key(&self, wanted: KeyId) -> Result<Key> {
        let find = || self.held().iter().rev().find(|key| id(key) == wanted).copied();
        let Some(source) = &self.source else { return Err(StoreError::NoMasterKey) };
        if let Some(key) = find() {
            return Ok(key);
        }
        self.reload()?;
        find().ok_or_else(|| StoreError::OtherMasterKey { id: wanted, keys: source.to_string() })
    }

    fn held(&self) -> std::sync::RwLockReadGuard<'_, Vec<Key>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seals bytes with the key of this id, for a purpose and a row: the id, and what is sealed.
    ///
    /// # Errors
    /// As [`Keyring::require`].
    pub fn seal(&self, id: KeyId, purpose: &str, row: i64, plain: &[u8]) -> Result<Vec<u8>> {
        let sealed = self.key(id)?.seal(&purpose_of(purpose), row, plain);
        Ok([&id.0[..], &sealed].concat())
    }

    /// Opens what [`Keyring::seal`] sealed for the same purpose and row.
    ///
    /// # Errors
    /// As [`Keyring::require`], and [`StoreError::Damaged`] where it was not sealed so.
    pub fn open(&self, purpose: &str, row: i64, sealed: &[u8]) -> Result<Vec<u8>> {
        let damaged = || StoreError::damaged(format_args!("the {purpose} {row} was not sealed with the master key"));
        let (id, sealed) = sealed.split_first_chunk().ok_or_else(damaged)?;
        self.key(Hex(*id))?.open(&purpose_of(purpose), row, sealed).map_err(|_| damaged())
    }

    /// The key of the writer with this number as the database has it. An older program's store, which has no master key,
    /// has it as it is; in a newer one nobody's key is believed that the master key did not seal.
    ///
    /// # Errors
    /// As [`Keyring::open`].
    pub fn unlock(&self, writer: i64, stored: &[u8]) -> Result<Key> {
        if self.is_empty() && stored.len() == 32 {
            return Key::from_slice(stored);
        }
        Key::from_slice(&self.open(WRITER_KEY, writer, stored)?)
    }

    /// A writer's key as the database has it.
    ///
    /// # Errors
    /// As [`Keyring::require`].
    pub fn lock(&self, master: KeyId, writer: i64, key: &Key) -> Result<Vec<u8>> {
        self.seal(master, WRITER_KEY, writer, key.bytes())
    }
}

/// The master key that sealed something.
pub fn sealed_by(sealed: &[u8]) -> Option<KeyId> {
    sealed.first_chunk().map(|id| Hex(*id))
}

fn purpose_of(purpose: &str) -> String {
    format!("master {purpose}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_purpose_and_row_alone() {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::File(folder.path().join("settings/store.key"));
        let (keys, is_new) = Keyring::read_or_make(&source).unwrap();
        assert!(is_new && !Keyring::read_or_make(&source).unwrap().1);
        let first = keys.newest().unwrap();
        let sealed = keys.seal(first, "key", 7, b"secret").unwrap();
        assert_eq!(sealed_by(&sealed), Some(first));
        assert_eq!(keys.open("key", 7, &sealed).unwrap(), b"secret");
        assert!(matches!(keys.open("key", 8, &sealed), Err(StoreError::Damaged(_))));
        assert!(matches!(keys.open("head", 7, &sealed), Err(StoreError::Damaged(_))));
        assert!(matches!(Keyring::none().open("key", 7, &sealed), Err(StoreError::NoMasterKey)));

        let second = source.add_key().unwrap();
        keys.require(second).unwrap();
        assert_eq!(keys.newest().unwrap(), second);
        assert_eq!(keys.open("key", 7, &sealed).unwrap(), b"secret", "the old key still opens");
        let other = KeySource::File(folder.path().join("other.key"));
        let (other, _) = Keyring::read_or_make(&other).unwrap();
        assert!(matches!(other.open("key", 7, &sealed), Err(StoreError::OtherMasterKey { .. })));
    }

    #[test]
    fn sources_are_read_and_what_is_wrong_is_named() {
        let line = format!("{WORD} {}", "ab".repeat(32));
        let wrong = |source: &KeySource| Keyring::read(source).map(drop).unwrap_err().to_string();
        let text = Keyring::read(&KeySource::Text(line.clone())).unwrap();
        let command = Keyring::read(&KeySource::Command(format!("printf '# one\\n%s\\n' '{line}'"))).unwrap();
        assert_eq!(text.newest().unwrap(), command.newest().unwrap());
        assert!(wrong(&KeySource::Text("abc".to_owned())).contains("64 digits"));
        assert!(wrong(&KeySource::Text(String::new())).contains("no key"));
        assert!(wrong(&KeySource::Command("exit 3".to_owned())).contains('3'));
        assert!(!format!("{:?}", KeySource::Text(line)).contains("abab"), "no log shows a key");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_everybody_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.key");
        let source = KeySource::File(path.clone());
        Keyring::read_or_make(&source).unwrap();
        let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        mode(0o644);
        let Err(error) = Keyring::read(&source) else { panic!("it was read") };
        assert!(error.to_string().contains("chmod 600"), "{error}");
        mode(0o440);
        Keyring::read(&source).unwrap();
    }
}
