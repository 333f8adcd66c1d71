//! Along which way a plane is walked, and from which of its sides.

use super::Plane;

/// A way along which something is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Level,
    Plumb,
}

impl Direction {
    /// Pixels along the direction and across it.
    pub(super) fn sides(self, plane: &Plane) -> (usize, usize) {
        match self {
            Direction::Level => (plane.width, plane.height),
            Direction::Plumb => (plane.height, plane.width),
        }
    }

    /// Where a pixel is among the plane's values.
    pub(super) fn index(self, plane: &Plane, along: usize, across: usize) -> usize {
        match self {
            Direction::Level => across * plane.width + along,
            Direction::Plumb => along * plane.width + across,
        }
    }
}

/// A side of a plane, or of a box in it.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Top,
    Bottom,
    Left,
    Right,
}

impl Side {
    pub(super) const ALL: [Side; 4] = [Side::Top, Side::Bottom, Side::Left, Side::Right];

    /// The way along the side.
    pub(super) fn direction(self) -> Direction {
        match self {
            Side::Top | Side::Bottom => Direction::Level,
            Side::Left | Side::Right => Direction::Plumb,
        }
    }

    /// Whether it is where rows or columns begin.
    pub(super) fn is_first(self) -> bool {
        matches!(self, Side::Top | Side::Left)
    }
}
