//! A decision on a questioned signature, and everything that it rests on.

use std::borrow::Borrow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inkproof::{Decision, Log10Lr, Verifier};
use numpy::{PyArray1, PyArray3, PyArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use pythonize::pythonize;

use crate::compute::on_all_cores;
use crate::errors::{self, InternalError};
use crate::signature::Signature;

/// A decision on a questioned signature, and everything that it rests on: `Verifier.verify` gives it.
///
/// In a notebook it shows itself with the picture of what was compared. `to_dict` is for tables.
#[pyclass(module = "inkproof", frozen)]
pub struct Verdict {
    inner: inkproof::Verdict,
    verifier: Arc<Verifier>,
    references: Vec<Py<Signature>>,
    questioned: Py<Signature>,
}

impl Verdict {
    pub fn new(
        inner: inkproof::Verdict,
        verifier: Arc<Verifier>,
        references: Vec<Py<Signature>>,
        questioned: Py<Signature>,
    ) -> Self {
        Self { inner, verifier, references, questioned }
    }

    fn compared(&self, py: Python<'_>) -> PyResult<inkproof::explain::Picture> {
        on_all_cores(py, || {
            let references: Vec<&inkproof::Signature> =
                self.references.iter().map(|reference| reference.get().borrow()).collect();
            let questioned = self.questioned.get().borrow();
            self.inner.picture(self.verifier.model(), &references, questioned).map_err(errors::engine)
        })
    }
}

#[pymethods]
impl Verdict {
    /// ``"accepted"``, ``"rejected"`` or ``"undecided"``: then a person has to look.
    #[getter]
    fn decision(&self) -> String {
        self.inner.decision.to_string()
    }

    /// Whether the decision is ``"accepted"``. That it is not does not mean that it is rejected.
    #[getter]
    fn accepted(&self) -> bool {
        self.inner.decision == Decision::Accepted
    }

    /// How similar the signatures are: higher is more similar, comparable only within one model.
    #[getter]
    fn score(&self) -> f64 {
        self.inner.score.get()
    }

    /// The score from which on a signature is accepted with so many references.
    #[getter]
    fn threshold(&self) -> f64 {
        self.inner.threshold.get()
    }

    /// The strength of the evidence: the base-10 logarithm of the likelihood ratio. 1 says that the score is ten times
    /// likelier if the writer signed than if somebody else did, -1 the opposite. None where the model is not calibrated for
    /// so many references.
    #[getter]
    fn log10_lr(&self) -> Option<f64> {
        self.inner.log10_lr.map(Log10Lr::get)
    }

    /// The 95 % interval of `log10_lr`: what other calibration writers would have given. None like `log10_lr`, and where the
    /// model does not say.
    #[getter]
    fn log10_lr_ci95(&self) -> Option<(f64, f64)> {
        self.inner.log10_lr_ci95.map(|[low, high]| (low.get(), high.get()))
    }

    /// What `log10_lr` adds up from, before the bound: (that of the strokes' shape, that of their pressure). None like
    /// `log10_lr`, and where the shape alone could be compared.
    #[getter]
    fn contributions(&self) -> Option<(f64, f64)> {
        self.inner.contributions.map(|parts| (parts.shape.get(), parts.pressure.get()))
    }

    /// The strongest `log10_lr` that the model's calibration writers support, in either direction; None like `log10_lr`.
    #[getter]
    fn bound(&self) -> Option<f64> {
        self.inner.bound.map(Log10Lr::get)
    }

    /// The strength of the evidence in words, on the scale of the ENFSI guideline; None like `log10_lr`.
    #[getter]
    fn support(&self) -> Option<String> {
        self.inner.support.map(|support| support.to_string())
    }

    /// What each reference would score alone, in their order: array (n,) of float64.
    #[getter]
    fn reference_scores<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_vec(py, self.inner.reference_scores.iter().map(|score| score.get()).collect())
    }

    /// What makes images unfit to decide on: pairs of ``"questioned"`` or ``"reference 1"`` and the flaw in words.
    #[getter]
    fn flaws(&self) -> Vec<(String, String)> {
        self.inner.flaws.iter().map(|flawed| (flawed.image.to_string(), flawed.flaw.to_string())).collect()
    }

    /// References that show the same signing as an earlier one and count once with it: pairs of both indices, from 0.
    #[getter]
    fn repeated(&self) -> Vec<(usize, usize)> {
        self.inner.repeated.iter().map(|again| (again.reference, again.earlier)).collect()
    }

    /// How far the questioned signature was turned to be judged, as ``"12 degrees clockwise"``; None where it was not.
    #[getter]
    fn turned(&self) -> Option<String> {
        self.inner.turned.as_ref().map(inkproof::Turned::by)
    }

    /// The evidence in two lines for a report; None where the model is not calibrated.
    #[getter]
    fn evidence(&self) -> Option<String> {
        self.inner.evidence()
    }

    /// Everything as one plain dict: ``pandas.DataFrame([verdict.to_dict() for verdict in verdicts])`` is a table.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        pythonize(py, &self.inner.document(self.verifier.model()))
            .map_err(|error| InternalError::new_err(error.to_string()))
    }

    /// What was compared: array (height, width, 3) of uint8, the questioned signature and, right of it, the most similar
    /// references. By ``inknet`` strokes that agree are blue and those that do not orange; a siamese network compares
    /// signatures as wholes and cannot say where they differ.
    fn picture<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray3<u8>>> {
        let picture = self.compared(py)?;
        let (height, width) = (picture.height, picture.width);
        PyArray1::from_vec(py, picture.pixels.into_flattened()).reshape([height, width, 3])
    }

    /// The same as a PNG file.
    fn png<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.compared(py)?.to_png()))
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        let png = STANDARD.encode(self.compared(py)?.to_png());
        let lines: Vec<String> = self.inner.sentences().into_iter().map(|line| format!("<div>{line}</div>")).collect();
        Ok(format!(
            "<div><div><b>{}</b></div>{}<img alt=\"the questioned signature, and references to its right\" \
             style=\"max-width: 100%\" src=\"data:image/png;base64,{png}\"></div>",
            self.inner.decision,
            lines.concat()
        ))
    }

    /// A verdict is no yes or no: ``if verdict:`` would be true for every one.
    fn __bool__(&self) -> PyResult<bool> {
        Err(PyTypeError::new_err(
            "a verdict is not true or false: ask verdict.accepted, or verdict.decision, which may be 'undecided'",
        ))
    }

    fn __str__(&self) -> String {
        let mut lines = self.inner.sentences();
        lines.insert(0, self.inner.decision.to_string());
        lines.join("\n")
    }

    fn __repr__(&self) -> String {
        let lr = self.log10_lr().map_or(String::new(), |lr| format!(", log10 LR {lr:.2}"));
        format!(
            "<inkproof.Verdict {}: score {:.4}, threshold {:.4}{lr}, {} reference(s)>",
            self.inner.decision,
            self.score(),
            self.threshold(),
            self.references.len()
        )
    }
}
