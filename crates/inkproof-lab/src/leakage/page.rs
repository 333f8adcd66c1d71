//! The leakage of a data set as a page: the verdict, the findings as pictures side by side, and the table of probes before and after
//! normalisation. One file that needs no other.

use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use inkproof::{Gray, InkParameters, Limits, Preprocess, SIDE, read_image_file, write_atomically};

use super::verdict::Shown;
use super::{CueTables, Finding, Leakage, Probe, Role, Severity};
use crate::error::{Error, Result};
use crate::report::{escape, head, picture};

/// The widest picture that goes into the page, in pixels.
const WIDEST: usize = 640;

/// How the page came to be.
#[derive(Debug, Clone, Default)]
pub struct Making {
    /// The command line.
    pub command: String,
    /// Of the program.
    pub version: String,
}

/// The page.
///
/// # Errors
/// Where an image can no longer be read.
pub fn html(leakage: &Leakage, made: &Making) -> Result<String> {
    let mut page = head("What this data set gives away");
    let _ = write!(
        page,
        "<p class=\"data\">{} images of {} writers in {}.</p>\n<p class=\"verdict\">{}</p>\n",
        leakage.set.images.len(),
        leakage.set.writers().len(),
        escape(&leakage.set.root.display().to_string()),
        escape(&leakage.verdict())
    );
    page += &findings(leakage)?;
    page += &unknown(leakage);
    if let Some(tables) = &leakage.cues {
        page += &table(tables);
    }
    page += WORDS;
    let rows =
        [("command", made.command.clone()), ("seed", leakage.seed.to_string()), ("inkproof", made.version.clone())];
    let rows = rows.map(|(name, value)| format!("<dt>{name}</dt><dd><code>{}</code></dd>\n", escape(&value)));
    let _ = write!(
        page,
        "<section>\n<h2>How this was made</h2>\n<dl class=\"making\">\n{}</dl>\n</section>\n",
        rows.concat()
    );
    page += "</main>\n</body>\n</html>\n";
    Ok(page)
}

/// Writes the page to `path`, which only changes when the whole page is written.
///
/// # Errors
/// Those of [`html`], and [`Error::Io`] with the path.
pub fn write(leakage: &Leakage, made: &Making, path: &Path) -> Result<()> {
    let page = html(leakage, made)?;
    write_atomically(path, page.as_bytes()).map_err(|source| Error::Io { path: path.to_owned(), source })
}

fn findings(leakage: &Leakage) -> Result<String> {
    let findings = leakage.findings();
    if findings.is_empty() {
        return Ok(String::new());
    }
    let cards: String = findings.iter().map(|finding| card(leakage, finding)).collect::<Result<_>>()?;
    Ok(format!("<section>\n<h2>What was found</h2>\n<div class=\"cards\">\n{cards}</div>\n</section>\n"))
}

fn card(leakage: &Leakage, finding: &Finding) -> Result<String> {
    let (title, mark) = match finding.severity {
        Severity::AnyPreprocessing => ("\u{2717} A leak with any preprocessing", "wrong"),
        Severity::AsStored => ("\u{2717} A leak for models that see images as stored", "wrong"),
        Severity::Caution => ("To be known", "undecided"),
    };
    let mut card = format!("<article class=\"card {mark}\">\n<h3>{title}</h3>\n<p>{}</p>\n", escape(&finding.sentence));
    for example in &finding.examples {
        let [left, right] = example;
        let _ = write!(card, "<div class=\"pictures\">\n{}{}</div>\n", figure(leakage, left)?, figure(leakage, right)?);
    }
    card += "</article>\n";
    Ok(card)
}

fn figure(leakage: &Leakage, shown: &Shown) -> Result<String> {
    let path = &leakage.set.images[shown.image].path;
    let png = if shown.as_ink { ink_picture(path, &leakage.ink)? } else { picture::whole(path, WIDEST)? };
    let caption = escape(&shown.caption);
    let data = BASE64.encode(png);
    Ok(format!(
        "<figure><img alt=\"{caption}\" src=\"data:image/png;base64,{data}\"><figcaption>{caption}</figcaption></figure>\n"
    ))
}

/// The normalised ink, dark on light.
fn ink_picture(path: &Path, ink: &InkParameters) -> Result<Vec<u8>> {
    let limits = Limits::default();
    let bytes = read_image_file(path, &limits)?;
    let ink = Preprocess::Ink(ink.clone()).apply(&bytes, &limits).map_err(|error| error.at(path))?.ink;
    let dark = ink.pixels().iter().map(|&p| 255 - p).collect();
    let gray = Gray::new(SIDE, SIDE, dark)?;
    let failed = |why: png::EncodingError| Error::Chart { chart: "ink", why: why.to_string() };
    crate::png_file::encode(&gray, png::Compression::Balanced).map_err(failed)
}

fn unknown(leakage: &Leakage) -> String {
    if leakage.not_computed.is_empty() {
        return String::new();
    }
    let items: String = leakage.not_computed.iter().map(|what| format!("<li>{}</li>\n", escape(what))).collect();
    format!("<section>\n<h2>What could not be computed</h2>\n<ul>\n{items}</ul>\n</section>\n")
}

/// Each cue with what it would score as stored and after normalisation.
fn table(tables: &CueTables) -> String {
    let mut section = format!(
        "<section>\n<h2>What each cue alone would score</h2>\n<p class=\"note\">{} writers, {} genuine-genuine and {} \
         genuine-forged pairs; AUC with 95\u{a0}% intervals that resample writers. \u{2717} tells more than it may, the \
         intervals corrected for the number of probes. Cues of the shape are listed, not judged.</p>\n<table>\n\
         <thead><tr><th>cue</th><th>as stored</th><th>after ink</th><th></th></tr></thead>\n<tbody>\n",
        tables.writers, tables.genuine_pairs, tables.forged_pairs
    );
    for (name, role, before, after) in rows(tables) {
        let role = match role {
            Role::Judged => "",
            Role::Shape => "shape",
            Role::Hidden => "no network sees it",
        };
        let cell = |label: &str, probe: Option<&Probe>| format!("<td data-label=\"{label}\">{}</td>", cell(probe));
        let (before, after) = (cell("as stored", before), cell("after ink", after));
        let _ = writeln!(section, "<tr><th>{}</th>{before}{after}<td data-label=\"\">{role}</td></tr>", escape(name));
    }
    section += "</tbody>\n</table>\n</section>\n";
    section
}

/// The probes of both tables by cue: name, role, as stored, after ink; all together last.
pub fn rows(tables: &CueTables) -> Vec<(&str, Role, Option<&Probe>, Option<&Probe>)> {
    let after = |id: &str| tables.after_ink.iter().find(|probe| probe.id == id);
    let known = |id: &str| tables.as_stored.iter().any(|probe| probe.id == id);
    let stored = tables.as_stored.iter().map(|probe| (probe.name.as_str(), probe.role, Some(probe), after(&probe.id)));
    let new = tables.after_ink.iter().filter(|probe| !known(&probe.id));
    let mut rows: Vec<_> = stored.collect();
    let together = rows.pop();
    rows.extend(new.map(|probe| (probe.name.as_str(), probe.role, None, Some(probe))));
    rows.extend(together);
    rows
}

fn cell(probe: Option<&Probe>) -> String {
    let Some(probe) = probe else { return "\u{2013}".to_owned() };
    match (probe.auc, probe.ci95) {
        (Some(auc), Some([low, high])) => {
            let mark = if probe.leak { "\u{2717} " } else { "" };
            format!("{mark}{auc:.2} ({low:.2} to {high:.2})")
        }
        _ => "constant".to_owned(),
    }
}

const WORDS: &str = "<section>\n<h2>Words</h2>\n<dl>\n\
    <dt>Cue</dt><dd>Something that can be known of an image and is not the shape of its signature.</dd>\n\
    <dt>AUC</dt><dd>The chance that a pair of genuine signatures is more similar in the cue than a genuine signature and a \
    forgery. 0.5 says nothing; 1 tells all, and 0 too.</dd>\n\
    <dt>As stored, after ink</dt><dd>Measured on the image as it is in its file; measured on the normalised strokes that a \
    network with ink preprocessing sees.</dd>\n</dl>\n</section>\n";
