//! Synthetic signatures compared with others of the same kind, and of another kind.

use super::*;
use crate::dataset::OnBad;
use crate::progress::Silent;
use crate::synth::{self, Style};

fn compared(written: Style, other: Style) -> Vec<Compared> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("signatures");
    let options = SynthOptions { writers: 60, genuine: 2, forgeries: 1, seed: 1, style: Some(written) };
    synth::write(&root, &options, &mut Silent).unwrap();
    let set = DataSet::open(&root, None, OnBad::Stop).unwrap();
    let others = SynthOptions { seed: 2, style: Some(other), ..options };
    compare(set, Reading::default(), &others, &mut Silent).unwrap()
}

#[test]
fn what_is_alike_overlaps_and_what_is_not_does_not() {
    let similarity = compared(Style::Latin, Style::Latin);
    let other = compared(Style::Latin, Style::Blocks);
    for (one, against) in similarity.iter().zip(&other) {
        // Genuine ones alone; of some no stroke is long enough for every curvature.
        let fewest = if one.id.starts_with("turn") { 60 } else { 120 };
        assert!((fewest..=120).contains(&one.real.signatures), "{}: {}", one.id, one.real.signatures);
        assert!(one.overlap > 0.6, "{}: {:.2}", one.id, one.overlap);
        for spread in [&one.real, &one.synthetic, &against.synthetic] {
            assert!((spread.histogram.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            assert!(spread.quartiles.is_sorted(), "{:?}", spread.quartiles);
        }
    }
    let overlap = |of: &[Compared], id: &str| of.iter().find(|one| one.id == id).unwrap().overlap;
    assert!(overlap(&other, "pieces") < overlap(&similarity, "pieces") - 0.4, "{:.2}", overlap(&other, "pieces"));
    let page = page::html(&other, "these and <those>", "inkproof statistics x").unwrap();
    assert_eq!(page.matches("<svg").count(), MEASURES.len());
    assert!(page.contains("&lt;those&gt;") && !page.contains("<those>"));
}
