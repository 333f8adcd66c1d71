//! Pixels in memory give what the file that holds the same pixels gives.

use inkproof::explain::Picture;
use inkproof::model::{FORMAT, ModelInfo, ThresholdInfo};
use inkproof::network::Weights;
use inkproof::{Architecture, Backbone, Error, Limits, Model, PixelSamples, Pixels, Preprocess, Signature, Verifier};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/signatures/");

fn gray(name: &str) -> image::GrayImage {
    image::open(format!("{FOLDER}{name}")).unwrap().into_luma8()
}

fn embed(verifier: &Verifier, image: &image::GrayImage) -> Signature {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let samples = PixelSamples::U8(image.as_raw());
    verifier.embed_pixels(&Pixels { width, height, channels: 1, samples }).unwrap()
}

/// The notebook's network before it has learned anything.
fn untrained() -> Verifier {
    let info = ModelInfo {
        format: FORMAT,
        backbone: Architecture::Siamese(Backbone::SimpleCnn),
        preprocess: Preprocess::Raw,
        threshold: ThresholdInfo::notebook(),
        trained_on: Default::default(),
        calibrated_on: None,
        calibration: None,
        pressure: None,
        seed: 0,
        epochs: 0,
        program: String::new(),
    };
    Verifier::new(Model::new("untrained", info, Weights::initialise(Backbone::SimpleCnn, 0)))
}

#[test]
fn pixels_give_what_their_file_gives_in_both_preprocessings() {
    for verifier in [Verifier::bundled(), untrained()] {
        for name in ["001/001_01.png", "004_forg/0002004_02.png"] {
            let file = verifier.embed_file(format!("{FOLDER}{name}")).unwrap();
            let pixels = embed(&verifier, &gray(name));
            assert_eq!((pixels.ink, pixels.embedding), (file.ink, file.embedding), "{name}");
            assert_eq!((pixels.digest, pixels.flaws, pixels.page), (file.digest, file.flaws, file.page), "{name}");
        }
    }
}

#[test]
fn depth_colour_and_alpha_make_no_difference_to_black_ink() {
    let verifier = Verifier::bundled();
    let image = gray("002/002_01.png");
    let expected = embed(&verifier, &image).ink;
    let (width, height) = (image.width() as usize, image.height() as usize);
    let wide: Vec<u16> = image.iter().map(|&gray| u16::from(gray) * 257).collect();
    let repeated = |times: usize| -> Vec<u8> { image.iter().flat_map(|&gray| vec![gray; times]).collect() };
    let mut opaque = repeated(4);
    opaque.chunks_exact_mut(4).for_each(|pixel| pixel[3] = 255);
    for (channels, samples) in
        [(1, PixelSamples::U16(&wide)), (3, PixelSamples::U8(&repeated(3))), (4, PixelSamples::U8(&opaque))]
    {
        let signature = verifier.embed_pixels(&Pixels { width, height, channels, samples }).unwrap();
        assert_eq!(signature.ink, expected, "{channels} channel(s)");
    }
}

#[test]
fn what_is_no_picture_is_refused_before_anything_is_copied() {
    let verifier = Verifier::bundled();
    let embed = |width, height, channels, samples: &[u8]| {
        let pixels = Pixels { width, height, channels, samples: PixelSamples::U8(samples) };
        verifier.embed_pixels(&pixels).unwrap_err()
    };
    for (width, height, channels, count) in [(2, 2, 1, 3), (0, 4, 1, 0), (4, 0, 3, 0), (2, 2, 5, 20), (2, 2, 0, 0)] {
        let error = embed(width, height, channels, &vec![0; count]);
        assert!(matches!(error, Error::Pixels { .. }), "{error}");
    }
    assert!(
        matches!(embed(60_000, 60_000, 1, &[]), Error::TooManyPixels { limit, .. } if limit == Limits::default().pixels)
    );
    assert!(matches!(embed(usize::MAX, 2, usize::MAX, &[]), Error::TooLong { .. }));
    assert!(matches!(embed(100, 100, 1, &[255; 10_000]), Error::NoInk));
}

#[test]
fn a_verdict_has_a_picture_whatever_the_model() {
    let names = ["001/001_01.png", "001/001_02.png", "001/001_03.png"];
    for verifier in [Verifier::bundled(), untrained()] {
        let [first, second, questioned] = names.map(|name| embed(&verifier, &gray(name)));
        let references = [first, second];
        let verdict = verifier.verify(&references, &questioned).unwrap();
        let picture = |references: &[Signature]| verdict.picture(verifier.model(), references, &questioned);
        let Picture { width, height, pixels } = picture(&references).unwrap();
        assert!(width > height && pixels.len() == width * height);
        assert!(matches!(picture(&[]), Err(Error::NoReference)));
    }
}
