//! A siamese network that Python trains epoch by epoch on arrays.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

use inkproof::{Architecture, Backbone, Ink, InkParameters, Model, Preprocess, SIDE};
use inkproof_lab::train::LastEpoch;
use inkproof_lab::train::in_memory::{self, InMemoryTraining, PicturePairs, StepReport};
use numpy::{PyArray1, PyArray4, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray4};
use pyo3::prelude::*;
use rayon::prelude::*;

use crate::compute::{in_laboratory, on_all_cores};
use crate::errors::{self, Error, InternalError, ModelError, OptionError};
use crate::images::{Image, Source};

/// Pictures of a network: array (n, 224, 224, 1) of float32 in 0..1, without gaps.
pub type Pictures<'py> = PyReadonlyArray4<'py, f32>;

/// Where pictures came from, for the model file.
#[pyclass(module = "inkproof._inkproof", frozen)]
pub struct Origin(pub in_memory::Origin);

#[pymethods]
impl Origin {
    /// Of so many pictures that came from nowhere known.
    #[staticmethod]
    fn unknown(images: usize) -> Self {
        Self(in_memory::Origin::unknown(images))
    }

    fn __repr__(&self) -> String {
        let data = &self.0.described;
        format!("<inkproof origin: {} image(s) of {} writer(s)>", data.images, data.writers)
    }
}

/// A siamese network; `inkproof.Siamese` is made of it.
#[pyclass(module = "inkproof._inkproof", frozen)]
pub struct Network {
    state: RwLock<State>,
}

struct State {
    name: String,
    preprocess: Preprocess,
    training: InMemoryTraining,
    origins: Vec<in_memory::Origin>,
    /// The network as it is; made when it is asked for, and again after training.
    model: OnceLock<Arc<Model>>,
}

impl State {
    fn model(&self) -> Arc<Model> {
        let trained_on = || in_memory::Origin::together(&self.origins);
        let make = || Arc::new(self.training.model(&self.name, self.preprocess.clone(), trained_on()));
        self.model.get_or_init(make).clone()
    }
}

/// ``raw`` or ``ink``.
pub fn preprocess(name: &str) -> PyResult<Preprocess> {
    match name {
        "raw" => Ok(Preprocess::Raw),
        "ink" => Ok(Preprocess::Ink(InkParameters::default())),
        _ => Err(OptionError::new_err(format!("unknown preprocessing '{name}'; expected raw or ink"))),
    }
}

fn backbone(name: &str) -> PyResult<Backbone> {
    match name.parse::<Architecture>().map_err(errors::engine)? {
        Architecture::Siamese(backbone) => Ok(backbone),
        Architecture::Inknet => Err(OptionError::new_err(
            "inknet is not trained on pairs, epoch by epoch; expected simple-cnn or efficientnet-b0",
        )),
    }
}

#[pymethods]
impl Network {
    /// A network that has learned nothing.
    #[new]
    fn new(backbone_name: &str, preprocess_name: &str, learning_rate: f64, seed: u64) -> PyResult<Self> {
        let backbone = backbone(backbone_name)?;
        let training = InMemoryTraining::new(backbone, learning_rate, seed).map_err(errors::lab)?;
        let preprocess = preprocess(preprocess_name)?;
        let model = OnceLock::new();
        let state = State { name: backbone_name.to_owned(), preprocess, training, origins: Vec::new(), model };
        Ok(Self { state: RwLock::new(state) })
    }

    /// A model file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        on_all_cores(py, || {
            let model = Model::load(&path).map_err(errors::engine)?;
            let training = InMemoryTraining::from_model(&model).map_err(errors::lab)?;
            let described = model.info().trained_on.clone();
            let digests = described.digests.clone();
            let state = State {
                name: model.name().to_owned(),
                preprocess: model.preprocess().clone(),
                training,
                origins: vec![in_memory::Origin { described, digests }],
                model: OnceLock::from(Arc::new(model)),
            };
            Ok(Self { state: RwLock::new(state) })
        })
    }

    /// Writes the model file, whole or not at all.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let model = self.read()?.model();
        on_all_cores(py, || model.save(&path).map_err(errors::engine))
    }

    /// What it was trained on so far, and now on this too.
    fn remember(&self, origin: &Origin) -> PyResult<()> {
        let mut state = self.write()?;
        state.origins.push(origin.0.clone());
        state.model = OnceLock::new();
        Ok(())
    }

    /// One pass over all pairs: loss and accuracy. `after` is called after each step with its number, how many there are,
    /// and both figures so far.
    #[allow(clippy::too_many_arguments, reason = "they are named in Python")]
    fn epoch(
        &self,
        py: Python<'_>,
        a: Pictures<'_>,
        b: Pictures<'_>,
        labels: PyReadonlyArray1<'_, f32>,
        batch_size: usize,
        shuffle: bool,
        after: Py<PyAny>,
    ) -> PyResult<(f64, f64)> {
        let (a, b, labels) = (slice(&a)?, slice(&b)?, labels.as_slice().map_err(gaps)?);
        let mut state = self.write()?;
        let mut raised = None;
        let mut call = |report: StepReport| {
            let StepReport { step, steps, so_far: LastEpoch { loss, accuracy } } = report;
            let called = Python::attach(|py| {
                py.check_signals()?;
                after.call1(py, (step, steps, loss, accuracy))
            });
            raised = called.err();
            if raised.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let state = &mut *state;
        let figures = in_laboratory(py, || {
            let pairs = PicturePairs::new(a, b, labels).map_err(errors::lab)?;
            state.model = OnceLock::new();
            state.training.epoch(&pairs, batch_size, shuffle, &mut call).map_err(errors::lab)
        })?;
        match (figures, raised) {
            (_, Some(error)) => Err(error),
            (Some(LastEpoch { loss, accuracy }), None) => Ok((loss, accuracy)),
            (None, None) => Err(InternalError::new_err("an epoch was broken off by nobody")),
        }
    }

    /// The probability, 0..1, that the pictures of each pair are by one writer: array (n,) of float64.
    fn probabilities<'py>(
        &self,
        py: Python<'py>,
        a: Pictures<'py>,
        b: Pictures<'py>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let (a, b) = (slice(&a)?, slice(&b)?);
        let model = self.read()?.model();
        let found = on_all_cores(py, || in_memory::probabilities(&model, a, b).map_err(errors::lab))?;
        Ok(PyArray1::from_vec(py, found))
    }

    /// From now on Adam's steps are this long.
    fn set_learning_rate(&self, learning_rate: f64) -> PyResult<()> {
        self.write()?.training.set_learning_rate(learning_rate).map_err(errors::lab)
    }

    /// Name, shape and whether it is trained, of each tensor.
    fn parameters(&self) -> PyResult<Vec<(String, Vec<usize>, bool)>> {
        let state = self.read()?;
        let parameters = state.training.weights().iter();
        Ok(parameters.map(|(tensor, _)| (tensor.name.clone(), tensor.shape.clone(), tensor.trainable)).collect())
    }

    /// The values of each tensor, in the order of `parameters`: arrays of float32 of one dimension.
    fn weights<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyArray1<f32>>>> {
        let state = self.read()?;
        Ok(state.training.weights().iter().map(|(_, values)| PyArray1::from_slice(py, values)).collect())
    }

    /// ``simple-cnn`` or ``efficientnet-b0``.
    #[getter]
    fn backbone(&self) -> PyResult<String> {
        Ok(self.read()?.training.weights().backbone().to_string())
    }

    /// ``raw`` or ``ink``.
    #[getter]
    fn preprocess(&self) -> PyResult<&'static str> {
        Ok(match self.read()?.preprocess {
            Preprocess::Raw => "raw",
            Preprocess::Ink(_) => "ink",
        })
    }

    /// The first 64 bits, in hexadecimal, of SHA-256 over the weights.
    #[getter]
    fn digest(&self) -> PyResult<String> {
        Ok(self.read()?.model().digest().to_owned())
    }

    /// Whole epochs that it was trained.
    #[getter]
    fn epochs(&self) -> PyResult<usize> {
        Ok(self.read()?.training.epochs())
    }
}

impl Network {
    /// A copy of the network as it is.
    pub fn copy(&self) -> PyResult<Model> {
        let model = self.read()?.model();
        Model::from_bytes(model.name(), &model.to_bytes()).map_err(errors::engine)
    }

    /// To look at it. Nobody waits for a lock: who trains may wait for the GIL, which the one who waits holds.
    fn read(&self) -> PyResult<RwLockReadGuard<'_, State>> {
        self.state.try_read().map_err(|error| in_use(&error))
    }

    fn write(&self) -> PyResult<RwLockWriteGuard<'_, State>> {
        self.state.try_write().map_err(|error| in_use(&error))
    }
}

fn in_use<T>(error: &TryLockError<T>) -> PyErr {
    match error {
        TryLockError::WouldBlock => Error::new_err("another thread is training this network; wait until it is done"),
        TryLockError::Poisoned(_) => {
            ModelError::new_err("a training of this network went wrong; load or make it again")
        }
    }
}

fn gaps<T>(_: T) -> PyErr {
    OptionError::new_err("an array has gaps between its numbers; give numpy.ascontiguousarray of it")
}

fn slice<'a>(pictures: &'a Pictures<'_>) -> PyResult<&'a [f32]> {
    pictures.as_slice().map_err(gaps)
}

/// Mean binary cross-entropy, in nats, and accuracy of probabilities.
#[pyfunction]
pub fn measure(probabilities: PyReadonlyArray1<'_, f64>, labels: PyReadonlyArray1<'_, f32>) -> PyResult<(f64, f64)> {
    let (probabilities, labels) = (probabilities.as_slice().map_err(gaps)?, labels.as_slice().map_err(gaps)?);
    let LastEpoch { loss, accuracy } = in_memory::measure(probabilities, labels).map_err(errors::lab)?;
    Ok((loss, accuracy))
}

/// Images as a network sees them: array (n, 224, 224, 1) of float32 in 0..1.
#[pyfunction]
pub fn pictures<'py>(
    py: Python<'py>,
    images: Vec<(String, Source<'py>)>,
    preprocess_name: &str,
) -> PyResult<Bound<'py, PyArray4<f32>>> {
    let preprocess = preprocess(preprocess_name)?;
    let named = images.iter().map(|(name, source)| Ok((name.as_str(), source.image()?)));
    let named: Vec<(&str, Image<'_>)> = named.collect::<PyResult<_>>()?;
    let numbers = on_all_cores(py, || {
        let ink = |(name, image): &(&str, Image<'_>)| image.ink(&preprocess, name);
        let inks: Vec<_> = named.par_iter().with_max_len(1).map(ink).collect();
        let inks: Vec<Ink> = inks.into_iter().collect::<Result<_, _>>().map_err(errors::engine)?;
        Ok(inks.iter().flat_map(Ink::values).collect())
    })?;
    as_pictures(py, numbers)
}

/// Numbers as an array (n, 224, 224, 1), without a copy.
pub fn as_pictures(py: Python<'_>, numbers: Vec<f32>) -> PyResult<Bound<'_, PyArray4<f32>>> {
    let count = numbers.len() / (SIDE * SIDE);
    PyArray1::from_vec(py, numbers).reshape([count, SIDE, SIDE, 1])
}
