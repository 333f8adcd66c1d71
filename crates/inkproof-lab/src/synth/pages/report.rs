//! Reports, lists and tables, which nobody signs.

use rand::RngExt;

use super::desk::Desk;
use super::words;
use crate::synth::draw::normal;
use crate::synth::motor::Point;

pub(super) fn report(desk: &mut Desk<'_>) {
    let (width, height) = desk.paper();
    let sides = [desk.between(16.0, 30.0), width - desk.between(14.0, 30.0)];
    let lowest = height - desk.between(18.0, 28.0);
    let mut y = desk.between(16.0, 40.0);
    if desk.chance(0.5) {
        let points = desk.between(12.0, 24.0);
        let style = desk.display(points);
        let count = desk.rng.random_range(2..6);
        let title = words::phrase(&mut desk.rng, desk.language, count);
        let title = if desk.chance(0.5) { title.to_uppercase() } else { title };
        let style = style.sized((0.95 * (sides[1] - sides[0]) / style.width(&title)).min(1.0));
        y += style.em;
        if desk.chance(0.5) {
            desk.print_centered(&title, 0.5 * width, y, style)
        } else {
            desk.print_underlined(&title, sides[0], y, style)
        }
        y += 2.5 * desk.leading;
    }
    while y < lowest {
        y = match desk.rng.random_range(0..9) {
            0..4 => {
                let text = words::paragraph(&mut desk.rng, desk.language);
                desk.paragraph(&text, sides, y, 0.0, lowest)
            }
            4 | 5 => heading(desk, sides, y),
            6 => bullets(desk, sides, y, lowest),
            7 => {
                let rows = desk.rng.random_range(3..16);
                table(desk, sides, y, rows)
            }
            _ if y + 75.0 < lowest => chart(desk, sides, y),
            _ => y,
        };
        y += desk.leading;
    }
    let page = format!("- {} -", desk.rng.random_range(1..60));
    let body = desk.body;
    desk.print_centered(&page, 0.5 * width, height - 10.0, body);
}

fn heading(desk: &mut Desk<'_>, sides: [f64; 2], y: f64) -> f64 {
    let count = desk.rng.random_range(1..5);
    let text =
        format!("{}{}", desk.pick(&["", "1.  ", "II. ", "A.  "]), words::phrase(&mut desk.rng, desk.language, count));
    let style = desk.bold();
    if desk.chance(0.5) {
        desk.print_underlined(&text, sides[0], y, style);
    } else {
        desk.print(&text, sides[0], y, style);
    }
    y + desk.leading
}

fn bullets(desk: &mut Desk<'_>, sides: [f64; 2], y: f64, lowest: f64) -> f64 {
    let sign = desk.pick(&["•", "-", "o", "*"]);
    let body = desk.body;
    let mut y = y;
    for _ in 0..desk.rng.random_range(2..6) {
        if y > lowest {
            break;
        }
        desk.print(sign, sides[0] + 4.0, y, body);
        let text = words::sentence(&mut desk.rng, desk.language);
        y = desk.paragraph(&text, [sides[0] + 12.0, sides[1]], y, 0.0, lowest);
    }
    y
}

/// Figures in columns, ruled or not; returns the baseline after it. It stays on the page.
pub(super) fn table(desk: &mut Desk<'_>, sides: [f64; 2], y: f64, rows: usize) -> f64 {
    let (_, height) = desk.paper();
    let columns = desk.rng.random_range(2..7);
    let step = (sides[1] - sides[0]) / (columns as f64 + 0.8);
    let body = desk.body.sized(0.9);
    let row = desk.single() * 1.15;
    let rows = rows.min(((height - 15.0 - y) / row).max(0.0) as usize);
    let (ruled, dense) = (desk.chance(0.4), desk.chance(0.3));
    let top = y - 0.8 * row;
    for line in 0..rows {
        let at = y + line as f64 * row;
        let first = words::word(&mut desk.rng, desk.language);
        desk.print(first, sides[0] + 1.0, at, body);
        for column in 0..columns {
            let right = sides[0] + (column as f64 + 1.75) * step;
            let text = if line == 0 {
                words::word(&mut desk.rng, desk.language).to_owned()
            } else {
                words::amount(&mut desk.rng)
            };
            if body.width(&text) < 0.9 * step {
                desk.print_to(&text, right, at, body);
            }
        }
        if ruled && (dense || line == 0 || line + 1 == rows) {
            desk.rule(sides[0], sides[1], at + 0.25 * row, 0.25);
        }
    }
    let bottom = y + (rows as f64 - 0.75) * row;
    if ruled && dense && rows > 0 {
        desk.canvas.frame(Point { x: sides[0], y: top }, sides[1] - sides[0], bottom - top, 0.4, 10);
        for column in 0..columns {
            let x = sides[0] + (column as f64 + 0.8) * step;
            desk.canvas.line(Point { x, y: top }, Point { x, y: bottom }, 0.25, 10);
        }
    }
    bottom + row
}

/// A curve or columns over axes.
fn chart(desk: &mut Desk<'_>, sides: [f64; 2], y: f64) -> f64 {
    let (left, width, height) = (sides[0] + 10.0, 0.8 * (sides[1] - sides[0]), 55.0);
    let bottom = y + height;
    let tone = desk.body.tone;
    desk.canvas.line(Point { x: left, y }, Point { x: left, y: bottom }, 0.4, tone);
    desk.rule(left, left + width, bottom, 0.4);
    let small = desk.body.sized(0.7);
    for mark in 0..8 {
        let part = f64::from(mark) / 8.0;
        let text = words::figures(&mut desk.rng, 2);
        desk.print_to(&text, left - 1.5, bottom - part * height, small);
        desk.print_centered(&text, left + part * width, bottom + 4.0, small);
    }
    if desk.chance(0.4) {
        for column in 0..10 {
            let tall = desk.between(0.1, 0.95) * height;
            let at = Point { x: left + (f64::from(column) + 0.2) * width / 10.0, y: bottom - tall };
            let shade = desk.pick(&[10, 90, 150]);
            desk.canvas.block(at, 0.6 * width / 10.0, tall, shade);
        }
        return bottom + 8.0;
    }
    for _ in 0..desk.rng.random_range(1..4) {
        let mut level = desk.between(0.2, 0.8);
        let steps = desk.rng.random_range(12..120);
        let rough = desk.between(0.02, 0.12);
        let mut curve = Vec::new();
        for step in 0..steps {
            level = (level + rough * normal(&mut desk.rng)).clamp(0.02, 0.98);
            curve.push(Point { x: left + width * f64::from(step) / f64::from(steps), y: bottom - level * height });
        }
        desk.canvas.path(&curve, 0.35, tone);
    }
    bottom + 8.0
}
