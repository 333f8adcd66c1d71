//! Running the program in a folder of its own.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_inkproof");

/// A temporary folder in which commands run.
pub struct Desk {
    folder: TempDir,
    /// The user's folder for settings, where the master keys of stores are.
    settings: TempDir,
}

/// What a command did.
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Desk {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), settings: tempfile::tempdir().unwrap() }
    }

    pub fn settings(&self) -> &Path {
        self.settings.path()
    }

    /// The key file that the desk's stores are sealed with.
    pub fn key_file(&self) -> PathBuf {
        self.settings.path().join("inkproof/store.key")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), bytes).unwrap();
    }

    pub fn command(&self, line: &str) -> Command {
        self.command_of(Path::new(PROGRAM), line)
    }

    /// As another user of the system, which only root can do. The program is copied to the desk, since that user need not be
    /// let in where the project lies.
    #[cfg(unix)]
    pub fn command_as(&self, user: u32, line: &str) -> Command {
        use std::os::unix::process::CommandExt;
        let program = self.path("inkproof");
        if !program.exists() {
            fs::copy(PROGRAM, &program).unwrap();
        }
        let mut command = self.command_of(&program, line);
        command.uid(user).gid(user);
        command
    }

    fn command_of(&self, program: &Path, line: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).args(line.split_whitespace());
        command.env("XDG_CONFIG_HOME", self.settings.path());
        command
    }

    /// Runs `inkproof` with the words of `line`.
    pub fn run(&self, line: &str) -> Done {
        Done::new(self.command(line).stdin(Stdio::null()).output().unwrap())
    }

    /// The same with bytes on standard input.
    pub fn run_with_input(&self, line: &str, input: &[u8]) -> Done {
        let mut child =
            self.command(line).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Done::new(child.wait_with_output().unwrap())
    }

    /// Synthetic signatures in a folder of the desk.
    pub fn synth(&self, folder: &str, writers: usize, genuine: usize, forgeries: usize, seed: u64) {
        let options = format!("--writers {writers} --genuine {genuine} --forgeries {forgeries} --seed {seed}");
        self.run(&format!("synth {folder} {options}")).succeeds();
    }

    /// Every file and folder of the desk, sorted.
    pub fn everything(&self) -> Vec<String> {
        let mut found = Vec::new();
        list(self.folder.path(), &mut found);
        let root = self.folder.path().to_owned();
        let mut names: Vec<_> =
            found.iter().map(|path| path.strip_prefix(&root).unwrap().display().to_string()).collect();
        names.sort();
        names
    }
}

fn list(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(&path, found);
        }
        found.push(path);
    }
}

impl Done {
    pub fn new(output: Output) -> Self {
        Self {
            code: output.status.code().expect("no signal ended the program"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn succeeds(self) -> Self {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self
    }

    /// The one JSON document on standard output.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }

    /// Exit code 2: the command line itself is wrong, and what would be right is said.
    pub fn is_no_usage(&self) {
        assert_eq!((self.code, self.out.as_str()), (2, ""), "{}", self.err);
        assert!(self.err.starts_with("error: ") && self.err.contains("--help"), "{}", self.err);
    }

    /// Exit code 2, nothing on standard output, and one last line that says `error:` and all of `words`.
    pub fn fails_with(&self, words: &[&str]) {
        assert_eq!(self.code, 2, "{}{}", self.out, self.err);
        assert_eq!(self.out, "", "nothing is found out");
        let last = self.err.lines().last().unwrap_or_default();
        assert!(last.starts_with("error: "), "{}", self.err);
        assert_eq!(self.err.matches("error:").count(), 1, "{}", self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        for word in words {
            assert!(last.contains(word), "`{word}` in: {last}");
        }
    }
}

/// A data set of real signatures, which are not part of this repository: a folder of `INKPROOF_DATA`, or of `shared/data`
/// next to the checkout. None, with a message, where it is not there.
pub fn real_signatures(name: &str) -> Option<PathBuf> {
    let next_to_checkout = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("INKPROOF_DATA").map_or_else(next_to_checkout, PathBuf::from).join(name);
    if !folder.is_dir() {
        eprintln!("skipped: {} does not exist", folder.display());
        return None;
    }
    Some(folder)
}

/// A bundled signature: `001/001_01.png`, by its writer, number, and whether it is genuine.
pub fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/signatures")
}

/// The bundled files of one folder, sorted.
pub fn example_files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(examples().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}
