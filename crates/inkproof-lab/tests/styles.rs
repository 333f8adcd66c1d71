//! Whether writers of every script style vary as much as those of the others, as the bundled model sees it: else a verifier
//! would learn that one script is written more steadily than another.

use inkproof::{Embedding, Model};
use inkproof_lab::synth::{Style, Writer};
use rayon::prelude::*;

/// The seed of no data set or model.
const SEED: u64 = 32;
const WRITERS: u64 = 60;

/// Mean scores with one reference: of genuine signatures and of forgeries.
fn means(model: &Model, style: Style) -> [f64; 2] {
    let of = |number| {
        let writer = Writer::in_style(SEED, number, style);
        let embed = |gray| model.embed(&model.preprocess().apply_gray(&gray).unwrap()).unwrap();
        let reference: Embedding = embed(writer.genuine(0));
        [writer.genuine(1), writer.forgery(0)]
            .map(|gray| model.score(std::slice::from_ref(&reference), &embed(gray)).unwrap().get())
    };
    let scores: Vec<[f64; 2]> = (0..WRITERS).into_par_iter().map(of).collect();
    [0, 1].map(|class| scores.iter().map(|both| both[class]).sum::<f64>() / scores.len() as f64)
}

#[test]
fn every_style_is_written_as_steadily() {
    let model = Model::bundled();
    let of_styles = Style::ALL.map(|style| (style, means(&model, style)));
    println!("{of_styles:.2?}");
    let (_, latin) = of_styles[0];
    for (style, [genuine, forged]) in of_styles {
        assert!((genuine - latin[0]).abs() < 0.15, "{style:?} {genuine:.2}, Latin {:.2}", latin[0]);
        assert!(forged < genuine - 0.15, "{style:?}: genuine {genuine:.2}, forged {forged:.2}");
    }
}
