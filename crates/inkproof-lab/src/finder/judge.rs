//! How well signatures are found on pages whose boxes are known.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use inkproof::Limits;
use inkproof::decode::{decode_picture, read_image_file};
use inkproof::find::{Finder, FoundSignature, PageArea, Thresholds};
use inkproof::random::stream;
use rand::RngExt;
use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::learn::OVERLAP;
use crate::error::{Error, Result};
use crate::metrics::percentile_interval;
use crate::progress::{Event, Progress};

/// A folder of pages: `pages.csv` with a column `path`, `boxes.csv` with path, kind, x, y, width and height in pixels.
#[derive(Debug, Clone)]
pub struct PagesFolder {
    root: PathBuf,
    /// Each page's file and the boxes of its signatures.
    pages: BTreeMap<String, Vec<PageArea>>,
}

#[derive(serde::Deserialize)]
struct PageRow {
    path: String,
}

#[derive(serde::Deserialize)]
struct BoxRow {
    path: String,
    kind: String,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl PagesFolder {
    /// Reads both tables.
    ///
    /// # Errors
    /// [`Error::PagesTable`] where one is missing or is not such a table.
    pub fn open(root: &Path) -> Result<PagesFolder> {
        let rows = read_rows::<PageRow>(&root.join("pages.csv"))?;
        let mut pages: BTreeMap<String, Vec<PageArea>> = rows.into_iter().map(|row| (row.path, Vec::new())).collect();
        let table = root.join("boxes.csv");
        for row in read_rows::<BoxRow>(&table)? {
            let Some(boxes) = pages.get_mut(&row.path) else {
                return Err(Error::PagesTable { path: table, why: format!("{} is not in pages.csv", row.path) });
            };
            if row.kind == "signature" {
                let [x, y, width, height] =
                    [row.x, row.y, row.width, row.height].map(|side| side.max(0.0).round() as usize);
                boxes.push(PageArea { x, y, width, height });
            }
        }
        Ok(PagesFolder { root: root.to_owned(), pages })
    }

    /// How many pages there are.
    pub fn len(&self) -> usize {
        self.pages.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// The pages of one half of the documents, by a hash of their names: 0 or 1.
    #[must_use]
    pub fn half(mut self, half: u32) -> PagesFolder {
        self.pages.retain(|path, _| u32::from(Sha256::digest(document(path))[0]) % 2 == half);
        self
    }
}

fn read_rows<Row: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<Row>> {
    let broken = |error: csv::Error| Error::PagesTable { path: path.to_owned(), why: error.to_string() };
    csv::Reader::from_path(path).map_err(broken)?.deserialize().collect::<csv::Result<Vec<Row>>>().map_err(broken)
}

/// Pages of one document are named after it: `NAME_3.tif` is of `NAME`.
fn document(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    match stem.rsplit_once('_') {
        Some((document, page)) if !page.is_empty() && page.bytes().all(|byte| byte.is_ascii_digit()) => document,
        _ => stem,
    }
}

/// What was found on a page, the surest first, and what is there.
#[derive(Debug, Clone)]
pub struct PageTruth {
    /// Which document it is of.
    pub document: String,
    /// Its file in the folder.
    pub name: String,
    /// The boxes of its signatures.
    pub truth: Vec<PageArea>,
    /// All that may be a signature.
    pub found: Vec<FoundSignature>,
}

impl PageTruth {
    /// For each found box its confidence and whether it is a signature's; each signature is found once, by the surest box
    /// that overlaps it enough.
    fn hits(&self) -> Vec<(f32, bool)> {
        let mut left = self.truth.clone();
        let hit = |found: &FoundSignature| {
            let overlaps = left.iter().map(|area| area.overlap(&found.area)).enumerate();
            let best = overlaps.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|best| best.1 >= OVERLAP);
            if let Some((at, _)) = best {
                left.swap_remove(at);
            }
            (found.confidence, best.is_some())
        };
        self.found.iter().map(hit).collect()
    }

    fn surest(&self) -> f64 {
        self.found.first().map_or(0.0, |found| f64::from(found.confidence))
    }
}

/// A share with its 95 % interval, which resamples documents.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// 0 to 1.
    pub value: f64,
    /// None where documents are too few.
    pub interval: Option<[f64; 2]>,
}

/// How many there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Documents.
    pub documents: usize,
    /// Pages of them.
    pub pages: usize,
    /// Signatures on these.
    pub signatures: usize,
}

/// How well signatures were found.
#[derive(Debug, Clone, Serialize)]
pub struct JudgedPages {
    /// What it was measured on.
    pub counted: Counted,
    /// Of the signatures those whose box was found, at the finder's threshold.
    pub recall: Share,
    /// Of the found boxes those that are signatures, at the same threshold.
    pub precision: Share,
    /// The mean precision over all recalls.
    pub average_precision: Share,
    /// That a signed page looks more signed than another one.
    pub page_auc: Share,
    /// Unsigned pages called signed where 90 % of the signed ones are.
    pub false_alarms_at_90: Share,
    /// Signed pages of which it was said so, at the finder's threshold.
    pub signed_found: Share,
    /// Unsigned pages that were called signed, at the same threshold.
    pub unsigned_called_signed: Share,
    /// Pages on which no confidence says enough, and a person should look.
    pub look: Share,
    /// Mean time for a page from bytes to boxes, in seconds of one thread.
    pub seconds: f64,
}

/// Draws of the documents.
const DRAWS: u64 = 400;

/// Measures a finder.
///
/// # Errors
/// Pages that cannot be read; [`Error::TooFewPages`] where no page is signed or every one is.
pub fn judge(
    folder: &PagesFolder,
    finder: &Finder,
    progress: &mut dyn Progress,
) -> Result<(JudgedPages, Vec<PageTruth>)> {
    let limits = Limits { page: Some(1), ..Limits::default() };
    progress.report(Event::Stage { name: "pages", total: folder.len() });
    let entries: Vec<(&String, &Vec<PageArea>)> = folder.pages.iter().collect();
    let mut pages = Vec::with_capacity(entries.len());
    let mut seconds = 0.0;
    for entries in entries.chunks(32) {
        let found = entries.par_iter().map(|(name, truth)| {
            let begun = Instant::now();
            let bytes = read_image_file(&folder.root.join(name), &limits)?;
            let (picture, _) = decode_picture(&bytes, &limits).map_err(|error| error.at(&folder.root.join(name)))?;
            let found = finder.ranked(&picture, &limits)?;
            let (document, name, truth) = (document(name).to_owned(), (*name).clone(), (*truth).clone());
            Ok((PageTruth { document, name, truth, found }, begun.elapsed().as_secs_f64()))
        });
        for (page, took) in found.collect::<Result<Vec<_>>>()? {
            seconds += took;
            pages.push(page);
        }
        progress.report(Event::Advance { done: pages.len() });
    }
    let judged = judged(&pages, finder.thresholds(), seconds / pages.len().max(1) as f64)?;
    Ok((judged, pages))
}

fn judged(pages: &[PageTruth], thresholds: Thresholds, seconds: f64) -> Result<JudgedPages> {
    let mut documents: BTreeMap<&str, Vec<&PageTruth>> = BTreeMap::new();
    pages.iter().for_each(|page| documents.entry(&page.document).or_default().push(page));
    let documents: Vec<Vec<&PageTruth>> = documents.into_values().collect();
    let all: Vec<&PageTruth> = pages.iter().collect();
    let signed = all.iter().filter(|page| !page.truth.is_empty()).count();
    if signed == 0 || signed == all.len() {
        return Err(Error::TooFewPages { pages: pages.len() });
    }
    let resampled: Vec<Vec<&PageTruth>> = (0..DRAWS)
        .map(|draw| {
            let mut rng = stream(0, "documents", draw);
            (0..documents.len()).flat_map(|_| documents[rng.random_range(0..documents.len())].iter().copied()).collect()
        })
        .collect();
    let share = |of: &(dyn Fn(&[&PageTruth]) -> Option<f64> + Sync)| {
        let value = of(&all).unwrap_or(f64::NAN);
        let drawn: Vec<Option<f64>> = resampled.par_iter().map(|pages| of(pages)).collect();
        Share { value, interval: percentile_interval(&drawn, value) }
    };
    let (threshold, signed, look) = (thresholds.shown, f64::from(thresholds.signed), f64::from(thresholds.look));
    Ok(JudgedPages {
        counted: Counted {
            documents: documents.len(),
            pages: pages.len(),
            signatures: pages.iter().map(|page| page.truth.len()).sum(),
        },
        recall: share(&|pages| recall(pages, threshold)),
        precision: share(&|pages| precision(pages, threshold)),
        average_precision: share(&average_precision),
        page_auc: share(&page_auc),
        false_alarms_at_90: share(&|pages| {
            let found = quantile(pages, true, 0.1)?;
            share_of(pages, false, |surest| surest >= found)
        }),
        signed_found: share(&|pages| share_of(pages, true, |surest| surest >= signed)),
        unsigned_called_signed: share(&|pages| share_of(pages, false, |surest| surest >= signed)),
        look: share(&|pages| {
            let between = pages.iter().filter(|page| (look..signed).contains(&page.surest())).count();
            Some(between as f64 / pages.len() as f64)
        }),
        seconds,
    })
}

fn shown(pages: &[&PageTruth], threshold: f32) -> (usize, usize) {
    let hits = pages.iter().flat_map(|page| page.hits()).filter(|(confidence, _)| *confidence >= threshold);
    hits.fold((0, 0), |(right, all), (_, hit)| (right + usize::from(hit), all + 1))
}

fn recall(pages: &[&PageTruth], threshold: f32) -> Option<f64> {
    let all: usize = pages.iter().map(|page| page.truth.len()).sum();
    (all > 0).then(|| shown(pages, threshold).0 as f64 / all as f64)
}

fn precision(pages: &[&PageTruth], threshold: f32) -> Option<f64> {
    let (right, all) = shown(pages, threshold);
    (all > 0).then(|| right as f64 / all as f64)
}

/// Confidence and hit of all boxes, the surest first.
fn ranking(pages: &[&PageTruth]) -> Vec<(f32, bool)> {
    let mut hits: Vec<(f32, bool)> = pages.iter().flat_map(|page| page.hits()).collect();
    hits.sort_by(|a, b| b.0.total_cmp(&a.0));
    hits
}

/// The area under precision over recall, each precision the best at that recall or a higher one.
fn average_precision(pages: &[&PageTruth]) -> Option<f64> {
    let signatures: usize = pages.iter().map(|page| page.truth.len()).sum();
    let hits = ranking(pages);
    let mut right = 0;
    let precisions: Vec<f64> = hits
        .iter()
        .enumerate()
        .filter(|(_, (_, hit))| *hit)
        .map(|(at, _)| {
            right += 1;
            f64::from(right) / (at + 1) as f64
        })
        .collect();
    let mut best = 0.0_f64;
    let area: f64 = precisions
        .iter()
        .rev()
        .map(|&precision| {
            best = best.max(precision);
            best
        })
        .sum();
    (signatures > 0).then(|| area / signatures as f64)
}

fn surest(pages: &[&PageTruth], signed: bool) -> Vec<f64> {
    let of = pages.iter().filter(|page| page.truth.is_empty() != signed);
    let mut surest: Vec<f64> = of.map(|page| page.surest()).collect();
    surest.sort_unstable_by(f64::total_cmp);
    surest
}

fn quantile(pages: &[&PageTruth], signed: bool, share: f64) -> Option<f64> {
    let surest = surest(pages, signed);
    surest.get((share * surest.len() as f64) as usize).copied()
}

fn share_of(pages: &[&PageTruth], signed: bool, is: impl Fn(f64) -> bool) -> Option<f64> {
    let surest = surest(pages, signed);
    let found = surest.iter().filter(|&&value| is(value)).count();
    (!surest.is_empty()).then(|| found as f64 / surest.len() as f64)
}

fn page_auc(pages: &[&PageTruth]) -> Option<f64> {
    let (signed, unsigned) = (surest(pages, true), surest(pages, false));
    let below = |value: f64| {
        let (under, to) = (unsigned.partition_point(|u| *u < value), unsigned.partition_point(|u| *u <= value));
        (under + to) as f64 / 2.0
    };
    let pairs = (signed.len() * unsigned.len()) as f64;
    (pairs > 0.0).then(|| signed.iter().map(|&value| below(value)).sum::<f64>() / pairs)
}

/// Of the boxes that are shown this share is right: a signature that is passed over is worse than a box too many, which a
/// person sees.
const PRECISION: f64 = 0.78;
/// Of unsigned pages this share is called signed.
const FALSE_ALARMS: f64 = 0.02;
/// Of signed pages this share is passed over.
const PASSED_OVER: f64 = 0.05;

/// The thresholds that these pages fix: for a box the lowest at which enough are right, and for a page by the shares
/// of false alarms and of signed pages that are passed over. None where no page is signed or every one is.
pub fn thresholds(pages: &[PageTruth]) -> Option<Thresholds> {
    let pages: Vec<&PageTruth> = pages.iter().collect();
    let (mut right, mut shown) = (0, 1.0);
    for (at, (confidence, hit)) in ranking(&pages).into_iter().enumerate() {
        right += usize::from(hit);
        if hit && right as f64 >= PRECISION * (at + 1) as f64 {
            shown = confidence;
        }
    }
    // A page on which nothing looks like a signature has a confidence of 0, from which on no page is signed.
    let from = |confidence: f64| (confidence as f32).max(f32::MIN_POSITIVE);
    let signed = from(quantile(&pages, false, 1.0 - FALSE_ALARMS)?);
    let look = from(quantile(&pages, true, PASSED_OVER)?).min(signed);
    Some(Thresholds { shown, signed, look })
}
