//! A folder of synthetic signatures, in the notebook's layout, with a note of how to make it again.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use inkproof::model::SyntheticInfo;
use inkproof::{Gray, temporary_beside};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{GENERATOR, Style, SynthOptions, Writer};
use crate::error::{Error, Result};
use crate::png_file;
use crate::progress::{Event, Progress};

/// The name of the note.
const NOTE: &str = "synth.json";

/// Digits of a writer's name, where the writers are not so many that it takes more.
const LEAST_DIGITS: usize = 3;

/// How many writers are made between two reports of progress.
const CHUNK: usize = 16;

/// What `synth.json` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SynthInfo {
    /// The generator's version.
    pub generator: u32,
    /// Of all writers.
    pub seed: u64,
    /// How many.
    pub writers: usize,
    /// Of each writer.
    pub genuine: usize,
    /// Skilled forgeries of each.
    pub forgeries: usize,
    /// Of all writers; none where styles are mixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
    /// Altogether.
    pub images: usize,
}

impl SynthInfo {
    /// Whether these options would make this folder again.
    pub fn is_of(&self, options: &SynthOptions) -> bool {
        *self == Self::from(options)
    }
}

impl From<&SynthOptions> for SynthInfo {
    fn from(options: &SynthOptions) -> Self {
        let SynthOptions { writers, genuine, forgeries, seed, style } = *options;
        Self { generator: GENERATOR, seed, writers, genuine, forgeries, style, images: writers * (genuine + forgeries) }
    }
}

impl From<SynthInfo> for SyntheticInfo {
    fn from(info: SynthInfo) -> Self {
        Self { generator: info.generator, seed: info.seed, writers: info.writers }
    }
}

/// Makes the folder `out`, which must not exist or be empty: `NNN/NNN_RR.png`, `NNN_forg/FFFFNNN_RR.png` where FFFF is
/// the forger, and `synth.json`. It appears when it is complete. The same options make the same bytes on any number of
/// threads.
///
/// # Errors
/// [`Error::ZeroOption`] without writers or genuine signatures; [`Error::NotEmpty`] when there is something in `out`;
/// [`Error::Io`] where the system refuses to write.
pub fn write(out: &Path, options: &SynthOptions, progress: &mut dyn Progress) -> Result<SynthInfo> {
    for (option, value) in [("writers", options.writers), ("genuine", options.genuine)] {
        if value == 0 {
            return Err(Error::ZeroOption { option });
        }
    }
    in_new_folder(out, |folder| write_all(folder, options, progress))
}

/// Fills a folder beside `out` and gives it that name when it is complete; what was begun is cleared away.
pub(super) fn in_new_folder<T>(out: &Path, fill: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    let is_free = match fs::read_dir(out) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => !out.exists(),
    };
    if !is_free {
        return Err(Error::NotEmpty(out.to_owned()));
    }
    let partial = temporary_beside(out);
    if let Some(folder) = out.parent() {
        io(folder, fs::create_dir_all(folder))?;
    }
    // Not into what somebody put there, be it a link.
    io(&partial, fs::create_dir(&partial))?;
    let filled = fill(&partial).and_then(|made| {
        if out.exists() {
            io(out, fs::remove_dir(out))?;
        }
        io(out, fs::rename(&partial, out)).map(|()| made)
    });
    if filled.is_err() {
        // What went wrong is reported; that the rest cannot be cleared away as well adds nothing.
        let _ = fs::remove_dir_all(&partial);
    }
    filled
}

/// What the folder's `synth.json` says; None where there is none.
///
/// # Errors
/// [`Error::BrokenNote`] where it says something else.
pub fn read_info(folder: &Path) -> Result<Option<SynthInfo>> {
    let path = folder.join(NOTE);
    if !path.exists() {
        return Ok(None);
    }
    let text = io(&path, fs::read_to_string(&path))?;
    serde_json::from_str(&text).map(Some).map_err(|error| Error::BrokenNote { path, why: error.to_string() })
}

/// Which writer of the generator, from 1, has this folder; None for a name that the generator gives nobody.
pub(crate) fn writer_number(name: &str) -> Option<usize> {
    let is_number = name.len() >= LEAST_DIGITS && name.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { name.parse().ok().filter(|&number| number > 0) } else { None }
}

fn write_all(folder: &Path, options: &SynthOptions, progress: &mut dyn Progress) -> Result<SynthInfo> {
    let info = SynthInfo::from(options);
    progress.report(Event::Stage { name: "writing signatures", total: info.images });
    let done = AtomicUsize::new(0);
    let digits = options.writers.to_string().len().max(LEAST_DIGITS);
    let writers: Vec<usize> = (0..options.writers).collect();
    for chunk in writers.chunks(CHUNK) {
        chunk.par_iter().try_for_each(|&index| -> Result<()> {
            let name = format!("{:0digits$}", index + 1);
            write_writer(folder, &name, &options.writer(index as u64), options)?;
            done.fetch_add(options.genuine + options.forgeries, Ordering::Relaxed);
            Ok(())
        })?;
        progress.report(Event::Advance { done: done.load(Ordering::Relaxed) });
    }
    let note = folder.join(NOTE);
    io(&note, fs::write(&note, serde_json::to_string_pretty(&info).expect("plain data") + "\n"))?;
    Ok(info)
}

fn write_writer(folder: &Path, name: &str, writer: &Writer, options: &SynthOptions) -> Result<()> {
    let genuine = folder.join(name);
    io(&genuine, fs::create_dir_all(&genuine))?;
    for repeat in 0..options.genuine as u64 {
        write_picture(&genuine.join(format!("{name}_{:02}.png", repeat + 1)), &writer.genuine(repeat))?;
    }
    if options.forgeries == 0 {
        return Ok(());
    }
    let forged = folder.join(format!("{name}_forg"));
    io(&forged, fs::create_dir_all(&forged))?;
    for repeat in 0..options.forgeries as u64 {
        let file = format!("{:04}{name}_{:02}.png", writer.forger(repeat), repeat + 1);
        write_picture(&forged.join(file), &writer.forgery(repeat))?;
    }
    Ok(())
}

fn write_picture(path: &Path, picture: &Gray) -> Result<()> {
    let bytes = png_file::encode(picture, png::Compression::Fast).expect("a picture of modest size");
    io(path, fs::write(path, bytes))
}

pub(super) fn io<T>(path: &Path, result: std::io::Result<T>) -> Result<T> {
    result.map_err(|source| Error::Io { path: path.to_owned(), source })
}
