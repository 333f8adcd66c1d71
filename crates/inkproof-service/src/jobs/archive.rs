//! A zip archive that brings a job: the table, and the files that its rows name.
//!
//! Nothing in it is believed: not how large an entry says that it is, nor how many entries there are, nor what they are called.
//! Of the files only those that a row names are unpacked.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use zip::ZipArchive;
use zip::read::{ArchiveOffset, Config};
use zip::result::ZipError;

use super::JobProblem;

/// The table is called so, or is the only one.
const TABLE: &str = "rows.csv";
/// Bytes of a table.
const MOST_TABLE: u64 = 16 << 20;
/// Bytes of the list of files, with what is read to find it: all of it is in memory.
const MOST_LIST: u64 = 16 << 20;
/// What macOS adds to archives.
const ASIDE: &str = "__MACOSX/";

/// An archive whose entries have names that lead nowhere else, each once.
pub struct Archive<R> {
    zip: ZipArchive<Metered<R>>,
    /// The place of each file, by its name from the table's folder.
    files: HashMap<String, usize>,
    table: (String, usize),
    /// Bytes that may still be unpacked.
    left: u64,
}

impl<R: Read + Seek> Archive<R> {
    /// Looks at an archive of which at most so many bytes are unpacked.
    ///
    /// # Errors
    /// Where it is none, has too many entries, one that leads out of it or two of one name, or no table.
    pub fn open(mut reader: R, most: u64) -> Result<Self, JobProblem> {
        refuse_zip64(&mut reader)?;
        // Looking for where an archive begins takes memory for each place that could be one.
        let config = Config { archive_offset: ArchiveOffset::Known(0) };
        let left = Rc::new(Cell::new(MOST_LIST));
        let zip = ZipArchive::with_config(config, Metered { reader, left: left.clone() });
        if left.get() == 0 {
            let why =
                format!("the archive's list of files has more than {} MiB; hand in several jobs", MOST_LIST >> 20);
            return Err(JobProblem::TooLarge(why));
        }
        let zip = zip.map_err(broken)?;
        left.set(u64::MAX);
        if zip.has_duplicate_names() {
            return Err(JobProblem::Archive("it has two files of one name".to_owned()));
        }
        let mut files = HashMap::new();
        for (place, name) in zip.file_names().enumerate() {
            let Some(name) = plain_name(&name.map_err(broken)?)? else { continue };
            if files.insert(name.clone(), place).is_some() {
                return Err(JobProblem::Archive(format!("it has two files of the name '{}'", shown(&name))));
            }
        }
        let table = table_of(&files)?;
        let folder = table.0.rsplit_once('/').map_or(0, |(folder, _)| folder.len() + 1);
        let files = files.into_iter().filter(|(name, _)| name.starts_with(&table.0[..folder]));
        let files = files.map(|(name, place)| (name[folder..].to_owned(), place)).collect();
        Ok(Self { zip, files, table, left: most })
    }

    /// The table's name and its bytes.
    ///
    /// # Errors
    /// Where it cannot be unpacked, or is too large.
    pub fn table(&mut self) -> Result<(String, Vec<u8>), JobProblem> {
        let (name, place) = self.table.clone();
        let bytes = self.unpack(&name, place, MOST_TABLE)?;
        Ok((name, bytes))
    }

    /// Whether there is a file that a row names so.
    pub fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// A file, by its name from the table's folder; None where there is none.
    ///
    /// # Errors
    /// Where it cannot be unpacked, or has more than `most` bytes.
    pub fn file(&mut self, name: &str, most: u64) -> Result<Option<Vec<u8>>, JobProblem> {
        self.files.get(name).copied().map(|place| self.unpack(name, place, most)).transpose()
    }

    fn unpack(&mut self, name: &str, place: usize, most: u64) -> Result<Vec<u8>, JobProblem> {
        let most = most.min(self.left);
        let wrong = |why: String| JobProblem::Archive(format!("'{}' {why}", shown(name)));
        let entry = self.zip.by_index(place).map_err(|error| wrong(format!("cannot be unpacked: {error}")))?;
        let mut bytes = Vec::new();
        let read = entry.take(most.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|error| wrong(format!("cannot be unpacked: {error}")))?;
        if bytes.len() as u64 > most {
            let all = if most == self.left { ", with what was unpacked before it," } else { "" };
            return Err(JobProblem::TooLarge(format!(
                "'{}'{all} is larger than may be unpacked ({most} bytes)",
                shown(name)
            )));
        }
        self.left -= bytes.len() as u64;
        Ok(bytes)
    }
}

/// Gives only so many bytes away, however often it is asked where.
struct Metered<R> {
    reader: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            return Err(io::Error::other("more than may be read"));
        }
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.reader.read(&mut buffer[..most])?;
        self.left.set(left - read as u64);
        Ok(read)
    }
}

impl<R: Seek> Seek for Metered<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}

/// A name in one form: Windows' backslashes part folders too.
pub fn in_plain(name: &str) -> String {
    let name = name.replace('\\', "/");
    name.split('/').filter(|part| *part != "." && !part.is_empty()).collect::<Vec<_>>().join("/")
}

/// The same of an entry. None for folders and what lies aside.
///
/// # Errors
/// For a name that leads out of the archive.
fn plain_name(name: &str) -> Result<Option<String>, JobProblem> {
    let name = name.replace('\\', "/");
    let leads_out = name.starts_with('/')
        || name.split('/').any(|part| part == "..")
        || name.contains('\0')
        || name.split('/').next().is_some_and(|first| first.ends_with(':'));
    if leads_out {
        return Err(JobProblem::Archive(format!("the name '{}' leads out of it", shown(&name))));
    }
    let is_folder = name.ends_with('/');
    let name = in_plain(&name);
    Ok((!is_folder && !name.starts_with(ASIDE) && !name.is_empty()).then_some(name))
}

fn table_of(files: &HashMap<String, usize>) -> Result<(String, usize), JobProblem> {
    let base = |name: &str| name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let mut tables: Vec<(&String, &usize)> = files.iter().filter(|(name, _)| base(name).ends_with(".csv")).collect();
    if tables.iter().any(|(name, _)| base(name) == TABLE) {
        tables.retain(|(name, _)| base(name) == TABLE);
    }
    match tables[..] {
        [(name, place)] => Ok((name.clone(), *place)),
        [] => Err(JobProblem::Archive(format!("it has no table; add one as {TABLE}"))),
        _ => Err(JobProblem::Archive(format!("it has {} tables; call the right one {TABLE}", tables.len()))),
    }
}

/// Of other archives 65,535 entries can be listed, and that many are no burden.
fn refuse_zip64(reader: &mut (impl Read + Seek)) -> Result<(), JobProblem> {
    const LOCATOR: (&[u8], usize) = (b"PK\x06\x07", 20);
    const END: (&[u8], usize) = (b"PK\x05\x06", 22);
    // Both, the longest comment, and a little: what unpacks looks a little farther than it had to.
    const LONGEST: u64 = 22 + 20 + 65_535 + 64;
    let failed = |error: io::Error| JobProblem::Archive(format!("it cannot be read: {error}"));
    let length = reader.seek(SeekFrom::End(0)).map_err(failed)?;
    reader.seek(SeekFrom::Start(length.saturating_sub(LONGEST))).map_err(failed)?;
    let mut tail = Vec::new();
    reader.take(LONGEST).read_to_end(&mut tail).map_err(failed)?;
    let is_zip64 = (LOCATOR.1..tail.len().saturating_sub(END.1 - 1))
        .any(|place| tail[place..].starts_with(END.0) && tail[place - LOCATOR.1..].starts_with(LOCATOR.0));
    if is_zip64 {
        return Err(JobProblem::TooLarge(
            "the archive is of ZIP64, for more than 65,535 files; hand in several jobs".into(),
        ));
    }
    Ok(())
}

fn broken(error: ZipError) -> JobProblem {
    JobProblem::Archive(format!("it is no zip archive that can be read: {error}"))
}

/// As much of a name as is told, without characters that do something.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn open(bytes: Vec<u8>) -> Result<Archive<Cursor<Vec<u8>>>, JobProblem> {
        Archive::open(Cursor::new(bytes), 100)
    }

    fn refusal(files: &[(&str, &[u8])]) -> String {
        open(archive(files)).map(drop).unwrap_err().to_string()
    }

    /// The same archive, whose two headers of a file say that it has so many bytes.
    fn with_size(mut archive: Vec<u8>, name: &str, size: u32) -> Vec<u8> {
        for (magic, size_at, name_at) in [(b"PK\x03\x04", 22, 30), (b"PK\x01\x02", 24, 46)] {
            let is_header = |at: &usize| {
                let header = &archive[*at..];
                header.starts_with(magic) && header.get(name_at..).is_some_and(|rest| rest.starts_with(name.as_bytes()))
            };
            let at = (0..archive.len()).find(is_header).unwrap() + size_at;
            archive[at..at + 4].copy_from_slice(&size.to_le_bytes());
        }
        archive
    }

    #[test]
    fn files_are_found_from_the_table_s_folder() {
        let files: [(&str, &[u8]); 5] = [
            ("a/other.csv", b"x"),
            ("a/Rows.csv", b"table"),
            (r"a\b\1.png", b"one"),
            ("2.png", b"two"),
            ("__MACOSX/a/rows.csv", b"aside"),
        ];
        let mut archive = open(archive(&files)).unwrap();
        assert_eq!(archive.table().unwrap(), ("a/Rows.csv".to_owned(), b"table".to_vec()));
        assert_eq!(archive.file("b/1.png", 9).unwrap().unwrap(), b"one");
        assert!(archive.has("b/1.png") && !archive.has("2.png"), "beside the table's folder nothing is looked for");
        assert!(archive.file("3.png", 9).unwrap().is_none());
    }

    #[test]
    fn what_leads_out_or_cannot_be_told_apart_is_refused() {
        let table: (&str, &[u8]) = ("rows.csv", b"table");
        for name in ["../a.png", "a/../../b.png", "/etc/passwd", r"..\a.png", r"C:\a.png"] {
            assert!(refusal(&[table, (name, b"x")]).contains("leads out"), "{name}");
        }
        assert!(refusal(&[table, ("a/b.png", b"x"), ("a//b.png", b"y")]).contains("two files of the name 'a/b.png'"));
        let mut twice = archive(&[table, ("one.png", b"x"), ("two.png", b"y")]);
        while let Some(at) = twice.windows(7).position(|name| name == b"two.png") {
            twice[at..at + 7].copy_from_slice(b"one.png");
        }
        assert!(open(twice).map(drop).unwrap_err().to_string().contains("two files of one name"));
        assert!(refusal(&[("a.png", b"x")]).contains("no table"));
        assert!(refusal(&[("a.csv", b"x"), ("b.csv", b"x")]).contains("2 tables"));
        assert!(open(b"no archive".to_vec()).map(drop).unwrap_err().to_string().contains("no zip archive"));
    }

    #[test]
    fn no_more_is_unpacked_than_allowed_whatever_an_entry_says() {
        let files: [(&str, &[u8]); 3] = [("rows.csv", &[1; 40]), ("a.png", &[0; 50]), ("b.png", &[0; 50])];
        let whole = archive(&files);
        let mut found = open(whole.clone()).unwrap();
        found.table().unwrap();
        assert!(matches!(found.file("a.png", 49), Err(JobProblem::TooLarge(_))), "of one");
        found.file("a.png", 50).unwrap();
        assert!(matches!(found.file("b.png", 50), Err(JobProblem::TooLarge(_))), "of all");
        let mut found = open(with_size(whole.clone(), "a.png", 5)).unwrap();
        let of_wrong_size = found.file("a.png", 49).unwrap_err();
        assert!(of_wrong_size.to_string().contains("'a.png'"), "one that says it has 5: {of_wrong_size}");
        let mut many = whole;
        let end = many.len() - 22;
        many.splice(end..end, [b"PK\x06\x07".as_slice(), &[0; 16]].concat());
        assert!(open(many.clone()).map(drop).unwrap_err().to_string().contains("ZIP64"));
        many.extend(vec![b' '; 65_535 + 14]);
        assert!(open(many).map(drop).unwrap_err().to_string().contains("ZIP64"), "also before what is no comment");
    }

    #[test]
    fn a_list_of_files_that_is_too_long_is_not_read() {
        let names: Vec<String> = (100..400).map(|number| format!("{}{number}", "0".repeat(60_000))).collect();
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
        assert!(matches!(open(archive(&files)).map(drop), Err(JobProblem::TooLarge(_))));
    }
}
