//! `inkproof check`: which images are fit to be enrolled, before anyone is.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use inkproof::decode::Page;
use inkproof::enrolment::{Candidate, Fault, same_as_earlier};
use inkproof::explain::Picture;
use inkproof::{Error as EngineError, Gray, GrayRule, Ink, Limits, SIDE, Signature, Verifier, decode};
use inkproof_lab::dataset::image_files_below;
use rayon::prelude::*;
use serde::Serialize;

use crate::arguments::{ImageOptions, ModelFile};
use crate::images::ImageFiles;
use crate::outputs::{self, Inputs};
use crate::terminal::one_line;

/// Look at images before they are enrolled: which are fit, and why the others are not
///
/// Exit code 0 when all are fit, 3 when some are unfit, 2 when some cannot be read.
#[derive(Debug, Args)]
pub struct Check {
    /// Image files of one signature each, or folders of them; `-` reads one from standard input
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelFile,
    #[command(flatten)]
    image: ImageOptions,
    /// All are one writer's: also say which do not agree with the others, and how many more are wanted
    #[arg(long)]
    one_writer: bool,
    /// Write pictures of each image and of the strokes that are seen in it: one below another as OUT.png, or one for each in
    /// a folder
    #[arg(long, value_name = "OUT.png|FOLDER")]
    explain: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// What is found of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Fitness {
    Fit,
    Unfit,
    Unreadable,
}

/// One image.
struct Looked {
    path: String,
    bytes: Vec<u8>,
    /// Which page is meant.
    page: Option<u32>,
    signature: Option<Signature>,
    fitness: Fitness,
    why: Vec<String>,
}

/// What is said of one image.
#[derive(Serialize)]
struct Told<'a> {
    path: &'a str,
    /// Which page of several was looked at.
    #[serde(flatten)]
    page: Option<Page>,
    fitness: Fitness,
    why: &'a [String],
}

#[derive(Serialize)]
struct Report<'a> {
    images: Vec<Told<'a>>,
    fit: usize,
    unfit: usize,
    unreadable: usize,
    /// How many more references of the writer are wanted; only of one writer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    wanted: Option<usize>,
}

impl Check {
    pub fn run(self) -> Result<ExitCode> {
        let images = all_images(&self.images)?;
        let inputs = Inputs::default().and(&images).and(self.model.path());
        if let Some(path) = &self.explain {
            inputs.spare(&[path])?;
            inputs.spare_folder(path)?;
        }
        let verifier = self.model.verifier(&self.image)?;
        let mut looked: Vec<Looked> =
            images.par_iter().map(|path| Looked::new(&verifier, path, self.image.page)).collect();
        let wanted = together(&verifier, &mut looked, self.one_writer)?;
        if let Some(path) = &self.explain {
            explain(path, &looked, &verifier)?;
        }
        let report = Report::new(&looked, wanted);
        if self.json {
            println!("{:#}", serde_json::to_value(&report)?);
        } else {
            println!("{}", text(&report));
        }
        Ok(ExitCode::from(match report {
            Report { unreadable: 1.., .. } => 2,
            Report { unfit: 1.., .. } => 3,
            _ => 0,
        }))
    }
}

/// The files, and those in the folders.
pub fn all_images(given: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut images = Vec::new();
    for path in given {
        if path.is_dir() {
            let inside = image_files_below(path)?;
            if inside.is_empty() {
                bail!("{}: there are no images in this folder", path.display());
            }
            images.extend(inside);
        } else {
            images.push(path.clone());
        }
    }
    if images.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        bail!("standard input (-) can be one image only; give the others as files");
    }
    Ok(images)
}

impl Looked {
    fn new(verifier: &Verifier, path: &Path, page: Option<u32>) -> Self {
        let name = path.display().to_string();
        let unreadable = |error: &anyhow::Error| {
            let why = vec![crate::in_one_line(error)];
            let fitness = Fitness::Unreadable;
            Self { path: name.clone(), bytes: Vec::new(), page: None, signature: None, fitness, why }
        };
        let files = match ImageFiles::read(&[path], verifier.limits()) {
            Ok(files) => files.on_page(page, 1),
            Err(error) => return unreadable(&error),
        };
        let image = files.named()[0];
        let bytes = image.bytes.to_vec();
        match verifier.embed_page_until(&bytes, image.page, None) {
            Ok(signature) => {
                let why: Vec<String> = signature.flaws.iter().map(ToString::to_string).collect();
                let fitness = if why.is_empty() { Fitness::Fit } else { Fitness::Unfit };
                let page = Some(signature.page.number);
                Self { path: name, bytes, page, signature: Some(signature), fitness, why }
            }
            // It can be read, and shows no signature.
            Err(error @ (EngineError::NoInk | EngineError::NoEmbedding)) => {
                let why = vec![error.to_string()];
                Self { path: name, bytes, page: image.page, signature: None, fitness: Fitness::Unfit, why }
            }
            Err(error) => unreadable(&anyhow::Error::from(error).context(name.clone())),
        }
    }

    fn object(&mut self, why: String) {
        self.fitness = Fitness::Unfit;
        self.why.push(why);
    }
}

/// What one image makes of another: a copy is not a second reference; of one writer's, what does not agree is not one either.
/// How many more are wanted then.
fn together(verifier: &Verifier, looked: &mut [Looked], one_writer: bool) -> Result<Option<usize>> {
    let places: Vec<usize> = (0..looked.len()).filter(|&place| looked[place].signature.is_some()).collect();
    let candidate = |&place: &usize| {
        let Looked { path, signature, .. } = &looked[place];
        signature.as_ref().map(|signature| Candidate::new(path.clone(), signature))
    };
    let offered: Vec<Candidate<'_>> = places.iter().filter_map(candidate).collect();
    let (faults, wanted) = if one_writer && !offered.is_empty() {
        let report = verifier.check_references(&[], &offered)?;
        let faults = report.objections.into_iter().map(|objection| (objection.index, objection.fault));
        // What is unfit by itself is said already.
        (faults.filter(|(_, fault)| !matches!(fault, Fault::Unfit(_))).collect(), Some(report.wanted))
    } else {
        (copies(&offered)?, None)
    };
    for (index, fault) in faults {
        looked[places[index]].object(fault.to_string());
    }
    Ok(wanted)
}

/// The images that are the same image or the same signing as an earlier one.
pub fn copies(images: &[Candidate<'_>]) -> Result<Vec<(usize, Fault)>> {
    let copy = |index: usize| -> Result<Option<(usize, Fault)>> {
        Ok(same_as_earlier(&images[index], &images[..index])?.map(|fault| (index, fault)))
    };
    let found: Result<Vec<_>> = (0..images.len()).into_par_iter().map(copy).collect();
    Ok(found?.into_iter().flatten().collect())
}

impl<'a> Report<'a> {
    fn new(looked: &'a [Looked], wanted: Option<usize>) -> Self {
        let told = |Looked { path, fitness, why, signature, .. }: &'a Looked| {
            let page = signature.as_ref().map(|signature| signature.page).filter(|page| page.count > 1);
            Told { path, page, fitness: *fitness, why }
        };
        let count = |wanted| looked.iter().filter(|image| image.fitness == wanted).count();
        Self {
            images: looked.iter().map(told).collect(),
            fit: count(Fitness::Fit),
            unfit: count(Fitness::Unfit),
            unreadable: count(Fitness::Unreadable),
            wanted,
        }
    }
}

fn text(report: &Report<'_>) -> String {
    let line = |image: &Told<'_>| {
        let path = match image.page {
            Some(page) => format!("{}, {page}", one_line(image.path)),
            None => one_line(image.path),
        };
        let why = one_line(image.why.join("; "));
        match image.fitness {
            Fitness::Fit => format!("fit         {path}"),
            Fitness::Unfit => format!("unfit       {path}: {why}"),
            Fitness::Unreadable => format!("unreadable  {why}"),
        }
    };
    let mut lines: Vec<String> = report.images.iter().map(line).collect();
    let Report { fit, unfit, unreadable, wanted, .. } = report;
    lines.push(format!("{fit} fit to be enrolled, {unfit} unfit, {unreadable} unreadable."));
    lines.extend(wanted.filter(|&wanted| wanted > 0).map(|wanted| format!("{wanted} more of this writer are wanted.")));
    lines.join("\n")
}

fn is_picture(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png"))
}

/// One picture of all, or one for each in a folder.
fn explain(path: &Path, looked: &[Looked], verifier: &Verifier) -> Result<()> {
    let readable = looked.iter().filter(|image| image.fitness != Fitness::Unreadable);
    let pictures = readable.map(|image| Ok((image, picture(image, verifier)?))).collect::<Result<Vec<_>>>()?;
    if is_picture(path) {
        let rows: Vec<[u8; 3]> = pictures.iter().flat_map(|(_, picture)| picture.pixels.iter().copied()).collect();
        if rows.is_empty() {
            bail!("{}: there is nothing to show, since no image can be read", path.display());
        }
        let all = Picture { width: 2 * PANEL, height: rows.len() / (2 * PANEL), pixels: rows };
        return outputs::write(path, &all.to_png());
    }
    std::fs::create_dir_all(path).with_context(|| format!("{}: the folder cannot be made", path.display()))?;
    for (number, (image, picture)) in pictures.iter().enumerate() {
        let stem = Path::new(&image.path).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        outputs::write(&path.join(format!("{:02}-{stem}.png", number + 1)), &picture.to_png())?;
    }
    Ok(())
}

/// The sides of the two panels of a picture, in pixels.
const PANEL: usize = 2 * SIDE;
/// Paper around what a panel shows.
const MARGIN: usize = 8;

/// The image on the left, and on its right the strokes that are seen in it, as they are compared.
fn picture(image: &Looked, verifier: &Verifier) -> Result<Picture> {
    let limits = Limits { page: image.page, ..*verifier.limits() };
    let gray =
        decode(&image.bytes, GrayRule::OnWhite, &limits).with_context(|| format!("{}: cannot be shown", image.path))?;
    let left = fitted(&gray);
    let right = image.signature.as_ref().map(|signature| enlarged(&signature.ink));
    let frame = match image.fitness {
        Fitness::Fit => [0, 114, 178],
        _ => [213, 94, 0],
    };
    let pixel = |at: usize| {
        let (x, y) = (at % (2 * PANEL), at / (2 * PANEL));
        let at_edge = |place: usize, length: usize| place == 0 || place == length - 1;
        if at_edge(x, 2 * PANEL) || at_edge(y, PANEL) {
            return frame;
        }
        let value = match (x < PANEL, &right) {
            (true, _) => left[y * PANEL + x],
            (false, Some(ink)) => ink[y * PANEL + x - PANEL],
            (false, None) => 255,
        };
        if x == PANEL { [200; 3] } else { [value; 3] }
    };
    Ok(Picture { width: 2 * PANEL, height: PANEL, pixels: (0..2 * PANEL * PANEL).map(pixel).collect() })
}

/// An image made to fit a panel, by the mean of the pixels that fall on one.
fn fitted(gray: &Gray) -> Vec<u8> {
    let room = PANEL - 2 * MARGIN;
    let longest = gray.width().max(gray.height());
    let scaled = |length: usize| (length * room / longest).max(1);
    let (width, height) = (scaled(gray.width()), scaled(gray.height()));
    let (left, top) = ((PANEL - width) / 2, (PANEL - height) / 2);
    let mut panel = vec![255; PANEL * PANEL];
    let span = |at: usize, to: usize, from: usize| at * from / to..((at + 1) * from).div_ceil(to).min(from);
    for y in 0..height {
        let rows = span(y, height, gray.height());
        for x in 0..width {
            let columns = span(x, width, gray.width());
            let sum: usize = rows
                .clone()
                .map(|row| gray.row(row)[columns.clone()].iter().map(|&v| usize::from(v)).sum::<usize>())
                .sum();
            panel[(top + y) * PANEL + left + x] = (sum / (rows.len() * columns.len())) as u8;
        }
    }
    panel
}

fn enlarged(ink: &Ink) -> Vec<u8> {
    let scale = PANEL / SIDE;
    (0..PANEL * PANEL).map(|at| 255 - ink.pixels()[at / PANEL / scale * SIDE + at % PANEL / scale]).collect()
}
