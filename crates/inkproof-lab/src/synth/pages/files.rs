//! A folder of pages with the table of their boxes.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use serde::Serialize;

use super::super::files::{in_new_folder, io};
use super::{BoxKind, DrawnPage, Fonts, PageOptions, page};
use crate::error::{Error, Result};
use crate::png_file;
use crate::progress::{Event, Progress};

/// How many pages are in memory at once.
const CHUNK: usize = 16;

/// What was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PagesInfo {
    /// The generator's version.
    pub generator: u32,
    /// Of all pages.
    pub seed: u64,
    /// How many.
    pub pages: usize,
    /// Pages with a signature or more.
    pub signed: usize,
    /// Signatures altogether.
    pub signatures: usize,
    /// Boxes altogether, signatures included.
    pub boxes: usize,
}

/// Makes the folder `out`, which must not exist or be empty: `images/NNNNN.png`, `boxes.csv` (path, kind, x, y, width,
/// height, overlapped) and `pages.csv` (path, signatures). It appears when it is complete. The same seed, options and
/// fonts make the same bytes on any number of threads.
///
/// # Errors
/// [`Error::ZeroOption`] for no pages; [`Error::NotEmpty`] when there is something in `out`; [`Error::Io`] where the
/// system refuses to write.
pub fn write(
    out: &Path,
    fonts: &Fonts,
    seed: u64,
    pages: usize,
    options: &PageOptions,
    progress: &mut dyn Progress,
) -> Result<PagesInfo> {
    if pages == 0 {
        return Err(Error::ZeroOption { option: "pages" });
    }
    in_new_folder(out, |folder| write_all(folder, fonts, seed, pages, options, progress))
}

fn write_all(
    folder: &Path,
    fonts: &Fonts,
    seed: u64,
    pages: usize,
    options: &PageOptions,
    progress: &mut dyn Progress,
) -> Result<PagesInfo> {
    let images = folder.join("images");
    io(&images, fs::create_dir(&images))?;
    progress.report(Event::Stage { name: "drawing pages", total: pages });
    let mut info = PagesInfo { generator: super::super::GENERATOR, seed, pages, ..PagesInfo::default() };
    let mut boxes = String::from("path,kind,x,y,width,height,overlapped\n");
    let mut signed = String::from("path,signatures\n");
    let done = AtomicUsize::new(0);
    let numbers: Vec<usize> = (0..pages).collect();
    for chunk in numbers.chunks(CHUNK) {
        let drawn = chunk.par_iter().map(|&index| -> Result<DrawnPage> {
            let drawn = page(fonts, seed, index as u64, options);
            let path = folder.join(name(index));
            let bytes = png_file::encode(&drawn.gray, png::Compression::Fast).expect("a page of modest size");
            io(&path, fs::write(&path, bytes))?;
            done.fetch_add(1, Ordering::Relaxed);
            Ok(drawn)
        });
        let drawn: Vec<DrawnPage> = drawn.collect::<Result<_>>()?;
        for (&index, page) in chunk.iter().zip(&drawn) {
            let signatures = page.boxes.iter().filter(|found| found.kind == BoxKind::Signature).count();
            info.signatures += signatures;
            info.signed += usize::from(signatures > 0);
            info.boxes += page.boxes.len();
            signed.push_str(&format!("{},{signatures}\n", name(index)));
            for found in &page.boxes {
                let overlapped = if found.overlapped { "Yes" } else { "No" };
                let (kind, x, y) = (found.kind.words(), found.left, found.top);
                boxes.push_str(&format!(
                    "{},{kind},{x},{y},{},{},{overlapped}\n",
                    name(index),
                    found.width,
                    found.height
                ));
            }
        }
        progress.report(Event::Advance { done: done.load(Ordering::Relaxed) });
    }
    for (table, text) in [("boxes.csv", boxes), ("pages.csv", signed)] {
        let path = folder.join(table);
        io(&path, fs::write(&path, text))?;
    }
    Ok(info)
}

fn name(index: usize) -> String {
    format!("images/{:05}.png", index + 1)
}
