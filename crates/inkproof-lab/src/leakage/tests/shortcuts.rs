//! Cues that are planted: tone, paper, file, size, and what a normalisation leaves of pen and scan.

use image::imageops::FilterType;

use super::*;

#[test]
fn the_tone_of_the_ink_as_stored_but_not_after_ink() {
    // Every sheet has a tone of its own, so both classes are brought to one first.
    let mut sheets = sheets();
    for sheet in &mut sheets {
        let darkest = *sheet.gray.pixels().iter().min().unwrap();
        let wanted = if sheet.kind == Kind::Forgery { 90 } else { 40 } + 2 * (sheet.number as u8);
        sheet.gray = mapped(&sheet.gray, |p| {
            let share = f64::from(255 - p) / f64::from(255 - darkest);
            (255.0 - share * f64::from(255 - wanted)) as u8
        });
    }
    let leakage = examined(&sheets);
    let (stored, ink) = leaks(&leakage);
    assert!(stored.contains(&"ink_tone_mean") && stored.contains(&TOGETHER), "{stored:?}");
    assert_eq!(ink, [""; 0]);
    assert!(leakage.leaks_as_stored() && !leakage.leaks_with_ink());
    let verdict = leakage.verdict();
    assert!(verdict.contains("measure the scanner unless tone"), "{verdict}");
    assert!(verdict.contains("After ink normalisation no probe"), "{verdict}");
}

#[test]
fn the_level_and_the_noise_of_the_paper() {
    let mut sheets = sheets();
    for sheet in &mut sheets {
        let lightest = *sheet.gray.pixels().iter().max().unwrap();
        let wanted = if sheet.kind == Kind::Forgery { 225 } else { 245 } + sheet.number as u8;
        sheet.gray = mapped(&sheet.gray, |p| (u32::from(p) * u32::from(wanted) / u32::from(lightest)) as u8);
    }
    let leakage = examined(&sheets);
    let (stored, ink) = leaks(&leakage);
    assert!(stored.contains(&"paper_level") && ink.is_empty(), "{stored:?}; {ink:?}");
    let noisy = forgeries_changed(|sheet| {
        let noise = |at: usize| ((at as u32).wrapping_mul(2_654_435_761) >> 29) as u8;
        let pixels = sheet.gray.pixels().iter().enumerate().map(|(at, p)| p.saturating_sub(noise(at)));
        sheet.gray = Gray::new(sheet.gray.width(), sheet.gray.height(), pixels.collect()).unwrap();
    });
    assert!(leaks(&noisy).0.contains(&"paper_noise"), "{:?}", leaks(&noisy));
}

#[test]
fn the_kind_of_file() {
    for (what, id) in
        [("pnm", "file_format"), ("rgb", "colour_type"), ("dpi", "resolution"), ("gamma", "colour_profile")]
    {
        let leakage = forgeries_changed(|sheet| {
            let picture = picture(&sheet.gray);
            sheet.bytes = Some(match what {
                "pnm" => saved(&picture, ImageFormat::Pnm),
                _ => marked(&sheet.gray, what),
            });
        });
        let (stored, ink) = leaks(&leakage);
        assert!(stored.contains(&id), "{what}: {stored:?}");
        assert!(ink.is_empty(), "{what}: {ink:?}");
    }
    let mut sheets = sheets();
    for sheet in &mut sheets {
        let quality = if sheet.kind == Kind::Genuine { 90 } else { 80 };
        let mut bytes = Vec::new();
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality);
        picture(&sheet.gray).write_with_encoder(encoder).unwrap();
        sheet.bytes = Some(bytes);
    }
    assert!(leaks(&examined(&sheets)).0.contains(&"jpeg_tables"));
}

/// A PNG that states something of its own.
fn marked(gray: &Gray, what: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, gray.width() as u32, gray.height() as u32);
    let mut pixels = gray.pixels().to_vec();
    match what {
        "rgb" => {
            encoder.set_color(png::ColorType::Rgb);
            pixels = pixels.into_iter().flat_map(|p| [p; 3]).collect();
        }
        "dpi" => {
            encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: 11811, yppu: 11811, unit: png::Unit::Meter }))
        }
        _ => encoder.set_source_gamma(png::ScaledFloat::new(0.45455)),
    }
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&pixels).unwrap();
    drop(writer);
    bytes
}

#[test]
fn the_size_of_the_picture_and_of_the_scan() {
    let leakage = forgeries_changed(|sheet| {
        let picture = picture(&sheet.gray);
        let larger = picture.resize_exact(picture.width() * 5 / 4, picture.height() * 5 / 4, FilterType::Triangle);
        sheet.bytes = Some(saved(&larger, ImageFormat::Png));
    });
    let (stored, _) = leaks(&leakage);
    for id in ["image_width", "image_height", "box_width", TOGETHER] {
        assert!(stored.contains(&id), "{id} in {stored:?}");
    }
}

/// The cues that leak when the forgeries' ink is left with `trace`, and nothing else differs.
fn leaks_of(genuine: &InkParameters, forged: &InkParameters, trace: impl Fn(&mut [u8]) + Sync) -> Vec<String> {
    let folder = written(&sheets());
    let set = DataSet::open(folder.path(), None, OnBad::Stop).unwrap();
    let values = |image: &crate::dataset::Image| {
        let is_forged = image.kind == Kind::Forgery;
        let parameters = if is_forged { forged } else { genuine };
        let gray = inkproof::decode(&fs::read(&image.path).unwrap(), GrayRule::OnWhite, &Limits::default()).unwrap();
        let mut pixels = Preprocess::Ink(parameters.clone()).apply_gray(&gray).unwrap().pixels().to_vec();
        if is_forged {
            trace(&mut pixels);
        }
        raster::measure(&Ink::new(pixels).unwrap())
    };
    let values: Vec<_> = set.images.par_iter().map(values).collect();
    let pairs = Pairs::from_set(&set);
    let resampling = probe::Resampling::new(pairs.writers, 0);
    let mut bench = Bench { pairs: &pairs, resampling, seed: 0, done: 0, progress: &mut Silent };
    let (probes, _) = bench.table(&raster::CUES, &values, Vec::new()).unwrap();
    probes.into_iter().filter(|probe| probe.leak).map(|probe| probe.id).collect()
}

#[test]
fn what_a_normalisation_leaves_of_pen_and_scan_is_found() {
    let usual = InkParameters::default();
    let nothing = |_: &mut [u8]| {};
    assert_eq!(leaks_of(&usual, &usual, nothing), [""; 0]);
    // A pen that is a tenth wider.
    let wider = InkParameters { stroke_width: 1.1 * usual.stroke_width, ..usual.clone() };
    let found = leaks_of(&usual, &wider, nothing);
    assert!(found.contains(&"stroke_width".to_owned()) && found.contains(&TOGETHER.to_owned()), "{found:?}");
    type Trace<'a> = &'a (dyn Fn(&mut [u8]) + Sync);
    let traces: [(&str, Trace); 6] = [
        ("ink_tone_mean", &|pixels| pixels.iter_mut().for_each(|p| *p = (u32::from(*p) * 9 / 10) as u8)),
        ("paper_level", &|pixels| pixels.iter_mut().for_each(|p| *p = (*p).max(1))),
        ("edge_softness", &blurred),
        ("straight_lines", &|pixels| pixels[150 * SIDE + 60..150 * SIDE + 160].fill(255)),
        ("border_ink", &|pixels| pixels[4 * SIDE + 8..4 * SIDE + 108].fill(255)),
        ("specks", &|pixels| (0..9).for_each(|n| pixels[2 * SIDE + 20 * n + 10] = 255)),
    ];
    for (id, trace) in traces {
        let found = leaks_of(&usual, &usual, trace);
        assert!(found.contains(&id.to_owned()) && found.contains(&TOGETHER.to_owned()), "{id}: {found:?}");
    }
}

/// Each pixel the mean of itself and its four neighbours.
fn blurred(pixels: &mut [u8]) {
    let sharp = pixels.to_vec();
    for at in SIDE..pixels.len() - SIDE {
        let around = [at, at - 1, at + 1, at - SIDE, at + SIDE].map(|near| u32::from(sharp[near]));
        pixels[at] = (around.iter().sum::<u32>() / 5) as u8;
    }
}
