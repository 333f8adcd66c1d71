//! What the service is told: flags before the environment before a file before the defaults.
//!
//! Each source is the same table of names and values ([`PartialSettings`]), read and checked on its own, so that an error names the
//! flag, the variable or the line. The tables are laid over each other by name, and [`Settings`] remembers for each value
//! where it came from; `inkproof config` shows that.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use inkproof_store::{KeySource, default_place};

use crate::cors;

/// In the folder in which the program runs; read where it is there and no other file is named.
const FILE: &str = "inkproof.toml";
/// Before the name of a setting in the environment: INKPROOF_MAX_IMAGES is max-images.
const PREFIX: &str = "INKPROOF_";
/// Names the file in the environment; no setting itself.
const FILE_VARIABLE: &str = "INKPROOF_CONFIG";

/// Where settings are, and those given on the command line.
#[derive(Debug, Default)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
pub struct Sources {
    /// File of settings in TOML; without it INKPROOF_CONFIG names one, or inkproof.toml is read where it is there
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE"))]
    config: Option<PathBuf>,
    #[cfg_attr(feature = "clap", command(flatten))]
    flags: PartialSettings,
}

/// The settings that one source gives; the names in a file, in the environment (INKPROOF_MAX_IMAGES) and of the flags are
/// the same.
#[derive(Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PartialSettings {
    /// Address and port to serve on; any address but this machine's own needs tokens and TLS, or --behind-proxy
    #[cfg_attr(feature = "clap", arg(long, value_name = "ADDRESS:PORT"))]
    listen: Option<SocketAddr>,
    /// Where writers, decisions and the audit are kept: a SQLite file, or the address of a PostgreSQL database; without it
    /// store.db in the user's data folder
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE|postgres://..."))]
    store: Option<String>,
    /// File with the store's master key; without it INKPROOF_KEY holds it, or store.key in the user's folder for settings
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE"))]
    key_file: Option<PathBuf>,
    /// Command that prints the master key, as of a key management service, in place of a file
    #[cfg_attr(feature = "clap", arg(long, value_name = "COMMAND"))]
    key_command: Option<String>,
    /// Model file that judges; empty for the one that comes with the program
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE"))]
    model: Option<PathBuf>,
    /// PEM file with the server's certificate chain; with --tls-key
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE"))]
    tls_certificate: Option<PathBuf>,
    /// PEM file with the certificate's private key
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE"))]
    tls_key: Option<PathBuf>,
    /// A proxy in front does TLS: serve plain HTTP on any address; tokens are still needed
    #[cfg_attr(feature = "clap", arg(long, num_args = 0..=1, default_missing_value = "true"))]
    behind_proxy: Option<bool>,
    /// Demand tokens on this machine's own address, too
    #[cfg_attr(feature = "clap", arg(long, num_args = 0..=1, default_missing_value = "true"))]
    require_tokens: Option<bool>,
    /// A reference counts only once somebody else than who enrolled it has approved it; without it as `store policy` says
    #[cfg_attr(feature = "clap", arg(long, num_args = 0..=1, default_missing_value = "true"))]
    four_eyes: Option<bool>,
    /// Keep the original images of references beside their ink, sealed, so that a later program can look at them afresh
    #[cfg_attr(feature = "clap", arg(long, num_args = 0..=1, default_missing_value = "true"))]
    keep_images: Option<bool>,
    /// Origins of web pages elsewhere that may call the service, separated by commas; none unless told
    #[cfg_attr(feature = "clap", arg(long, value_name = "ORIGIN,..."))]
    cors_origins: Option<String>,
    /// Requests that are computed at the same time; 0 for one for each core
    #[cfg_attr(feature = "clap", arg(long))]
    workers: Option<usize>,
    /// Requests that may wait for a worker, the next is answered 429; 0 for one for each worker
    #[cfg_attr(feature = "clap", arg(long))]
    queue: Option<usize>,
    /// Connections at the same time; further ones are closed
    #[cfg_attr(feature = "clap", arg(long))]
    connections: Option<usize>,
    /// Connections of one address (IPv6: one /64) at the same time; behind a proxy, requests of one forwarded address
    #[cfg_attr(feature = "clap", arg(long))]
    connections_per_address: Option<usize>,
    /// Bytes of a request
    #[cfg_attr(feature = "clap", arg(long))]
    max_body: Option<usize>,
    /// Bytes of all requests that are being received or computed; no token or address holds more than is left for others
    #[cfg_attr(feature = "clap", arg(long))]
    max_bodies: Option<usize>,
    /// Bytes that have to be free on the disk of the store's file, or /readyz says that it is full
    #[cfg_attr(feature = "clap", arg(long))]
    min_free: Option<u64>,
    /// Pixels of an image
    #[cfg_attr(feature = "clap", arg(long))]
    max_pixels: Option<u64>,
    /// Images of a request
    #[cfg_attr(feature = "clap", arg(long))]
    max_images: Option<usize>,
    /// Seconds that a request may take, and that requests are given to end when the service stops
    #[cfg_attr(feature = "clap", arg(long))]
    request_seconds: Option<u64>,
    /// Requests a minute for each token
    #[cfg_attr(feature = "clap", arg(long))]
    rate: Option<u32>,
    /// Requests a minute for each token that show ink of what is kept: references, verifications of enrolled writers with
    /// pictures, reviews with pictures
    #[cfg_attr(feature = "clap", arg(long))]
    picture_rate: Option<u32>,
    /// Bytes of the archive of a job
    #[cfg_attr(feature = "clap", arg(long))]
    max_job: Option<u64>,
    /// Jobs of one owner that have not ended
    #[cfg_attr(feature = "clap", arg(long))]
    max_jobs: Option<usize>,
    /// Days after which a job that has ended is removed with its table
    #[cfg_attr(feature = "clap", arg(long))]
    job_days: Option<u32>,
    /// How log lines are written
    #[cfg_attr(feature = "clap", arg(long, value_enum))]
    log: Option<LogFormat>,
    /// What is logged: error, warn, info, debug or trace, or directives such as warn,inkproof=debug
    #[cfg_attr(feature = "clap", arg(long))]
    log_level: Option<String>,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people to read.
    #[cfg_attr(feature = "clap", value(help = None::<&'static str>))]
    Text,
    /// One JSON object a line.
    #[cfg_attr(feature = "clap", value(help = None::<&'static str>))]
    Json,
}

/// All settings; see [`PartialSettings`] for what each is.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Settings {
    /// Address and port to serve on.
    pub listen: SocketAddr,
    /// The SQLite file, or the address of the PostgreSQL database; never empty.
    pub store: String,
    /// The file with the store's master key; empty where it is elsewhere.
    pub key_file: PathBuf,
    /// The command that prints the master key; empty for none.
    pub key_command: String,
    /// The model file that judges; empty for the one that comes with the program.
    pub model: PathBuf,
    /// The PEM file with the certificate chain; empty where the service does no TLS.
    pub tls_certificate: PathBuf,
    /// The PEM file with the private key of the certificate; empty where the service does no TLS.
    pub tls_key: PathBuf,
    /// Whether a proxy in front does TLS, so that plain HTTP is served on any address.
    pub behind_proxy: bool,
    /// Whether tokens are demanded on this machine's own address, too.
    pub require_tokens: bool,
    /// Whether a reference counts only once somebody else than who enrolled it has approved it.
    pub four_eyes: bool,
    /// Whether a source says so, or says otherwise; the store's own word binds where none does.
    #[serde(skip)]
    pub four_eyes_said: bool,
    /// Whether the original images of references are kept beside their ink.
    pub keep_images: bool,
    /// Origins of web pages elsewhere that may call the service, separated by commas; empty for none.
    pub cors_origins: String,
    /// Requests that are computed at the same time, 1 or more.
    pub workers: usize,
    /// Requests that may wait for a worker, 1 or more.
    pub queue: usize,
    /// Connections at the same time, 1 or more.
    pub connections: usize,
    /// Connections of one address (IPv6: one /64) at the same time, 1 or more.
    pub connections_per_address: usize,
    /// Bytes of a request, 1 or more.
    pub max_body: usize,
    /// Bytes of all requests that are being received or computed, `max_body` or more.
    pub max_bodies: usize,
    /// Bytes that have to be free on the disk of the store's file, or the service is not ready.
    pub min_free: u64,
    /// Pixels of an image.
    pub max_pixels: u64,
    /// Images of a request, 1 or more.
    pub max_images: usize,
    /// Seconds that a request may take, and that requests are given to end, 1 or more.
    pub request_seconds: u64,
    /// Requests a minute for each token, 1 or more.
    pub rate: u32,
    /// Requests a minute for each token that show ink of what is kept, 1 or more.
    pub picture_rate: u32,
    /// Bytes of the archive of a job, 1 or more.
    pub max_job: u64,
    /// Jobs of one owner that have not ended, 1 or more.
    pub max_jobs: usize,
    /// Days after which a job that has ended is removed with its table, 1 or more.
    pub job_days: u32,
    /// How log lines are written.
    pub log: LogFormat,
    /// What is logged: a level, or directives such as `warn,inkproof=debug`.
    pub log_level: String,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// No source gives it.
    Default,
    /// A file of settings, by its path.
    File(PathBuf),
    /// A variable of the environment, by its name.
    Variable(String),
    /// A flag of the command line, with its two dashes.
    Flag(String),
}

/// Every value by its name, with where it comes from.
pub type Origins = BTreeMap<String, (Value, Origin)>;

impl Sources {
    /// All settings, and where each comes from.
    ///
    /// # Errors
    /// A file that cannot be read, an unknown setting, a value that does not fit; all name the source.
    pub fn read(&self) -> Result<(Settings, Origins)> {
        let mut origins = Origins::new();
        overlay(&mut origins, table(&defaults())?, |_| Origin::Default);
        if let Some((path, given)) = self.file()? {
            overlay(&mut origins, table(&given)?, |_| Origin::File(path.clone()));
        }
        for (variable, name, value) in variables(&origins) {
            let given = PartialSettings::of_text(&name, &value).with_context(|| format!("{variable}={value}"))?;
            overlay(&mut origins, table(&given)?, |_| Origin::Variable(variable.clone()));
        }
        overlay(&mut origins, table(&self.flags)?, |name| Origin::Flag(format!("--{name}")));
        let merged: Table = origins.iter().map(|(name, (value, _))| (name.clone(), value.clone())).collect();
        let mut settings: Settings = merged.try_into().context("the settings do not fit together")?;
        settings.four_eyes_said = origins.get("four-eyes").is_some_and(|(_, origin)| *origin != Origin::Default);
        Ok((settings.checked()?, origins))
    }

    fn file(&self) -> Result<Option<(PathBuf, PartialSettings)>> {
        let named = self.config.clone().or_else(|| std::env::var_os(FILE_VARIABLE).map(PathBuf::from));
        let path = match named {
            Some(path) => path,
            None if Path::new(FILE).exists() => PathBuf::from(FILE),
            None => return Ok(None),
        };
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("{}: cannot be read; check the path and its permissions", path.display()))?;
        let given = toml::from_str(&text)
            .map_err(|error| anyhow::anyhow!("{}: {}", path.display(), error.to_string().trim_end()))?;
        Ok(Some((path, given)))
    }
}

impl PartialSettings {
    /// One setting whose value is text, as in the environment.
    fn of_text(name: &str, text: &str) -> Result<Self> {
        let plain = || Value::String(text.to_owned());
        let value = match text.parse::<Value>() {
            Ok(value @ (Value::Integer(_) | Value::Boolean(_))) => value,
            _ => plain(),
        };
        let given = |value| Table::from_iter([(name.to_owned(), value)]).try_into::<Self>();
        given(value).or_else(|_| given(plain())).map_err(|error| anyhow::anyhow!(error.message().to_owned()))
    }
}

fn defaults() -> PartialSettings {
    PartialSettings {
        listen: Some(SocketAddr::from(([127, 0, 0, 1], 8080))),
        // Where there is no home folder, another source has to say.
        store: Some(default_place().unwrap_or_default()),
        key_file: Some(PathBuf::new()),
        key_command: Some(String::new()),
        model: Some(PathBuf::new()),
        tls_certificate: Some(PathBuf::new()),
        tls_key: Some(PathBuf::new()),
        behind_proxy: Some(false),
        require_tokens: Some(false),
        four_eyes: Some(false),
        keep_images: Some(true),
        cors_origins: Some(String::new()),
        workers: Some(0),
        queue: Some(0),
        connections: Some(512),
        connections_per_address: Some(128),
        max_body: Some(16 << 20),
        max_bodies: Some(64 << 20),
        min_free: Some(64 << 20),
        max_pixels: Some(16_000_000),
        max_images: Some(13),
        request_seconds: Some(30),
        rate: Some(6000),
        picture_rate: Some(60),
        max_job: Some(256 << 20),
        max_jobs: Some(8),
        job_days: Some(7),
        log: Some(LogFormat::Text),
        log_level: Some("info".to_owned()),
    }
}

fn table(given: &PartialSettings) -> Result<Table> {
    Ok(Table::try_from(given)?)
}

fn overlay(origins: &mut Origins, over: Table, origin: impl Fn(&str) -> Origin) {
    for (name, value) in over {
        let origin = origin(&name);
        origins.insert(name, (value, origin));
    }
}

/// Variables of the environment that are settings, as the defaults know them: their name, the setting's, and the value.
fn variables(known: &Origins) -> Vec<(String, String, String)> {
    let setting = |variable: &str| Some(variable.strip_prefix(PREFIX)?.to_lowercase().replace('_', "-"));
    let named = |(variable, value): (String, String)| setting(&variable).map(|name| (variable, name, value));
    let text = |(variable, value): (OsString, OsString)| (lossy(&variable), lossy(&value));
    std::env::vars_os().map(text).filter_map(named).filter(|(_, name, _)| known.contains_key(name)).collect()
}

/// What is no UTF-8 has marks where it cannot be read, so that it is told as wrong instead of passed over.
fn lossy(text: &OsStr) -> String {
    text.to_string_lossy().into_owned()
}

impl Settings {
    /// Numbers that stand for "as many as fit" are filled in, and what cannot be is refused.
    fn checked(mut self) -> Result<Self> {
        if self.workers == 0 {
            self.workers = std::thread::available_parallelism().map_or(1, usize::from);
        }
        if self.queue == 0 {
            self.queue = self.workers;
        }
        ensure!(!self.store.is_empty(), "there is no home folder; say with store where the store is");
        let positive = [
            ("connections", self.connections),
            ("connections-per-address", self.connections_per_address),
            ("max-body", self.max_body),
            ("max-images", self.max_images),
            ("request-seconds", usize::try_from(self.request_seconds)?),
            ("rate", usize::try_from(self.rate)?),
            ("picture-rate", usize::try_from(self.picture_rate)?),
            ("max-job", usize::try_from(self.max_job)?),
            ("max-jobs", self.max_jobs),
            ("job-days", usize::try_from(self.job_days)?),
        ];
        for (name, value) in positive {
            ensure!(value > 0, "{name} is 0; give 1 or more");
        }
        ensure!(
            self.max_bodies >= self.max_body,
            "max-bodies is {}; give at least max-body ({})",
            self.max_bodies,
            self.max_body
        );
        cors::origins(&self.cors_origins)?;
        ensure!(
            self.tls_certificate.as_os_str().is_empty() == self.tls_key.as_os_str().is_empty(),
            "tls-certificate and tls-key belong together; give both or none"
        );
        ensure!(!(self.uses_tls() && self.behind_proxy), "behind-proxy serves plain HTTP; leave out tls-certificate");
        if !self.listens_here_only() && !self.uses_tls() && !self.behind_proxy {
            bail!(
                "listen is {}, which others can reach: give tls-certificate and tls-key, or behind-proxy where a proxy does \
                 TLS",
                self.listen
            );
        }
        Ok(self)
    }

    /// Where the store's master key is.
    ///
    /// # Errors
    /// Where nothing says so and there is no home folder.
    pub fn keys(&self) -> Result<KeySource> {
        let found = KeySource::find(Some(&self.key_file), Some(&self.key_command));
        found.context("there is no home folder; say with key-file where the store's master key is")
    }

    /// Whether the service itself does TLS.
    pub fn uses_tls(&self) -> bool {
        !self.tls_certificate.as_os_str().is_empty()
    }

    /// Whether only programs on this machine can reach the service.
    pub fn listens_here_only(&self) -> bool {
        self.listen.ip().is_loopback()
    }

    /// Without them everyone who reaches the service may do everything, which is for one's own machine only.
    pub fn demands_tokens(&self) -> bool {
        self.require_tokens || self.behind_proxy || !self.listens_here_only()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => path.display().fmt(f),
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}
