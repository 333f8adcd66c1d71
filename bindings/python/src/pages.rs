//! Where on pages signatures are.

use inkproof::decode::Picture;
use inkproof::find::{Finder, FoundPage, FoundSignature, PageFindings};
use numpy::{PyArray1, PyArrayDyn, PyArrayMethods};
use pyo3::prelude::*;

use crate::compute::on_all_cores;
use crate::errors;
use crate::images::Source;

/// A page: its number and how many there are, its width and height, what it is called and how sure that is, its signatures.
type Page<'py> = (u32, u32, usize, usize, String, f32, Vec<Found<'py>>);

/// A signature: x, y, width, height, how sure it is, and its pixels with a border.
type Found<'py> = (usize, usize, usize, usize, f32, Bound<'py, PyArrayDyn<u8>>);

/// What stays of a page once its picture is let go.
struct Kept {
    page: inkproof::decode::Page,
    findings: PageFindings,
    cuts: Vec<Picture>,
}

/// Finds the signatures of an image's pages, or of one of them; `name` is what a message calls an image that has no path.
#[pyfunction]
#[pyo3(signature = (image, name, page=None))]
pub fn find<'py>(py: Python<'py>, image: Source<'_>, name: &str, page: Option<u32>) -> PyResult<Vec<Page<'py>>> {
    let image = image.image()?;
    let kept = on_all_cores(py, || image.pages(&Finder::bundled(), name, page, Kept::new).map_err(errors::engine))?;
    kept.iter().map(|kept| kept.told(py)).collect()
}

impl Kept {
    fn new(found: FoundPage) -> Self {
        let cuts = found.findings.cuts(&found.picture).collect();
        Self { cuts, page: found.page, findings: found.findings }
    }

    fn told<'py>(&self, py: Python<'py>) -> PyResult<Page<'py>> {
        let (page, findings) = (self.page, &self.findings);
        let signed = findings.signed;
        let signature = |(found, cut): (&FoundSignature, &Picture)| {
            let area = found.area;
            Ok((area.x, area.y, area.width, area.height, found.confidence, pixels(py, cut)?))
        };
        let signatures = findings.signatures.iter().zip(&self.cuts).map(signature).collect::<PyResult<_>>()?;
        let decision = signed.decision.to_string();
        Ok((page.number, page.count, findings.width, findings.height, decision, signed.confidence, signatures))
    }
}

/// Gray, or red, green and blue.
fn pixels<'py>(py: Python<'py>, picture: &Picture) -> PyResult<Bound<'py, PyArrayDyn<u8>>> {
    let (width, height) = (picture.gray.width(), picture.gray.height());
    match &picture.colors {
        None => PyArray1::from_slice(py, picture.gray.pixels()).reshape(vec![height, width]),
        Some(colors) => PyArray1::from_slice(py, colors.as_flattened()).reshape(vec![height, width, 3]),
    }
}
