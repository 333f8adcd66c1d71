//! `inkproof synth`: signatures of writers who do not exist, and pages that they signed.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::{Args, ValueEnum};
use inkproof_lab::synth::{SynthOptions, pages, write};

use crate::lab_arguments::Script;
use crate::progress::Shown;
use crate::terminal::one_line;

/// Make signatures of writers who do not exist, or pages with known signatures
///
/// With --writers the folder is in the notebook's layout, of genuine and forged signatures. With --pages it holds letters,
/// memos, forms, reports, contracts and cheques as scanners and fax machines leave them, and boxes.csv says where
/// signatures, initials, handwriting, logos and stamps are. The same options make the same files, byte for byte; pages are
/// printed in the system's fonts, which have to be the same too.
#[derive(Debug, Args)]
pub struct Synth {
    /// Folder that is made; it must not be there yet, or be empty
    out: PathBuf,
    /// How many writers
    #[arg(long, required_unless_present = "pages", conflicts_with = "pages")]
    writers: Option<usize>,
    /// Genuine signatures of each
    #[arg(long, default_value_t = 8, conflicts_with = "pages")]
    genuine: usize,
    /// Skilled forgeries of each
    #[arg(long, default_value_t = 8, conflicts_with = "pages")]
    forgeries: usize,
    /// Decides everything; writer number k and page number k of a seed are always the same
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The script that everybody writes in
    #[arg(long, value_enum, default_value = "mixed", value_name = "NAME", conflicts_with = "pages")]
    style: Script,
    /// How many pages, in place of signatures alone
    #[arg(long)]
    pages: Option<usize>,
    /// What all pages are; mixed where it is not given
    #[arg(long, value_enum, value_name = "NAME", requires = "pages", conflicts_with = "writers")]
    design: Option<Kind>,
    /// Folder of the fonts that pages are printed in, in place of the system's
    #[arg(long, value_name = "DIR", requires = "pages", conflicts_with = "writers")]
    fonts: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// A design by its name.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Letter,
    Memo,
    Form,
    Report,
    Contract,
    Cheque,
}

impl Kind {
    fn design(self) -> pages::Design {
        match self {
            Self::Letter => pages::Design::Letter,
            Self::Memo => pages::Design::Memo,
            Self::Form => pages::Design::Form,
            Self::Report => pages::Design::Report,
            Self::Contract => pages::Design::Contract,
            Self::Cheque => pages::Design::Cheque,
        }
    }
}

impl Synth {
    pub fn run(self) -> Result<ExitCode> {
        match self.pages {
            Some(count) => self.pages(count)?,
            None => self.signatures()?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn signatures(self) -> Result<()> {
        let options = SynthOptions {
            // clap asks for it where there are no pages.
            writers: self.writers.unwrap_or_default(),
            genuine: self.genuine,
            forgeries: self.forgeries,
            seed: self.seed,
            style: self.style.style(),
        };
        let mut progress = Shown::new();
        let begun = Instant::now();
        let info = write(&self.out, &options, &mut progress)?;
        drop(progress);
        if self.json {
            println!("{:#}", serde_json::to_value(info)?);
        } else {
            let seconds = begun.elapsed().as_secs_f64();
            println!(
                "{} signatures of {} writers are in {} ({seconds:.1} s).",
                info.images,
                info.writers,
                one_line(self.out.display())
            );
        }
        Ok(())
    }

    fn pages(self, count: usize) -> Result<()> {
        let fonts = pages::Fonts::find(self.fonts.as_deref())?;
        let mut options = pages::PageOptions::default();
        if let Some(kind) = self.design {
            options.designs = vec![kind.design()];
        }
        let mut progress = Shown::new();
        let begun = Instant::now();
        let info = pages::write(&self.out, &fonts, self.seed, count, &options, &mut progress)?;
        drop(progress);
        if self.json {
            println!("{:#}", serde_json::to_value(info)?);
        } else {
            let seconds = begun.elapsed().as_secs_f64();
            println!(
                "{} pages, {} of them signed, with {} signatures are in {} ({seconds:.1} s).",
                info.pages,
                info.signed,
                info.signatures,
                one_line(self.out.display())
            );
        }
        Ok(())
    }
}
