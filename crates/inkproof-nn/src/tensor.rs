//! Numbers with a shape.

use std::sync::Arc;

/// Numbers with a shape, row-major; a clone shares the numbers.
#[derive(Clone, Debug)]
pub(crate) struct Tensor<T> {
    shape: Vec<usize>,
    values: Arc<Vec<T>>,
}

impl<T> Tensor<T> {
    /// # Panics
    /// Where there are not as many numbers as the shape says.
    pub(crate) fn new(values: Vec<T>, shape: &[usize]) -> Self {
        assert_eq!(values.len(), shape.iter().product(), "the numbers of a tensor of shape {shape:?}");
        Self { shape: shape.to_vec(), values: Arc::new(values) }
    }

    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The shape.
    ///
    /// # Panics
    /// Where the tensor is of another rank.
    pub(crate) fn dims<const D: usize>(&self) -> [usize; D] {
        self.shape.as_slice().try_into().expect("a tensor of the rank that its layer uses")
    }

    pub(crate) fn values(&self) -> &[T] {
        &self.values
    }
}

impl<T: Clone> Tensor<T> {
    /// The numbers: those of this tensor itself, where nothing else shares them.
    pub(crate) fn into_values(self) -> Vec<T> {
        Arc::unwrap_or_clone(self.values)
    }
}
