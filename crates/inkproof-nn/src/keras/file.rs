//! What is in a file: HDF5, a `.keras` archive, or an archive or a folder's archive with one of these in it.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::error::{Error, Result};

/// Bytes of a file, and of what an archive holds; EfficientNetB0 with the state of its optimiser has 55 million.
pub const LARGEST: u64 = 256 << 20;
/// Bytes of a part that is text.
const LARGEST_TEXT: u64 = 16 << 20;
/// Bytes of a description of a network, which takes a hundred times as much when it is read; EfficientNetB0's has 240,000.
pub const LARGEST_CONFIG: u64 = 2 << 20;
const ENTRIES: usize = 10_000;

const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// A model or weights, unpacked.
pub enum Content {
    Hdf5(Vec<u8>),
    Keras(Keras),
}

/// What a `.keras` file holds.
pub struct Keras {
    pub config: String,
    pub metadata: Option<String>,
    pub weights: Vec<u8>,
    /// What inkproof wrote beside Keras' own.
    pub notes: Option<String>,
}

/// The name of [`Keras::notes`] in the archive.
pub const NOTES: &str = "inkproof.json";

/// Unpacks a file's bytes; an archive within an archive once.
pub fn open(bytes: &[u8]) -> Result<Content> {
    check_size("the file", bytes.len() as u64, LARGEST)?;
    open_once(bytes, true)
}

fn open_once(bytes: &[u8], may_hold_archives: bool) -> Result<Content> {
    if bytes.starts_with(HDF5) {
        return Ok(Content::Hdf5(bytes.to_vec()));
    }
    if !bytes.starts_with(b"PK") {
        return Err(other_format(bytes).map_or(Error::UnknownFormat, Error::OtherFormat));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let names = names(&archive)?;
    if let Some(folder) = folder_of_keras(&names)? {
        return keras(&mut archive, &names, folder);
    }
    let models: Vec<&String> = names.iter().filter(|name| is_model(name)).collect();
    match models.as_slice() {
        [model] if may_hold_archives => open_once(&entry(&mut archive, model, LARGEST)?, false),
        [_] => Err(Error::NoModel),
        [] if names.iter().any(|name| name.ends_with("saved_model.pb")) => Err(Error::OtherFormat(SAVED_MODEL)),
        [] if names.iter().any(|name| name.ends_with("data.pkl")) => Err(Error::OtherFormat("a PyTorch file")),
        [] => Err(Error::NoModel),
        several => Err(several_models(several.iter().map(|name| name.as_str()))),
    }
}

/// How a folder or a file of TensorFlow is named where it is refused.
pub const SAVED_MODEL: &str = "TensorFlow's SavedModel";

fn other_format(bytes: &[u8]) -> Option<&'static str> {
    let starts = |with: &[u8]| bytes.starts_with(with);
    if bytes.get(4..8) == Some(b"TFL3") {
        Some("a TensorFlow Lite file")
    } else if starts(b"\x80\x02") || starts(b"\x80\x03") || starts(b"\x80\x04") || starts(b"\x80\x05") {
        Some("a pickle of Python")
    } else if starts(b"\x1f\x8b") || starts(b"Rar!") || starts(b"7z\xbc\xaf") {
        Some("an archive of another kind than zip")
    } else if bytes.get(8..10) == Some(b"{\"") {
        Some("a safetensors file")
    } else if starts(b"\x08\x01\x12") {
        Some(SAVED_MODEL)
    } else {
        None
    }
}

fn names(archive: &ZipArchive<Cursor<&[u8]>>) -> Result<Vec<String>> {
    if archive.len() > ENTRIES {
        return Err(Error::Zip(format!("{} entries", archive.len())));
    }
    archive.file_names().map(|name| Ok(name.map_err(damaged)?.into_owned())).collect()
}

/// Where config and weights of a `.keras` file lie: at the root, or in one folder of the archive.
fn folder_of_keras(names: &[String]) -> Result<Option<&str>> {
    let has = |folder: &str, file: &str| names.iter().any(|name| name.strip_prefix(folder) == Some(file));
    let folders: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix("model.weights.h5")).collect();
    let is_folder = |folder: &str| folder.is_empty() || folder.ends_with('/');
    let folders: Vec<&str> =
        folders.into_iter().filter(|folder| is_folder(folder) && has(folder, "config.json")).collect();
    match folders.as_slice() {
        [] => Ok(None),
        [folder] => Ok(Some(folder)),
        several => Err(several_models(several.iter().copied())),
    }
}

fn is_model(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let is_visible = !file.starts_with('.') && !name.starts_with("__MACOSX/");
    is_visible && [".keras", ".h5", ".hdf5"].iter().any(|ending| file.ends_with(ending))
}

fn several_models<'a>(names: impl Iterator<Item = &'a str>) -> Error {
    const SHOWN: usize = 3;
    let mut names: Vec<&str> = names.collect();
    let more = if names.len() > SHOWN { ", …" } else { "" };
    names.truncate(SHOWN);
    Error::SeveralModels(format!("{}{more}", names.join(", ")))
}

fn keras(archive: &mut ZipArchive<Cursor<&[u8]>>, names: &[String], folder: &str) -> Result<Content> {
    let mut text = |file: &str| {
        let bytes = entry(archive, &format!("{folder}{file}"), LARGEST_TEXT)?;
        String::from_utf8(bytes).map_err(|_| Error::Config(format!("{file} is no text")))
    };
    let mut text_if_there = |file: &str| {
        let is_there = names.iter().any(|name| name.strip_prefix(folder) == Some(file));
        is_there.then(|| text(file)).transpose()
    };
    let (metadata, notes) = (text_if_there("metadata.json")?, text_if_there(NOTES)?);
    let config = text("config.json")?;
    let weights = entry(archive, &format!("{folder}model.weights.h5"), LARGEST)?;
    Ok(Content::Keras(Keras { config, metadata, weights, notes }))
}

/// What is said of an entry's size is not believed: it is read up to the limit.
fn entry(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str, limit: u64) -> Result<Vec<u8>> {
    let entry = archive.by_name(name).map_err(damaged)?;
    check_size(name, entry.size(), limit)?;
    let mut bytes = Vec::new();
    entry.take(limit + 1).read_to_end(&mut bytes).map_err(|error| Error::Zip(format!("{name}: {error}")))?;
    check_size(name, bytes.len() as u64, limit)?;
    Ok(bytes)
}

pub fn check_size(what: &str, bytes: u64, limit: u64) -> Result<()> {
    if bytes > limit { Err(Error::TooLarge { what: what.to_owned(), bytes, limit }) } else { Ok(()) }
}

fn damaged(error: zip::result::ZipError) -> Error {
    Error::Zip(error.to_string())
}
