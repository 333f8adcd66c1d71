//! Brings strokes to one width, so that neither pen nor resolution of the scan remains.
//!
//! The usual width is measured on the mask, and the mask grown or shrunk by half the difference,
//! by its chamfer distance (3 across, 4 across corners: Borgefors 1986).

use super::Plane;

/// Distance of neighbours across a side; the unit of the distance map.
const SIDE: u16 = 3;
/// Distance of neighbours across a corner.
const CORNER: u16 = 4;
/// Strokes lose at most this share of their width on each side, or thin places would vanish.
const MOST_SHRINKING: f32 = 0.25;

/// The mask (1 ink, 0 paper) with strokes about `width` pixels wide.
pub(super) fn level(mask: Plane, width: f32) -> Plane {
    let measured = stroke_width(&mask);
    let change = (width - measured) / 2.0;
    let change = change.max(-MOST_SHRINKING * measured);
    if change >= 0.5 {
        near(&mask, 1, change)
    } else if change <= -0.5 {
        let mut paper = near(&mask, 0, -change);
        paper.values.iter_mut().for_each(|v| *v = 1 - *v);
        paper
    } else {
        mask
    }
}

/// Twice the ink over its outline, as in [`super::components`].
fn stroke_width(mask: &Plane) -> f32 {
    let ink: usize = mask.values.iter().map(|&v| usize::from(v)).sum();
    let differ = |(a, b): (&u8, &u8)| usize::from(a != b);
    let along: usize =
        (0..mask.height).map(|y| mask.row(y).iter().zip(&mask.row(y)[1..]).map(differ).sum::<usize>()).sum();
    let down = mask.values.iter().zip(&mask.values[mask.width..]).map(differ).sum::<usize>();
    2.0 * ink as f32 / (std::f32::consts::FRAC_PI_4 * (along + down).max(1) as f32)
}

/// 1 within `reach` pixels of a value, else 0.
fn near(mask: &Plane, value: u8, reach: f32) -> Plane {
    // Half a pixel more: distances are between centres, the mask ends between them.
    let reach = (f32::from(SIDE) * (reach + 0.5)) as u16;
    let distances = distances(mask, value);
    Plane { width: mask.width, height: mask.height, values: distances.iter().map(|&d| u8::from(d <= reach)).collect() }
}

/// Chamfer distance of every pixel to the nearest one with the value.
fn distances(mask: &Plane, value: u8) -> Vec<u16> {
    const FAR: u16 = u16::MAX / 2;
    let mut map: Vec<u16> = mask.values.iter().map(|&v| if v == value { 0 } else { FAR }).collect();
    for y in 0..mask.height {
        let (before, row) = map.split_at_mut(y * mask.width);
        let row = &mut row[..mask.width];
        if y > 0 {
            from_neighbours(row, &before[(y - 1) * mask.width..]);
        }
        for x in 1..row.len() {
            row[x] = row[x].min(row[x - 1] + SIDE);
        }
    }
    for y in (0..mask.height).rev() {
        let (row, after) = map[y * mask.width..].split_at_mut(mask.width);
        if !after.is_empty() {
            from_neighbours(row, &after[..mask.width]);
        }
        for x in (1..row.len()).rev() {
            row[x - 1] = row[x - 1].min(row[x] + SIDE);
        }
    }
    map
}

/// Lowers a row's distances to what the row beside it allows.
fn from_neighbours(row: &mut [u16], beside: &[u16]) {
    let width = row.len();
    for (d, &b) in row.iter_mut().zip(beside) {
        *d = (*d).min(b + SIDE);
    }
    for (d, &b) in row[1..].iter_mut().zip(&beside[..width - 1]) {
        *d = (*d).min(b + CORNER);
    }
    for (d, &b) in row[..width - 1].iter_mut().zip(&beside[1..]) {
        *d = (*d).min(b + CORNER);
    }
}
