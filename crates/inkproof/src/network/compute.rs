//! What networks are trained on: the CPU, or a GPU through Vulkan in builds with the feature `gpu`.

use std::str::FromStr;

use burn::tensor::Device;

use crate::{Error, Result};

/// A device that computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compute {
    /// Our kernels, on all cores.
    #[default]
    Cpu,
    /// burn's operations on the first GPU that Vulkan shows.
    #[cfg(feature = "gpu")]
    Gpu,
}

impl Compute {
    pub(super) fn device(self) -> Device {
        match self {
            Self::Cpu => Device::flex(),
            #[cfg(feature = "gpu")]
            Self::Gpu => Device::vulkan(burn::tensor::DeviceKind::DefaultDevice),
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
                let told = std::panic::take_hook();
                std::panic::set_hook(Box::new(|_| {}));
                let one = || burn::tensor::Tensor::<1>::from_floats([1.0], &self.device()).into_data();
                let found = std::panic::catch_unwind(one).is_ok();
                std::panic::set_hook(told);
                if found { Ok(()) } else { Err(Error::NoGpu("none was found through Vulkan")) }
            }
        }
    }
}

impl FromStr for Compute {
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
        assert_eq!("cpu".parse::<Compute>().unwrap(), Compute::Cpu);
        assert!("tpu".parse::<Compute>().unwrap_err().to_string().contains("tpu"));
        #[cfg(not(feature = "gpu"))]
        assert!("gpu".parse::<Compute>().unwrap_err().to_string().contains("--features gpu"));
    }
}
