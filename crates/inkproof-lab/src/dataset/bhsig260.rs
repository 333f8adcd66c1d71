//! BHSig260's layout (Pal et al. 2016): `Bengali/NNN/B-S-N-G-II.*` genuine and `-F-` skilled forgeries of writer N,
//! and the same with `Hindi` and `H`. Writers of the two scripts are different people with the same numbers, so the
//! script is a part of the id: `B-001`, `H-001`. Either script may be absent, and the folder of one script can be
//! opened alone.

use std::path::{Path, PathBuf};

use super::{Found, Image, Kind, Problem, WriterId, listing};
use crate::error::Result;

const SCRIPTS: [&str; 2] = ["Bengali", "Hindi"];
const EXPECTED: &str = "B-S-N-G-II, B-S-N-F-II, H-S-N-G-II or H-S-N-F-II";

pub(super) fn fits(root: &Path) -> Result<bool> {
    if !script_folders(root).is_empty() {
        return Ok(true);
    }
    for folder in listing::folders(root)? {
        let files = listing::entries(&folder)?;
        if files.iter().any(|file| parse(&listing::stem_of(file)).is_some()) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn read(root: &Path, found: &mut Found) -> Result<()> {
    let mut scripts = script_folders(root);
    if scripts.is_empty() {
        scripts.push(root.to_owned());
    }
    for script in scripts {
        let writers = listing::folders(&script)?;
        if writers.is_empty() {
            found.refuse(&script, Problem::Empty)?;
        }
        for writer in writers {
            if !listing::is_numbered(&writer) && !listing::holds_images(&writer)? {
                found.note(&writer, &Problem::NoWriter);
                continue;
            }
            read_writer(&writer, found)?;
        }
    }
    Ok(())
}

fn script_folders(root: &Path) -> Vec<PathBuf> {
    SCRIPTS.map(|script| root.join(script)).into_iter().filter(|folder| folder.is_dir()).collect()
}

fn read_writer(folder: &Path, found: &mut Found) -> Result<()> {
    for path in listing::images(folder, found)?.unwrap_or_default() {
        match parse(&listing::stem_of(&path)) {
            Some((writer, kind)) => found.images.push(Image { path, writer, kind, split: None, forger: None }),
            None => found.refuse(&path, Problem::FileName { expected: EXPECTED })?,
        }
    }
    Ok(())
}

/// Writer and kind of `B-S-N-G-II` and its like.
fn parse(stem: &str) -> Option<(WriterId, Kind)> {
    let upper = stem.to_ascii_uppercase();
    let fields: Vec<&str> = upper.split('-').collect();
    let [script @ ("B" | "H"), "S", writer, kind, number] = fields[..] else {
        return None;
    };
    let writer: u32 = writer.parse().ok()?;
    number.parse::<u32>().ok()?;
    let kind = match kind {
        "G" => Kind::Genuine,
        "F" => Kind::Forgery,
        _ => return None,
    };
    Some((WriterId::new(format!("{script}-{writer:03}")), kind))
}
