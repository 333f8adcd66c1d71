//! Overlapping initials, large and joined, and flourishes around, under and through them.

use rand::{Rng, RngExt};

use crate::synth::draw::{between, chance};
use crate::synth::letters::CAPITALS;
use crate::synth::motor::Point;
use crate::synth::pen::{Pen, bent};

pub(super) fn written(rng: &mut impl Rng) -> Pen {
    let mut pen = Pen::default();
    let size = between(rng, 1.1, 1.5);
    for _ in 0..rng.random_range(2..4) {
        initial(&mut pen, size * between(rng, 0.8, 1.25), rng);
    }
    let mut kinds = [0, 1, 2, 3, 4];
    for place in 0..rng.random_range(1..4) {
        let other = rng.random_range(place..kinds.len());
        kinds.swap(place, other);
        flourish(&mut pen, kinds[place], rng);
    }
    pen
}

fn initial(pen: &mut Pen, size: f64, rng: &mut impl Rng) {
    let letter = &CAPITALS[rng.random_range(0..CAPITALS.len())];
    let targets = bent(letter.targets, 0.18, rng);
    pen.at.y = between(rng, -0.4, 0.4);
    pen.run(&targets, size * between(rng, 0.8, 1.3), size, true);
    pen.next(letter.width * size * between(rng, 0.35, 0.8));
    pen.at.y = 0.0;
    pen.down = chance(rng, 0.6);
}

fn flourish(pen: &mut Pen, kind: usize, rng: &mut impl Rng) {
    let end = pen.at.x + 0.6;
    match kind {
        // An oval around all of it, once and a bit.
        0 => {
            let (left, right) = (between(rng, -0.9, -0.2), end + between(rng, 0.2, 1.0));
            let (low, high) = (between(rng, -1.0, -0.4), between(rng, 2.2, 3.0));
            let (middle, center) = ((low + high) / 2.0, (left + right) / 2.0);
            pen.aim_at(right, middle, 0.9);
            for (x, y) in [(center, high), (left, middle), (center, low), (right + 0.3, middle + 0.3)] {
                pen.aim_at(x, y, between(rng, 1.35, 1.6));
            }
        }
        // Coils that run out to the right.
        1 => {
            let mut x = end;
            let mut radius = between(rng, 0.4, 0.9);
            for _ in 0..rng.random_range(2..5) {
                pen.aim_at(x + radius, 1.0 + radius, -1.2);
                pen.aim_at(x + 0.5 * radius, 1.0 - radius, -2.6);
                pen.aim_at(x, 1.0, -1.6);
                x += 0.9 * radius;
                radius *= 0.8;
            }
            pen.aim_at(x + between(rng, 1.0, 3.0), between(rng, 0.6, 1.4), -0.8);
        }
        // A stroke through, with a hook at its end.
        2 => {
            let (x, y) = (between(rng, -1.2, -0.3), between(rng, 0.4, 1.4));
            pen.put_down(Point { x, y });
            pen.aim_at(end + between(rng, 0.5, 2.0), y + between(rng, -0.4, 0.8), between(rng, -0.4, 0.4));
            pen.aim_at(end + 0.3, y - between(rng, 0.3, 0.8), -1.6);
        }
        // Lines under it, to and fro.
        3 => {
            let mut y = between(rng, -0.9, -0.4);
            pen.aim_at(end + 0.4, y, -1.0);
            for _ in 0..rng.random_range(1..4) {
                pen.aim_at(between(rng, -0.8, 0.4), y - 0.1, 0.3);
                y -= between(rng, 0.15, 0.4);
                pen.aim_at(end + between(rng, -0.4, 1.2), y, 0.5);
            }
        }
        // A long tail, up or down.
        _ => {
            pen.aim_at(end + between(rng, 1.0, 3.5), between(rng, -1.0, 2.4), between(rng, -1.0, 1.0));
        }
    }
    pen.next(0.0);
    pen.down = chance(rng, 0.3);
}
