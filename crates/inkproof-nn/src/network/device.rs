//! What networks are trained on: the CPU, or a GPU through Vulkan in builds with the feature `gpu`.

use std::str::FromStr;

use rand_chacha::ChaCha8Rng;

use super::cpu;
use super::trainer::{Batch, Found};
use super::weights::Weights;
use crate::{Error, Result};

/// A device that computes training steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Device {
    /// Our kernels, on all cores.
    #[default]
    Cpu,
    /// burn's operations on the first GPU that Vulkan shows.
    #[cfg(feature = "gpu")]
    Gpu,
}

impl Device {
    /// See [`cpu::differentiate`].
    pub(super) fn differentiate(
        self,
        weights: &Weights,
        rng: Option<ChaCha8Rng>,
        batch: &Batch,
        side: usize,
    ) -> Found {
        match self {
            Self::Cpu => cpu::differentiate(weights, rng, batch, side),
            #[cfg(feature = "gpu")]
            Self::Gpu => super::burn_network::differentiate(&gpu(), weights, rng, batch, side),
        }
    }

    /// Whether the device is there and computes.
    ///
    /// # Errors
    /// [`Error::NoGpu`].
    pub fn check(self) -> Result<()> {
        match self {
            Self::Cpu => Ok(()),
            // burn has no other way to say that there is none.
            #[cfg(feature = "gpu")]
            Self::Gpu => {
                let hook = std::panic::take_hook();
                std::panic::set_hook(Box::new(|_| {}));
                let one = || burn::tensor::Tensor::<1>::from_floats([1.0], &gpu()).into_data();
                let found = std::panic::catch_unwind(one).is_ok();
                std::panic::set_hook(hook);
                if found { Ok(()) } else { Err(Error::NoGpu("none was found through Vulkan")) }
            }
        }
    }
}

#[cfg(feature = "gpu")]
fn gpu() -> burn::tensor::Device {
    burn::tensor::Device::vulkan(burn::tensor::DeviceKind::DefaultDevice)
}

impl FromStr for Device {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "cpu" => Ok(Self::Cpu),
            #[cfg(feature = "gpu")]
            "gpu" => Ok(Self::Gpu),
            #[cfg(not(feature = "gpu"))]
            "gpu" => Err(Error::NoGpu("this program was built without it: build it with --features gpu")),
            _ => Err(Error::UnknownDevice(name.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_known_by_name() {
        assert_eq!("cpu".parse::<Device>().unwrap(), Device::Cpu);
        assert!("tpu".parse::<Device>().unwrap_err().to_string().contains("tpu"));
        #[cfg(not(feature = "gpu"))]
        assert!("gpu".parse::<Device>().unwrap_err().to_string().contains("--features gpu"));
    }
}
