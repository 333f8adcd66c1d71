//! One pass through a network: the weights as tensors, and what differs between training and inference.

use std::collections::HashMap;
use std::sync::Mutex;

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::compute::Compute;
use super::layers;
use super::weights::Weights;

/// Weights that are bound to a device, for one training step or for any number of inferences.
pub(crate) struct Pass {
    compute: Compute,
    device: Device,
    /// Every tensor flat, with its shape.
    tensors: HashMap<String, (Tensor<1>, Vec<usize>)>,
    /// What kernels make of tensors before they use them, by name; kept, since the weights stay.
    prepared: Mutex<HashMap<String, Tensor<1>>>,
    training: Option<Training>,
}

/// What training needs beside the weights.
struct Training {
    rng: Mutex<ChaCha8Rng>,
    /// The moving statistics that calls of batch normalisation have updated so far, by name.
    moving: Mutex<HashMap<String, Tensor<1>>>,
    drop_connect: bool,
}

impl Pass {
    /// Weights for inference: moving statistics are used, nothing is dropped, nothing can be differentiated.
    pub(crate) fn inference(weights: &Weights) -> Self {
        Self::bind(weights, Compute::Cpu, None)
    }

    /// Weights for one training step; `rng` decides what drop-connect drops.
    pub(crate) fn training(weights: &Weights, compute: Compute, rng: ChaCha8Rng, drop_connect: bool) -> Self {
        let training = Training { rng: Mutex::new(rng), moving: Mutex::default(), drop_connect };
        Self::bind(weights, compute, Some(training))
    }

    fn bind(weights: &Weights, compute: Compute, training: Option<Training>) -> Self {
        let device = if training.is_some() { compute.device().autodiff() } else { compute.device() };
        let bind_one = |values: &[f32], trainable: bool| -> Tensor<1> {
            let tensor = Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), &device);
            if trainable && training.is_some() { tensor.require_grad() } else { tensor }
        };
        let tensors = weights
            .iter()
            .map(|(parameter, values)| {
                (parameter.name.clone(), (bind_one(values, parameter.trainable), parameter.shape.clone()))
            })
            .collect();
        Self { compute, device, tensors, prepared: Mutex::default(), training }
    }

    /// The tensor called `name`.
    ///
    /// # Panics
    /// Where the network has no such tensor: its code and its list of parameters disagree.
    pub(super) fn get<const D: usize>(&self, name: &str) -> Tensor<D> {
        let (tensor, shape) = self.tensors.get(name).unwrap_or_else(|| panic!("the network has a tensor '{name}'"));
        let shape: [usize; D] = shape.as_slice().try_into().expect("a tensor of the rank that its layer uses");
        tensor.clone().reshape(shape)
    }

    /// What `prepare` makes of the tensor called `name`, made once; it cannot be differentiated.
    pub(super) fn prepared<const D: usize>(&self, name: &str, prepare: impl Fn(Tensor<D>) -> Tensor<1>) -> Tensor<1> {
        if let Some(found) = lock(&self.prepared).get(name) {
            return found.clone();
        }
        // Not under the lock: while this core prepares, another may want the same.
        let made = prepare(self.get(name));
        lock(&self.prepared).entry(name.to_owned()).or_insert(made).clone()
    }

    /// Whether this pass computes on the CPU, where our kernels are.
    pub(super) fn on_cpu(&self) -> bool {
        self.compute == Compute::Cpu
    }

    pub(super) fn is_training(&self) -> bool {
        self.training.is_some()
    }

    /// Numbers of the given shape as a tensor on this pass's device.
    pub(super) fn input<const D: usize>(&self, values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }

    /// The tensor called `name`, of the shape `[out, in, 1, 1]`, as a matrix `[out, in]`; or `[out, 1, 3, 3]` as
    /// `[out, 9]`.
    pub(super) fn matrix(&self, name: &str) -> Tensor<2> {
        let weight: Tensor<4> = self.get(name);
        let [out, inside, height, width] = weight.dims();
        weight.reshape([out, inside * height * width])
    }

    /// Batch normalisation over batch, height and width, with the tensors `{name}.gamma`, `.beta`, `.mean` and
    /// `.variance`, then swish where wanted. In training the batch's own statistics are used and the moving ones move
    /// towards them.
    pub(super) fn batch_norm(&self, name: &str, x: Tensor<4>, swish: bool) -> Tensor<4> {
        let (gamma, beta) = (self.get(&format!("{name}.gamma")), self.get(&format!("{name}.beta")));
        let names = [format!("{name}.mean"), format!("{name}.variance")];
        let Some(training) = &self.training else {
            let moments = Tensor::stack(names.iter().map(|name| self.get::<1>(name)).collect(), 0);
            return layers::batch_norm(self.on_cpu(), x, gamma, beta, moments, swish);
        };
        let channels = x.dims()[3];
        // On a GPU the gradient goes through the moments by itself, here the kernel's takes care of it.
        let moments = match self.on_cpu() {
            true => layers::channel_moments(true, x.clone().inner()),
            false => layers::channel_moments(false, x.clone()),
        };
        let plain = if self.on_cpu() { moments.clone() } else { moments.clone().inner() };
        let mut moving = lock(&training.moving);
        for (row, name) in names.into_iter().enumerate() {
            let now = plain.clone().narrow(0, row, 1).reshape([channels]);
            let before = moving.get(&name).cloned().unwrap_or_else(|| self.get::<1>(&name).inner());
            moving.insert(name, layers::moved(before, now));
        }
        drop(moving);
        layers::batch_norm(self.on_cpu(), x, gamma, beta, moments, swish)
    }

    /// Drops the residual branch of each image with probability `rate` and scales what stays, so that its expectation
    /// is unchanged (Huang et al. 2016); in inference the branch stays as it is.
    pub(super) fn drop_connect(&self, branch: Tensor<4>, rate: f64) -> Tensor<4> {
        let Some(training) = self.training.as_ref().filter(|training| training.drop_connect && rate > 0.0) else {
            return branch;
        };
        let batch = branch.dims()[0];
        let mut rng = lock(&training.rng);
        let keep = |_| if rng.random::<f64>() < rate { 0.0 } else { (1.0 / (1.0 - rate)) as f32 };
        let scale = self.input((0..batch).map(keep).collect(), [batch, 1, 1, 1]);
        branch * scale
    }

    /// The gradient of the tensor called `name`; `None` where the loss does not depend on it.
    pub(super) fn gradient(&self, name: &str, gradients: &Gradients) -> Option<Vec<f32>> {
        self.tensors[name].0.grad(gradients).map(values)
    }

    /// The moving statistic called `name` after this pass; `None` where no call has updated it.
    pub(super) fn moved(&self, name: &str) -> Option<Vec<f32>> {
        let training = self.training.as_ref()?;
        lock(&training.moving).get(name).map(|tensor| values(tensor.clone()))
    }
}

/// The numbers of a tensor, row-major.
pub(super) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("a tensor of f32 on this device")
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("no pass panics half-way and goes on")
}
