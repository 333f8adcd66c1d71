//! Sets with nothing planted pass, and each kind of leak that is planted is found. Genuine and forged pictures are both
//! genuine signings of a writer who does not exist, so that nothing but what is planted can tell them apart.

mod shortcuts;

use std::fs;

use image::{DynamicImage, GrayImage, ImageFormat};
use inkproof::{Gray, Ink, InkParameters, SIDE};
use tempfile::TempDir;

use super::fingerprint::tests::changed;
use super::*;
use crate::dataset::Kind;
use crate::progress::Silent;
use crate::synth::Writer;

/// Of pictures of which no two pass for copies.
pub(super) const SEED: u64 = 68;
const WRITERS: usize = 14;
const GENUINE: usize = 4;
const FORGERIES: usize = 4;

/// One picture of a set that is being made.
struct Sheet {
    writer: usize,
    kind: Kind,
    /// Numbered from 0 within its writer and kind.
    number: usize,
    split: Option<&'static str>,
    forger: Option<String>,
    gray: Gray,
    /// How it is saved, where not as plain PNG.
    bytes: Option<Vec<u8>>,
}

/// The pictures of a set without leaks, in 14 writers.
fn sheets() -> Vec<Sheet> {
    let mut sheets = Vec::new();
    for index in 0..WRITERS {
        let writer = Writer::new(SEED, index as u64);
        for number in 0..GENUINE + FORGERIES {
            let (kind, within) = match number.checked_sub(GENUINE) {
                None => (Kind::Genuine, number),
                Some(within) => (Kind::Forgery, within),
            };
            let gray = writer.genuine(number as u64);
            sheets.push(Sheet { writer: index, kind, number: within, split: None, forger: None, gray, bytes: None });
        }
    }
    sheets
}

/// Audits the pictures as a set with a manifest.
fn examined(sheets: &[Sheet]) -> Leakage {
    let folder = written(sheets);
    let set = DataSet::open(folder.path(), None, OnBad::Stop).unwrap();
    examine(set, OnBad::Stop, &InkParameters::default(), 0, &mut Silent).unwrap()
}

fn written(sheets: &[Sheet]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let with_splits = sheets.iter().any(|sheet| sheet.split.is_some());
    let mut manifest = format!("path,writer,kind,forger{}\n", if with_splits { ",split" } else { "" });
    for sheet in sheets {
        let kind = if sheet.kind == Kind::Genuine { "genuine" } else { "forgery" };
        let split = sheet.split.unwrap_or_default();
        let name = format!("{split}{}_{kind}_{}.png", sheet.writer, sheet.number);
        let png = || crate::png_file::encode(&sheet.gray, png::Compression::Fast).unwrap();
        fs::write(folder.path().join(&name), sheet.bytes.clone().unwrap_or_else(png)).unwrap();
        let forger = sheet.forger.as_deref().unwrap_or_default();
        manifest += &format!("{name},{},{kind},{forger}", sheet.writer);
        manifest += &if with_splits { format!(",{split}\n") } else { "\n".to_owned() };
    }
    fs::write(folder.path().join("manifest.csv"), manifest).unwrap();
    folder
}

/// The cues that leak as stored, and after normalisation.
fn leaks(leakage: &Leakage) -> (Vec<&str>, Vec<&str>) {
    let tables = leakage.cues.as_ref().unwrap();
    (
        tables.as_stored.iter().filter(|probe| probe.leak).map(|probe| probe.id.as_str()).collect(),
        tables.after_ink.iter().filter(|probe| probe.leak).map(|probe| probe.id.as_str()).collect(),
    )
}

/// The set with every forgery changed.
fn forgeries_changed(change: impl Fn(&mut Sheet)) -> Leakage {
    let mut sheets = sheets();
    sheets.iter_mut().filter(|sheet| sheet.kind == Kind::Forgery).for_each(change);
    examined(&sheets)
}

fn mapped(gray: &Gray, tone: impl Fn(u8) -> u8) -> Gray {
    Gray::new(gray.width(), gray.height(), gray.pixels().iter().map(|&p| tone(p)).collect()).unwrap()
}

pub(super) fn picture(gray: &Gray) -> DynamicImage {
    let (width, height) = (gray.width() as u32, gray.height() as u32);
    DynamicImage::ImageLuma8(GrayImage::from_raw(width, height, gray.pixels().to_vec()).unwrap())
}

pub(super) fn saved(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.to_luma8().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[test]
fn a_set_without_leaks_passes() {
    let leakage = examined(&sheets());
    assert_eq!(leakage.findings(), []);
    assert_eq!(leaks(&leakage), (vec![], vec![]));
    assert!(!leakage.leaks_as_stored() && !leakage.leaks_with_ink());
    assert!(leakage.verdict().starts_with("No leak was found."), "{}", leakage.verdict());
    let tables = leakage.cues.as_ref().unwrap();
    assert_eq!((tables.writers, tables.genuine_pairs, tables.forged_pairs), (WRITERS, WRITERS * 6, WRITERS * 16));
    let constant = |id: &str| tables.as_stored.iter().find(|probe| probe.id == id).unwrap().constant;
    assert!(constant("file_format") && constant("image_width") && constant("jpeg_tables") && !constant("paper_level"));
}

#[test]
fn the_same_bytes_of_two_writers() {
    let mut sheets = sheets();
    sheets[20].gray = sheets[3].gray.clone();
    let leakage = examined(&sheets);
    let [copies] = &leakage.copies[..] else { panic!("{:?}", leakage.copies) };
    assert_eq!((copies.how, &copies.crosses[..]), (Sameness::Bytes, &[Crossing::Classes, Crossing::Writers][..]));
    assert_eq!(copies.images.len(), 2);
    assert!(leakage.leaks_with_ink());
    assert_eq!(leakage.findings()[0].examples.len(), 1);
}

#[test]
fn the_same_pixels_in_other_bytes_are_found_once() {
    let mut sheets = sheets();
    let same = saved(&picture(&sheets[0].gray), ImageFormat::Pnm);
    sheets[1].bytes = Some(same.clone());
    let leakage = examined(&sheets);
    let [copies] = &leakage.copies[..] else { panic!("{:?}", leakage.copies) };
    assert_eq!((copies.how, &copies.crosses[..], copies.images.len()), (Sameness::Pixels, &[][..], 2));
    assert_eq!(leakage.findings()[0].severity, Severity::Caution);
    // Of one class and writer: a pity, but no leak.
    assert!(!leakage.leaks_as_stored());
    sheets[9].bytes = Some(same);
    let leakage = examined(&sheets);
    let found: Vec<_> = leakage.copies.iter().map(|copies| (copies.how, copies.images.len())).collect();
    assert_eq!(found, [(Sameness::Bytes, 2), (Sameness::Pixels, 3)]);
}

#[test]
fn nearly_the_same_picture_of_two_classes() {
    let mut sheets = sheets();
    for (at, (_, bytes)) in (0..).zip(changed(&picture(&sheets[0].gray))) {
        sheets[GENUINE + at].bytes = Some(bytes);
    }
    let leakage = examined(&sheets);
    let [copies] = &leakage.copies[..] else { panic!("{:?}", leakage.copies) };
    assert_eq!((copies.how, &copies.crosses[..]), (Sameness::Near, &[Crossing::Classes][..]));
    assert_eq!(copies.images.len(), 5);
}

#[test]
fn writers_and_forgers_in_two_splits() {
    let mut sheets = sheets();
    for sheet in &mut sheets {
        sheet.split = Some(if sheet.writer < 5 { "train" } else { "test" });
        sheet.forger = (sheet.kind == Kind::Forgery).then(|| format!("{:04}", 10 * sheet.writer));
    }
    assert!(!examined(&sheets).leaks_as_stored());
    let forger = GENUINE;
    sheets[forger].forger = Some("0070".to_owned());
    let leakage = examined(&sheets);
    let names =
        |leakage: &Leakage| leakage.shared_forgers.iter().map(|shared| shared.forger.clone()).collect::<Vec<_>>();
    assert_eq!((names(&leakage), leakage.shared_writers.len()), (vec!["0070".to_owned()], 0));
    assert_eq!(leakage.findings()[0].kind, verdict::FindingKind::SharedForgers);
    assert!(leakage.leaks_with_ink());
    for number in 0..2 {
        sheets[forger].forger = None;
        sheets[number].split = Some("test");
    }
    let leakage = examined(&sheets);
    assert_eq!(leakage.shared_writers.iter().map(WriterId::as_str).collect::<Vec<_>>(), ["0"]);
    assert_eq!(leakage.findings()[0].kind, verdict::FindingKind::SharedWriters);
    assert!(leakage.verdict().contains("Writers in both train and test: 0"), "{}", leakage.verdict());
}

#[test]
fn what_cannot_be_computed_is_said() {
    let all = sheets();
    let leakage = examined(&all[..GENUINE + FORGERIES]);
    assert!(leakage.cues.is_none() && leakage.findings().is_empty());
    assert!(leakage.not_computed.iter().any(|what| what.contains("5 writers")), "{:?}", leakage.not_computed);
    let genuine: Vec<Sheet> = all.into_iter().filter(|sheet| sheet.kind == Kind::Genuine).collect();
    let leakage = examined(&genuine);
    assert!(leakage.cues.is_none() && leakage.verdict().contains("could not be computed"), "{}", leakage.verdict());
    let one_each: Vec<Sheet> =
        sheets().into_iter().filter(|sheet| sheet.kind == Kind::Forgery || sheet.number == 0).collect();
    assert!(examined(&one_each).cues.is_none());
}

#[test]
fn the_same_seed_gives_the_same_audit_and_the_baseline_scores_unseen_writers() {
    let folder = written(&sheets());
    let open = || DataSet::open(folder.path(), None, OnBad::Stop).unwrap();
    let of = |seed| examine(open(), OnBad::Stop, &InkParameters::default(), seed, &mut Silent).unwrap().cues.unwrap();
    let (first, again) = (of(1), of(1));
    assert_eq!((&first.as_stored, &first.after_ink), (&again.as_stored, &again.after_ink));
    let set = open();
    let facts: Vec<CueValues> = set.images.iter().map(|image| CueValues::read(&image.path).unwrap()).collect();
    let pairs = Pairs::from_set(&set).list;
    let cues = Shortcuts::fit(&facts, &pairs, 3).unwrap();
    let score = cues.score(&facts[0], &facts[1]).unwrap();
    assert!((0.0..=1.0).contains(&score));
    assert_eq!(Shortcuts::fit(&facts, &pairs, 3).unwrap().score(&facts[0], &facts[1]).unwrap(), score);
    let genuine: Vec<Pair> = pairs.into_iter().filter(|pair| pair.genuine).collect();
    assert!(matches!(Shortcuts::fit(&facts, &genuine, 3), Err(Error::Forest { .. })));
}
