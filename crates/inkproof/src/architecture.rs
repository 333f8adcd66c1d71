//! What a model is made of: one of the siamese networks, or `inknet`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use inkproof_nn::Backbone;

use crate::{Error, Result};

/// What a model is made of; in a model file, and on the command line, one word: `inknet` or the name of a backbone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Architecture {
    /// Two inks go through the same network, and their vectors are compared.
    Siamese(Backbone),
    /// See [`crate::inknet`].
    Inknet,
}

const INKNET: &str = "inknet";

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Siamese(backbone) => backbone.fmt(f),
            Self::Inknet => f.write_str(INKNET),
        }
    }
}

impl FromStr for Architecture {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            INKNET => Ok(Self::Inknet),
            _ => name.parse().map(Self::Siamese).map_err(|_| Error::UnknownBackbone(name.to_owned())),
        }
    }
}

impl TryFrom<String> for Architecture {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        name.parse()
    }
}

impl From<Architecture> for String {
    fn from(architecture: Architecture) -> Self {
        architecture.to_string()
    }
}
