//! inkproof for Python: the compiled half of the package, which the modules in `python/inkproof` turn into what people use.
//!
//! There an image, whatever it came as, becomes a path, bytes, or an array of 8 or 16 bits; here it meets the engine. Work
//! runs without the GIL ([`compute`]), errors become the exceptions of `inkproof.errors`, and nothing is computed here that
//! the engine or the laboratory could compute.
#![deny(unsafe_code)]

mod arrays;
mod compute;
mod errors;
mod images;
mod laboratory;
mod network;
mod pages;
mod progress;
mod signature;
mod verdict;
mod verifier;

/// The compiled half of the package `inkproof`.
#[pyo3::pymodule]
mod _inkproof {
    #[pymodule_export]
    use crate::laboratory::{evaluate, leakage, notebook, pairs, synthesize};
    #[pymodule_export]
    use crate::network::{Network, Origin, measure, pictures};
    #[pymodule_export]
    use crate::pages::find;
    #[pymodule_export]
    use crate::signature::Signature;
    #[pymodule_export]
    use crate::verdict::Verdict;
    #[pymodule_export]
    use crate::verifier::{Engine, check_sides};
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("MOST_BYTES", inkproof::Limits::default().bytes)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
