//! Image files made ready for a model, on all cores.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use inkproof::{Embedding, Flaw, Ink, Limits, Model, Prepared, read_image_file};
use rayon::prelude::*;
use serde::Serialize;

/// An image that is unfit to decide on, and why.
#[derive(Debug, Serialize)]
pub struct ImageFlaw {
    pub path: PathBuf,
    pub flaw: Flaw,
}

/// What the model sees of some images.
pub struct Seen {
    /// The files themselves.
    pub files: Vec<Vec<u8>>,
    pub digests: Vec<inkproof::ImageDigest>,
    pub inks: Vec<Ink>,
    pub embeddings: Vec<Embedding>,
    pub flaws: Vec<ImageFlaw>,
    pub times: Times,
}

/// Summed over all images; some are worked on at the same time.
#[derive(Debug, Default, Clone, Copy)]
pub struct Times {
    pub decode: Duration,
    pub ink: Duration,
    pub embed: Duration,
}

impl Seen {
    /// Reads and embeds images; of several bad ones the first is told. `-` is standard input.
    pub fn of(model: &Model, paths: &[&Path]) -> Result<Self> {
        let limits = Limits::default();
        let prepare = |path: &&Path| -> Result<(Vec<u8>, Prepared, Duration)> {
            let begun = Instant::now();
            let bytes = read(path, &limits)?;
            let prepared = model.preprocess().apply(&bytes, &limits).map_err(|error| error.at(path))?;
            let decode_time = begun.elapsed().saturating_sub(prepared.ink_time);
            Ok((bytes, prepared, decode_time))
        };
        let prepared: Vec<Result<_>> = paths.par_iter().with_max_len(1).map(prepare).collect();
        let (mut files, mut digests, mut inks, mut flaws) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut times = Times::default();
        for (prepared, path) in prepared.into_iter().zip(paths) {
            let (file, prepared, decode_time) = prepared?;
            files.push(file);
            digests.push(prepared.digest);
            flaws.extend(prepared.flaws.into_iter().map(|flaw| ImageFlaw { path: path.to_path_buf(), flaw }));
            inks.push(prepared.ink);
            times.decode += decode_time;
            times.ink += prepared.ink_time;
        }
        let begun = Instant::now();
        let embeddings = model.embed_all(&inks).map_err(|(place, error)| error.at(paths[place]))?;
        times.embed = begun.elapsed();
        Ok(Self { files, digests, inks, embeddings, flaws, times })
    }
}

/// The bytes of a file, or of standard input; no more than are allowed.
fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>> {
    if path.as_os_str() != "-" {
        return Ok(read_image_file(path, limits)?);
    }
    let mut bytes = Vec::new();
    let all = std::io::stdin().lock().take(limits.bytes.saturating_add(1)).read_to_end(&mut bytes);
    all.context("standard input cannot be read")?;
    limits.check_bytes(bytes.len() as u64).map_err(|error| error.at(path))?;
    Ok(bytes)
}
