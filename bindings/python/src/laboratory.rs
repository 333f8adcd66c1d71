//! What can be asked of a folder of signatures.

use std::path::PathBuf;

use inkproof::InkParameters;
use inkproof_lab::candidate::{Candidate, Judge};
use inkproof_lab::dataset::{DataSet, OnBad, Part, Skipped};
use inkproof_lab::leakage::page::{self, Making};
use inkproof_lab::loader::Reading;
use inkproof_lab::report::Report;
use inkproof_lab::session::{DataOptions, EvaluateOptions, Scope, Session};
use inkproof_lab::synth::{self, SynthOptions};
use inkproof_lab::train::Negatives;
use numpy::{PyArray1, PyArray4};
use pyo3::prelude::*;
use pythonize::pythonize;
use serde_json::{Value, json};

use crate::compute::in_laboratory;
use crate::errors::{self, InternalError, OptionError};
use crate::network::{Network, Origin, as_pictures, preprocess};
use crate::progress::Reporter;

/// Which model is measured: a network in memory, or a file or a name.
#[derive(FromPyObject)]
pub enum Measured<'py> {
    /// As it is.
    Network(PyRef<'py, Network>),
    /// As `Candidate::find` takes it.
    Name(String),
}

impl Measured<'_> {
    fn candidate(&self) -> PyResult<Candidate> {
        match self {
            Self::Network(network) => Ok(Candidate::Network(Box::new(network.copy()?))),
            Self::Name(name) => Candidate::find(name).map_err(errors::lab),
        }
    }
}

/// A folder of signatures, and how it is read.
#[derive(FromPyObject)]
pub struct Data {
    #[pyo3(item)]
    path: PathBuf,
    #[pyo3(item)]
    layout: Option<String>,
    #[pyo3(item)]
    skip_bad: bool,
}

impl Data {
    fn options(&self) -> PyResult<DataOptions> {
        let layout = self.layout.as_deref().map(str::parse).transpose();
        let bad = if self.skip_bad { OnBad::Skip } else { OnBad::Stop };
        Ok(DataOptions {
            path: self.path.clone(),
            layout: layout.map_err(|error| OptionError::new_err(format!("layout: {error}")))?,
            reading: Reading { bad, ..Reading::default() },
        })
    }
}

fn part(name: &str) -> PyResult<Part> {
    match name {
        "test" => Ok(Part::Test),
        "train" => Ok(Part::Train),
        "all" => Ok(Part::All),
        _ => Err(OptionError::new_err(format!("unknown part '{name}'; expected test, train or all"))),
    }
}

fn negatives(name: &str) -> PyResult<Negatives> {
    match name {
        "skilled" => Ok(Negatives::Skilled),
        "random" => Ok(Negatives::Random),
        "both" => Ok(Negatives::Both),
        _ => Err(OptionError::new_err(format!("unknown negatives '{name}'; expected skilled, random or both"))),
    }
}

/// First pictures, second pictures, labels, the files of both, and where all of it came from.
type Pairs<'py> =
    (Bound<'py, PyArray4<f32>>, Bound<'py, PyArray4<f32>>, Bound<'py, PyArray1<f32>>, [Vec<PathBuf>; 2], Origin);

/// The pairs that a siamese network is trained on.
#[pyfunction]
pub fn pairs<'py>(
    py: Python<'py>,
    data: Data,
    part_name: &str,
    preprocess_name: &str,
    negatives_name: &str,
    seed: u64,
    report: Py<PyAny>,
) -> PyResult<Pairs<'py>> {
    let (data, part) = (data.options()?, part(part_name)?);
    let (preprocess, negatives) = (preprocess(preprocess_name)?, negatives(negatives_name)?);
    let (loaded, [a, b]) = in_laboratory(py, || {
        let mut progress = Reporter::new(report);
        let mut session = Session::open(&data, &mut progress).map_err(errors::lab)?;
        let loaded = session.pairs(part, preprocess, negatives, seed).map_err(errors::lab)?;
        let pictures = loaded.pictures().map_err(errors::lab)?;
        Ok((loaded, pictures))
    })?;
    let labels = loaded.pairs.iter().map(|pair| f32::from(pair.same_writer)).collect();
    let path = |index: usize| loaded.set.images[index].path.clone();
    let paths = [
        loaded.pairs.iter().map(|pair| path(pair.a)).collect(),
        loaded.pairs.iter().map(|pair| path(pair.b)).collect(),
    ];
    let labels = PyArray1::from_vec(py, labels);
    Ok((as_pictures(py, a)?, as_pictures(py, b)?, labels, paths, Origin(loaded.origin)))
}

/// How well a model tells genuine signatures from forgeries, by the verification protocol.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "they are named in Python")]
pub fn evaluate<'py>(
    py: Python<'py>,
    data: Data,
    model: Measured<'py>,
    references: Vec<usize>,
    part_name: Option<&str>,
    folds: Option<usize>,
    repeats: usize,
    seed: u64,
    page: Option<PathBuf>,
    report: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let (data, candidate) = (data.options()?, model.candidate()?);
    let scope = match (part_name.map(part).transpose()?, folds) {
        (Some(_), Some(_)) => return Err(OptionError::new_err("give a part or folds: folds take all writers")),
        (part, folds) => folds.map(Scope::Folds).or(part.map(Scope::Part)),
    };
    let options = EvaluateOptions { scope, references, repeats, seed };
    let document = in_laboratory(py, || {
        let mut progress = Reporter::new(report);
        let mut session = Session::open(&data, &mut progress).map_err(errors::lab)?;
        let found = session.evaluate(Judge::Ready(&candidate), &options).map_err(errors::lab)?;
        if let Some(path) = page {
            let mut page = Report::from_evaluation(&found, &mut progress).map_err(errors::lab)?;
            page.made.command = "inkproof.evaluate".to_owned();
            page.made.version = env!("CARGO_PKG_VERSION").to_owned();
            page.write(&path).map_err(errors::lab)?;
        }
        Ok(json!({
            "model": found.model, "folds": found.folds, "seed": found.seed,
            "writers": found.set.writers().len(), "images": found.set.images.len(),
            "training_images_in_test": found.training_images,
            "left_out": left_out(&found.set), "runs": found.runs,
        }))
    })?;
    plain(py, &document)
}

/// Loss and accuracy over the notebook's pairs.
#[pyfunction]
pub fn notebook<'py>(
    py: Python<'py>,
    data: Data,
    model: Measured<'py>,
    part_name: &str,
    seed: u64,
    report: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let (data, candidate, part) = (data.options()?, model.candidate()?, part(part_name)?);
    let document = in_laboratory(py, || {
        let mut progress = Reporter::new(report);
        let mut session = Session::open(&data, &mut progress).map_err(errors::lab)?;
        let found = session.notebook(&candidate, part, seed).map_err(errors::lab)?;
        let mut document = json!(found.result);
        document["left_out"] = left_out(&found.set);
        Ok(document)
    })?;
    plain(py, &document)
}

/// What would make a result on a folder worthless.
#[pyfunction]
pub fn leakage<'py>(
    py: Python<'py>,
    data: Data,
    model: Option<Measured<'py>>,
    seed: u64,
    page: Option<PathBuf>,
    report: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let data = data.options()?;
    let model = model.map(|model| model.candidate()).transpose()?;
    let ink = model.map_or(InkParameters::default(), |model| model.preprocess().ink_parameters());
    let document = in_laboratory(py, || {
        let mut progress = Reporter::new(report);
        let found = Session::open(&data, &mut progress).and_then(|mut session| session.leakage(&ink, seed));
        let found = found.map_err(errors::lab)?;
        if let Some(path) = page {
            let made = Making { command: "inkproof.leakage".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
            page::write(&found, &made, &path).map_err(errors::lab)?;
        }
        Ok(found.document())
    })?;
    plain(py, &document)
}

/// Makes a folder of signatures of writers who do not exist; one that these options have made already stays.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "they are named in Python")]
pub fn synthesize(
    py: Python<'_>,
    out: PathBuf,
    writers: usize,
    genuine: usize,
    forgeries: usize,
    seed: u64,
    style: Option<&str>,
    report: Py<PyAny>,
) -> PyResult<()> {
    let style = style.map(|name| serde_json::from_value(Value::from(name)));
    let style = style.transpose().map_err(|error| OptionError::new_err(format!("style: {error}")))?;
    let options = SynthOptions { writers, genuine, forgeries, seed, style };
    in_laboratory(py, || {
        let is_there = synth::read_info(&out).map_err(errors::lab)?.is_some_and(|info| info.is_of(&options));
        if !is_there {
            synth::write(&out, &options, &mut Reporter::new(report)).map_err(errors::lab)?;
        }
        Ok(())
    })
}

fn left_out(set: &DataSet) -> Value {
    set.skipped.iter().map(Skipped::document).collect()
}

fn plain<'py>(py: Python<'py>, document: &Value) -> PyResult<Bound<'py, PyAny>> {
    pythonize(py, document).map_err(|error| InternalError::new_err(error.to_string()))
}
