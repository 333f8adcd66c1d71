/// What can go wrong in the engine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A model file that cannot be used.
    #[error("the model cannot be used: {0}")]
    Model(String),
    #[error("there is no backbone '{0}': simple-cnn and efficientnet-b0 are")]
    UnknownBackbone(String),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;
