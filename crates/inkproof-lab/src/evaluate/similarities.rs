//! What a protocol asks for again and again: how similar two images of one writer are.

use rayon::prelude::*;

use crate::dataset::{DataSet, Kind};

/// Every similarity of a genuine signature to another image of its writer: they are asked for again in every draw.
#[derive(Debug, Clone)]
pub(crate) struct Similarities<T> {
    /// Of each image: its writer's number and its own among the writer's.
    numbers: Vec<(usize, usize)>,
    /// Of each writer: how many images, and a square of what was compared; None between two forgeries, which nobody compares.
    squares: Vec<(usize, Vec<Option<T>>)>,
}

impl<T: Copy + Send> Similarities<T> {
    /// `similarity` compares two images, by their indices.
    pub(crate) fn new(set: &DataSet, similarity: &(dyn Fn(usize, usize) -> T + Sync)) -> Self {
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
            let mut values = vec![None; list.len() * list.len()];
            for (row, &a) in list.iter().enumerate().filter(|&(_, &a)| set.images[a].kind == Kind::Genuine) {
                for (column, &b) in list.iter().enumerate().skip(row) {
                    let similarity = Some(similarity(a, b));
                    values[row * list.len() + column] = similarity;
                    values[column * list.len() + row] = similarity;
                }
            }
            (list.len(), values)
        };
        Self { numbers, squares: lists.par_iter().map(square).collect() }
    }

    /// None for images of two writers, or two forgeries.
    pub(crate) fn get(&self, a: usize, b: usize) -> Option<T> {
        let ((writer, row), (other, column)) = (self.numbers[a], self.numbers[b]);
        let (side, values) = &self.squares[writer];
        if writer == other { values[row * side + column] } else { None }
    }
}
