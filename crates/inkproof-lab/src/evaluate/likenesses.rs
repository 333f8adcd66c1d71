//! What a protocol asks for again and again: how alike two images of one writer are.

use rayon::prelude::*;

use crate::dataset::{DataSet, Kind};

/// Every likeness of a genuine signature to another image of its writer: they are asked for again in every draw.
#[derive(Debug, Clone)]
pub(crate) struct Likenesses {
    /// Of each image: its writer's number and its own among the writer's.
    numbers: Vec<(usize, usize)>,
    /// Of each writer: how many images, and a square of likenesses; NaN between two forgeries, which nobody compares.
    squares: Vec<(usize, Vec<f32>)>,
}

impl Likenesses {
    /// `alike` compares two images, by their indices.
    pub(crate) fn new(set: &DataSet, alike: &(dyn Fn(usize, usize) -> f32 + Sync)) -> Self {
        let groups = set.by_writer();
        let mut numbers = vec![(0, 0); set.images.len()];
        let mut lists = Vec::with_capacity(groups.len());
        for (writer, group) in groups.iter().enumerate() {
            let list = [&group.genuine[..], &group.forgeries].concat();
            for (number, &image) in list.iter().enumerate() {
                numbers[image] = (writer, number);
            }
            lists.push(list);
        }
        let square = |list: &Vec<usize>| {
            let mut values = vec![f32::NAN; list.len() * list.len()];
            for (row, &a) in list.iter().enumerate().filter(|&(_, &a)| set.images[a].kind == Kind::Genuine) {
                for (column, &b) in list.iter().enumerate().skip(row) {
                    let alike = alike(a, b);
                    values[row * list.len() + column] = alike;
                    values[column * list.len() + row] = alike;
                }
            }
            (list.len(), values)
        };
        Self { numbers, squares: lists.par_iter().map(square).collect() }
    }

    /// None for images of two writers, or two forgeries.
    pub(crate) fn get(&self, a: usize, b: usize) -> Option<f64> {
        let ((writer, row), (other, column)) = (self.numbers[a], self.numbers[b]);
        let (side, values) = &self.squares[writer];
        let alike = || f64::from(values[row * side + column]);
        (writer == other).then(alike).filter(|alike| !alike.is_nan())
    }
}
