//! Cheques: own designs over a patterned ground, filled in by hand or by machine.

use std::f64::consts::TAU;

use rand::RngExt;

use super::canvas::Type;
use super::desk::{Desk, POINT};
use super::fonts::Family;
use super::words;
use crate::synth::motor::Point;

/// A cheque that fills the page.
pub(super) fn cheque(desk: &mut Desk<'_>, is_signed: bool) {
    let (width, height) = desk.paper();
    ground(desk, width, height);
    let (left, right) = (desk.between(6.0, 12.0), width - desk.between(6.0, 12.0));
    let family = desk.pick(&[Family::Sans, Family::Sans, Family::Serif]);
    let points = desk.between(6.5, 9.0);
    let label = desk.face(family, false, points);
    head(desk, left, right, height, label);
    let (scribe, ink) = desk.filler();
    let by_hand = desk.chance(0.7);
    let payee = height * desk.between(0.36, 0.44);
    let amount = payee + height * desk.between(0.12, 0.17);
    let line = desk.between(0.2, 0.4);
    let box_left = right - desk.between(32.0, 45.0);

    let pay = desk.pick(&["PAY TO THE ORDER OF", "Pay", "Zahlen Sie an", "Betaal aan", "PAY"]);
    let from = desk.print(pay, left, payee, label) + 2.0;
    desk.rule(from, box_left - 6.0, payee + 0.6, line);
    let (sign, tall) = (desk.pick(&["$", "£", "€"]), desk.between(7.5, 10.0));
    desk.print(sign, box_left - 4.0, payee + 0.5, label.sized(1.6));
    if desk.chance(0.6) {
        let at = Point { x: box_left, y: payee - 0.75 * tall };
        desk.canvas.block(at, right - box_left, tall, 250);
        desk.canvas.frame(at, right - box_left, tall, line, 30);
    } else {
        desk.rule(box_left, right, payee + 0.6, line);
    }
    let words_end = desk.pick(&["DOLLARS", "Dollars", "EURO", "POUNDS"]);
    desk.print_to(words_end, right, amount, label);
    let words_right = right - label.width(words_end) - 2.0;
    desk.rule(left, words_right, amount + 0.6, line);

    let date_left = right - desk.between(45.0, 60.0);
    let date = height * desk.between(0.2, 0.27);
    let dated = desk.pick(&["DATE", "Date", "Datum"]);
    let from_date = desk.print(dated, date_left, date, label) + 2.0;
    desk.rule(from_date, right, date + 0.6, line);

    let (sum, day) = (words::amount(&mut desk.rng), words::short_date(&mut desk.rng));
    if by_hand {
        desk.fill_in(&scribe, ink, from + 3.0, payee, box_left - from - 15.0, 6.0);
        desk.figures((&scribe, ink), &sum, box_left + 2.0, payee + 1.0, right - box_left - 4.0, 4.5);
        let words_width = desk.between(0.5, 0.95) * (words_right - left);
        long_words(desk, &scribe, ink, left + 3.0, amount, words_width);
        desk.figures((&scribe, ink), &day, from_date + 2.0, date, right - from_date - 4.0, 4.0);
    } else {
        let typed = Type { em: 10.0 * POINT, stretch: 1.0, ..desk.body };
        let name = words::name(&mut desk.rng).to_uppercase();
        desk.print(&name, from + 3.0, payee, typed);
        desk.print_to(&format!("**{sum}"), right - 2.0, payee, typed);
        desk.print("*** SEE AMOUNT ***", left + 4.0, amount, typed);
        desk.print(&day, from_date + 2.0, date, typed);
    }
    foot(desk, [left, right], height, label, line, is_signed, by_hand.then_some((&scribe, ink)));
}

/// The amount in words: several groups in a row.
fn long_words(
    desk: &mut Desk<'_>,
    scribe: &crate::synth::style::Scribe,
    ink: super::hand::Ink,
    x: f64,
    y: f64,
    width: f64,
) {
    let mut at = x;
    let step = desk.between(26.0, 40.0);
    while at + 12.0 < x + width {
        desk.fill_in(scribe, ink, at, y, step - 4.0, 5.5);
        at += step;
    }
}

/// Bank and drawer.
fn head(desk: &mut Desk<'_>, left: f64, right: f64, height: f64, label: Type<'_>) {
    let top = desk.between(5.0, 8.0);
    let points = desk.between(10.0, 16.0);
    let style = desk.display(points);
    let bank = words::firm(&mut desk.rng);
    let mut x = left;
    if desk.chance(0.6) {
        x += desk.logo(left, top, 0.14 * height) + 3.0;
    }
    let style = style.sized((0.45 * (right - left) / style.width(&bank)).min(1.0));
    desk.print(&bank, x, top + style.em, style);
    let address = [words::street(&mut desk.rng), words::town(&mut desk.rng)];
    for (row, line) in address.iter().enumerate() {
        desk.print(line, x, top + style.em + (row as f64 + 1.0) * 1.25 * label.em, label);
    }
    let number = words::figures(&mut desk.rng, 4);
    desk.print_to(&number, right, top + 4.0, label.sized(1.4));
}

/// Memo, place to sign, and the line of figures that machines read.
fn foot(
    desk: &mut Desk<'_>,
    [left, right]: [f64; 2],
    height: f64,
    label: Type<'_>,
    line: f64,
    is_signed: bool,
    hand: Option<(&crate::synth::style::Scribe, super::hand::Ink)>,
) {
    let clear = height - desk.between(13.0, 17.0);
    let y = clear - desk.between(2.0, 7.0);
    let sign_left = left + desk.between(0.5, 0.62) * (right - left);
    let below = desk.chance(0.6);
    let has_line = desk.chance(0.85);
    if has_line {
        desk.rule(sign_left, right, y, line);
    }
    let text =
        desk.pick(&["AUTHORIZED SIGNATURE", "Signature", "Please sign above", "SIGNATURE", "Handtekening", "MP"]);
    if below {
        desk.print_centered(text, 0.5 * (sign_left + right), y + label.em, label.sized(0.8))
    };
    if desk.chance(0.6) {
        let memo = desk.pick(&["MEMO", "FOR", "RE", "Verwendungszweck"]);
        let from = desk.print(memo, left, y, label) + 2.0;
        desk.rule(from, sign_left - 12.0, y + 0.6, line);
        if let Some((scribe, ink)) = hand.filter(|_| sign_left - from > 30.0) {
            desk.fill_in(scribe, ink, from + 2.0, y, sign_left - from - 18.0, 4.5);
        }
    }
    let points = desk.between(12.0, 15.0);
    let machine = Type { tone: 10, stretch: 1.1, ..desk.face(Family::Typewriter, true, points) };
    let (routing, account, number) =
        (words::figures(&mut desk.rng, 9), words::figures(&mut desk.rng, 10), words::figures(&mut desk.rng, 4));
    desk.print(&format!("|:{routing}|:  {account}\"  {number}"), left + 6.0, height - 5.0, machine);
    if is_signed {
        let up = desk.between(-1.5, 2.0);
        let pen = hand.filter(|_| desk.chance(0.6)).map(|(_, ink)| ink);
        let from = sign_left + 1.0;
        match pen {
            Some(ink) => desk.sign_in(ink, from, y - up, right - sign_left),
            None => desk.sign(from, y - up, right - sign_left),
        }
        if desk.chance(0.12) {
            let middle = 0.5 * (left + sign_left);
            desk.sign(middle, y - up, sign_left - middle);
        }
    }
}

/// What is printed lightly under everything.
fn ground(desk: &mut Desk<'_>, width: f64, height: f64) {
    let tone = desk.between(165.0, 225.0) as u8;
    let pen = desk.between(0.12, 0.3);
    match desk.rng.random_range(0..6) {
        0 => waves(desk, width, height, pen, tone),
        1 => rosette(desk, width, height, pen, tone),
        2 => zigzags(desk, width, height, pen, tone),
        3 => squares(desk, width, height, tone),
        4 => {
            waves(desk, width, height, pen, tone);
            rosette(desk, width, height, pen, tone);
        }
        _ => {}
    }
    if desk.chance(0.4) {
        let inset = desk.between(2.0, 4.0);
        let thick = desk.between(0.4, 2.0);
        let at = Point { x: inset, y: inset };
        desk.canvas.frame(at, width - 2.0 * inset, height - 2.0 * inset, thick, tone.saturating_sub(60));
    }
}

fn waves(desk: &mut Desk<'_>, width: f64, height: f64, pen: f64, tone: u8) {
    let (pitch, swing, length) = (desk.between(1.0, 2.6), desk.between(1.0, 7.0), desk.between(18.0, 70.0));
    for family in 0..desk.rng.random_range(1..3) {
        let phase = desk.between(0.0, TAU);
        let drift = desk.between(0.0, 0.08) * f64::from(family + 1);
        let mut y = 1.0;
        while y < height {
            let at = |step: usize| {
                let x = 1.0 + (width - 2.0) * step as f64 / 90.0;
                Point { x, y: y + swing * libm::sin(TAU * x / length + phase + drift * y) }
            };
            desk.canvas.path(&(0..=90).map(at).collect::<Vec<_>>(), pen, tone);
            y += pitch;
        }
    }
}

fn rosette(desk: &mut Desk<'_>, width: f64, height: f64, pen: f64, tone: u8) {
    let middle = Point { x: desk.between(0.3, 0.7) * width, y: desk.between(0.4, 0.6) * height };
    let (petals, depth) = (f64::from(desk.rng.random_range(5..14_u8)), desk.between(0.15, 0.5));
    let radius = desk.between(0.25, 0.48) * height;
    for ring in 0..desk.rng.random_range(4..14) {
        let turn = 0.05 * f64::from(ring);
        let at = |step: usize| {
            let angle = TAU * step as f64 / 240.0;
            let reach =
                radius * (1.0 - 0.06 * f64::from(ring)) * (1.0 - depth + depth * libm::sin(petals * (angle + turn)));
            Point { x: middle.x + reach * libm::cos(angle), y: middle.y + reach * libm::sin(angle) }
        };
        desk.canvas.path(&(0..=240).map(at).collect::<Vec<_>>(), pen, tone);
    }
}

fn zigzags(desk: &mut Desk<'_>, width: f64, height: f64, pen: f64, tone: u8) {
    let (pitch, tooth) = (desk.between(1.5, 3.5), desk.between(1.0, 3.0));
    let mut y = 2.0;
    while y + tooth < height {
        let at = |step: usize| Point {
            x: 1.0 + tooth * step as f64,
            y: y + if step.is_multiple_of(2) { 0.0 } else { tooth },
        };
        desk.canvas.path(&(0..((width - 2.0) / tooth) as usize).map(at).collect::<Vec<_>>(), pen, tone);
        y += pitch;
    }
}

fn squares(desk: &mut Desk<'_>, width: f64, height: f64, tone: u8) {
    let pitch = desk.between(4.0, 9.0);
    let (columns, rows) = ((width / pitch) as usize, (height / pitch) as usize);
    for row in 0..rows {
        for column in 0..columns {
            if (row + column).is_multiple_of(2) {
                let (x, y) = ((column as f64 + 0.5) * pitch, row as f64 * pitch + 0.5);
                let half = 0.5 * pitch;
                let corners = [
                    Point { x, y },
                    Point { x: x + half, y: y + half },
                    Point { x, y: y + pitch },
                    Point { x: x - half, y: y + half },
                ];
                desk.canvas.fill(&corners, tone.max(195));
            }
        }
    }
}
