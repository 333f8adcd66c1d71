//! The pictures as a whole: the same for the same seed, ink inside the paper, and no pen or paper that tells who signed.

use std::collections::BTreeSet;
use std::fs;

use inkproof::{InkParameters, Preprocess};

use super::*;
use crate::dataset::{DataSet, Kind, OnBad};
use crate::error::Error;
use crate::leakage::examine;
use crate::metrics::Scores;
use crate::progress::Silent;

const OPTIONS: SynthOptions = SynthOptions { writers: 3, genuine: 2, forgeries: 3, seed: 11, style: None };

/// Runs of the pen, and strokes.
fn counts(plan: &Plan) -> (usize, usize) {
    (plan.runs.len(), plan.runs.iter().map(|run| run.strokes.len()).sum())
}

#[test]
fn styles_are_mixed_as_said() {
    let drawn: Vec<Style> = (0..2000).map(|index| Style::draw(&mut stream(2, "style", index))).collect();
    for style in Style::ALL {
        let share = drawn.iter().filter(|&&one| one == style).count() as f64 / drawn.len() as f64;
        let expected = if style == Style::Latin { 0.30 } else { 0.14 };
        assert!((share - expected).abs() < 0.03, "{style:?}: {share}");
    }
    let mixed = Writer::new(2, 7);
    assert_eq!(mixed.genuine(1), Writer::in_style(2, 7, drawn[7]).genuine(1));
}

#[test]
fn every_style_writes_a_signature() {
    for style in Style::ALL {
        for index in 0..300 {
            let plan = Plan::draw(style, &mut stream(4, "writer", index));
            let (runs, strokes) = counts(&plan);
            assert!((4..160).contains(&strokes), "{style:?} {index}: {runs} runs of {strokes} strokes");
            assert!(plan.runs.iter().flat_map(|run| &run.strokes).all(|aim| aim.letter < plan.letters));
        }
    }
}

#[test]
fn each_style_has_what_it_is_known_by() {
    let plans = |style: Style| (0..60).map(move |index| Plan::draw(style, &mut stream(5, "writer", index)));
    // From right to left: the signature begins to the right of where its last letter ends.
    let begins_right = |plan: &Plan| plan.runs[0].start.x > plan.runs[0].strokes.last().unwrap().to.x;
    assert!(plans(Style::Flowing).filter(begins_right).count() > 50);
    assert!(plans(Style::Latin).filter(begins_right).count() < 20);
    // A line over each word that is longer than any letter is wide.
    let has_line = |plan: &Plan| {
        plan.runs
            .iter()
            .any(|run| run.strokes.len() == 1 && run.strokes[0].to.x - run.start.x > 1.5 && run.start.y > 1.0)
    };
    assert!(plans(Style::Headline).all(|plan| has_line(&plan)));
    // Straight strokes, and many lifts of the pen.
    let straight = |plan: &Plan| {
        let aims: Vec<_> = plan.runs.iter().flat_map(|run| &run.strokes).collect();
        aims.iter().filter(|aim| aim.turn.abs() < 0.5).count() as f64 / aims.len() as f64
    };
    let mean_straight = |style| plans(style).map(|plan| straight(&plan)).sum::<f64>() / 60.0;
    assert!(mean_straight(Style::Blocks) > mean_straight(Style::Monogram) + 0.3);
    let lifts = |style| plans(style).map(|plan| counts(&plan).0).sum::<usize>() as f64 / 60.0;
    assert!(lifts(Style::Monogram) < 6.0 && lifts(Style::Blocks) > 12.0 && lifts(Style::Print) > 8.0);
}

#[test]
fn pictures_differ_and_come_again() {
    let mut seen = BTreeSet::new();
    for index in 0..4 {
        let writer = Writer::new(9, index);
        for repeat in 0..3 {
            assert_eq!(writer.genuine(repeat), Writer::new(9, index).genuine(repeat));
            assert_eq!(writer.forgery(repeat), Writer::new(9, index).forgery(repeat));
            seen.insert(writer.genuine(repeat).into_pixels());
            seen.insert(writer.forgery(repeat).into_pixels());
        }
    }
    assert_eq!(seen.len(), 4 * 3 * 2);
}

#[test]
fn every_picture_has_ink_inside_its_paper() {
    for index in 0..60 {
        let writer = Writer::new(3, index);
        for picture in [writer.genuine(0), writer.forgery(0), writer.forgery(1)] {
            let paper = *picture.pixels().iter().max().unwrap();
            let edge = (0..HEIGHT).flat_map(|y| [picture.row(y)[0], picture.row(y)[WIDTH - 1]]);
            let edges = edge.chain(picture.row(0).iter().copied()).chain(picture.row(HEIGHT - 1).iter().copied());
            assert!(edges.into_iter().all(|pixel| pixel == paper), "writer {index} touches the edge");
            Preprocess::ink().apply_gray(&picture).unwrap();
        }
    }
}

/// What of a picture the pen, the paper and the file make, and the shape does not.
const RENDERING: [&str; 8] = [
    "ink_tone_mean",
    "ink_tone_spread",
    "paper_level",
    "paper_noise",
    "stroke_width",
    "image_width",
    "file_format",
    "bit_depth",
];

#[test]
fn pen_and_paper_as_stored_tell_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("made");
    let options = SynthOptions { writers: 60, genuine: 5, forgeries: 5, seed: 33, style: None };
    write(&root, &options, &mut Silent).unwrap();
    let set = DataSet::open(&root, None, OnBad::Stop).unwrap();
    let found = examine(set, OnBad::Stop, &InkParameters::default(), 0, &mut Silent).unwrap();
    let probes = found.cues.unwrap().as_stored;
    for id in RENDERING {
        let probe = probes.iter().find(|probe| probe.id == id).unwrap();
        let chance = probe.ci95.is_none_or(|[low, high]| low <= 0.5 && 0.5 <= high);
        assert!(probe.constant || chance, "{id}: AUC {:?} {:?}", probe.auc, probe.ci95);
    }
    // What follows from the shape tells, as a forger's hand does: the probe is not blind.
    let tells = |id: &str| probes.iter().any(|probe| probe.id == id && probe.ci95.unwrap()[0] > 0.5);
    assert!(tells("box_height") && tells("box_aspect"));
}

/// Mean tone of what is darker than the middle, and the tone of the paper.
fn tones(picture: &inkproof::Gray) -> (f64, f64) {
    let paper = *picture.pixels().iter().max().unwrap();
    let darkest = *picture.pixels().iter().min().unwrap();
    let middle = (u16::from(paper) + u16::from(darkest)) / 2;
    let ink: Vec<f64> = picture.pixels().iter().filter(|&&p| u16::from(p) < middle).map(|&p| f64::from(p)).collect();
    (ink.iter().sum::<f64>() / ink.len() as f64, f64::from(paper))
}

#[test]
fn the_tone_of_ink_and_paper_tells_nothing() {
    let (mut genuine, mut forged) = (Vec::new(), Vec::new());
    for index in 0..120 {
        let writer = Writer::new(21, index);
        for repeat in 0..4 {
            genuine.push(tones(&writer.genuine(repeat)));
            forged.push(tones(&writer.forgery(repeat)));
        }
    }
    for (what, of) in [("ink", (|t| t.0) as fn(&(f64, f64)) -> f64), ("paper", |t| t.1)] {
        let scores = |tones: &[(f64, f64)]| tones.iter().map(of).collect::<Vec<f64>>();
        let auc = Scores::from_classes(&scores(&genuine), &scores(&forged)).unwrap().auc();
        assert!((0.45..0.55).contains(&auc), "{what}: AUC {auc:.3}");
    }
}

#[test]
fn a_folder_is_a_data_set_with_its_origin() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("made");
    let info = write(&out, &OPTIONS, &mut Silent).unwrap();
    assert_eq!((info.images, info.is_of(&OPTIONS)), (15, true));
    assert_eq!(read_info(&out).unwrap(), Some(info));
    assert!(!info.is_of(&SynthOptions { style: Some(Style::Blocks), ..OPTIONS }));
    let set = DataSet::open(&out, None, OnBad::Stop).unwrap();
    assert_eq!(set.synthetic, Some(info.into()));
    assert_eq!((set.images.len(), set.writers().len()), (15, 3));
    let writer = Writer::new(OPTIONS.seed, 0);
    for image in set.images.iter().filter(|image| image.writer.as_str() == "001" && image.kind == Kind::Forgery) {
        let forger: u16 = image.forger.as_ref().unwrap().parse().unwrap();
        assert!([writer.forger(0), writer.forger(1)].contains(&forger));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing partial");
}

#[test]
fn bytes_do_not_depend_on_threads() {
    let folder = tempfile::tempdir().unwrap();
    let made = |threads: usize| {
        let out = folder.path().join(threads.to_string());
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| write(&out, &OPTIONS, &mut Silent)).unwrap();
        DataSet::open(&out, None, OnBad::Stop).unwrap().images
    };
    for (one, three) in made(1).iter().zip(made(3)) {
        assert_eq!(fs::read(&one.path).unwrap(), fs::read(three.path).unwrap());
    }
}

#[test]
fn what_is_in_the_way_stays() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("letter"), "dear").unwrap();
    let error = write(folder.path(), &OPTIONS, &mut Silent).unwrap_err();
    assert!(matches!(error, Error::NotEmpty(_)), "{error}");
    let error = write(&folder.path().join("letter"), &OPTIONS, &mut Silent).unwrap_err();
    assert!(matches!(error, Error::NotEmpty(_)), "{error}");
    assert_eq!(fs::read(folder.path().join("letter")).unwrap(), b"dear");
    let none = SynthOptions { genuine: 0, ..OPTIONS };
    assert!(matches!(write(&folder.path().join("new"), &none, &mut Silent), Err(Error::ZeroOption { .. })));
    fs::write(folder.path().join("synth.json"), "{}").unwrap();
    assert!(matches!(read_info(folder.path()), Err(Error::BrokenNote { .. })));
}
