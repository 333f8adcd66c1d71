//! What else is printed or stamped on pages: logos, stamps, numbers, bar codes, headers of fax machines.

use std::f64::consts::{FRAC_PI_2, TAU};

use rand::RngExt;

use super::BoxKind;
use super::canvas::Type;
use super::desk::Desk;
use super::fonts::Family;
use super::grain::Grain;
use super::words;
use crate::synth::motor::Point;

fn polar(middle: Point, radius: f64, angle: f64) -> Point {
    Point { x: middle.x + radius * libm::cos(angle), y: middle.y + radius * libm::sin(angle) }
}

fn circle(middle: Point, across: f64, down: f64, angle: f64) -> Vec<Point> {
    let (sin, cos) = (libm::sin(angle), libm::cos(angle));
    let at = |step: usize| {
        let turn = TAU * step as f64 / 72.0;
        let (x, y) = (across * libm::cos(turn), down * libm::sin(turn));
        Point { x: middle.x + cos * x - sin * y, y: middle.y + sin * x + cos * y }
    };
    (0..=72).map(at).collect()
}

impl Desk<'_> {
    /// An emblem with its top left corner here, in so many millimetres of height; returns its width.
    pub(super) fn logo(&mut self, x: f64, y: f64, height: f64) -> f64 {
        let tone = self.between(0.0, 90.0) as u8;
        let letters: String = words::surname(&mut self.rng).chars().take(self.rng.random_range(1..4)).collect();
        let middle = Point { x: x + 0.5 * height, y: y + 0.5 * height };
        self.canvas.begin();
        let width = match self.rng.random_range(0..8) {
            0 => self.disc(middle, 0.5 * height, &letters),
            1 => self.block_letters(x, y, height, &letters),
            2 => self.crest(middle, 0.5 * height),
            3 => self.rays(middle, 0.5 * height),
            4 => self.script_name(x, y, height),
            5 => self.bars(x, y, height, &letters),
            6 => self.ellipse_name(x, y, height),
            _ => self.halftone(x, y, height),
        };
        self.canvas.end(Some(BoxKind::Logo), tone);
        width
    }

    /// A filled disc with letters left out of it.
    fn disc(&mut self, middle: Point, radius: f64, letters: &str) -> f64 {
        self.canvas.fill(&circle(middle, radius, radius, 0.0), 0);
        if self.chance(0.5) {
            self.canvas.cut(true);
            self.canvas.path(&circle(middle, 0.85 * radius, 0.85 * radius, 0.0), 0.06 * radius, 0);
        }
        self.reversed(middle, radius, letters);
        2.0 * radius
    }

    fn block_letters(&mut self, x: f64, y: f64, height: f64, letters: &str) -> f64 {
        let width = height * self.between(0.8, 1.8);
        self.canvas.block(Point { x, y }, width, height, 0);
        self.reversed(Point { x: x + 0.5 * width, y: y + 0.5 * height }, 0.55 * height, letters);
        width
    }

    fn reversed(&mut self, middle: Point, radius: f64, letters: &str) {
        let style = self.display(1.0);
        let style = Type { em: 1.6 * radius / style.face.width(letters).max(1.0), stretch: 1.0, ..style };
        self.canvas.cut(true);
        let at = Point { x: middle.x - 0.5 * style.width(letters), y: middle.y + 0.36 * style.em };
        self.canvas.print(letters, at, style, 0.0);
        self.canvas.cut(false);
    }

    /// A shield with a chevron and bars.
    fn crest(&mut self, middle: Point, size: f64) -> f64 {
        let at = |x: f64, y: f64| Point { x: middle.x + x * size, y: middle.y + y * size };
        let shield =
            [at(-0.8, -1.0), at(0.8, -1.0), at(0.8, 0.1), at(0.45, 0.65), at(0.0, 1.0), at(-0.45, 0.65), at(-0.8, 0.1)];
        self.canvas.fill(&shield, 0);
        self.canvas.cut(true);
        let inner: Vec<Point> = shield
            .iter()
            .map(|p| Point { x: middle.x + 0.85 * (p.x - middle.x), y: middle.y + 0.87 * (p.y - middle.y) })
            .collect();
        self.canvas.fill(&inner, 0);
        self.canvas.cut(false);
        self.canvas.fill(&[at(-0.6, 0.3), at(0.0, -0.3), at(0.6, 0.3), at(0.6, 0.0), at(0.0, -0.6), at(-0.6, 0.0)], 0);
        for star in [-0.4, 0.0, 0.4] {
            self.canvas.fill(&circle(at(star, -0.7), 0.1 * size, 0.1 * size, 0.0), 0);
        }
        1.6 * size
    }

    /// Rays, petals or leaves around a middle.
    fn rays(&mut self, middle: Point, radius: f64) -> f64 {
        let count = self.rng.random_range(3..16);
        let (inner, half) = (self.between(0.05, 0.4) * radius, self.between(0.2, 0.48) * TAU / count as f64);
        let outer = self.between(0.55, 0.9) * radius;
        for ray in 0..count {
            let angle = TAU * ray as f64 / count as f64;
            let corners = [
                polar(middle, inner, angle),
                polar(middle, outer, angle - half),
                polar(middle, radius, angle),
                polar(middle, outer, angle + half),
            ];
            self.canvas.fill(&corners, 0);
        }
        2.0 * radius
    }

    /// A firm's name in a script face, the hardest thing to tell from a signature.
    fn script_name(&mut self, x: f64, y: f64, height: f64) -> f64 {
        let name = words::surname(&mut self.rng);
        let bold = self.chance(0.5);
        let style = self.face(Family::Script, bold, 1.0);
        let style = Type { em: height, stretch: self.between(0.8, 1.2), ..style };
        let angle = if self.chance(0.3) { self.between(-0.15, 0.0) } else { 0.0 };
        let end = self.canvas.print(&name, Point { x, y: y + 0.8 * height }, style, angle);
        if self.chance(0.4) {
            let below = y + 1.05 * height;
            let places: Vec<Point> = (0..=20)
                .map(|step| {
                    let part = step as f64 / 20.0;
                    Point { x: x + part * (end.x - x), y: below - 0.25 * height * part * (1.0 - part) }
                })
                .collect();
            self.canvas.path(&places, 0.05 * height, 0);
        }
        end.x - x
    }

    /// Stripes, and letters beside or below.
    fn bars(&mut self, x: f64, y: f64, height: f64, letters: &str) -> f64 {
        let count = self.rng.random_range(3..8);
        let lean = self.between(-0.4, 0.4) * height;
        let pitch = height / count as f64;
        for bar in 0..count {
            let top = y + bar as f64 * pitch;
            let shift = lean * bar as f64 / count as f64;
            self.canvas.block(Point { x: x + lean.abs() + shift, y: top }, 1.1 * height, 0.55 * pitch, 0);
        }
        let style = self.display(1.0);
        let style = Type { em: 0.8 * height, ..style };
        let end = self.canvas.print(letters, Point { x: x + 2.0 * height, y: y + 0.8 * height }, style, 0.0);
        end.x - x
    }

    /// A name in a flat ring.
    fn ellipse_name(&mut self, x: f64, y: f64, height: f64) -> f64 {
        let name = words::surname(&mut self.rng).to_uppercase();
        let style = self.display(1.0);
        let style = Type { em: 0.45 * height, ..style };
        let width = 1.35 * style.width(&name);
        let middle = Point { x: x + 0.5 * width, y: y + 0.5 * height };
        self.canvas.path(&circle(middle, 0.5 * width, 0.5 * height, 0.0), 0.05 * height, 0);
        self.canvas.path(&circle(middle, 0.47 * width, 0.42 * height, 0.0), 0.02 * height, 0);
        self.canvas.print(&name, Point { x: x + 0.13 * width, y: middle.y + 0.16 * height }, style, 0.0);
        width
    }

    /// A picture of dots, larger where it is dark.
    fn halftone(&mut self, x: f64, y: f64, height: f64) -> f64 {
        let (step, width) = (self.between(0.5, 0.9), height * self.between(0.8, 1.5));
        let grain = Grain::draw(14.0, &mut self.rng);
        let (columns, rows) = ((width / step) as usize, (height / step) as usize);
        for row in 0..rows {
            for column in 0..columns {
                let dark = (0.35 + 0.3 * f64::from(grain.at(column * 3, row * 3))).clamp(0.05, 0.7);
                let middle = Point { x: x + step * column as f64, y: y + step * row as f64 };
                let radius = 0.75 * step * dark.sqrt();
                let corners: Vec<Point> = (0..8).map(|at| polar(middle, radius, TAU * at as f64 / 8.0)).collect();
                self.canvas.fill(&corners, 0);
            }
        }
        width
    }

    /// An office's stamp around here, worn, at an angle.
    pub(super) fn stamp(&mut self, x: f64, y: f64) {
        let tone = self.between(20.0, 110.0) as u8;
        let angle = if self.chance(0.5) { self.between(-0.7, 0.7) } else { self.between(-0.08, 0.08) };
        let wear = self.between(0.0, 0.7) as f32;
        self.canvas.begin();
        if self.chance(0.35) {
            self.round_stamp(Point { x, y }, angle)
        } else {
            self.boxed_stamp(Point { x, y }, angle)
        };
        let spots = self.between(2.0, 14.0);
        let grain = Grain::draw(spots, &mut self.rng);
        self.canvas.fade(|x, y| 1.15 - wear * (0.8 + 0.9 * grain.at(x, y)));
        self.canvas.end(Some(BoxKind::Stamp), tone);
    }

    fn round_stamp(&mut self, middle: Point, angle: f64) {
        let radius = self.between(9.0, 19.0);
        let line = self.between(0.3, 0.9);
        self.canvas.path(&circle(middle, radius, radius, 0.0), line, 0);
        let inner = self.between(0.55, 0.72) * radius;
        self.canvas.path(&circle(middle, inner, inner, 0.0), 0.6 * line, 0);
        let text = format!("{} * {} * ", words::firm(&mut self.rng), words::surname(&mut self.rng)).to_uppercase();
        let style = self.display(1.0);
        let style = Type { em: 0.62 * (radius - inner) / 0.72, stretch: 1.0, ..style };
        let ring = inner + 0.25 * (radius - inner);
        let step = TAU / text.chars().count() as f64;
        let style = Type { em: style.em.min(1.4 * step * ring), ..style };
        let mut bytes = [0; 4];
        for (place, letter) in text.chars().enumerate() {
            let turn = angle + step * place as f64;
            self.canvas.print(letter.encode_utf8(&mut bytes), polar(middle, ring, turn), style, turn + FRAC_PI_2);
        }
        if self.chance(0.5) {
            let date = words::short_date(&mut self.rng);
            let style = self.display(1.0);
            let style = Type { em: 1.3 * inner / style.face.width(&date), stretch: 1.0, ..style };
            let half = 0.5 * style.width(&date);
            let at = polar(polar(middle, half, angle + std::f64::consts::PI), 0.35 * style.em, angle + FRAC_PI_2);
            self.canvas.print(&date, at, style, angle);
        } else {
            let tips: Vec<Point> =
                (0..=5).map(|tip| polar(middle, 0.7 * inner, angle + TAU * (tip as f64 * 0.4 - 0.25))).collect();
            self.canvas.path(&tips, 0.8 * line, 0);
        }
    }

    /// Words and a date in rows, in a box or without one.
    fn boxed_stamp(&mut self, at: Point, angle: f64) {
        let rows = self.rng.random_range(1..4);
        let (size, bold) = (self.between(9.0, 20.0), self.chance(0.7));
        let family = self.pick(&[Family::Sans, Family::Serif, Family::Typewriter]);
        let style = self.face(family, bold, size);
        let mut lines: Vec<String> = Vec::new();
        for row in 0..rows {
            let word = self.pick(&[
                "RECEIVED",
                "CONFIDENTIAL",
                "COPY",
                "PAID",
                "APPROVED",
                "FILED",
                "DRAFT",
                "URGENT",
                "VOID",
            ]);
            let line = match (row, self.rng.random_range(0..3)) {
                (0, _) => word.to_owned(),
                (_, 0) => words::firm(&mut self.rng).to_uppercase(),
                _ => words::date(&mut self.rng).to_uppercase(),
            };
            lines.push(line);
        }
        let wide = lines.iter().map(|line| style.width(line)).fold(0.0, f64::max);
        let (sin, cos) = (libm::sin(angle), libm::cos(angle));
        let place = |x: f64, y: f64| Point { x: at.x + cos * x - sin * y, y: at.y + sin * x + cos * y };
        for (row, line) in lines.iter().enumerate() {
            let x = 0.5 * (wide - style.width(line));
            self.canvas.print(line, place(x, 1.25 * style.em * row as f64), style, angle);
        }
        if self.chance(0.5) {
            let line = self.between(0.3, 1.0);
            let (x, y, bottom) =
                (0.3 * style.em, 1.1 * style.em, 1.25 * style.em * (rows as f64 - 1.0) + 0.45 * style.em);
            let corners =
                [place(-x, -y), place(wide + x, -y), place(wide + x, bottom), place(-x, bottom), place(-x, -y)];
            self.canvas.path(&corners, line, 0);
        }
    }

    /// The number of a page in an archive, along an edge or at the foot.
    pub(super) fn archive_number(&mut self) {
        let (width, height) = self.paper();
        let count = self.rng.random_range(6..11);
        let figures = words::figures(&mut self.rng, count);
        let text = if self.chance(0.3) {
            format!("{} {figures}", words::surname(&mut self.rng).to_uppercase())
        } else {
            figures
        };
        let family = self.pick(&[Family::Sans, Family::Typewriter, Family::Serif]);
        let (bold, points) = (self.chance(0.6), self.between(10.0, 17.0));
        let style = Type { tone: 20, stretch: self.between(0.9, 1.3), ..self.face(family, bold, points) };
        let long = style.width(&text);
        if self.chance(0.6) {
            let down = self.chance(0.8);
            let at = Point { x: width - self.between(6.0, 14.0), y: self.between(0.5, 0.85) * height };
            let angle = if down { FRAC_PI_2 } else { -FRAC_PI_2 } + self.between(-0.01, 0.01);
            self.canvas.print(&text, at, style, angle);
        } else {
            let x = self.pick(&[15.0, 0.5 * (width - long), width - long - 15.0]);
            let (y, angle) = (height - self.between(6.0, 16.0), self.between(-0.02, 0.02));
            self.canvas.print(&text, Point { x, y }, style, angle);
        }
    }

    /// What a fax machine prints above a page.
    pub(super) fn fax_header(&mut self) {
        let (width, _) = self.paper();
        let points = self.between(7.0, 10.0);
        let bold = self.chance(0.4);
        let style = Type { tone: 0, ..self.face(Family::Typewriter, bold, points) };
        let text = format!(
            "{}  {}:{:02}  FROM {}  TO {}  P.{:02}",
            words::short_date(&mut self.rng),
            self.rng.random_range(7..20),
            self.rng.random_range(0..60),
            words::firm(&mut self.rng).to_uppercase(),
            words::figures(&mut self.rng, 10),
            self.rng.random_range(1..12)
        );
        let style = Type { stretch: (width - 24.0).min(style.width(&text)) / style.width(&text), ..style };
        let (x, y) = (self.between(5.0, 11.0), self.between(4.0, 7.0));
        self.canvas.print(&text, Point { x, y }, style, 0.0);
    }

    pub(super) fn bar_code(&mut self, x: f64, y: f64) {
        let (height, module) = (self.between(6.0, 14.0), self.between(0.25, 0.5));
        let mut at = x;
        for _ in 0..self.rng.random_range(30..60) {
            let bar = f64::from(self.rng.random_range(1..4_u8)) * module;
            self.canvas.block(Point { x: at, y }, bar, height, 10);
            at += bar + f64::from(self.rng.random_range(1..4_u8)) * module;
        }
        let text = words::figures(&mut self.rng, 12);
        let style = self.face(Family::Typewriter, false, 8.0);
        self.print_centered(&text, 0.5 * (x + at), y + height + 3.2, style);
    }

    /// A square of small squares.
    pub(super) fn square_code(&mut self, x: f64, y: f64) {
        let (count, module) = (25, self.between(0.4, 0.8));
        for row in 0..count {
            for column in 0..count {
                if self.chance(0.5) {
                    let at = Point { x: x + module * f64::from(column), y: y + module * f64::from(row) };
                    self.canvas.block(at, module, module, 10);
                }
            }
        }
    }
}
