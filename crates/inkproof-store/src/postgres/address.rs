//! The address of a database: what the `postgres` crate reads of it, and what it says of TLS.
//!
//! `sslmode` is libpq's, but never less than it says: `require`, `verify-ca` and `verify-full` all check the server's
//! certificate and name, by the authorities in the file that `sslrootcert` names.

use std::net::IpAddr;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use postgres::Config;
use postgres::config::{Host, SslMode};

use super::describe;
use super::tls::Tls;

/// Where a database is, and how one gets there.
pub struct Address {
    pub config: Config,
    /// None where the way is not encrypted.
    pub tls: Option<Tls>,
}

/// What an address says of TLS.
#[derive(Default)]
struct Words {
    mode: Option<String>,
    authorities: Option<PathBuf>,
}

impl Address {
    /// # Errors
    /// In words: what cannot be understood, cannot be read, or would send signatures over a network in the clear.
    pub fn parse(place: &str) -> Result<Self, String> {
        let (rest, words) = split(place)?;
        let mut config: Config = rest.parse().map_err(|error| describe(&error))?;
        match words.mode.as_deref() {
            None | Some("prefer") => match network_host(&config) {
                Some(host) => Err(format!(
                    "the way to {host} would not be encrypted; give ?sslmode=verify-full&sslrootcert=FILE, or take a tunnel, or \
                     a network that you trust with ?sslmode=disable"
                )),
                None => Ok(Self::plain(config)),
            },
            Some("disable") => Ok(Self::plain(config)),
            Some(mode @ ("require" | "verify-ca" | "verify-full")) => {
                let none =
                    || format!("sslmode={mode} needs sslrootcert=FILE, the authorities that sign for the database");
                let tls = Some(Tls::trusting(&words.authorities.ok_or_else(none)?)?);
                config.ssl_mode(SslMode::Require);
                Ok(Self { config, tls })
            }
            Some(other) => {
                Err(format!("sslmode={other} is none of disable, prefer, require, verify-ca and verify-full"))
            }
        }
    }

    fn plain(mut config: Config) -> Self {
        config.ssl_mode(SslMode::Disable);
        Self { config, tls: None }
    }
}

/// The address without what it says of TLS, and that.
fn split(place: &str) -> Result<(String, Words), String> {
    let Some((before, query)) = place.split_once('?') else { return Ok((place.to_owned(), Words::default())) };
    let (mut words, mut others) = (Words::default(), Vec::new());
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value =
            || percent_decode_str(value).decode_utf8().map(String::from).map_err(|_| format!("{name} is not UTF-8"));
        match name {
            "sslmode" => words.mode = Some(value()?),
            "sslrootcert" => words.authorities = Some(value()?.into()),
            _ => others.push(pair),
        }
    }
    let rest = if others.is_empty() { before.to_owned() } else { format!("{before}?{}", others.join("&")) };
    Ok((rest, words))
}

/// A host on the network, to which signatures would go readable for everybody on the way.
fn network_host(config: &Config) -> Option<String> {
    let is_here = |name: &str| name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    let named = config.get_hosts().iter().filter_map(|host| match host {
        Host::Tcp(name) => Some(name.clone()),
        Host::Unix(_) => None,
    });
    let numbered = config.get_hostaddrs().iter().map(ToString::to_string);
    named.chain(numbered).find(|name| !is_here(name))
}

/// The place as it may be shown.
pub fn without_password(place: &str) -> String {
    let config = split(place).ok().and_then(|(rest, _)| rest.parse::<Config>().ok());
    let Some(config) = config else { return "postgres://...".to_owned() };
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(folder)) => folder.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().map_or(String::new(), |port| format!(":{port}"));
    format!("postgres://{host}{port}/{}", config.get_dbname().unwrap_or_default())
}
