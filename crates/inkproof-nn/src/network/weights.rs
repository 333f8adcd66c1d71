//! The weights of a siamese network.

use super::Backbone;
use super::tensors::{NamedTensors, Parameter, Tensors};
use crate::Result;

/// All tensors of a siamese network, in the order of [`Backbone::parameters`].
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    backbone: Backbone,
    tensors: Tensors,
}

impl Weights {
    /// Draws the starting values as Keras does; every tensor has a stream of its own, so that one more tensor changes
    /// nothing in the others.
    pub fn initialise(backbone: Backbone, seed: u64) -> Self {
        Self { backbone, tensors: Tensors::initialise(backbone.parameters(), seed) }
    }

    /// Takes tensors by name, as read from a file.
    ///
    /// # Errors
    /// Where a tensor is missing, too many, of another shape, or holds a NaN or an infinity.
    pub fn from_tensors(backbone: Backbone, tensors: NamedTensors) -> Result<Self> {
        Ok(Self { backbone, tensors: Tensors::from_named(backbone.name(), backbone.parameters(), tensors)? })
    }

    /// The network that these are the weights of.
    pub fn backbone(&self) -> Backbone {
        self.backbone
    }

    pub(crate) fn tensors(&self) -> &Tensors {
        &self.tensors
    }

    pub(super) fn tensors_mut(&mut self) -> &mut Tensors {
        &mut self.tensors
    }

    /// Every tensor with its values, in the order of [`Backbone::parameters`].
    pub fn iter(&self) -> impl Iterator<Item = (&Parameter, &[f32])> {
        self.tensors.iter()
    }

    /// Whether every number is finite: false after a step that diverged.
    pub fn is_finite(&self) -> bool {
        self.tensors.is_finite()
    }
}
