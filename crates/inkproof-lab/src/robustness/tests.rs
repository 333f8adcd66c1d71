//! Every condition on a signature of nobody, and the arithmetic of what is demanded of them.

use std::collections::BTreeSet;

use inkproof::{Decision, Gray, GrayRule, Limits, decode};

use super::bench::{Outcome, Questioned, RobustnessOptions, Trial};
use super::geometry::{self, Point};
use super::sheet::Sheet;
use super::specimen::Specimen;
use super::*;
use crate::dataset::WriterId;
use crate::evaluate::Class;
use crate::synth::Writer;

fn original(repeat: u64) -> Original {
    let signature = Writer::new(11, 2).genuine(repeat);
    Original::new(crate::png_file::encode(&signature, png::Compression::Fast).unwrap(), &Limits::default()).unwrap()
}

fn gray(bytes: &[u8]) -> Gray {
    decode(bytes, GrayRule::OnWhite, &Limits::default()).unwrap()
}

fn by_id(id: &str) -> &'static Condition {
    CONDITIONS.iter().find(|condition| condition.id == id).unwrap()
}

#[test]
fn every_condition_makes_a_file_of_its_own_and_the_same_one_again() {
    let original = original(0);
    let mut files = BTreeSet::new();
    for condition in CONDITIONS {
        let bytes = condition.apply(&original, 5, 3);
        assert_eq!(bytes, condition.apply(&original, 5, 3), "{}", condition.id);
        let gray = gray(&bytes);
        assert!(gray.width() > 30 && gray.height() > 30, "{}", condition.id);
        assert!(files.insert(bytes), "{} changes nothing", condition.id);
    }
    let ids: BTreeSet<&str> = CONDITIONS.iter().map(|condition| condition.id).collect();
    assert_eq!(ids.len(), CONDITIONS.len());
    // What has no chance in it has none; everything else differs from image to image and from seed to seed.
    for condition in CONDITIONS {
        let plain = ["original", "transparent", "trimmed-450", "trimmed-54"].contains(&condition.id);
        let [here, elsewhere, other] = [(5, 3), (5, 4), (6, 3)].map(|(seed, at)| condition.apply(&original, seed, at));
        assert_eq!((here == elsewhere, here == other), (plain, plain), "{}", condition.id);
    }
}

#[test]
fn ink_that_is_drawn_again_is_the_ink_that_was_there() {
    let original = original(1);
    let again = Specimen::new(&gray(&by_id("clean").apply(&original, 0, 0))).unwrap();
    let before = &original.specimen;
    assert!(again.width().abs_diff(before.width()) <= 2 && again.height().abs_diff(before.height()) <= 2);
    assert!((again.stroke / before.stroke - 1.0).abs() < 0.15, "{} {}", again.stroke, before.stroke);
    let sum = |specimen: &Specimen| specimen.ink.cover.iter().sum::<f32>();
    assert!((sum(&again) / sum(before) - 1.0).abs() < 0.1, "{} {}", sum(&again), sum(before));
}

#[test]
fn strokes_are_measured_and_paper_is_not_ink() {
    let line = |paper: u8, ink: u8, half: usize| {
        let pixel = |x: usize, y: usize| if (20..180).contains(&x) && y.abs_diff(40) <= half { ink } else { paper };
        let pixels = (0..80).flat_map(|y| (0..200).map(move |x| pixel(x, y))).collect();
        Specimen::new(&Gray::new(200, 80, pixels).unwrap())
    };
    for (half, width) in [(0, 1.0), (1, 3.0)] {
        let specimen = line(220, 60, half).unwrap();
        assert_eq!((specimen.width(), specimen.height()), (160, 2 * half + 1));
        // A straight line along the pixels is taken for a third more, as its outline is that of a smooth one.
        assert!((1.0..1.35).contains(&(specimen.stroke / width)), "{}", specimen.stroke);
    }
    assert!((line(220, 60, 20).unwrap().stroke - 16.0 / 3.0).abs() < 1e-3, "no stroke is so wide");
    assert!(line(220, 214, 3).is_none(), "six levels are grain");
    assert!(line(220, 220, 3).is_none());
}

#[test]
fn what_is_to_be_missing_or_turned_is() {
    let original = original(0);
    let sides = |id: &str| {
        let gray = gray(&by_id(id).apply(&original, 0, 0));
        (gray.width(), gray.height())
    };
    let (width, height) = sides("clean");
    assert_eq!(sides("rotation-90"), (height, width));
    assert_eq!(sides("rotation-180"), (width, height));
    assert_eq!(sides("scale-2"), (2 * width, 2 * height));
    assert_eq!((sides("trimmed-450").1, sides("trimmed-54").1), (450, 54));
    let half = sides("cut").0;
    assert!((0.4..0.6).contains(&(half as f64 / width as f64)), "{half} of {width}");
    let fax = by_id("fax").apply(&original, 0, 0);
    let info = png::Decoder::new(std::io::Cursor::new(&fax)).read_info().unwrap();
    let dots = info.info().pixel_dims.unwrap();
    assert_eq!((dots.xppu, dots.yppu, info.info().bit_depth), (8031, 3858, png::BitDepth::One));
}

#[test]
fn pictures_of_odd_sizes_can_be_drawn_under_every_condition() {
    for (width, height) in [(1, 1), (2, 300), (9000, 3), (5, 5), (3000, 40)] {
        let mut pixels = vec![230; (width + 2) * (height + 2)];
        for y in 1..=height {
            pixels[y * (width + 2) + 1..][..width].fill(20);
        }
        let gray = Gray::new(width + 2, height + 2, pixels).unwrap();
        let bytes = crate::png_file::encode(&gray, png::Compression::Fast).unwrap();
        let Ok(original) = Original::new(bytes, &Limits::default()) else { continue };
        for condition in CONDITIONS {
            // Its own file says how large it is; what is drawn stays within the limits of any decoder.
            decode(&condition.apply(&original, 0, 0), GrayRule::OnWhite, &Limits::default())
                .unwrap_or_else(|error| panic!("{} of {width} x {height}: {error}", condition.id));
        }
    }
}

#[test]
fn geometry_gives_back_what_it_was_given() {
    let mut sheet = Sheet::new(31, 17, [0.0; 3]);
    sheet.each(|x, y, pixel| *pixel = [x as f32 / 31.0, y as f32 / 17.0, 0.5]);
    let turned = (0..4).fold(sheet.clone(), |sheet, _| geometry::quarter_turned(&sheet, 1));
    assert_eq!(turned, sheet);
    assert_eq!(geometry::quarter_turned(&geometry::quarter_turned(&sheet, 3), 1), sheet);
    assert_eq!(geometry::scaled(&sheet, 1.0, 1.0), sheet);
    assert_eq!(geometry::rotated(&sheet, 0.0, [1.0; 3]), sheet);
    let corners = [(0.0, 0.0), (31.0, 0.0), (31.0, 17.0), (0.0, 17.0)].map(|(x, y)| Point { x, y });
    let seen = geometry::seen_from_aside(&sheet, [31, 17], corners, [1.0; 3]);
    let differs = |(a, b): (&[f32; 3], &[f32; 3])| (0..3).any(|channel| (a[channel] - b[channel]).abs() > 1e-4);
    assert!(!seen.pixels.iter().zip(&sheet.pixels).any(differs));
    let flat = geometry::scaled(&Sheet::new(40, 30, [0.25; 3]), 0.3, 1.7);
    assert_eq!((flat.width, flat.height), (12, 51));
    assert!(flat.pixels.iter().all(|pixel| (pixel[0] - 0.25).abs() < 1e-5));
}

#[test]
fn a_name_stands_for_all_that_begin_with_it() {
    let found = |name: &str| Condition::find(name).map(|condition| condition.id).collect::<Vec<_>>();
    assert_eq!(found("line"), ["line-below", "line-touching"]);
    assert_eq!(found("stamp"), ["stamp"]);
    assert_eq!(found("scale-2"), ["scale-2"]);
    assert_eq!(found("rot"), [""; 0]);
}

/// What became of fifty genuine signatures and as many forgeries of each of two writers, under the clean condition and
/// another: how many of each were rejected, and how many accepted; the others were left undecided.
fn result(clean: [[usize; 2]; 2], stamped: [[usize; 2]; 2]) -> RobustnessResult {
    let (mut questioned, mut trials) = (Vec::new(), Vec::new());
    for writer in ["a", "b"] {
        for class in [Class::Genuine, Class::Skilled] {
            for place in 0..50 {
                for (condition, counts) in [("clean", clean), ("stamp", stamped)] {
                    let [rejected, accepted] = counts[usize::from(class != Class::Genuine)];
                    let decision = match place {
                        place if place < rejected => Decision::Rejected,
                        place if place < rejected + accepted => Decision::Accepted,
                        _ => Decision::Undecided,
                    };
                    let score = if class == Class::Genuine { 1.0 } else { 0.0 };
                    let outcome = Outcome::Judged { decision, score, flaws: Vec::new() };
                    trials.push(Trial { questioned: questioned.len(), condition, outcome });
                }
                let writer = WriterId::new(writer);
                questioned.push(Questioned { set: "set".to_owned(), writer, path: "image.png".into(), class });
            }
        }
    }
    let conditions = [by_id("clean"), by_id("stamp")];
    RobustnessResult::new(&conditions, questioned, trials, Vec::new(), &RobustnessOptions::default()).unwrap()
}

#[test]
fn the_demands_hold_at_their_limits_and_not_beyond() {
    let clean = [[1, 40], [30, 2]];
    let demands = |stamped| {
        let result = result(clean, stamped);
        assert_eq!(result.conditions[0].demands, None);
        let demands = result.conditions[1].demands.unwrap();
        assert_eq!(result.failing().len(), usize::from(!demands.hold()));
        demands
    };
    // 2 % rejected may become 4 but not 6, 4 % accepted may become 6 but not 8, and of 80 % accepted 64 must be left.
    let at_limits = demands([[2, 32], [10, 3]]);
    assert!(at_limits.hold());
    assert!((at_limits.genuine_rejected.value - 0.02).abs() < 1e-9);
    assert!((at_limits.forged_accepted.value - 0.02).abs() < 1e-9);
    assert!((at_limits.genuine_accepted_kept.value - 0.8).abs() < 1e-9);
    let broken = [demands([[3, 40], [30, 2]]), demands([[1, 40], [30, 4]]), demands([[1, 31], [30, 2]])];
    for (place, demands) in broken.iter().enumerate() {
        let held = [demands.genuine_rejected, demands.forged_accepted, demands.genuine_accepted_kept];
        assert_eq!(held.map(|demand| demand.holds), std::array::from_fn(|demand| demand != place));
        assert!(!demands.hold());
    }
    // Nothing is lost of nothing.
    let result = result([[0, 0], [50, 0]], [[0, 0], [50, 0]]);
    assert_eq!(result.conditions[1].demands.unwrap().genuine_accepted_kept.value, 1.0);
}

#[test]
fn shares_add_up_and_stand_in_every_table() {
    let result = result([[1, 40], [30, 2]], [[20, 10], [30, 2]]);
    for row in &result.conditions {
        for shares in [row.genuine, row.forged] {
            let all = [shares.accepted, shares.undecided, shares.rejected, shares.refused];
            assert!((all.iter().map(|rate| rate.share).sum::<f64>() - 1.0).abs() < 1e-9);
            let contains = |rate: &Rate| rate.ci95.is_some_and(|[low, high]| low <= rate.share && rate.share <= high);
            assert!(all.iter().all(contains));
        }
        assert_eq!(row.eer.unwrap().share, 0.0);
    }
    let text = table::text(&result, None);
    assert!(text.contains("stamp             20.0    40.0    40.0     0.0"), "{text}");
    assert!(text.contains("NO: genuine rejected +38.0, keeps 25 % of genuine accepted"), "{text}");
    let markdown = table::markdown(&result, None);
    let rows: Vec<&str> = markdown.lines().filter(|line| line.starts_with('|')).collect();
    assert!(rows.len() == 4 && rows.iter().all(|row| row.matches('|').count() == rows[0].matches('|').count()));
    let bytes = table::csv(&result);
    // A row of another length than the head's is an error.
    let rows = csv::Reader::from_reader(&bytes[..]).into_records().collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(
        (rows.len(), &rows[1][0], &rows[1][2], rows[1].iter().next_back()),
        (2, "stamp", "0.200000", Some("false"))
    );
    let desk = tempfile::tempdir().unwrap();
    let path = desk.path().join("earlier.csv");
    std::fs::write(&path, bytes).unwrap();
    let earlier = table::Earlier::read(&path).unwrap();
    assert!(table::text(&result, Some(&earlier)).contains("    20 / 40 / 4  NO: genuine"));
    let markdown = table::markdown(&result, Some(&earlier));
    let rows: Vec<&str> = markdown.lines().filter(|line| line.starts_with('|')).collect();
    assert!(rows[3].contains("| 20 / 40 / 4 | NO: ") && rows[0].contains("| EER | earlier* |"), "{markdown}");
    std::fs::write(&path, "condition,genuine_accepted\nclean,1").unwrap();
    let refused = table::Earlier::read(&path).unwrap_err().to_string();
    assert!(refused.contains("earlier.csv") && refused.contains("'genuine_rejected'"), "{refused}");
    assert_eq!(String::from_utf8(table::trials_csv(&result)).unwrap().lines().count(), 1 + 2 * 200);
}

#[test]
fn each_condition_has_a_picture_and_all_together_one() {
    let desk = tempfile::tempdir().unwrap();
    let conditions = [by_id("clean"), by_id("phone"), by_id("transparent")];
    write_pictures(desk.path(), &conditions, 0).unwrap();
    for name in ["clean.png", "phone.jpg", "transparent.png", "conditions.png"] {
        gray(&std::fs::read(desk.path().join(name)).unwrap());
    }
}
