//! Whether the ink lies in two groups, side by side or one above the other, as two signatures on one sheet do.

use super::components::Area;

/// The lighter of two groups has at least this share of the heavier one's ink: less is a flourish, a date or a word.
const LEAST_WEIGHT: f32 = 0.2;

/// A piece of ink: its box and its pixels.
#[derive(Clone, Copy)]
pub(crate) struct Weighed {
    pub area: Area,
    pub ink: usize,
}

impl Weighed {
    fn join(self, other: Weighed) -> Weighed {
        Weighed { area: self.area.join(other.area), ink: self.ink + other.ink }
    }
}

/// The widest gap that cuts the pieces into two groups of similar weight, in heights of the taller group; 0 where no gap
/// does.
pub(crate) fn gap(pieces: &[Weighed]) -> f32 {
    let across = widest(pieces, |area| (area.left, area.right));
    across.max(widest(pieces, |area| (area.top, area.bottom)))
}

/// The same along one axis, on which `extent` says from where to where a box lies.
fn widest(pieces: &[Weighed], extent: impl Fn(&Area) -> (u16, u16)) -> f32 {
    let mut ordered = pieces.to_vec();
    ordered.sort_by_key(|piece| extent(&piece.area));
    let mut after: Vec<Weighed> = Vec::with_capacity(ordered.len());
    for piece in ordered.iter().rev() {
        after.push(after.last().map_or(*piece, |rest| rest.join(*piece)));
    }
    after.reverse();
    let (mut before, mut widest): (Option<Weighed>, f32) = (None, 0.0);
    for (piece, rest) in ordered.iter().zip(&after) {
        if let Some(before) = before {
            let weights = (before.ink.min(rest.ink) as f32, before.ink.max(rest.ink) as f32);
            if weights.0 >= LEAST_WEIGHT * weights.1 {
                let free = extent(&rest.area).0.saturating_sub(extent(&before.area).1);
                widest = widest.max(free as f32 / before.area.height().max(rest.area.height()) as f32);
            }
        }
        before = Some(before.map_or(*piece, |before| before.join(*piece)));
    }
    widest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn piece(left: usize, top: usize, width: usize, height: usize, ink: usize) -> Weighed {
        let [left, top, right, bottom] = [left, top, left + width, top + height].map(|side| side as u16);
        Weighed { area: Area { left, top, right, bottom }, ink }
    }

    #[test]
    fn what_hangs_together_or_is_light_makes_no_group() {
        assert_eq!(gap(&[]), 0.0);
        assert_eq!(gap(&[piece(0, 0, 90, 30, 500)]), 0.0);
        let (word, flourish) = (piece(0, 0, 90, 30, 500), piece(150, 0, 40, 30, 80));
        assert_eq!(gap(&[word, flourish]), 0.0);
        assert_eq!(gap(&[word, flourish, piece(230, 0, 90, 30, 500)]), 2.0, "the flourish may belong to either");
    }

    proptest! {
        #[test]
        fn the_gap_is_in_heights_whatever_the_scan(
            height in 10_usize..80,
            apart in 1_usize..200,
            scale in 1_usize..5,
            below: bool,
            swapped: bool,
        ) {
            let sizes = [(100, height), (120, height / 2 + 1)].map(|(w, h)| (w * scale, h * scale));
            let at = if below { (0, (height + apart) * scale) } else { ((100 + apart) * scale, 0) };
            let mut pieces = vec![
                piece(7, 3, sizes[0].0, sizes[0].1, 400),
                piece(7 + at.0, 3 + at.1, sizes[1].0, sizes[1].1, 300),
            ];
            if swapped {
                pieces.reverse();
            }
            prop_assert!((gap(&pieces) - apart as f32 / height as f32).abs() < 1e-4);
        }
    }
}
