//! What scanners, fax machines and copiers do to a page, and what is left of each box afterwards.
//!
//! A copier is a blur, a noise and a threshold, once for each copy of a copy: what is thin or pale breaks, what is near
//! together runs into one. Nothing moves, so that ink is found again where it was drawn.

use inkproof::Gray;
use rand::{Rng, RngExt};

use super::PageBox;
use super::canvas::{Area, Canvas, Item};
use super::grain::Grain;
use crate::synth::draw::{between, chance, normal, pick};

/// How a page comes to be a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wear {
    /// A good scan in black and white.
    Bilevel,
    /// A scan of a copy of a copy, in black and white.
    Copied,
    /// As fax machines send it.
    Fax,
    /// A scan in gray.
    Gray,
    /// A scan in gray, compressed as a photograph.
    Jpeg,
}

impl Wear {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Bilevel, Self::Copied, Self::Fax, Self::Gray, Self::Jpeg];

    /// Pixels to an inch.
    pub(super) fn dpi(self, rng: &mut impl Rng) -> f64 {
        match self {
            Self::Fax => *pick(rng, &[196.0, 200.0, 204.0]),
            Self::Gray | Self::Jpeg => *pick(rng, &[100.0, 150.0, 150.0, 200.0, 200.0, 300.0]),
            Self::Bilevel | Self::Copied => *pick(rng, &[150.0, 150.0, 200.0, 200.0, 300.0, 300.0]),
        }
    }

    /// How light paper is before anything happens to it.
    pub(super) fn paper(self, rng: &mut impl Rng) -> u8 {
        match self {
            Self::Gray | Self::Jpeg => between(rng, 205.0, 255.0) as u8,
            _ => between(rng, 235.0, 255.0) as u8,
        }
    }
}

/// The page after all that, and the boxes of what is left of its items.
pub(super) fn worn(canvas: Canvas, wear: Wear, rng: &mut impl Rng) -> (Gray, Vec<PageBox>) {
    let mut sheet = Sheet { width: canvas.width, height: canvas.height, scale: canvas.scale, light: canvas.light };
    sheet.smudge(rng);
    match wear {
        Wear::Bilevel => {
            sheet.scanner_edges(rng);
            sheet.copy(0.6, 0.07, rng);
            sheet.specks(0.5, rng);
        }
        Wear::Copied => {
            for copy in 0..rng.random_range(1..4) {
                sheet.copy(between(rng, 0.6, 1.3), between(rng, 0.08, 0.2), rng);
                sheet.specks(if copy == 0 { 1.0 } else { 2.0 }, rng);
                if chance(rng, 0.5) {
                    sheet.holes(rng);
                }
            }
            sheet.scanner_edges(rng);
            if chance(rng, 0.25) {
                sheet.dirt(rng);
            }
        }
        Wear::Fax => {
            if chance(rng, 0.3) {
                sheet.halve_rows();
            }
            sheet.copy(between(rng, 0.5, 0.9), 0.1, rng);
            sheet.specks(0.7, rng);
            sheet.lost_lines(rng);
        }
        Wear::Gray | Wear::Jpeg => {
            if chance(rng, 0.3) {
                sheet.whiten(rng);
                sheet.copy(between(rng, 0.5, 1.0), 0.1, rng);
            }
            sheet.scanner_edges(rng);
            sheet.scan_in_gray(rng);
        }
    }
    if wear == Wear::Jpeg {
        sheet.compress(rng.random_range(25..85));
    }
    let boxes = canvas.items.iter().filter_map(|item| sheet.left_of(item)).collect();
    let gray = Gray::new(sheet.width, sheet.height, sheet.light).expect("a page of modest size");
    (gray, boxes)
}

struct Sheet {
    width: usize,
    height: usize,
    /// Pixels of a millimetre.
    scale: f64,
    light: Vec<u8>,
}

impl Sheet {
    /// As light as a copier sees paper that a gray scan shows as gray.
    fn whiten(&mut self, rng: &mut impl Rng) {
        let paper = self.light.iter().copied().max().unwrap_or(255).max(1);
        let factor = between(rng, 240.0, 255.0) / f64::from(paper);
        let tones: [u8; 256] = std::array::from_fn(|light| (light as f64 * factor).min(255.0) as u8);
        self.light.iter_mut().for_each(|light| *light = tones[usize::from(*light)]);
    }

    /// One generation: blurred by so many tenths of a millimetre, made uneven, cut at a threshold.
    fn copy(&mut self, blur: f64, rough: f64, rng: &mut impl Rng) {
        // The lens' spot is some 0.05 to 0.1 mm.
        let radius = 0.1 * blur * self.scale;
        self.blur(radius.max(0.35));
        // A threshold above the middle thickens, one below thins.
        let threshold = (150.0 + 22.0 * normal(rng)).clamp(105.0, 205.0);
        // Most machines leave clean paper clean.
        let is_clean = chance(rng, 0.88);
        let white = if is_clean { 222 } else { 250 };
        let fine = Grain::draw(0.1 * self.scale, rng);
        let coarse = Grain::draw(4.0 * self.scale, rng);
        let fine_level = 255.0 * rough;
        // Print that is darker here and paler there, where that leaves no clouds on the paper.
        let coarse_level = if is_clean && chance(rng, 0.4) { between(rng, 5.0, 35.0) } else { 3.0 };
        for (y, row) in self.light.chunks_exact_mut(self.width).enumerate() {
            for (x, light) in row.iter_mut().enumerate() {
                if *light > white {
                    *light = 255;
                    continue;
                }
                let noise = fine_level as f32 * fine.at(x, y) + coarse_level as f32 * coarse.at(x, y);
                *light = if f64::from(*light) + f64::from(noise) < threshold { 0 } else { 255 };
            }
        }
    }

    /// Three means in a row, which are nearly a bell.
    fn blur(&mut self, sigma: f64) {
        // A kernel of three with the deviation that is wanted, as often as it takes.
        let rounds = (2.0 * sigma * sigma).ceil().max(1.0);
        let side = (0.5 * sigma * sigma / rounds).min(0.25);
        let (side, middle) = ((side * 65_536.0) as u32, ((1.0 - 2.0 * side) * 65_536.0) as u32);
        let mix =
            |a: u8, b: u8, c: u8| ((side * (u32::from(a) + u32::from(c)) + middle * u32::from(b) + 32_768) >> 16) as u8;
        let (width, height) = (self.width, self.height);
        for _ in 0..rounds as usize {
            let mut mixed = self.light.clone();
            for (row, old) in mixed.chunks_exact_mut(width).zip(self.light.chunks_exact(width)) {
                for x in 1..width.saturating_sub(1) {
                    row[x] = mix(old[x - 1], old[x], old[x + 1]);
                }
            }
            for y in 1..height.saturating_sub(1) {
                let (above, here, below) =
                    (&mixed[(y - 1) * width..y * width], &mixed[y * width..], &mixed[(y + 1) * width..]);
                let row = &mut self.light[y * width..(y + 1) * width];
                for x in 0..width {
                    row[x] = mix(above[x], here[x], below[x]);
                }
            }
        }
    }

    /// Every other row is a copy of the one above, as fax machines send coarse pages.
    fn halve_rows(&mut self) {
        for y in (1..self.height).step_by(2) {
            self.light.copy_within((y - 1) * self.width..y * self.width, y * self.width);
        }
    }

    /// Rows that the line lost.
    fn lost_lines(&mut self, rng: &mut impl Rng) {
        if !chance(rng, 0.2) || self.height < 10 {
            return;
        }
        for _ in 0..rng.random_range(1..5) {
            let y = rng.random_range(1..self.height - 1);
            let from = rng.random_range(0..self.width);
            let dark = chance(rng, 0.3);
            let row = &mut self.light[y * self.width + from..(y + 1) * self.width];
            row.fill(if dark { 0 } else { 255 });
        }
    }

    /// Black and white spots, of a few pixels each.
    fn specks(&mut self, much: f64, rng: &mut impl Rng) {
        let area = self.width as f64 * self.height as f64 / (self.scale * self.scale);
        let heavy = if chance(rng, 0.15) { between(rng, 3.0, 30.0) } else { between(rng, 0.0, 1.5) };
        let count = (much * heavy * area / 1000.0) as usize;
        for _ in 0..count {
            let (x, y) = (rng.random_range(0..self.width), rng.random_range(0..self.height));
            let radius = 0.5 + (between(rng, 0.0, 1.0) * between(rng, 0.0, 0.18) * self.scale).min(5.0);
            let light = if chance(rng, 0.8) { 0 } else { 255 };
            self.spot(x as f64, y as f64, radius, light);
        }
    }

    /// Where the glass or the drum is dirty: many specks in a band or a region.
    fn dirt(&mut self, rng: &mut impl Rng) {
        let grain = Grain::draw(30.0 * self.scale / 8.0, rng);
        let level = between(rng, 0.8, 2.2) as f32;
        let share = between(rng, 0.02, 0.15);
        for _ in 0..(share * 0.1 * self.light.len() as f64) as usize {
            let (x, y) = (rng.random_range(0..self.width), rng.random_range(0..self.height));
            if grain.at(x, y) > level {
                self.spot(x as f64, y as f64, between(rng, 0.4, 1.2), 0);
            }
        }
    }

    fn spot(&mut self, x: f64, y: f64, radius: f64, light: u8) {
        let range = |at: f64, side: usize| {
            ((at - radius).ceil().max(0.0) as usize)..((at + radius).floor().max(0.0) as usize + 1).min(side)
        };
        for row in range(y, self.height) {
            for column in range(x, self.width) {
                let (dx, dy) = (column as f64 - x, row as f64 - y);
                if dx * dx + dy * dy <= radius * radius {
                    self.light[row * self.width + column] = light;
                }
            }
        }
    }

    /// What lies beyond the paper, black as the lid is or the copier leaves it: bands, wedges, corners.
    fn scanner_edges(&mut self, rng: &mut impl Rng) {
        let grain = Grain::draw(1.5 * self.scale, rng);
        for side in 0..4 {
            if !chance(rng, 0.16) {
                continue;
            }
            let most = if chance(rng, 0.2) { 9.0 } else { 3.5 };
            let near = between(rng, 0.0, most) * self.scale;
            let far = (near + between(rng, -3.0, 3.0) * self.scale).max(0.0);
            let light = if chance(rng, 0.9) { 0 } else { 90 };
            let ragged = between(rng, 0.0, 0.35) * self.scale;
            let (length, breadth) = if side < 2 { (self.height, self.width) } else { (self.width, self.height) };
            for along in 0..length {
                let part = along as f64 / length as f64;
                let depth = near + part * (far - near) + ragged * f64::from(grain.at(along, 40 * side));
                let depth = (depth.max(0.0) as usize).min(breadth / 4);
                for across in 0..depth {
                    let across = if side % 2 == 0 { across } else { breadth - 1 - across };
                    let (x, y) = if side < 2 { (across, along) } else { (along, across) };
                    self.light[y * self.width + x] = light;
                }
            }
        }
        if chance(rng, 0.12) {
            self.dog_ear(rng);
        }
        if chance(rng, 0.25) {
            self.holes(rng);
        }
        if chance(rng, 0.15) {
            self.staple(rng);
        }
    }

    /// A corner that was folded over.
    fn dog_ear(&mut self, rng: &mut impl Rng) {
        let size = (between(rng, 4.0, 18.0) * self.scale).min(0.2 * self.width.min(self.height) as f64);
        let slope = between(rng, 0.6, 1.6);
        let (right, low) = (chance(rng, 0.5), chance(rng, 0.3));
        for row in 0..size as usize {
            for column in 0..((size - row as f64) * slope).max(0.0) as usize {
                let x = if right { self.width.saturating_sub(1 + column) } else { column.min(self.width - 1) };
                let y = if low { self.height - 1 - row } else { row };
                self.light[y * self.width + x] = 0;
            }
        }
    }

    /// Two or three holes of a punch, black or as rings.
    fn holes(&mut self, rng: &mut impl Rng) {
        let radius = between(rng, 2.2, 3.6) * self.scale;
        let count = rng.random_range(2..4);
        let at_top = chance(rng, 0.35);
        let inset = between(rng, 4.0, 12.0) * self.scale;
        let pitch = between(rng, 70.0, 108.0) * self.scale;
        let filled = chance(rng, 0.6);
        for hole in 0..count {
            let along = 0.5 * if at_top { self.width as f64 } else { self.height as f64 };
            let along = along + pitch * (f64::from(hole) - 0.5 * f64::from(count - 1));
            let (x, y) = if at_top { (along, inset) } else { (inset, along) };
            if x < 0.0 || y < 0.0 {
                continue;
            }
            self.spot(x, y, radius, if filled { 0 } else { 30 });
            if !filled {
                self.spot(x + 0.15 * radius, y - 0.1 * radius, 0.85 * radius, 250);
            }
        }
    }

    /// A staple, or its two holes, in an upper corner.
    fn staple(&mut self, rng: &mut impl Rng) {
        let (x, y) = (between(rng, 5.0, 18.0) * self.scale, between(rng, 4.0, 15.0) * self.scale);
        let (length, angle) = (between(rng, 8.0, 12.0) * self.scale, between(rng, -0.8, 0.8));
        let whole = chance(rng, 0.5);
        let steps = length as usize;
        for step in 0..=steps {
            if whole || step == 0 || step == steps {
                let along = step as f64;
                let radius = if whole { 0.25 } else { 0.6 } * self.scale;
                self.spot(x + along * libm::cos(angle), (y + along * libm::sin(angle)).max(0.0), radius, 20);
            }
        }
    }

    /// A finger's or a copier's smear: darker spots and streaks without an edge.
    fn smudge(&mut self, rng: &mut impl Rng) {
        if !chance(rng, 0.07) {
            return;
        }
        for _ in 0..rng.random_range(1..4) {
            let (wide, tall) = (between(rng, 3.0, 30.0) * self.scale, between(rng, 2.0, 9.0) * self.scale);
            let (x, y) = (between(rng, 0.0, 1.0) * self.width as f64, between(rng, 0.0, 1.0) * self.height as f64);
            let (level, grain) = (between(rng, 0.1, 0.5) as f32, Grain::draw(between(rng, 0.6, 6.0), rng));
            let range =
                |at: f64, reach: f64, side: usize| (at - reach).max(0.0) as usize..((at + reach) as usize).min(side);
            for row in range(y, tall, self.height) {
                for column in range(x, wide, self.width) {
                    let (dx, dy) = ((column as f64 - x) / wide, (row as f64 - y) / tall);
                    let inside = (1.0 - dx * dx - dy * dy).max(0.0) as f32;
                    let dark = (level * inside * (0.8 + 0.5 * grain.at(column, row))).clamp(0.0, 0.9);
                    let light = &mut self.light[row * self.width + column];
                    *light = (f32::from(*light) * (1.0 - dark)) as u8;
                }
            }
        }
    }

    /// Blur, light from one side, noise, and ink that is not black.
    fn scan_in_gray(&mut self, rng: &mut impl Rng) {
        self.blur((between(rng, 0.03, 0.09) * self.scale).max(0.3));
        let lift = between(rng, 0.0, 70.0) as f32;
        let least = if chance(rng, 0.4) { between(rng, 0.7, 0.97) } else { 1.0 } as f32;
        let (across, down) = (between(rng, -1.0, 1.0) as f32, between(rng, -1.0, 1.0) as f32);
        let sum = (across.abs() + down.abs()).max(0.01);
        let noise = between(rng, 0.5, 9.0) as f32;
        let grain = Grain::draw(between(rng, 0.5, 1.5), rng);
        let (width, height) = (self.width as f32, self.height as f32);
        for (y, row) in self.light.chunks_exact_mut(self.width).enumerate() {
            let v = 2.0 * y as f32 / height - 1.0;
            for (x, light) in row.iter_mut().enumerate() {
                let u = 2.0 * x as f32 / width - 1.0;
                let part = 0.5 + 0.5 * (across * u + down * v) / sum;
                let shade = least + (1.0 - least) * part;
                let value = lift + f32::from(*light) * (255.0 - lift) / 255.0;
                *light = (value * shade + noise * grain.at(x, y)).clamp(0.0, 255.0) as u8;
            }
        }
    }

    fn compress(&mut self, quality: u8) {
        let mut bytes = Vec::new();
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality);
        let (width, height) = (self.width as u32, self.height as u32);
        let picture =
            image::GrayImage::from_raw(width, height, std::mem::take(&mut self.light)).expect("as many pixels");
        picture.write_with_encoder(encoder).expect("a page that JPEG can hold");
        let decoded = image::load_from_memory(&bytes).expect("what was just written");
        self.light = decoded.into_luma8().into_raw();
    }

    /// The smallest box of an item's ink that can be seen; None where hardly any can.
    fn left_of(&self, item: &Item) -> Option<PageBox> {
        let Area { left, top, right, bottom } = item.area;
        let paper = self.paper_near(item);
        let dark = paper - paper / 4;
        let (mut drawn, mut seen) = (0, 0);
        let mut found: Option<Area> = None;
        for y in top..bottom {
            for x in left..right {
                if item.at(x, y) < 70 {
                    continue;
                }
                drawn += 1;
                if self.light[y * self.width + x] < dark {
                    seen += 1;
                    let here = Area { left: x, top: y, right: x + 1, bottom: y + 1 };
                    match &mut found {
                        Some(area) => area.join(here),
                        None => found = Some(here),
                    }
                }
            }
        }
        let area = found.filter(|_| 6 * seen > drawn)?;
        Some(PageBox {
            kind: item.kind,
            left: area.left,
            top: area.top,
            width: area.right - area.left,
            height: area.bottom - area.top,
            overlapped: item.overlapped,
        })
    }

    /// How light the paper around an item is: what a tenth of its box's pixels are not lighter than.
    fn paper_near(&self, item: &Item) -> u8 {
        let Area { left, top, right, bottom } = item.area;
        let mut counts = [0_usize; 256];
        for y in top..bottom {
            for &light in &self.light[y * self.width + left..y * self.width + right] {
                counts[usize::from(light)] += 1;
            }
        }
        let enough = (bottom - top) * (right - left) / 10;
        let mut lighter = 0;
        for light in (0..=255).rev() {
            lighter += counts[usize::from(light as u8)];
            if lighter > enough {
                return light as u8;
            }
        }
        0
    }
}
