//! Forms, filled in by hand or by machine, and contracts.

use rand::RngExt;

use super::canvas::Type;
use super::desk::{Desk, POINT};
use super::fonts::Family;
use super::hand::Ink;
use super::words;
use crate::synth::motor::Point;
use crate::synth::style::Scribe;

const LABELS: [&str; 20] = [
    "Name",
    "First name",
    "Address",
    "City",
    "Date of birth",
    "Account no.",
    "Telephone",
    "Amount",
    "Reference",
    "Department",
    "Employer",
    "Nationality",
    "Policy number",
    "Quantity",
    "Description",
    "Naam",
    "Geburtsdatum",
    "IBAN",
    "Kontonummer",
    "E-mail",
];
const SIGN_HERE: [&str; 14] = [
    "Signature",
    "Signed",
    "Signature:",
    "Signature of applicant",
    "Authorized signature",
    "Approved by",
    "Approved:",
    "Applicant",
    "Handtekening",
    "Unterschrift",
    "Signed by",
    "X",
    "By:",
    "Employee signature",
];

/// Who fills a form in, and with what.
enum Filling {
    Hand(Box<Scribe>, Ink),
    Machine,
    Nobody,
}

pub(super) fn form(desk: &mut Desk<'_>, is_signed: bool) {
    let (width, height) = desk.paper();
    let sides = [desk.between(12.0, 22.0), width - desk.between(12.0, 22.0)];
    let filling = match desk.rng.random_range(0..10) {
        0..5 => {
            let (scribe, ink) = desk.filler();
            Filling::Hand(Box::new(scribe), ink)
        }
        5..8 => Filling::Machine,
        _ => Filling::Nobody,
    };
    let mut y = title(desk, sides);
    let foot = height - desk.between(18.0, 60.0);
    let first = if desk.chance(0.2) { 0 } else { 1 };
    while y + 30.0 < foot {
        let room = foot - y - 30.0;
        y = match desk.rng.random_range(0..6) + first {
            0 => super::report::table(desk, sides, y + 5.0, (room / 6.0) as usize),
            1 | 2 => grid(desk, sides, y, room, &filling),
            3 | 4 => labelled_lines(desk, sides, y, room, &filling),
            5 => checkboxes(desk, sides, y, &filling),
            _ => {
                let text = words::paragraph(&mut desk.rng, desk.language);
                let size = desk.body;
                desk.body = Type { em: desk.between(6.5, 9.0) * POINT, stretch: 1.0, ..size };
                let leading = std::mem::replace(&mut desk.leading, 1.2 * desk.body.em);
                let end = desk.paragraph(&text, sides, y + desk.leading, 0.0, foot - 30.0);
                (desk.body, desk.leading) = (size, leading);
                end
            }
        };
        y += desk.between(2.0, 7.0);
        if desk.chance(0.12) {
            break;
        }
    }
    y += desk.between(10.0, 20.0);
    signature_row(desk, sides, y, is_signed, &filling);
}

fn title(desk: &mut Desk<'_>, sides: [f64; 2]) -> f64 {
    if desk.chance(0.3) {
        return super::letter::letterhead(desk) + 6.0;
    }
    let top = desk.between(10.0, 20.0);
    let mut x = sides[0];
    if desk.chance(0.35) {
        let tall = desk.between(8.0, 16.0);
        x += desk.logo(x, top, tall) + 4.0;
    }
    let points = desk.between(11.0, 20.0);
    let style = desk.display(points);
    let count = desk.rng.random_range(2..5);
    let text = words::phrase(&mut desk.rng, desk.language, count).to_uppercase();
    let style = style.sized(((sides[1] - x - 30.0) / style.width(&text)).min(1.0));
    desk.print(&text, x, top + style.em + 2.0, style);
    let number = format!("Form {}-{}", words::figures(&mut desk.rng, 3), words::figures(&mut desk.rng, 2));
    let small = desk.face(Family::Sans, false, 7.0);
    desk.print_to(&number, sides[1], top, small);
    top + 18.0
}

/// Boxes with a small label in each.
fn grid(desk: &mut Desk<'_>, sides: [f64; 2], y: f64, room: f64, filling: &Filling) -> f64 {
    let height = desk.between(8.0, 12.0);
    let rows = (desk.rng.random_range(2..8) as f64).min((room / height).max(1.0)) as usize;
    let thick = desk.between(0.2, 0.6);
    let small = {
        let points = desk.between(5.5, 7.5);
        desk.face(Family::Sans, false, points)
    };
    let shaded = desk.chance(0.2);
    for row in 0..rows {
        let columns = desk.rng.random_range(1..5);
        let width = (sides[1] - sides[0]) / columns as f64;
        for column in 0..columns {
            let at = Point { x: sides[0] + column as f64 * width, y: y + row as f64 * height };
            if shaded && row == 0 {
                desk.canvas.block(at, width, height, 205);
            }
            let tone = desk.body.tone;
            desk.canvas.frame(at, width, height, thick, tone);
            let label = desk.pick(&LABELS);
            desk.print(label, at.x + 1.0, at.y + small.em, small);
            fill(desk, filling, at.x + 3.0, at.y + height - 1.5, width - 6.0, 0.45 * height);
        }
    }
    y + rows as f64 * height
}

/// Labels with a line behind each.
fn labelled_lines(desk: &mut Desk<'_>, sides: [f64; 2], y: f64, room: f64, filling: &Filling) -> f64 {
    let step = desk.between(7.0, 12.0);
    let rows = (desk.rng.random_range(2..8) as f64).min((room / step).max(1.0)) as usize;
    let dotted = desk.chance(0.3);
    let body = desk.body.sized(0.9);
    for row in 0..rows {
        let at = y + (row as f64 + 1.0) * step;
        let halves = desk.rng.random_range(1..3);
        let width = (sides[1] - sides[0]) / f64::from(halves);
        for half in 0..halves {
            let left = sides[0] + f64::from(half) * width;
            let label = desk.pick(&LABELS);
            let from = desk.print(label, left, at, body) + 1.5;
            let to = left + width - 3.0;
            if from + 8.0 > to {
                continue;
            }
            if dotted {
                desk.dotted(from, to, at + 0.6)
            } else {
                desk.rule(from, to, at + 0.6, 0.25)
            }
            fill(desk, filling, from + 2.0, at, to - from - 4.0, 0.5 * step);
        }
    }
    y + rows as f64 * step
}

fn fill(desk: &mut Desk<'_>, filling: &Filling, x: f64, y: f64, width: f64, height: f64) {
    if width < 6.0 || desk.chance(0.2) {
        return;
    }
    match filling {
        Filling::Hand(scribe, ink) => {
            let tall = height * desk.between(0.9, 1.5);
            if desk.chance(0.3) {
                let text =
                    if desk.chance(0.5) { words::short_date(&mut desk.rng) } else { words::figures(&mut desk.rng, 6) };
                desk.figures((scribe, *ink), &text, x, y, width, tall);
            } else {
                desk.fill_in(scribe, *ink, x, y, width, tall);
            }
        }
        Filling::Machine => {
            let text = match desk.rng.random_range(0..4) {
                0 => words::name(&mut desk.rng),
                1 => words::street(&mut desk.rng),
                2 => words::figures(&mut desk.rng, 8),
                _ => words::date(&mut desk.rng),
            };
            let style = Type { em: 10.0 * POINT, ..desk.body };
            if style.width(&text) < width {
                desk.print(&text, x, y, style);
            }
        }
        Filling::Nobody => {}
    }
}

fn checkboxes(desk: &mut Desk<'_>, sides: [f64; 2], y: f64, filling: &Filling) -> f64 {
    let size = desk.between(2.5, 4.5);
    let body = desk.body.sized(0.85);
    let rows = desk.rng.random_range(1..5);
    let columns = desk.rng.random_range(1..4);
    let width = (sides[1] - sides[0]) / f64::from(columns);
    for row in 0..rows {
        for column in 0..columns {
            let at = Point { x: sides[0] + f64::from(column) * width, y: y + f64::from(row) * 2.0 * size };
            desk.canvas.frame(at, size, size, 0.3, 10);
            let text = words::phrase(&mut desk.rng, desk.language, 2);
            desk.print(&text, at.x + 1.5 * size, at.y + 0.9 * size, body);
            if desk.chance(0.4) {
                match filling {
                    Filling::Hand(_, ink) => desk.tick(at.x, at.y, size, *ink),
                    Filling::Machine => {
                        desk.print("X", at.x + 0.2 * size, at.y + 0.9 * size, body);
                    }
                    Filling::Nobody => {}
                }
            }
        }
    }
    y + f64::from(rows) * 2.0 * size
}

/// One to three places to sign, each with its date.
fn signature_row(desk: &mut Desk<'_>, sides: [f64; 2], y: f64, is_signed: bool, filling: &Filling) {
    let (_, height) = desk.paper();
    let places = desk.rng.random_range(1..4);
    let manner = desk.rng.random_range(0..3);
    let mut y = y;
    let signed_place = desk.rng.random_range(0..places);
    for place in 0..places {
        if y > height - 12.0 {
            return;
        }
        let signs = is_signed && (place == signed_place || desk.chance(0.45));
        match manner {
            0 => sign_before_label(desk, sides, y, signs, filling),
            1 => sign_over_label(desk, sides, y, signs, filling),
            _ => sign_in_box(desk, sides, y, signs, filling),
        }
        y += desk.between(17.0, 26.0);
    }
}

/// "Signature ________ Date ____".
fn sign_before_label(desk: &mut Desk<'_>, sides: [f64; 2], y: f64, signs: bool, filling: &Filling) {
    let body = desk.body.sized(0.9);
    let label = desk.pick(&SIGN_HERE);
    let from = desk.print(label, sides[0], y, body) + 1.5;
    let to = sides[0] + 0.62 * (sides[1] - sides[0]);
    desk.rule(from, to, y + 0.6, 0.3);
    let date = desk.print("Date", to + 4.0, y, body) + 1.5;
    desk.rule(date, sides[1], y + 0.6, 0.3);
    if signs {
        let up = desk.between(-1.5, 2.5);
        desk.sign(from, y - up, to - from);
        fill(desk, filling, date + 2.0, y, sides[1] - date - 4.0, 4.5);
    }
}

/// A line with its label below.
fn sign_over_label(desk: &mut Desk<'_>, sides: [f64; 2], y: f64, signs: bool, filling: &Filling) {
    let small = desk.body.sized(0.75);
    let middle = sides[0] + desk.between(0.45, 0.6) * (sides[1] - sides[0]);
    let label = desk.pick(&SIGN_HERE);
    let on_left = desk.chance(0.7);
    let (signature, date) = if on_left {
        ([sides[0], middle], [middle + 10.0, sides[1]])
    } else {
        ([middle + 5.0, sides[1]], [sides[0], middle - 20.0])
    };
    desk.rule(signature[0], signature[1], y, 0.3);
    desk.rule(date[0], date[1], y, 0.3);
    desk.print(label, signature[0], y + small.em, small);
    desk.print("Date", date[0], y + small.em, small);
    if desk.chance(0.3) {
        let name = words::name(&mut desk.rng);
        desk.print(&name, signature[0], y + 2.2 * small.em, small);
    }
    if signs {
        let up = desk.between(-1.5, 2.5);
        desk.sign(signature[0] + 2.0, y - up, signature[1] - signature[0]);
        fill(desk, filling, date[0] + 2.0, y - 0.5, date[1] - date[0] - 4.0, 4.5);
    }
}

/// A box with a small label.
fn sign_in_box(desk: &mut Desk<'_>, sides: [f64; 2], y: f64, signs: bool, filling: &Filling) {
    let small = desk.face(Family::Sans, false, 6.5);
    let (width, height) = (desk.between(0.4, 0.7) * (sides[1] - sides[0]), desk.between(12.0, 18.0));
    let top = y - 8.0;
    desk.canvas.frame(Point { x: sides[0], y: top }, width, height, 0.35, 10);
    desk.canvas.frame(Point { x: sides[0] + width, y: top }, sides[1] - sides[0] - width, height, 0.35, 10);
    let label = desk.pick(&SIGN_HERE);
    desk.print(label, sides[0] + 1.0, top + small.em, small);
    desk.print("Date", sides[0] + width + 1.0, top + small.em, small);
    if signs {
        let down = desk.between(0.55, 0.8) * height;
        desk.sign(sides[0] + 3.0, top + down, width - 6.0);
        fill(desk, filling, sides[0] + width + 3.0, top + 0.75 * height, sides[1] - sides[0] - width - 6.0, 4.5);
    }
}

/// Clauses, and a block for each party: by, name, title, date.
pub(super) fn contract(desk: &mut Desk<'_>, is_signed: bool) {
    let (width, height) = desk.paper();
    let sides = [desk.between(20.0, 32.0), width - desk.between(18.0, 30.0)];
    let (body, single) = (desk.body, desk.single());
    let mut y = desk.between(18.0, 35.0);
    if desk.chance(0.5) {
        let heading = desk.pick(&["AGREEMENT", "CONTRACT", "VERTRAG", "OVEREENKOMST", "AMENDMENT", "LEASE"]);
        let style = desk.bold().sized(1.3);
        desk.print_centered(heading, 0.5 * width, y, style);
        y += 3.0 * single;
    }
    let blocks = if desk.chance(0.2) { desk.rng.random_range(3..7) } else { 2 };
    let step = desk.between(13.0, 18.0) + 2.0 * single;
    let rows = usize::div_ceil(blocks, 2);
    let floor = height - 30.0 - step * rows as f64 - single * 4.0;
    let floor = if desk.chance(0.4) && floor > y + 30.0 { desk.between(y + 15.0, floor) } else { floor.max(y) };
    y = desk.paragraphs(sides, y, floor) + single;
    let witness = desk.pick(&[
        "IN WITNESS WHEREOF, the parties have executed this agreement.",
        "Agreed and accepted:",
        "Aldus overeengekomen en getekend:",
        "ACCEPTED AND AGREED TO:",
    ]);
    y = desk.paragraph(witness, sides, y, 0.0, height - 20.0) + single;
    let half = 0.5 * (sides[1] - sides[0]);
    let (filler, ink) = desk.filler();
    let filling = if desk.chance(0.4) { Filling::Hand(Box::new(filler), ink) } else { Filling::Machine };
    let signed_block = desk.rng.random_range(0..blocks);
    for block in 0..blocks {
        let (left, top) = (sides[0] + half * (block % 2) as f64, y + step * (block / 2) as f64);
        let firm = words::firm(&mut desk.rng).to_uppercase();
        let style = body.sized(((half - 4.0) / body.width(&firm)).min(1.0));
        desk.print(&firm, left, top, style);
        let line = top + step - 2.2 * single;
        let has_label = desk.chance(0.7);
        let from = if has_label { desk.print("By: ", left, line, body) } else { left };
        let to = left + half - 8.0;
        desk.rule(from, to, line + 0.6, 0.3);
        let name = words::name(&mut desk.rng);
        desk.print(&name, left, line + single, body);
        if desk.chance(0.3) {
            let after = left + 0.62 * half;
            fill(desk, &filling, after, line + single, to - after, 4.0);
        }
        if is_signed && (block == signed_block || desk.chance(0.6)) {
            let up = desk.between(-1.5, 2.5);
            desk.sign(from + 1.0, line - up, to - from);
        }
    }
}
