//! One image of a signature as a model sees it.

use std::borrow::Borrow;

use inkproof::inknet::{LocalFeatures, WIDTH};
use inkproof::{Embedding, SIDE};
use numpy::{PyArray1, PyArray2};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};

use crate::arrays::view;
use crate::errors::{self, ModelError};

/// One image of a signature as a model sees it: `Verifier.embed` makes it, `Verifier.verify` compares it.
///
/// It never changes, and can be pickled: embedding takes time, comparing hardly any.
#[pyclass(module = "inkproof", frozen)]
pub struct Signature {
    inner: inkproof::Signature,
    /// The digest of the model that embedded it.
    model: String,
}

/// Where places lie and what each looks like.
type LocalArrays<'py> = (Bound<'py, PyArray2<f32>>, Bound<'py, PyArray2<f32>>);

/// What makes a signature again, and of what.
type Pickled<'py> = (Bound<'py, PyAny>, (Bound<'py, PyBytes>, String));

impl Signature {
    pub fn new(inner: inkproof::Signature, model: &str) -> Self {
        Self { inner, model: model.to_owned() }
    }

    /// Refuses the signature of another model, whose numbers mean something else.
    pub fn require_model(&self, digest: &str, name: &str) -> PyResult<()> {
        if self.model == digest {
            return Ok(());
        }
        let theirs = &self.model;
        Err(ModelError::new_err(format!(
            "{name}: was embedded by the model {theirs}, and this is the model {digest}; embed its image again"
        )))
    }

    fn local(&self) -> Option<&LocalFeatures> {
        self.inner.embedding.local_features()
    }
}

impl Borrow<inkproof::Signature> for Signature {
    fn borrow(&self) -> &inkproof::Signature {
        &self.inner
    }
}

#[pymethods]
impl Signature {
    /// What the model sees: array (224, 224) of uint8, read-only, without a copy. After ``ink`` preprocessing paper is 0 and
    /// ink 255; after ``raw`` it is the gray picture.
    #[getter]
    fn ink<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyArray2<u8>> {
        view(slf, [SIDE, SIDE], |signature| signature.inner.ink.pixels())
    }

    /// The embedding as one vector of unit length: array (256,) of float32 by a siamese network; (128,) by ``inknet``, a
    /// summary that is good for a search and that verdicts do not rest on.
    #[getter]
    fn vector<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        PyArray1::from_vec(py, self.inner.embedding.global())
    }

    /// Of ``inknet`` the places that are compared: their points, array (n, 2) of float32, x and y in pixels of the ink, and
    /// what each looks like, array (n, 64) of float32; both read-only, without a copy. None by a siamese network.
    #[getter]
    fn local_features<'py>(slf: &Bound<'py, Self>) -> Option<LocalArrays<'py>> {
        let count = slf.get().local()?.len();
        let points =
            view(slf, [count, 2], |signature| signature.local().map_or(&[][..], |local| local.at().as_flattened()));
        let values = view(slf, [count, WIDTH], |signature| {
            signature.local().map_or(&[][..], |local| local.values().as_flattened())
        });
        Some((points, values))
    }

    /// What makes the image unfit to decide on, in words; empty where nothing does.
    #[getter]
    fn flaws(&self) -> Vec<String> {
        self.inner.flaws.iter().map(ToString::to_string).collect()
    }

    /// The fingerprint of the image's content, 16 hexadecimal digits: the same picture in another file has the same.
    #[getter]
    fn digest(&self) -> String {
        self.inner.digest.to_string()
    }

    /// The digest of the model that embedded it.
    #[getter]
    fn model(&self) -> &str {
        &self.model
    }

    /// Which page of its file was read, and how many there are: (1, 1) of most.
    #[getter]
    fn page(&self) -> (u32, u32) {
        (self.inner.page.number, self.inner.page.count)
    }

    /// Itself as bytes, with its ink, embedding, flaws and fingerprint.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.inner.to_bytes())
    }

    /// What ``to_bytes`` made; `model` is the digest of the model that embedded it.
    #[classmethod]
    fn from_bytes(_class: &Bound<'_, PyType>, bytes: &[u8], model: &str) -> PyResult<Self> {
        let inner = inkproof::Signature::from_bytes(bytes).map_err(errors::engine)?;
        Ok(Self::new(inner, model))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Pickled<'py>> {
        let signature = slf.get();
        let make = slf.get_type().getattr("from_bytes")?;
        Ok((make, (signature.to_bytes(slf.py()), signature.model.clone())))
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.model == other.model
            && self.inner.digest == other.inner.digest
            && self.inner.ink == other.inner.ink
            && self.inner.embedding == other.inner.embedding
    }

    fn __hash__(&self) -> u64 {
        u64::from_str_radix(&self.inner.digest.to_string(), 16).unwrap_or_default()
    }

    fn __repr__(&self) -> String {
        let kind = match &self.inner.embedding {
            Embedding::Vector(vector) => format!("a vector of {} numbers", vector.len()),
            Embedding::LocalFeatures(places) => format!("{} places", places.len()),
        };
        let flaws = match self.inner.flaws.len() {
            0 => String::new(),
            count => format!(", {count} flaw(s)"),
        };
        format!("<inkproof.Signature {}: {kind}{flaws}>", self.inner.digest)
    }
}
