//! `inkproof matrix`: everything compared with everything, and what may be one hand.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use inkproof::enrolment::Candidate;
use inkproof::{Model, Signature};
use inkproof_lab::matrix::Matrix;
use rayon::prelude::*;
use serde_json::json;

use super::check::{all_images, copies};
use crate::arguments::{ImageOptions, ModelFile};
use crate::images::ImageFiles;
use crate::outputs::{self, Inputs};
use crate::terminal::one_line;

/// Compare all signatures with each other, and group those that may be by one hand
///
/// Each pair has the mean of its two scores, each image as the other's only reference. Groups are joined by average linkage
/// as long as their mean reaches the model's threshold for one reference. A group is a proposal to look at, no decision.
#[derive(Debug, Args)]
pub struct MatrixCommand {
    /// Image files of one signature each, or folders of them
    #[arg(required = true, value_name = "FOLDER|IMAGE")]
    images: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelFile,
    #[command(flatten)]
    image: ImageOptions,
    /// Leave out images that cannot be used, and say so, instead of stopping
    #[arg(long)]
    skip_bad: bool,
    /// Write all scores, group by group
    #[arg(long, value_name = "OUT.csv")]
    csv: Option<PathBuf>,
    /// Draw all scores, group by group: blue from the threshold on, orange below; an SVG has the names
    #[arg(long, value_name = "OUT.png|OUT.svg")]
    out: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// So many can be compared in a few minutes.
const MOST: usize = 2000;

impl MatrixCommand {
    pub fn run(self) -> Result<ExitCode> {
        let images = all_images(&self.images)?;
        if !(2..=MOST).contains(&images.len()) {
            bail!("{} image(s): a matrix needs 2 and takes {MOST} at most", images.len());
        }
        let outputs: Vec<&Path> = self.csv.iter().chain(&self.out).map(PathBuf::as_path).collect();
        Inputs::default().and(&images).and(self.model.path()).spare(&outputs)?;
        let drawing = self.out.as_deref().map(Drawing::by_name).transpose()?;
        let model = self.model.load()?;
        let verifier = self.model.verifier(&self.image)?;
        let embed = |path: &PathBuf| -> Result<(String, Signature)> {
            let files = ImageFiles::read(&[path], verifier.limits())?.on_page(self.image.page, 1);
            let image = files.named()[0];
            let signature = verifier.embed_page_until(image.bytes, image.page, None);
            Ok((path.display().to_string(), signature.with_context(|| path.display().to_string())?))
        };
        let embedded: Vec<Result<(String, Signature)>> = images.par_iter().map(embed).collect();
        let signatures = self.usable(embedded)?;
        let matrix = compared(&model, &signatures);
        if let Some(path) = &self.csv {
            outputs::write(path, &matrix.to_csv())?;
        }
        if let (Some(path), Some(drawing)) = (&self.out, drawing) {
            outputs::write(path, &drawing.of(&matrix))?;
        }
        let candidates: Vec<Candidate<'_>> =
            signatures.iter().map(|(name, signature)| Candidate::new(name.clone(), signature)).collect();
        let copies = copies(&candidates)?;
        let copies: Vec<(&str, String)> =
            copies.iter().map(|(place, fault)| (&signatures[*place].0[..], fault.to_string())).collect();
        self.show(&matrix, &signatures, &copies, &model)?;
        Ok(ExitCode::SUCCESS)
    }

    fn usable(&self, embedded: Vec<Result<(String, Signature)>>) -> Result<Vec<(String, Signature)>> {
        let mut usable = Vec::with_capacity(embedded.len());
        for image in embedded {
            match image {
                Ok(image) => usable.push(image),
                Err(error) if self.skip_bad => eprintln!("left out: {}", one_line(crate::in_one_line(&error))),
                Err(error) => return Err(error),
            }
        }
        if usable.len() < 2 {
            bail!("a matrix needs 2 images, and {} of those that were given can be used", usable.len());
        }
        Ok(usable)
    }

    fn show(
        &self,
        matrix: &Matrix,
        signatures: &[(String, Signature)],
        copies: &[(&str, String)],
        model: &Model,
    ) -> Result<()> {
        let unfit = || signatures.iter().filter(|(_, signature)| !signature.flaws.is_empty());
        let flaws = |signature: &Signature| signature.flaws.iter().map(ToString::to_string).collect::<Vec<_>>();
        if self.json {
            let mut document = serde_json::to_value(matrix)?;
            let named = |group: &Vec<usize>| group.iter().map(|&place| &matrix.names[place]).collect::<Vec<_>>();
            document["groups"] = json!(matrix.groups.iter().map(named).collect::<Vec<_>>());
            document["model"] = json!({"name": model.name(), "digest": model.digest()});
            document["unfit"] =
                unfit().map(|(path, signature)| json!({"path": path, "flaws": flaws(signature)})).collect();
            document["copies"] = copies.iter().map(|(path, why)| json!({"path": path, "why": why})).collect();
            println!("{document:#}");
            return Ok(());
        }
        println!("{}", text(matrix, model));
        for (path, signature) in unfit() {
            println!("Unfit: {}: {}.", one_line(path), flaws(signature).join("; "));
        }
        for (path, why) in copies {
            println!("Copy: {} {}.", one_line(path), one_line(why));
        }
        for path in self.csv.iter().chain(&self.out) {
            println!("All scores, group by group, are in {}.", one_line(path.display()));
        }
        Ok(())
    }
}

fn compared(model: &Model, signatures: &[(String, Signature)]) -> Matrix {
    let names = signatures.iter().map(|(name, _)| name.clone()).collect();
    let score = |reference: usize, questioned: usize| {
        let embedding = |place: usize| &signatures[place].1.embedding;
        let score = model.score_of(&[embedding(reference)], embedding(questioned));
        score.expect("there is a reference, and one model made all embeddings").get()
    };
    Matrix::new(names, model.threshold_for(1).get(), score)
}

fn text(matrix: &Matrix, model: &Model) -> String {
    /// Columns of a table that a terminal has room for.
    const MOST: usize = 12;
    let order = matrix.order();
    let mut lines = Vec::new();
    for (number, group) in matrix.groups.iter().enumerate() {
        let names = group.iter().map(|&place| one_line(&matrix.names[place])).collect::<Vec<_>>().join(", ");
        lines.push(match matrix.mean_within(group) {
            Some(mean) => format!("Group {}, mean score {mean:.4}: {names}", number + 1),
            None => format!("Group {}, alone: {names}", number + 1),
        });
    }
    if order.len() <= MOST {
        lines.push(String::new());
        let heads: String = (1..=order.len()).map(|number| format!("{number:>8}")).collect();
        lines.push(format!("   {heads}"));
        for (at, &(row, _)) in order.iter().enumerate() {
            let cell = |&(column, _): &(usize, usize)| match matrix.scores[row][column] {
                Some(score) => format!("{score:>8.4}"),
                None => format!("{:>8}", "-"),
            };
            let cells: String = order.iter().map(cell).collect();
            lines.push(format!("{:>3}{cells}  {}", at + 1, one_line(&matrix.names[row])));
        }
    }
    lines.push(format!(
        "\nGroups are joined from a mean score of {:.4} on (model {}, one reference); they propose where to look and decide \
         nothing.",
        matrix.threshold,
        one_line(model.name())
    ));
    lines.join("\n")
}

/// The form of a drawing.
#[derive(Clone, Copy)]
enum Drawing {
    Png,
    Svg,
}

impl Drawing {
    fn by_name(path: &Path) -> Result<Self> {
        match path.extension().and_then(|extension| extension.to_str()).map(str::to_lowercase).as_deref() {
            Some("png") => Ok(Self::Png),
            Some("svg") => Ok(Self::Svg),
            _ => bail!("{}: drawings are written as .png or .svg", path.display()),
        }
    }

    fn of(self, matrix: &Matrix) -> Vec<u8> {
        match self {
            Self::Png => matrix.picture().to_png(),
            Self::Svg => matrix.to_svg().into_bytes(),
        }
    }
}
