//! What `ink` preprocessing promises: the same strokes give the same ink, whatever pen, paper and scanner.

use inkproof::{Error, Flaw, Gray, Ink, Limits, Preprocess, SIDE};
use proptest::prelude::*;

/// How a curve is put on paper.
#[derive(Clone, Copy, Debug)]
struct Scan {
    /// Pixels of the curve's unit.
    scale: f64,
    /// Where the curve begins, in pixels.
    left: f64,
    top: f64,
    /// Radius of the line in units.
    nib: f64,
    ink: f64,
    paper: f64,
    /// By how much the paper gets darker from left to right.
    shade: f64,
}

const PLAIN: Scan = Scan { scale: 100.0, left: 40.0, top: 40.0, nib: 0.018, ink: 30.0, paper: 245.0, shade: 0.0 };

/// A loop with a tail, 4 units wide and 1 high.
fn curve() -> Vec<(f64, f64)> {
    (0..400)
        .map(|i| {
            let t = f64::from(i) / 399.0;
            (4.0 * t + 0.25 * (14.0 * t).sin(), 0.5 + 0.45 * (17.0 * t).cos() * (1.0 - 0.5 * t))
        })
        .collect()
}

impl Scan {
    fn picture(&self) -> Gray {
        let width = (4.6 * self.scale + 2.0 * self.left) as usize;
        let height = (1.2 * self.scale + 2.0 * self.top) as usize;
        let mut coverage = vec![0.0_f64; width * height];
        for ends in curve().windows(2) {
            self.stamp(&mut coverage, width, ends[0], ends[1]);
        }
        let tone = |(i, &covered): (usize, &f64)| {
            let paper = self.paper - self.shade * (i % width) as f64 / width as f64;
            (paper + (self.ink - paper) * covered).round() as u8
        };
        let pixels = coverage.iter().enumerate().map(tone).collect();
        Gray::new(width, height, pixels).unwrap()
    }

    fn stamp(&self, coverage: &mut [f64], width: usize, from: (f64, f64), to: (f64, f64)) {
        let place = |(x, y): (f64, f64)| (self.left + (x + 0.3) * self.scale, self.top + (y + 0.1) * self.scale);
        let ((x0, y0), (x1, y1)) = (place(from), place(to));
        let radius = self.nib * self.scale;
        for step in 0..8 {
            let share = f64::from(step) / 8.0;
            let (x, y) = (x0 + share * (x1 - x0), y0 + share * (y1 - y0));
            let reach = |centre: f64| (centre - radius - 1.0) as usize..(centre + radius + 2.0) as usize;
            for (py, px) in reach(y).flat_map(|py| reach(x).map(move |px| (py, px))) {
                let distance = (px as f64 + 0.5 - x).hypot(py as f64 + 0.5 - y);
                let covered = (radius + 0.5 - distance).clamp(0.0, 1.0);
                let at = &mut coverage[py * width + px];
                *at = at.max(covered);
            }
        }
    }

    fn ink(&self) -> Ink {
        Preprocess::ink().apply_gray(&self.picture()).unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }
}

/// The share of inked pixels, of those inked in either, that are inked in both within one pixel.
fn agreement(a: &Ink, b: &Ink) -> f64 {
    let inked = |ink: &Ink, x: usize, y: usize| ink.pixels()[y * SIDE + x] > 127;
    let near = |ink: &Ink, x: usize, y: usize| {
        (y.saturating_sub(1)..=(y + 1).min(SIDE - 1))
            .any(|y| (x.saturating_sub(1)..=(x + 1).min(SIDE - 1)).any(|x| inked(ink, x, y)))
    };
    let (mut both, mut all) = (0, 0);
    for (y, x) in (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (y, x))) {
        for (one, other) in [(a, b), (b, a)] {
            if inked(one, x, y) {
                all += 1;
                both += usize::from(near(other, x, y));
            }
        }
    }
    f64::from(both as u32) / f64::from(all.max(1))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn tone_paper_light_size_and_nib_do_not_matter(
        scale in 60.0..240.0_f64, left in 10.0..150.0_f64, top in 10.0..150.0_f64, nib in 0.014..0.035_f64,
        ink in 0.0..130.0_f64, paper in 200.0..255.0_f64, shade in 0.0..40.0_f64,
    ) {
        let scan = Scan { scale, left, top, nib, ink, paper, shade };
        let agreed = agreement(&scan.ink(), &PLAIN.ink());
        prop_assert!(agreed > 0.97, "{scan:?}: {agreed:.3}");
    }

    #[test]
    fn whole_pixels_of_empty_border_change_nothing_at_all(more in 1..200_usize) {
        let moved = Scan { left: PLAIN.left + more as f64, ..PLAIN };
        prop_assert_eq!(moved.ink(), PLAIN.ink());
    }
}

#[test]
fn another_curve_is_another_ink() {
    let upside_down = {
        let picture = PLAIN.picture();
        let rows = (0..picture.height()).rev().flat_map(|y| picture.row(y).to_vec()).collect();
        Gray::new(picture.width(), picture.height(), rows).unwrap()
    };
    let other = Preprocess::ink().apply_gray(&upside_down).unwrap();
    assert!(agreement(&other, &PLAIN.ink()) < 0.7, "the measure can tell curves apart");
}

#[test]
fn specks_of_dust_are_removed() {
    let picture = PLAIN.picture();
    let (width, height) = (picture.width(), picture.height());
    let mut pixels = picture.into_pixels();
    for i in 0..60 {
        pixels[(i * 7919) % (width * height)] = 60;
    }
    let dusty = Preprocess::ink().apply_gray(&Gray::new(width, height, pixels).unwrap()).unwrap();
    assert!(agreement(&dusty, &PLAIN.ink()) > 0.98);
}

/// A picture that is drawn upon: `dark` says which pixels get how dark an ink.
fn drawn_upon(scan: &Scan, dark: impl Fn(usize, usize) -> Option<u8>) -> Gray {
    let picture = scan.picture();
    let (width, height) = (picture.width(), picture.height());
    let mut pixels = picture.into_pixels();
    for (i, pixel) in pixels.iter_mut().enumerate() {
        *pixel = dark(i % width, i / width).map_or(*pixel, |ink| ink.min(*pixel));
    }
    Gray::new(width, height, pixels).unwrap()
}

fn normalised(gray: &Gray) -> Ink {
    Preprocess::ink().apply_gray(gray).unwrap()
}

/// The height at `x` of a line three pixels thick, one in a hundred askew, that begins at `y`.
fn on_line(x: usize, y: usize, from: usize) -> bool {
    (0..3).contains(&(y as i32 - (from + x / 100) as i32))
}

#[test]
fn a_ruled_line_disappears_and_the_signature_stays() {
    for (name, from) in [("under it", 160), ("through it", 100), ("at the top", 1)] {
        for ink in [20, 120] {
            let ruled = drawn_upon(&PLAIN, |x, y| on_line(x, y, from).then_some(ink));
            let agreed = agreement(&normalised(&ruled), &PLAIN.ink());
            assert!(agreed > 0.97, "{name}, ink {ink}: {agreed:.3}");
        }
    }
}

#[test]
fn a_box_around_disappears_and_the_signature_stays() {
    let (width, height) = (PLAIN.picture().width(), PLAIN.picture().height());
    // The right side goes through the tail, the left one is cut by the image's edge.
    let sides =
        |x: usize, y: usize| x < 2 || on_line(y, x, width - 60) || on_line(x, y, 6) || on_line(x, y, height - 20);
    let boxed = drawn_upon(&PLAIN, |x, y| sides(x, y).then_some(40));
    let agreed = agreement(&normalised(&boxed), &PLAIN.ink());
    assert!(agreed > 0.97, "{agreed:.3}");
}

#[test]
fn a_stroke_drawn_by_hand_through_the_whole_image_is_no_ruled_line() {
    let bow = |x: usize| 172 + (8.0 * (x as f64 / 150.0).sin()) as usize;
    let underlined = normalised(&drawn_upon(&PLAIN, |x, y| (0..4).contains(&(y as i32 - bow(x) as i32)).then_some(40)));
    let longest = (0..SIDE).map(|x| (0..SIDE).rfind(|y| underlined.pixels()[y * SIDE + x] > 127));
    let lowest = longest.flatten().filter(|&y| y > SIDE / 2).count();
    assert!(lowest > 180, "the stroke is under {lowest} columns");
}

#[test]
fn specks_of_any_size_below_a_dot_and_scraps_at_the_edge_are_removed() {
    let specks = |x: usize, y: usize| x % 97 < 2 && y % 53 < 1;
    let scraps = |x: usize, y: usize| (x < 3 && y % 60 < 40) || (y < 2 && x % 90 < 70);
    let dirty = drawn_upon(&PLAIN, |x, y| (specks(x, y) || scraps(x, y)).then_some(60));
    let agreed = agreement(&normalised(&dirty), &PLAIN.ink());
    assert!(agreed > 0.98, "{agreed:.3}");
}

/// The share of pixels at an edge that most of their neighbours disagree with.
fn roughness(ink: &Ink) -> f64 {
    let inked = |x: usize, y: usize| ink.pixels()[y * SIDE + x] > 127;
    let (mut edge, mut rough) = (0, 0);
    for (y, x) in (1..SIDE - 1).flat_map(|y| (1..SIDE - 1).map(move |x| (y, x))) {
        let around = (y - 1..=y + 1).flat_map(|v| (x - 1..=x + 1).map(move |u| (u, v)));
        let count = around.filter(|&(u, v)| inked(u, v)).count();
        if (1..9).contains(&count) {
            edge += 1;
            rough += u32::from(inked(x, y) != (count >= 5));
        }
    }
    f64::from(rough) / f64::from(edge)
}

/// The picture with a grain, as of a worn pen on coarse paper: every pixel up to `grain` lighter or darker.
fn grained(scan: &Scan, grain: i32) -> Gray {
    let picture = scan.picture();
    let noise = |i: usize| ((i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as i32 % (2 * grain + 1) - grain;
    let pixels = picture.pixels().iter().enumerate().map(|(i, &p)| (i32::from(p) + noise(i)).clamp(0, 255) as u8);
    Gray::new(picture.width(), picture.height(), pixels.collect()).unwrap()
}

#[test]
fn edges_are_as_smooth_from_a_coarse_and_a_fine_and_a_noisy_scan() {
    let plain = roughness(&PLAIN.ink());
    for (name, gray) in [
        ("coarse", Scan { scale: 55.0, ..PLAIN }.picture()),
        ("fine", Scan { scale: 280.0, ..PLAIN }.picture()),
        ("grained", grained(&PLAIN, 40)),
        ("grained and coarse", grained(&Scan { scale: 70.0, ..PLAIN }, 30)),
        ("a broad pen", Scan { nib: 0.035, ..PLAIN }.picture()),
    ] {
        let rough = roughness(&normalised(&gray));
        assert!((rough - plain).abs() < 0.01, "{name}: {rough:.4}, plain {plain:.4}");
    }
}

#[test]
fn every_pen_leaves_the_same_amount_of_ink() {
    let amount = |ink: &Ink| ink.values().sum::<f32>();
    let plain = amount(&PLAIN.ink());
    for nib in [0.010, 0.014, 0.025, 0.035] {
        let other = amount(&Scan { nib, ..PLAIN }.ink());
        assert!((other / plain - 1.0).abs() < 0.04, "nib {nib}: {other:.0} and {plain:.0}");
    }
}

#[test]
fn a_bold_signature_cropped_tightly_is_not_taken_for_paper() {
    let bold = Scan { left: -20.0, top: 2.0, nib: 0.06, ..PLAIN };
    let agreed = agreement(&bold.ink(), &Scan { left: -20.0, top: 2.0, ..PLAIN }.ink());
    assert!(agreed > 0.9, "{agreed:.3}");
}

#[test]
fn odd_images_give_ink_or_a_refusal() {
    for (width, height) in [(1, 1), (1, 400), (400, 1), (2, 2), (7, 300), (33, 31), (640, 9)] {
        for step in [2, 3, 5, 17] {
            let pixels = (0..width * height).map(|i| if i % step == 0 { 20 } else { 240 }).collect();
            let found = Preprocess::ink().apply_gray(&Gray::new(width, height, pixels).unwrap());
            assert!(matches!(found, Ok(_) | Err(Error::NoInk)), "{width} x {height}, {step}");
        }
    }
}

#[test]
fn paper_without_ink_is_refused() {
    let noise = |i: usize, span: usize| ((i * 7919 + i / 13 * 104_729) % span) as u8;
    for (name, pixels) in [
        ("white", vec![255; 300 * 200]),
        ("black", vec![0; 300 * 200]),
        ("paper that gets darker", (0..300 * 200).map(|i| 250 - (i % 300 / 10) as u8).collect()),
        ("paper with a grain", (0..300 * 200).map(|i| 240 + noise(i, 6)).collect()),
    ] {
        let found = Preprocess::ink().apply_gray(&Gray::new(300, 200, pixels).unwrap());
        assert!(matches!(found, Err(Error::NoInk)), "{name}");
    }
}

/// The picture with all of its pixels changed, given their column and row.
fn changed(gray: &Gray, change: impl Fn(usize, usize, u8) -> u8) -> Gray {
    let width = gray.width();
    let pixels = gray.pixels().iter().enumerate().map(|(i, &pixel)| change(i % width, i / width, pixel)).collect();
    Gray::new(width, gray.height(), pixels).unwrap()
}

fn agrees(name: &str, gray: &Gray) {
    let agreed = agreement(&normalised(gray), &PLAIN.ink());
    assert!(agreed > 0.95, "{name}: {agreed:.3}");
}

#[test]
fn lines_of_a_form_of_any_length_and_dots_disappear() {
    let (left, right) = (120, 440);
    for (name, y) in [("under it", 178), ("through it", 110)] {
        let line = drawn_upon(&PLAIN, |x, row| ((left..right).contains(&x) && on_line(x, row, y)).then_some(40));
        agrees(name, &line);
    }
    let dots = drawn_upon(&PLAIN, |x, y| ((60..500).contains(&x) && x % 9 < 3 && on_line(x, y, 178)).then_some(40));
    agrees("dots", &dots);
}

#[test]
fn squared_paper_and_boxes_disappear() {
    let squares = drawn_upon(&PLAIN, |x, y| (((x + y / 40) % 30 < 2) || ((y + x / 40) % 30 < 2)).then_some(150));
    agrees("squares", &squares);
    let (width, height) = (PLAIN.picture().width(), PLAIN.picture().height());
    let wave = |at: usize| (3.0 * (at as f64 / 35.0).sin()) as i32;
    let drawn = drawn_upon(&PLAIN, |x, y| {
        let near = |at: usize, to: i32| (0..4).contains(&(at as i32 - to));
        let inside = (12..width - 12).contains(&x) && (12..height - 12).contains(&y);
        let level = near(y, 14 + wave(x)) || near(y, height as i32 - 20 + wave(x));
        let plumb = near(x, 14 + wave(y)) || near(x, width as i32 - 20 + wave(y));
        (inside && (level || plumb)).then_some(40)
    });
    agrees("a box drawn by hand", &drawn);
}

#[test]
fn a_hard_shadow_a_desk_and_the_black_edge_of_a_scan_are_no_ink() {
    let picture = PLAIN.picture();
    let (width, height) = (picture.width(), picture.height());
    let dim = |pixel: u8, light: usize| (usize::from(pixel) * light / 100) as u8;
    agrees("shadow", &changed(&picture, |x, y, pixel| dim(pixel, if x + y < width / 2 { 55 } else { 100 })));
    let lamp = |x: usize, y: usize| {
        let [u, v] = [(x, width), (y, height)].map(|(at, size)| 2.0 * at as f64 / size as f64 - 1.0);
        (100.0 - 45.0 * (u * u + v * v)) as usize
    };
    agrees("lamp", &changed(&picture, |x, y, pixel| dim(pixel, lamp(x, y))));
    agrees("black edge", &changed(&picture, |x, _, pixel| if x < 30 { 4 } else { pixel }));
    let around = 60;
    let desk = |i: usize| {
        let (x, y) = (i % (width + 2 * around), i / (width + 2 * around));
        let inside = (around..width + around).contains(&x) && (around..height + around).contains(&y);
        if inside { picture.row(y - around)[x - around] } else { 70 }
    };
    let (wide, high) = (width + 2 * around, height + 2 * around);
    agrees("desk", &Gray::new(wide, high, (0..wide * high).map(desk).collect()).unwrap());
}

#[test]
fn a_note_on_a_page_bars_and_the_dots_of_a_print_are_no_strokes() {
    let pencil = Scan { ink: 205.0, paper: 232.0, ..PLAIN };
    let picture = pencil.picture();
    let (width, height) = (picture.width(), picture.height());
    // Little ink on a note that is darker than the page by about as much.
    let around = 40;
    let (wide, high) = (width + 2 * around, height + 2 * around);
    let page = |i: usize| {
        let (x, y) = (i % wide, i / wide);
        let inside = (around..width + around).contains(&x) && (around..height + around).contains(&y);
        if inside { picture.row(y - around)[x - around] } else { 252 }
    };
    agrees("a note on a page", &Gray::new(wide, high, (0..wide * high).map(page).collect()).unwrap());
    let bar = drawn_upon(&PLAIN, |x, y| ((width - 160..width - 20).contains(&x) && (8..34).contains(&y)).then_some(0));
    agrees("a bar", &bar);
    let dots = drawn_upon(&PLAIN, |x, y| (x % 5 < 2 && y % 5 < 2).then_some(30));
    assert_eq!(flaws(&dots), [Flaw::SomethingElse]);
}

#[test]
fn a_large_texture_is_no_ink() {
    let side = 1100;
    let checkered = (0..side * side).map(|i| if (i % side + i / side) % 2 == 0 { 20 } else { 230 }).collect();
    let found = Preprocess::ink().apply_gray(&Gray::new(side, side, checkered).unwrap());
    assert!(matches!(found, Err(Error::NoInk)), "{found:?}");
}

#[test]
fn a_pencil_in_the_grain_of_a_camera_is_read() {
    let pencil = Scan { ink: 182.0, paper: 200.0, ..PLAIN };
    let mut state = 1_u64;
    let noise: Vec<f64> = (0..pencil.picture().pixels().len())
        .map(|_| {
            let mut random = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f64 / f64::from(1 << 24)
            };
            (0..12).map(|_| random()).sum::<f64>() - 6.0
        })
        .collect();
    let width = pencil.picture().width();
    let grainy = changed(&pencil.picture(), |x, y, pixel| (f64::from(pixel) + 4.0 * noise[y * width + x]) as u8);
    let agreed = agreement(&normalised(&grainy), &PLAIN.ink());
    assert!(agreed > 0.9, "{agreed:.3}");
}

/// The flaws of a picture that is stored as a PNG.
fn flaws(gray: &Gray) -> Vec<Flaw> {
    let image = image::GrayImage::from_raw(gray.width() as u32, gray.height() as u32, gray.pixels().to_vec()).unwrap();
    let mut png = std::io::Cursor::new(Vec::new());
    image.write_to(&mut png, image::ImageFormat::Png).unwrap();
    Preprocess::ink().apply(&png.into_inner(), &Limits::default()).unwrap().flaws
}

fn cropped(gray: &Gray, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) -> Gray {
    let pixels = rows.clone().flat_map(|y| gray.row(y)[columns.clone()].to_vec()).collect();
    Gray::new(columns.len(), rows.len(), pixels).unwrap()
}

#[test]
fn half_a_signature_is_cut_and_a_trimmed_one_is_whole() {
    let picture = PLAIN.picture();
    let inked = |x: usize, y: usize| picture.row(y)[x] < 128;
    let columns: Vec<usize> = (0..picture.width()).filter(|&x| (0..picture.height()).any(|y| inked(x, y))).collect();
    let rows: Vec<usize> = (0..picture.height()).filter(|&y| (0..picture.width()).any(|x| inked(x, y))).collect();
    let trimmed = cropped(&picture, columns[0]..columns[columns.len() - 1] + 1, rows[0]..rows[rows.len() - 1] + 1);
    assert_eq!(flaws(&trimmed), []);
    let upper = cropped(&picture, 0..picture.width(), 0..100);
    assert!(flaws(&upper).contains(&Flaw::CutAtEdge));
}
