//! CEDAR's layout (Kalera, Srihari, Xu 2004): `full_org/original_W_N.*` and `full_forg/forgeries_W_N.*`, where W is the
//! writer and N the number of the image. The files do not tell the forger.

use std::path::Path;

use super::{Found, Image, Kind, Problem, WriterId, listing};
use crate::error::Result;

/// One of the two folders of the layout.
struct Half {
    folder: &'static str,
    prefix: &'static str,
    kind: Kind,
    expected: &'static str,
    needs: &'static str,
}

const HALVES: [Half; 2] = [
    Half {
        folder: "full_org",
        prefix: "original",
        kind: Kind::Genuine,
        expected: "original_W_N",
        needs: "genuine signatures as original_W_N.*",
    },
    Half {
        folder: "full_forg",
        prefix: "forgeries",
        kind: Kind::Forgery,
        expected: "forgeries_W_N",
        needs: "skilled forgeries as forgeries_W_N.*",
    },
];

pub(super) fn fits(root: &Path) -> bool {
    HALVES.iter().any(|half| root.join(half.folder).is_dir())
}

pub(super) fn read(root: &Path, found: &mut Found) -> Result<()> {
    let [genuine, forged] = &HALVES;
    read_half(root, genuine, forged, found)?;
    read_half(root, forged, genuine, found)
}

fn read_half(root: &Path, half: &Half, counterpart: &Half, found: &mut Found) -> Result<()> {
    let folder = root.join(half.folder);
    if !folder.is_dir() {
        let missing = Problem::MissingCounterpart { present: counterpart.folder.to_owned(), needs: half.needs };
        return found.refuse(&folder, missing);
    }
    for path in listing::images(&folder, found)?.unwrap_or_default() {
        match writer(&listing::stem_of(&path), half.prefix) {
            Some(writer) => found.images.push(Image { path, writer, kind: half.kind, split: None, forger: None }),
            None => found.refuse(&path, Problem::FileName { expected: half.expected })?,
        }
    }
    Ok(())
}

/// W of `PREFIX_W_N`.
fn writer(stem: &str, prefix: &str) -> Option<WriterId> {
    let fields: Vec<&str> = stem.split('_').collect();
    let [word, writer, number] = fields[..] else {
        return None;
    };
    let fits = word.eq_ignore_ascii_case(prefix) && [writer, number].iter().all(|field| field.parse::<u32>().is_ok());
    fits.then(|| WriterId::new(writer))
}
