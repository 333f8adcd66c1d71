//! Text on its way to standard output and standard error, either of which may be a terminal.
//!
//! Notes, names of files and of people come from strangers, and a terminal obeys what it is sent: an escape sequence can
//! repaint a verdict, a bidirectional control turn a name around. So the macros that print are this program's own: what
//! would command a terminal is shown as JSON would have it, which a document of `--json` may hold as well.

use std::fmt::{Arguments, Display};
use std::io::Write;
use std::process::exit;

/// Prints a line, or several, to standard output.
macro_rules! println {
    () => { $crate::terminal::print(format_args!("\n")) };
    ($($words:tt)*) => { $crate::terminal::print(format_args!("{}\n", format_args!($($words)*))) };
}

/// Prints text that ends its last line itself.
macro_rules! print {
    ($($words:tt)*) => { $crate::terminal::print(format_args!($($words)*)) };
}

/// Prints a line, or several, to standard error.
macro_rules! eprintln {
    ($($words:tt)*) => { $crate::terminal::print_error(format_args!($($words)*)) };
}

/// To standard output. Who cannot be told a result must not take the exit code for one.
pub fn print(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(escaped(&text.to_string()).as_bytes()).and_then(|()| out.flush()) {
        print_error(format_args!("error: standard output cannot be written ({error}); give it another place"));
        exit(2);
    }
}

/// A line to standard error, which may have no reader.
pub fn print_error(line: Arguments<'_>) {
    writeln!(std::io::stderr(), "{}", escaped(&line.to_string())).ok();
}

/// This program's command line, to be told in what it writes; what may hold a password or a key is left out.
pub fn command_line() -> String {
    const SECRET: [&str; 3] = ["--store", "--key-file", "--key-command"];
    let mut words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let mut told: Vec<String> = Vec::new();
    while let Some(word) = words.next() {
        match SECRET.iter().find(|option| word == **option || word.starts_with(&format!("{option}="))) {
            Some(option) if word == **option => {
                words.next();
                told.push(format!("{option} ..."));
            }
            Some(option) => told.push(format!("{option} ...")),
            None if word.contains(char::is_whitespace) => told.push(format!("'{word}'")),
            None => told.push(word),
        }
    }
    told.join(" ")
}

/// Something that a stranger may have named, for the middle of a line: it does not end the line either.
pub fn one_line(text: impl Display) -> String {
    escaped(&text.to_string()).replace('\n', "\\n")
}

/// The text with every character that a terminal obeys, but the end of a line, as its number.
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' => shown.push(char),
            char if is_obeyed(char) => shown += &format!("\\u{:04x}", u32::from(char)),
            char => shown.push(char),
        }
    }
    shown
}

/// Control characters, marks that change the direction of writing, and ends of lines that are not `\n`.
fn is_obeyed(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_shown() {
        assert_eq!(escaped("Zoë, 山田 \u{1f58b}\nnext"), "Zoë, 山田 \u{1f58b}\nnext");
        assert_eq!(escaped("\u{1b}[2J\r\t\u{7f}\u{9b}1m"), r"\u001b[2J\u000d\u0009\u007f\u009b1m");
        assert_eq!(escaped("\u{202e}gnp\u{2066}\u{200f}"), r"\u202egnp\u2066\u200f");
        assert_eq!(one_line("a\nACCEPTED"), r"a\nACCEPTED");
    }

    #[test]
    fn json_says_the_same_afterwards() {
        let text = serde_json::json!("\u{9b}1m\u{202e}\u{1b}\n\\").to_string();
        let shown = escaped(&text);
        assert!(shown.is_ascii(), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), "\u{9b}1m\u{202e}\u{1b}\n\\");
    }
}
