//! `inkproof config`: each setting, and where it comes from.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::{Map, Value, json};
use toml::Value as Toml;

use inkproof_server::settings::{Origin, Sources};
use inkproof_store::without_password;

use crate::terminal::one_line;

/// Show every setting of the service and where it comes from
///
/// Settings are read from flags, from the environment (INKPROOF_MAX_IMAGES for max-images), and from a file; what comes
/// first counts.
#[derive(Debug, Args)]
pub struct Config {
    #[command(flatten)]
    sources: Sources,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Config {
    pub fn run(self) -> Result<ExitCode> {
        let (_, origins) = self.sources.read()?;
        if self.json {
            let entry = |(name, (value, origin)): (&String, &(Toml, Origin))| -> Result<(String, Value)> {
                Ok((name.clone(), json!({"value": shown(name, value), "from": origin.to_string()})))
            };
            let document = origins.iter().map(entry).collect::<Result<Map<_, _>>>()?;
            println!("{:#}", Value::Object(document));
            return Ok(ExitCode::SUCCESS);
        }
        // A line is a line of the file, too: the origin is a comment.
        for (name, (value, origin)) in &origins {
            let line = format!("{name} = {}", shown(name, value));
            println!("{}", one_line(format_args!("{line:<48} # {origin}")));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The value, without the password that the address of a database may hold.
fn shown(name: &str, value: &Toml) -> Value {
    match value {
        Toml::String(place) if name == "store" && place.starts_with("postgres") => {
            Value::String(without_password(place))
        }
        Toml::String(text) => Value::String(text.clone()),
        Toml::Integer(number) => json!(number),
        Toml::Boolean(is_so) => json!(is_so),
        other => Value::String(other.to_string()),
    }
}
