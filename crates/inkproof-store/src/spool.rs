//! What is being received and is too large for memory: on the disk, in a file without a name, sealed with a key that is in
//! memory alone. So nothing of it can be read when the program has ended, however it ended.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::sealing::Key;
use crate::{Store, is_address};

/// Bytes that are sealed together.
const BLOCK: usize = 64 << 10;
/// What sealing adds to a block: the nonce and the tag.
const ADDED: usize = 24 + 16;
const PURPOSE: &str = "block of what is received";

/// Bytes that are received one after the other.
pub struct Spool {
    file: File,
    key: Key,
    /// What does not fill a block yet.
    rest: Vec<u8>,
    blocks: u64,
}

/// The same bytes, to be read in any order.
pub struct SpoolReader {
    file: File,
    key: Key,
    length: u64,
    place: u64,
    /// The block that was read last, by its number.
    block: Option<(u64, Vec<u8>)>,
}

impl Spool {
    /// An empty one, in a folder.
    fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile_in(folder)?,
            key: Key::random(),
            rest: Vec::with_capacity(BLOCK),
            blocks: 0,
        })
    }

    /// Takes further bytes.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn add(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - self.rest.len()));
            self.rest.extend_from_slice(now);
            bytes = later;
            if self.rest.len() == BLOCK {
                self.seal()?;
            }
        }
        Ok(())
    }

    /// All that was received.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn finish(mut self) -> io::Result<SpoolReader> {
        let length = self.blocks * BLOCK as u64 + self.rest.len() as u64;
        if !self.rest.is_empty() {
            self.seal()?;
        }
        Ok(SpoolReader { file: self.file, key: self.key, length, place: 0, block: None })
    }

    fn seal(&mut self) -> io::Result<()> {
        self.file.write_all(&self.key.seal(PURPOSE, self.blocks as i64, &self.rest))?;
        self.blocks += 1;
        self.rest.clear();
        Ok(())
    }
}

impl Store {
    /// An empty spool: beside the store's file or, where a server holds the store, in the folder for temporary files.
    ///
    /// # Errors
    /// Where no file can be made there.
    pub fn spool(&self) -> io::Result<Spool> {
        let folder = Path::new(&self.place).parent().filter(|_| !is_address(&self.place));
        let folder = folder.map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        Spool::new(folder.unwrap_or(&std::env::temp_dir()))
    }
}

impl SpoolReader {
    fn block(&mut self, number: u64) -> io::Result<&[u8]> {
        if self.block.as_ref().is_none_or(|(held, _)| *held != number) {
            let sealed = ADDED + (self.length - number * BLOCK as u64).min(BLOCK as u64) as usize;
            let mut bytes = vec![0; sealed];
            self.file.seek(SeekFrom::Start(number * (BLOCK + ADDED) as u64))?;
            self.file.read_exact(&mut bytes)?;
            let plain = self.key.open(PURPOSE, number as i64, &bytes).map_err(io::Error::other)?;
            self.block = Some((number, plain));
        }
        Ok(self.block.as_ref().map_or(&[], |(_, plain)| plain))
    }
}

impl Read for SpoolReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.place >= self.length || out.is_empty() {
            return Ok(0);
        }
        let (number, within) = (self.place / BLOCK as u64, (self.place % BLOCK as u64) as usize);
        let block = &self.block(number)?[within..];
        let count = block.len().min(out.len());
        out[..count].copy_from_slice(&block[..count]);
        self.place += count as u64;
        Ok(count)
    }
}

impl Seek for SpoolReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => i64::try_from(place).ok(),
            SeekFrom::End(by) => (self.length as i64).checked_add(by),
            SeekFrom::Current(by) => (self.place as i64).checked_add(by),
        };
        let place = place.filter(|place| *place >= 0).ok_or(io::ErrorKind::InvalidInput)?;
        self.place = place as u64;
        Ok(self.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_received_in_pieces_is_read_from_any_place() {
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 77] {
            let bytes: Vec<u8> = (0..length).map(|place| ((place * place) >> 7) as u8).collect();
            let mut spool = Spool::new(&std::env::temp_dir()).unwrap();
            bytes.chunks(1013).for_each(|piece| spool.add(piece).unwrap());
            let mut reader = spool.finish().unwrap();
            let mut all = Vec::new();
            reader.read_to_end(&mut all).unwrap();
            assert!(all == bytes, "{length}");
            let from = length / 3;
            reader.seek(SeekFrom::End(from as i64 - length as i64)).unwrap();
            all.clear();
            reader.read_to_end(&mut all).unwrap();
            assert!(all == bytes[from..], "{length} from {from}");
            assert!(reader.seek(SeekFrom::Current(-1 - length as i64)).is_err());
        }
    }

    #[test]
    fn on_the_disk_it_is_sealed() {
        let mut spool = Spool::new(&std::env::temp_dir()).unwrap();
        spool.add(&[b'x'; 2 * BLOCK]).unwrap();
        let mut file = spool.finish().unwrap().file;
        let mut bytes = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len(), 2 * (BLOCK + ADDED));
        assert!(!bytes.windows(8).any(|eight| eight == [b'x'; 8]));
    }
}
