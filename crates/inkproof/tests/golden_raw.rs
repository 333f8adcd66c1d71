//! `raw` preprocessing against TensorFlow's, on the pictures of `tests/golden/make_raw_refs.py`.

mod golden;

use std::fs;
use std::path::Path;

use inkproof::{GrayRule, Limits, decode, raw_resize};

/// A wrong corner rule or antialiasing would show in the mean.
const MEAN: f64 = 0.2 / 255.0;
/// One gray level, and half a step of the 16-bit reference.
const MAXIMUM: f64 = 1.0 / 255.0 + 0.5 / 65_535.0;

#[test]
fn raw_equals_tensorflow_on_every_picture() {
    let pictures = golden::pictures("raw");
    assert!(pictures.len() >= 20, "only {} pictures", pictures.len());
    for path in pictures {
        let ours = raw_resize(&decode_file(&path));
        let theirs = reference(&path.with_extension("ref.png"));
        let differences = || {
            let pairs = ours.iter().zip(&theirs);
            pairs.map(|(&a, &b)| (f64::from(a) - b).abs())
        };
        let mean = differences().sum::<f64>() / theirs.len() as f64;
        let maximum = differences().fold(0.0, f64::max);
        let name = path.display();
        println!("{name}: mean {:.4}/255, maximum {:.4}/255", mean * 255.0, maximum * 255.0);
        assert!(mean < MEAN, "{name}: mean {:.4}/255", mean * 255.0);
        assert!(maximum <= MAXIMUM, "{name}: maximum {:.4}/255", maximum * 255.0);
    }
}

fn decode_file(path: &Path) -> inkproof::Gray {
    let bytes = fs::read(path).unwrap();
    decode(&bytes, GrayRule::Tensorflow, &Limits::default()).unwrap_or_else(|e| panic!("{}", e.at(path)))
}

fn reference(path: &Path) -> Vec<f64> {
    let image = image::open(path).unwrap().into_luma16();
    assert_eq!(image.dimensions(), (224, 224), "{}", path.display());
    image.iter().map(|&v| f64::from(v) / 65_535.0).collect()
}
