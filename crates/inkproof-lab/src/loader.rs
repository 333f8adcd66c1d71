//! The data pipeline: the images of a data set, decoded once, in parallel, and kept as normalised ink.
//!
//! [`LoadedImages::read`] looks at every image before the network starts, so that an image that cannot be read stops a
//! training at its beginning and not in its third epoch. The inks stay in memory as bytes up to a bound; what is beyond
//! it is decoded again whenever it is needed. [`LoadedImages::prefetch`] prepares batches in a thread of its own while the
//! network works on the last one.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::mpsc::sync_channel;

use inkproof::model::DataInfo;
use inkproof::{ImageDigest, Ink, Limits, Preprocess, SIDE, read_image_file};
use rayon::prelude::*;

use crate::dataset::{DataSet, OnBad, Skipped};
use crate::error::{Error, Result};
use crate::progress::{Event, Progress};

/// How many images are decoded between two reports of progress.
const CHUNK: usize = 64;

/// How many batches wait for the network.
const BATCHES_AHEAD: usize = 2;

/// How files are read, whatever a model makes of their images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// What to do with a file or folder that cannot be used.
    pub bad: OnBad,
    /// Bytes of normalised inks that are kept in memory; 0 keeps none and decodes whenever an ink is needed.
    pub cache_bytes: usize,
}

impl Reading {
    /// The same for images that become ink by `preprocess`.
    pub fn with(self, preprocess: Preprocess) -> ReadOptions {
        ReadOptions { preprocess, bad: self.bad, cache_bytes: self.cache_bytes }
    }
}

impl Default for Reading {
    /// What cannot be read is an error, and [`ReadOptions::CACHE_BYTES`] are kept.
    fn default() -> Self {
        Self { bad: OnBad::Stop, cache_bytes: ReadOptions::CACHE_BYTES }
    }
}

/// What a data set's images are read with.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadOptions {
    /// How an image becomes what a network sees.
    pub preprocess: Preprocess,
    /// What to do with an image that cannot be read or has no ink.
    pub bad: OnBad,
    /// Bytes of normalised inks that are kept in memory; 0 keeps none.
    pub cache_bytes: usize,
}

impl ReadOptions {
    /// 1 GiB: about 21,000 inks.
    pub const CACHE_BYTES: usize = 1 << 30;

    /// The default cache, and an image that cannot be read is an error.
    pub fn new(preprocess: Preprocess) -> Self {
        Reading::default().with(preprocess)
    }

    /// All but the preprocessing.
    pub fn reading(&self) -> Reading {
        Reading { bad: self.bad, cache_bytes: self.cache_bytes }
    }
}

/// The images of a data set, ready for a network; in the order of [`DataSet::images`].
#[derive(Debug)]
pub struct LoadedImages {
    preprocess: Preprocess,
    loaded: Vec<LoadedImage>,
}

#[derive(Debug)]
struct LoadedImage {
    path: PathBuf,
    digest: ImageDigest,
    /// None beyond the cache's bound.
    ink: Option<Ink>,
}

impl LoadedImages {
    /// Reads every image of `set`. With [`OnBad::Skip`] the images that cannot be used are taken out of `set` and
    /// listed in its `skipped`, and so are forgeries of writers of whom no genuine signature is left.
    ///
    /// # Errors
    /// With [`OnBad::Stop`] the first image that cannot be used; in any case when none is left.
    pub fn read(set: &mut DataSet, options: &ReadOptions, progress: &mut dyn Progress) -> Result<Self> {
        let total = set.images.len();
        progress.report(Event::Stage { name: "reading images", total });
        let room = options.cache_bytes / (SIDE * SIDE);
        let mut read: Vec<Result<LoadedImage>> = Vec::with_capacity(total);
        for chunk in set.images.chunks(CHUNK) {
            let keep = room.saturating_sub(read.len());
            let of_chunk: Vec<_> = chunk
                .par_iter()
                .enumerate()
                .map(|(place, image)| LoadedImage::read(image.path.clone(), &options.preprocess, place < keep))
                .collect();
            read.extend(of_chunk);
            if options.bad == OnBad::Stop && read.iter().any(Result::is_err) {
                break;
            }
            progress.report(Event::Advance { done: read.len() });
        }
        let loaded = match options.bad {
            OnBad::Stop => read.into_iter().collect::<Result<_>>()?,
            OnBad::Skip => leave_out_bad(set, read),
        };
        for skipped in &set.skipped {
            progress.report(Event::Skipped { path: &skipped.path, why: &skipped.why });
        }
        if set.images.is_empty() {
            return Err(Error::NothingReadable { root: set.root.clone(), images: total });
        }
        Ok(Self { preprocess: options.preprocess.clone(), loaded })
    }

    /// The fingerprints of all images, in order.
    pub fn digests(&self) -> impl Iterator<Item = ImageDigest> + '_ {
        self.loaded.iter().map(|image| image.digest)
    }

    /// What a model file says of these images, which are those of `set`: for real ones their fingerprints, for synthetic
    /// ones how to make them again.
    pub fn describe(&self, set: &DataSet) -> DataInfo {
        let synthetic = set.synthetic;
        let mut digests: Vec<_> = if synthetic.is_none() { self.digests().collect() } else { Vec::new() };
        digests.sort_unstable();
        DataInfo { writers: set.writers().len(), images: set.images.len(), digests, synthetic }
    }

    /// Takes the images that are in `others` too out of `set` and lists them in its `skipped`: writers can be disjoint
    /// by name and share an image all the same.
    pub fn leave_out_shared(&mut self, set: &mut DataSet, others: &Self, progress: &mut dyn Progress) {
        let known: BTreeSet<ImageDigest> = others.digests().collect();
        let images = std::mem::take(&mut set.images);
        let loaded = std::mem::take(&mut self.loaded);
        for (image, loaded) in images.into_iter().zip(loaded) {
            if known.contains(&loaded.digest) {
                let why = "the same image is among those that are trained on".to_owned();
                progress.report(Event::Skipped { path: &image.path, why: &why });
                set.skipped.push(Skipped { path: image.path, why });
            } else {
                set.images.push(image);
                self.loaded.push(loaded);
            }
        }
    }

    /// One image as the network sees it: from memory, or decoded again.
    ///
    /// # Errors
    /// Where the file has changed since it was read.
    pub fn ink(&self, index: usize) -> Result<Cow<'_, Ink>> {
        let image = &self.loaded[index];
        match &image.ink {
            Some(ink) => Ok(Cow::Borrowed(ink)),
            None => Ok(Cow::Owned(prepare(&image.path, &self.preprocess)?.ink)),
        }
    }

    /// Several images, prepared in parallel.
    ///
    /// # Errors
    /// As [`LoadedImages::ink`].
    pub fn inks(&self, indices: &[usize]) -> Result<Vec<Cow<'_, Ink>>> {
        indices.par_iter().map(|&index| self.ink(index)).collect()
    }

    /// Calls `work` with each item of `plan` made ready by `prepare`, in order; up to two items are prepared ahead in
    /// another thread. Stops when `work` breaks off.
    ///
    /// # Errors
    /// The first error of `prepare` or `work`.
    pub fn prefetch<Item: Sync, Ready: Send>(
        &self,
        plan: &[Item],
        prepare: impl Fn(&Self, &Item) -> Result<Ready> + Send + Sync,
        mut work: impl FnMut(Ready) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        std::thread::scope(|scope| {
            let (send, receive) = sync_channel(BATCHES_AHEAD);
            scope.spawn(move || {
                for item in plan {
                    // An error of sending means that nobody wants more.
                    if send.send(prepare(self, item)).is_err() {
                        return;
                    }
                }
            });
            for ready in receive {
                if work(ready?)?.is_break() {
                    break;
                }
            }
            Ok(())
        })
    }
}

impl LoadedImage {
    fn read(path: PathBuf, preprocess: &Preprocess, keep: bool) -> Result<Self> {
        let prepared = prepare(&path, preprocess)?;
        Ok(Self { path, digest: prepared.digest, ink: keep.then_some(prepared.ink) })
    }
}

fn prepare(path: &std::path::Path, preprocess: &Preprocess) -> Result<inkproof::Prepared> {
    let limits = Limits::default();
    let bytes = read_image_file(path, &limits)?;
    Ok(preprocess.apply(&bytes, &limits).map_err(|error| error.at(path))?)
}

/// Takes the images that could not be read out of `set`, and with them forgeries of nobody.
fn leave_out_bad(set: &mut DataSet, read: Vec<Result<LoadedImage>>) -> Vec<LoadedImage> {
    let images = std::mem::take(&mut set.images);
    let mut left = Vec::with_capacity(images.len());
    for (image, read) in images.into_iter().zip(read) {
        match read {
            Ok(loaded) => left.push((image, loaded)),
            Err(error) => set.skipped.push(Skipped { path: image.path, why: reason(&error) }),
        }
    }
    let with_genuine: BTreeSet<_> = left
        .iter()
        .filter(|(image, _)| image.kind == crate::dataset::Kind::Genuine)
        .map(|(image, _)| (image.split, image.writer.clone()))
        .collect();
    let mut usable = Vec::with_capacity(left.len());
    for (image, loaded) in left {
        if with_genuine.contains(&(image.split, image.writer.clone())) {
            set.images.push(image);
            usable.push(loaded);
        } else {
            let why = format!("a forgery of writer {}, of whom no genuine signature could be read", image.writer);
            set.skipped.push(Skipped { path: image.path, why });
        }
    }
    usable
}

/// What is wrong with the image, without its path, which is shown with it.
pub(crate) fn reason(error: &Error) -> String {
    match error {
        Error::Engine(inkproof::Error::At { source, .. }) => source.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
