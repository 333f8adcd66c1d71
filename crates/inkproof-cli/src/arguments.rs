//! Options that several commands share: which model, and where the store is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use inkproof::{Limits, Model, Verifier};
use inkproof_service::{Options, Service, Threads};
use inkproof_store::{KeySource, Store, Upgraded, default_place};

use crate::terminal::one_line;

/// Which model judges.
#[derive(Debug, Clone, Default, Args)]
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

    /// The file, where there is one.
    pub fn path(&self) -> Option<&Path> {
        self.model.as_deref()
    }

    pub fn verifier(&self, images: &ImageOptions) -> Result<Arc<Verifier>> {
        Ok(Arc::new(Verifier::new(self.load()?).with_limits(images.limits())))
    }
}

/// How image files are read.
#[derive(Debug, Clone, Default, Args)]
pub struct ImageOptions {
    /// Page of an image file that has several (of the questioned signature's, or of all that are enrolled); without it the
    /// only one that has something on it. FILE[2] says it of one file
    #[arg(long, value_name = "N")]
    pub page: Option<u32>,
    /// Pixels that an image may have, such as 100M
    #[arg(long, value_name = "PIXELS", value_parser = pixels, default_value = "64M")]
    max_pixels: Option<u64>,
}

impl ImageOptions {
    pub fn limits(&self) -> Limits {
        let usual = Limits::default();
        let pixels = self.max_pixels.unwrap_or(usual.pixels);
        // A file with a byte for each pixel may be as large as its pixels.
        Limits { pixels, bytes: usual.bytes.max(pixels), ..usual }
    }
}

/// A number, of thousands (`k`) or of millions (`M`).
fn pixels(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.trim().strip_suffix(['k', 'K']) {
        Some(number) => (number, 1_000),
        None => text.trim().strip_suffix(['m', 'M']).map_or((text.trim(), 1), |number| (number, 1_000_000)),
    };
    let pixels = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).filter(|&pixels| pixels > 0);
    pixels.ok_or_else(|| "give a number of pixels, such as 100M".to_owned())
}

/// Where the store is.
#[derive(Debug, Clone, Args)]
pub struct StorePlace {
    /// A file, or postgres://USER@HOST/DATABASE; without it store.db in the user's data folder
    #[arg(long, value_name = "PLACE", env = "INKPROOF_STORE", hide_env_values = true)]
    store: Option<String>,
    #[command(flatten)]
    master_key: MasterKey,
}

/// Where the store's master key is.
#[derive(Debug, Clone, Args)]
pub struct MasterKey {
    /// File with the store's master key; without it INKPROOF_KEY holds it, or store.key in the user's folder for settings
    #[arg(long, value_name = "FILE", env = "INKPROOF_KEY_FILE", hide_env_values = true)]
    key_file: Option<PathBuf>,
    /// Command that prints the master key, as of a key management service, in place of a file
    #[arg(long, value_name = "COMMAND", env = "INKPROOF_KEY_COMMAND", hide_env_values = true)]
    key_command: Option<String>,
}

impl MasterKey {
    pub fn source(&self) -> Result<KeySource> {
        let found = KeySource::find(self.key_file.as_deref(), self.key_command.as_deref());
        found.context("there is no home folder; say with --key-file where the store's master key is")
    }
}

/// Says so where a store has got a key file.
pub fn with_key_noted(store: Store, keys: &KeySource) -> Store {
    if store.has_made_key() {
        eprintln!(
            "note: {} is new: it is the master key of the store, and without it nothing in the store can be read. Keep a copy \
             elsewhere.",
            one_line(keys)
        );
    }
    store
}

impl StorePlace {
    /// The store at a place; without one that of the environment, or in the user's data folder.
    pub fn new(place: Option<String>, master_key: MasterKey) -> Self {
        Self { store: place.or_else(|| std::env::var("INKPROOF_STORE").ok()), master_key }
    }

    /// Makes a store where there is none.
    pub fn open(&self) -> Result<Store> {
        let keys = self.keys()?;
        Ok(with_key_noted(Store::open(&self.place()?, &keys)?, &keys))
    }

    pub fn open_existing(&self) -> Result<Store> {
        Ok(Store::open_existing(&self.place()?, &self.keys()?)?)
    }

    /// To look, whichever older program wrote it.
    pub fn open_as_it_is(&self) -> Result<Store> {
        Ok(Store::open_as_it_is(&self.place()?, &self.keys()?)?)
    }

    pub fn upgrade(&self) -> Result<Upgraded> {
        Ok(Store::upgrade(&self.place()?, &self.keys()?)?)
    }

    pub fn keys(&self) -> Result<KeySource> {
        self.master_key.source()
    }

    /// What verifies with a store that has to be there.
    pub fn service(&self, model: &ModelFile, images: &ImageOptions) -> Result<Service> {
        let options = Options { threads: Threads::All, ..Options::default() };
        Ok(Service::new(model.verifier(images)?, Arc::new(self.open_existing()?), options))
    }

    /// The same with a store that is made where there is none.
    pub fn new_service(&self, verifier: Arc<Verifier>, options: Options) -> Result<Service> {
        Ok(Service::new(verifier, Arc::new(self.open()?), options))
    }

    pub fn place(&self) -> Result<String> {
        let place = self.store.clone().or_else(default_place);
        place.context("there is no home folder; say with --store where the store is")
    }
}
