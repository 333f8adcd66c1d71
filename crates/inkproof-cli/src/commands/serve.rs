//! `inkproof serve`: enrol, verify and decide over HTTP and on a web page.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use inkproof_server::settings::Sources;

/// Serve the API and the web page
///
/// On this machine's own address everyone may do everything; on any other, tokens are demanded (inkproof token) and TLS or
/// --behind-proxy. SIGTERM and Ctrl-C end the service once what was begun is done.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    sources: Sources,
}

impl Serve {
    pub fn run(self) -> Result<ExitCode> {
        let (settings, _) = self.sources.read()?;
        inkproof_server::run(settings)?;
        Ok(ExitCode::SUCCESS)
    }
}
