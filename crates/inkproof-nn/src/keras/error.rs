//! Why a file of Keras is not read.

use crate::Backbone;

/// What can be wrong with a file of Keras.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Neither of the formats that Keras writes.
    #[error("is neither a .keras file nor HDF5, the formats that Keras saves models in")]
    UnknownFormat,
    /// A format that is well known and not read.
    #[error("is {0}, which is not read; save the model with model.save('model.keras') and give that")]
    OtherFormat(&'static str),
    /// An archive without a model in it.
    #[error("is a zip archive without a Keras model in it")]
    NoModel,
    /// An archive with several models in it.
    #[error("is a zip archive with several models in it ({0}); unpack the one that is meant")]
    SeveralModels(String),
    /// More bytes than any of these networks takes.
    #[error("{what} has {bytes} bytes, more than the limit of {limit}")]
    TooLarge {
        /// The file, or the part of it.
        what: String,
        /// Its bytes, as far as they were counted.
        bytes: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// An archive that cannot be read.
    #[error("is not a zip archive that can be read ({0}); it may be cut off or damaged")]
    Zip(String),
    /// HDF5 that cannot be read.
    #[error("is not HDF5 that can be read ({0}); it may be cut off or damaged")]
    Hdf5(String),
    /// A system without threads, or without memory for one.
    #[error("is read in a thread of its own, which the system does not give ({0})")]
    NoThread(String),
    /// A description of the network that is not one of Keras'.
    #[error("its description of the network cannot be read ({0})")]
    Config(String),
    /// Another network.
    #[error("is not {backbone} as inkproof has it: layer '{layer}' is {found}, where {expected} is expected")]
    Differs {
        /// The network that it is most like.
        backbone: Backbone,
        /// The first layer that differs.
        layer: String,
        /// What the layer is.
        found: String,
        /// What should be there.
        expected: String,
    },
    /// A model that compares no two vectors.
    #[error("compares no two pictures: layer '{layer}' is {found}, where {expected} is expected")]
    NotSiamese {
        /// The layer.
        layer: String,
        /// What the layer is.
        found: String,
        /// What should be there.
        expected: &'static str,
    },
    /// Code that is none of the known ones.
    #[error(
        "layer '{layer}' is a Lambda of unknown code{}; known are the absolute difference and the length of 1, and code \
         from a file is not executed",
        expression.as_ref().map_or(String::new(), |words| format!(" ({words})"))
    )]
    UnknownLambda {
        /// The layer.
        layer: String,
        /// Its code as an expression, where it can be read.
        expression: Option<String>,
    },
    /// A layer whose function the file names and does not hold.
    #[error(
        "layer '{layer}' calls a function '{function}', whose code the file does not hold; what it computes is unknown"
    )]
    NamedFunction {
        /// The layer.
        layer: String,
        /// The function's name.
        function: String,
    },
    /// Weights that the file should hold.
    #[error("holds no weights '{variable}' of layer '{layer}'")]
    MissingWeights {
        /// The layer.
        layer: String,
        /// Which of its weights.
        variable: String,
    },
    /// Weights alone, of which several could be a layer's.
    #[error(
        "is weights alone, and layer '{layer}' could be any of {candidates}; save the whole model with \
         model.save('model.keras') and give that"
    )]
    UnclearLayer {
        /// Keras' name of the network's layer.
        layer: String,
        /// Layers of the file whose weights have the same shapes.
        candidates: String,
    },
    /// Weights alone, of a layer that the network has not.
    #[error(
        "is weights alone and not {backbone} as inkproof has it: it has no layer with weights as those of '{layer}'"
    )]
    OtherLayer {
        /// The network that it is most like.
        backbone: Backbone,
        /// The layer of the file.
        layer: String,
    },
    /// Weights that are stored in a way that Keras does not.
    #[error("the weights {path} are {found}; {expected} is expected")]
    Weights {
        /// Where they are in the file.
        path: String,
        /// How they are stored.
        found: String,
        /// How they should be.
        expected: String,
    },
    /// A layer that was adapted to data, as none of these networks is.
    #[error("layer '{0}' changes mean and variance of its pictures, as inkproof's networks do not")]
    Adapted(String),
    /// Weights that are not numbers, or not those of a network.
    #[error("{0}")]
    Network(#[from] crate::Error),
}

/// The result of reading a file of Keras.
pub type Result<T, E = Error> = std::result::Result<T, E>;
