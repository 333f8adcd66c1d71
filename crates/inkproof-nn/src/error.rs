//! This crate's errors.

/// This crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a network.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that is not a backbone's.
    #[error("unknown network '{0}'; expected simple-cnn or efficientnet-b0")]
    UnknownBackbone(String),
    /// A name that is not a device's.
    #[error("unknown device '{0}'; expected cpu or gpu")]
    UnknownDevice(String),
    /// A GPU was asked for and cannot be used.
    #[error("no GPU can be used: {0}")]
    NoGpu(&'static str),
    /// A name that is not one of the parts that a network is exported in.
    #[error("unknown part '{0}' of a model; expected embedding or score")]
    UnknownPart(String),
    /// A tensor that the network needs is not there.
    #[error("tensor '{name}' of {network} is missing")]
    MissingTensor {
        /// The network.
        network: &'static str,
        /// The tensor.
        name: String,
    },
    /// A tensor that the network does not have.
    #[error("tensor '{name}' is not a tensor of {network}")]
    UnknownTensor {
        /// The network.
        network: &'static str,
        /// The tensor.
        name: String,
    },
    /// A tensor of another shape than the network's.
    #[error("tensor '{name}' has shape {shape:?}; {network} has {expected:?}")]
    TensorShape {
        /// The network.
        network: &'static str,
        /// The tensor.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// The shape that the network's tensor has.
        expected: Vec<usize>,
    },
    /// A tensor that holds a NaN or an infinity.
    #[error("tensor '{0}' holds a NaN or an infinity")]
    NotFinite(String),
}
