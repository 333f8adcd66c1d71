//! Options that several commands share: which model, and where the store is.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use inkproof::Model;

use crate::store::Store;

/// Which model judges.
#[derive(Debug, Clone, Args)]
pub struct ModelFile {
    /// Model file written by `inkproof train`; without it the one that comes with the program
    #[arg(long)]
    model: Option<PathBuf>,
}

impl ModelFile {
    pub fn load(&self) -> Result<Model> {
        match &self.model {
            Some(path) => Ok(Model::load(path)?),
            None => Ok(Model::bundled()),
        }
    }
}

/// Where the store is.
#[derive(Debug, Clone, Args)]
pub struct StorePlace {
    /// A file, or postgres://USER@HOST/DATABASE; without it store.db in the user's data folder
    #[arg(long, value_name = "PLACE", env = "INKPROOF_STORE", hide_env_values = true)]
    store: Option<String>,
}

impl StorePlace {
    /// Makes a store where there is none.
    pub fn open(&self) -> Result<Store> {
        Ok(Store::open(&self.place()?)?)
    }

    pub fn open_existing(&self) -> Result<Store> {
        Ok(Store::open_existing(&self.place()?)?)
    }

    fn place(&self) -> Result<String> {
        if let Some(place) = &self.store {
            return Ok(place.clone());
        }
        default_store()
    }
}

/// `store.db` in the user's data folder.
pub fn default_store() -> Result<String> {
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let data = data.or_else(|| std::env::home_dir().map(|home| home.join(".local/share")));
    let path = data.context("there is no home folder; say with --store where the store is")?.join("inkproof/store.db");
    path.into_os_string().into_string().map_err(|path| anyhow!("{}: its name is no UTF-8", path.display()))
}
