//! What every design works with: the paper, the page's faces, and columns of text.

use rand_chacha::ChaCha8Rng;

use super::canvas::{Canvas, Type};
use super::fonts::{Family, Fonts};
use super::words::{self, Language};
use crate::synth::draw::{between, chance, normal, pick};
use crate::synth::motor::Point;

/// Millimetres of a printer's point.
pub(super) const POINT: f64 = 25.4 / 72.0;

/// One page in the making.
pub(super) struct Desk<'a> {
    pub fonts: &'a Fonts,
    pub canvas: Canvas,
    pub rng: ChaCha8Rng,
    pub language: Language,
    /// What the text is printed in.
    pub body: Type<'a>,
    /// From one baseline to the next, in millimetres.
    pub leading: f64,
    /// By how much a worn machine sets letters too high or too low, in millimetres.
    wobble: f64,
    justified: bool,
}

impl<'a> Desk<'a> {
    pub(super) fn new(fonts: &'a Fonts, canvas: Canvas, mut rng: ChaCha8Rng) -> Self {
        let rng = &mut rng;
        let language = Language::draw(rng);
        let family = *pick(
            rng,
            &[
                Family::Typewriter,
                Family::Typewriter,
                Family::Typewriter,
                Family::Typewriter,
                Family::Serif,
                Family::Serif,
                Family::Sans,
                Family::Sans,
            ],
        );
        let bold = chance(rng, 0.07);
        let face = if chance(rng, 0.04) { fonts.italic(family, rng) } else { fonts.face(family, bold, rng) };
        let tone = between(rng, 0.0, 70.0) as u8;
        // A typewriter has 10 or 12 letters to the inch.
        let typed = family == Family::Typewriter;
        let em = if typed {
            let advance = *pick(rng, &[2.54, 2.54, 2.117]);
            advance * between(rng, 0.97, 1.03) / face.letter('n').advance
        } else {
            between(rng, 8.0, 13.0) * POINT
        };
        let stretch = if typed { 1.0 } else { between(rng, 0.92, 1.08) };
        let double = if chance(rng, 0.14) { between(rng, 1.5, 2.0) } else { 1.0 };
        let leading = if typed { 4.233 } else { em * between(rng, 1.12, 1.35) } * double;
        let wobble = if typed && chance(rng, 0.4) { between(rng, 0.02, 0.15) } else { 0.0 };
        let justified = !typed && chance(rng, 0.3);
        let body = Type { face, em, stretch, tone };
        Self { fonts, canvas, rng: rng.clone(), language, body, leading, wobble, justified }
    }

    /// Between two millimetres, or whatever else.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        between(&mut self.rng, low, high)
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        chance(&mut self.rng, probability)
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        *pick(&mut self.rng, from)
    }

    /// Paper in millimetres.
    pub(super) fn paper(&self) -> (f64, f64) {
        let size = self.canvas.size();
        (size.width, size.height)
    }

    /// The emptiest of some places for a box of this size within the paper's shares `x` and `y`: its top left corner.
    pub(super) fn empty_place(&mut self, wide: f64, tall: f64, x: [f64; 2], y: [f64; 2], tries: usize) -> (f64, f64) {
        let (width, height) = self.paper();
        let mut best = (f64::MAX, (0.0, 0.0));
        for _ in 0..tries.max(1) {
            let place = (self.between(x[0], x[1]) * width, self.between(y[0], y[1]) * height);
            let place = (place.0.min(width - wide - 4.0).max(3.0), place.1.min(height - tall - 4.0).max(3.0));
            let ink = self.canvas.ink_in(Point { x: place.0, y: place.1 }, wide, tall);
            if ink < best.0 {
                best = (ink, place);
            }
        }
        best.1
    }

    /// An upright face of a family, so many points tall.
    pub(super) fn face(&mut self, family: Family, bold: bool, points: f64) -> Type<'a> {
        let face = self.fonts.face(family, bold, &mut self.rng);
        Type { face, em: points * POINT, stretch: 1.0, tone: self.body.tone }
    }

    /// A face of any family for headings.
    pub(super) fn display(&mut self, points: f64) -> Type<'a> {
        let family = self.pick(&[Family::Serif, Family::Serif, Family::Sans, Family::Sans, Family::Typewriter]);
        let bold = self.chance(0.6);
        let stretch = self.between(0.85, 1.3);
        Type { stretch, ..self.face(family, bold, points) }
    }

    /// The bold face beside the text's own.
    pub(super) fn bold(&mut self) -> Type<'a> {
        let face = self.fonts.face(self.body.face.family, true, &mut self.rng);
        Type { face, ..self.body }
    }

    pub(super) fn print(&mut self, text: &str, x: f64, y: f64, style: Type<'_>) -> f64 {
        if self.wobble == 0.0 || style.face.family != Family::Typewriter {
            return self.canvas.print(text, Point { x, y }, style, 0.0).x;
        }
        let mut at = x;
        let mut bytes = [0; 4];
        for letter in text.chars() {
            let set = y + self.wobble * normal(&mut self.rng);
            let tone = (f64::from(style.tone) + 25.0 * normal(&mut self.rng)).clamp(0.0, 130.0) as u8;
            let style = Type { tone, ..style };
            at = self.canvas.print(letter.encode_utf8(&mut bytes), Point { x: at, y: set }, style, 0.0).x;
        }
        at
    }

    /// With its middle at `x`.
    pub(super) fn print_centered(&mut self, text: &str, x: f64, y: f64, style: Type<'_>) {
        self.print(text, x - 0.5 * style.width(text), y, style);
    }

    /// With its end at `x`.
    pub(super) fn print_to(&mut self, text: &str, x: f64, y: f64, style: Type<'_>) {
        self.print(text, x - style.width(text), y, style);
    }

    /// Underlined.
    pub(super) fn print_underlined(&mut self, text: &str, x: f64, y: f64, style: Type<'_>) {
        let end = self.print(text, x, y, style);
        let below = y + 0.14 * style.em;
        self.canvas.line(Point { x, y: below }, Point { x: end, y: below }, 0.3, style.tone);
    }

    pub(super) fn rule(&mut self, left: f64, right: f64, y: f64, width: f64) {
        let tone = self.body.tone;
        self.canvas.line(Point { x: left, y }, Point { x: right, y }, width, tone);
    }

    /// A line of dots or dashes.
    pub(super) fn dotted(&mut self, left: f64, right: f64, y: f64) {
        let tone = self.body.tone;
        let (step, length) = self.pick(&[(0.9, 0.35), (1.5, 0.4), (2.5, 1.6)]);
        let mut x = left;
        while x < right {
            self.canvas.line(Point { x, y }, Point { x: x + length, y }, 0.35, tone);
            x += step;
        }
    }

    /// A paragraph whose first baseline is at `y`; returns the baseline after its last. What would stand below `floor` is
    /// left out.
    pub(super) fn paragraph(&mut self, text: &str, [left, right]: [f64; 2], y: f64, indent: f64, floor: f64) -> f64 {
        let style = self.body;
        let space = style.width(" ");
        let mut y = y;
        let mut start = left + indent;
        let mut row: Vec<&str> = Vec::new();
        let mut used = 0.0;
        for word in text.split(' ') {
            let width = style.width(word);
            if !row.is_empty() && start + used + space + width > right {
                if y > floor {
                    return y;
                }
                self.row(&row, start, right - start - used, y);
                (row, used, start) = (Vec::new(), 0.0, left);
                y += self.leading;
            }
            used += width + if row.is_empty() { 0.0 } else { space };
            row.push(word);
        }
        if y > floor {
            return y;
        }
        self.row(&row, start, 0.0, y);
        y + self.leading
    }

    /// Words of a line, with so much room to be spread between them where the page is justified.
    fn row(&mut self, words: &[&str], x: f64, spare: f64, y: f64) {
        let style = self.body;
        if !self.justified || words.len() < 2 {
            self.print(&words.join(" "), x, y, style);
            return;
        }
        let space = style.width(" ") + spare / (words.len() - 1) as f64;
        let mut x = x;
        for word in words {
            x = self.print(word, x, y, style) + space;
        }
    }

    /// Paragraphs from a baseline to `floor`; returns the baseline after the last.
    pub(super) fn paragraphs(&mut self, sides: [f64; 2], y: f64, floor: f64) -> f64 {
        let indent = if self.chance(0.35) { self.between(5.0, 18.0) } else { 0.0 };
        let gap = if indent > 0.0 && self.chance(0.5) { 0.0 } else { self.leading };
        let mut y = y;
        while y < floor {
            let text = words::paragraph(&mut self.rng, self.language);
            y = self.paragraph(&text, sides, y, indent, floor) + gap;
        }
        y - gap
    }

    /// Lines below each other; returns the baseline after the last.
    pub(super) fn lines(&mut self, lines: &[String], x: f64, y: f64, leading: f64) -> f64 {
        let style = self.body;
        for (row, line) in lines.iter().enumerate() {
            self.print(line, x, y + row as f64 * leading, style);
        }
        y + lines.len() as f64 * leading
    }

    /// From one line of an address to the next: single spaced, whatever the text is.
    pub(super) fn single(&self) -> f64 {
        self.leading.min(1.25 * self.body.em.max(3.2))
    }
}
