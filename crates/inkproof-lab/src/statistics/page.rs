//! The comparison as a page: a table and the histograms. One file that needs no other.

use std::fmt::Write as _;
use std::path::Path;

use inkproof::write_atomically;

use super::{Compared, Spread};
use crate::error::{Error, Result};
use crate::report::{escape, head, overlap};

/// The page; `data` says what is compared with what, `command` how it was made.
///
/// # Errors
/// [`Error::Chart`] when a chart cannot be drawn.
pub fn html(compared: &[Compared], data: &str, command: &str) -> Result<String> {
    let mut page = head("Real and synthetic signatures");
    let _ = write!(page, "<p class=\"data\">{}</p>\n{}", escape(data), table(compared));
    page += "<section>\n<h2>Histograms</h2>\n<div class=\"charts\">\n";
    for one in compared {
        page += &overlap(one)?;
    }
    let _ = write!(
        page,
        "</div>\n</section>\n<section>\n<h2>How this was made</h2>\n<p><code>{}</code></p>\n</section>\n</main>\n</body>\n</html>\n",
        escape(command)
    );
    Ok(page)
}

/// Writes the page to `path`, which only changes when the whole page is written.
///
/// # Errors
/// Those of [`html`], and [`Error::Io`] with the path.
pub fn write(compared: &[Compared], data: &str, command: &str, path: &Path) -> Result<()> {
    let page = html(compared, data, command)?;
    write_atomically(path, page.as_bytes()).map_err(|source| Error::Io { path: path.to_owned(), source })
}

fn table(compared: &[Compared]) -> String {
    let cell = |label: &str, spread: &Spread| {
        let [low, middle, high] = spread.quartiles;
        format!("<td data-label=\"{label}\">{middle:.1} <small>{low:.1} to {high:.1}</small></td>")
    };
    let row = |one: &Compared| {
        let (real, synthetic) = (cell("real", &one.real), cell("synthetic", &one.synthetic));
        let overlap = format!("<td data-label=\"overlap\">{:.0}\u{a0}%</td>", 100.0 * one.overlap);
        format!("<tr><th>{}</th>{real}{synthetic}{overlap}</tr>\n", escape(one.name))
    };
    format!(
        "<section>\n<h2>Medians and quartiles</h2>\n<table>\n<thead><tr><th></th><th>real</th><th>synthetic</th>\
         <th>overlap of the histograms</th></tr></thead>\n<tbody>\n{}</tbody>\n</table>\n</section>\n",
        compared.iter().map(row).collect::<String>()
    )
}
