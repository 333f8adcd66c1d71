//! Text in a table that a spreadsheet may open.

/// A cell's text as a table holds it: what a spreadsheet would compute, as a name of a file that begins with `=`, has an
/// apostrophe before it, which a spreadsheet takes as "this is text". Numbers are not given to this.
pub fn cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_computed_is_text_here_and_on_the_page() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        for text in ["", "a=1", "K-1", "'=1", " x"] {
            assert_eq!(cell(text), text);
        }
        let page = include_str!("../../inkproof-server/web/bulk.js");
        assert!(page.contains(r"/^[=+\-@\t\r]/.test(value) ? `'${value}`"), "the page has the same rule");
    }
}
