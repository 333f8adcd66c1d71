//! Image files on the command line.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use inkproof::{Limits, read_image_file};
use inkproof_service::{ListedImage, NamedImage};

/// Image files as they are.
pub struct ImageFiles(Vec<ListedImage>);

impl ImageFiles {
    /// Reads what a user names: files, `-` for standard input, pipes as a shell makes them of `<(...)`.
    pub fn read<P: AsRef<Path>>(paths: &[P], limits: &Limits) -> Result<Self> {
        Self::read_by(paths, |path| {
            let (file, page) = without_page(path);
            Ok(ListedImage { name: path.display().to_string(), bytes: read(file, limits)?, page, deadline: None })
        })
    }

    /// Reads what a table names.
    pub fn read_listed<P: AsRef<Path>>(paths: &[P], limits: &Limits) -> Result<Self> {
        Self::read_by(paths, |path| read_listed(path, limits))
    }

    fn read_by<P: AsRef<Path>>(paths: &[P], read: impl Fn(&Path) -> Result<ListedImage>) -> Result<Self> {
        Ok(Self(paths.iter().map(|path| read(path.as_ref())).collect::<Result<_>>()?))
    }

    /// The same with this page of the first `count` files, unless they were given with one.
    pub fn on_page(mut self, page: Option<u32>, count: usize) -> Self {
        self.0.iter_mut().take(count).for_each(|file| file.page = file.page.or(page));
        self
    }

    /// The files as a service takes them.
    pub fn named(&self) -> Vec<NamedImage<'_>> {
        self.0.iter().map(ListedImage::named).collect()
    }
}

/// Reads what a table names: a file alone, since a pipe may never end.
pub fn read_listed(path: &Path, limits: &Limits) -> Result<ListedImage> {
    let (file, page) = without_page(path);
    let name = path.display().to_string();
    Ok(ListedImage { name, bytes: read_image_file(file, limits)?, page, deadline: None })
}

fn without_page(path: &Path) -> (&Path, Option<u32>) {
    let Some(name) = path.to_str() else { return (path, None) };
    let (file, page) = inkproof_service::without_page(name, |name| Path::new(name).exists());
    (Path::new(file), page)
}

/// The bytes of a file, of standard input or of a pipe; no more than are allowed.
fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = limits.bytes.saturating_add(1);
    if path.as_os_str() == "-" {
        let all = std::io::stdin().lock().take(most).read_to_end(&mut bytes);
        all.context("standard input cannot be read")?;
    } else if is_pipe(path) {
        let all = File::open(path).and_then(|pipe| pipe.take(most).read_to_end(&mut bytes));
        all.with_context(|| format!("{}: cannot be read", path.display()))?;
    } else {
        return Ok(read_image_file(path, limits)?);
    }
    limits.check_bytes(bytes.len() as u64).map_err(|error| error.at(path))?;
    Ok(bytes)
}

fn is_pipe(path: &Path) -> bool {
    #[cfg(unix)]
    return std::fs::metadata(path).is_ok_and(|found| std::os::unix::fs::FileTypeExt::is_fifo(&found.file_type()));
    #[cfg(not(unix))]
    false
}
