//! A model and what can be asked of it, for images and signatures that Python has sorted out already.

use std::borrow::Borrow;
use std::path::PathBuf;
use std::sync::Arc;

use inkproof::{Limits, Model, Threshold, Verifier, VerifyOptions};
use numpy::PyArray1;
use pyo3::prelude::*;
use pythonize::pythonize;
use rayon::prelude::*;

use crate::compute::on_all_cores;
use crate::errors::{self, ImageError, InternalError};
use crate::images::{Image, Source};
use crate::signature::Signature;
use crate::verdict::Verdict;

/// A model, ready to embed and to compare; `inkproof.Verifier` is made of it.
#[pyclass(module = "inkproof._inkproof", frozen)]
pub struct Engine {
    verifier: Arc<Verifier>,
}

/// A signature among others in a list.
type Embedded = Py<Signature>;

#[pymethods]
impl Engine {
    /// The model that comes with the package.
    #[staticmethod]
    fn bundled(py: Python<'_>) -> PyResult<Self> {
        on_all_cores(py, || Ok(Self { verifier: Arc::new(Verifier::bundled()) }))
    }

    /// A model file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let load = || Verifier::load(&path).map_err(errors::engine);
        on_all_cores(py, || Ok(Self { verifier: Arc::new(load()?) }))
    }

    /// The file's name without its ending, or ``bundled``.
    #[getter]
    fn name(&self) -> &str {
        self.model().name()
    }

    /// The first 64 bits, in hexadecimal, of SHA-256 over the weights.
    #[getter]
    fn digest(&self) -> &str {
        self.model().digest()
    }

    /// ``inknet``, ``simple-cnn`` or ``efficientnet-b0``.
    #[getter]
    fn backbone(&self) -> String {
        self.model().info().backbone.to_string()
    }

    /// The score from which on a signature is accepted with so many references.
    fn threshold(&self, references: usize) -> f64 {
        self.model().threshold_for(references).get()
    }

    /// What the model file says of its weights, as one dict.
    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        pythonize(py, self.model().info()).map_err(|error| InternalError::new_err(error.to_string()))
    }

    /// Embeds images, each with what a message calls it, on all cores; `page` is that of files with several.
    #[pyo3(signature = (images, page=None))]
    fn embed(&self, py: Python<'_>, images: Vec<(String, Source<'_>)>, page: Option<u32>) -> PyResult<Vec<Signature>> {
        let named = images.iter().map(|(name, source)| Ok((name.as_str(), source.image()?)));
        let named: Vec<(&str, Image<'_>)> = named.collect::<PyResult<_>>()?;
        let embed = |(name, image): &(&str, Image<'_>)| image.embed(&self.verifier, name, page);
        // Collected before they are looked at, so that of several bad images the first is reported.
        let found = on_all_cores(py, || Ok(named.par_iter().with_max_len(1).map(embed).collect::<Vec<_>>()))?;
        found.into_iter().map(|found| Ok(Signature::new(found.map_err(errors::engine)?, self.digest()))).collect()
    }

    /// Judges one questioned signature.
    #[pyo3(signature = (references, questioned, threshold=None))]
    fn verify(
        &self,
        py: Python<'_>,
        references: Vec<Embedded>,
        questioned: Embedded,
        threshold: Option<f64>,
    ) -> PyResult<Verdict> {
        let options = options(threshold)?;
        let inner = on_all_cores(py, || self.judge(&references, &questioned, &options))?;
        Ok(Verdict::new(inner, self.verifier.clone(), references, questioned))
    }

    /// The scores of questioned signatures, each against a set of references of its own, or all against one: array (n,) of
    /// float64.
    fn score_batch<'py>(
        &self,
        py: Python<'py>,
        sets: Vec<Vec<Embedded>>,
        questioned: Vec<Embedded>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let options = VerifyOptions::default();
        let score = |(at, questioned): (usize, &Embedded)| {
            let references = if sets.len() == 1 { &sets[0] } else { &sets[at] };
            Ok(self.judge(references, questioned, &options)?.score.get())
        };
        let scores = on_all_cores(py, || {
            let scores = questioned.par_iter().with_max_len(1).enumerate().map(score).collect::<Vec<_>>();
            scores.into_iter().collect::<PyResult<Vec<f64>>>()
        })?;
        Ok(PyArray1::from_vec(py, scores))
    }
}

/// Refuses sides that no image may have, before an array of them is looked at.
#[pyfunction]
pub fn check_sides(width: u64, height: u64, name: &str) -> PyResult<()> {
    Limits::default().check_pixels(width, height).map_err(|error| ImageError::new_err(format!("{name}: {error}")))
}

impl Engine {
    fn model(&self) -> &Model {
        self.verifier.model()
    }

    fn judge(
        &self,
        references: &[Embedded],
        questioned: &Embedded,
        options: &VerifyOptions,
    ) -> PyResult<inkproof::Verdict> {
        let references: Vec<&Signature> = references.iter().map(Py::get).collect();
        for (index, reference) in references.iter().enumerate() {
            reference.require_model(self.digest(), &format!("reference {}", index + 1))?;
        }
        questioned.get().require_model(self.digest(), "questioned")?;
        let references: Vec<&inkproof::Signature> = references.into_iter().map(Borrow::borrow).collect();
        let questioned = questioned.get().borrow();
        self.verifier.verify_with(&references, questioned, options).map_err(errors::engine)
    }
}

fn options(threshold: Option<f64>) -> PyResult<VerifyOptions> {
    let threshold = threshold.map(Threshold::new).transpose().map_err(errors::engine)?;
    Ok(VerifyOptions { threshold, ..VerifyOptions::default() })
}
