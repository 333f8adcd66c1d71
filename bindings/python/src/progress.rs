//! The laboratory's progress as calls of a Python function.

use inkproof_lab::progress::{Event, Progress};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::compute::leave_with;

/// Calls a function with the kind of an event and its details: ``report("stage", name, total)``.
///
/// What it raises ends the work, and so does Ctrl-C, which is looked for at every event.
pub struct Reporter {
    report: Py<PyAny>,
}

impl Reporter {
    pub fn new(report: Py<PyAny>) -> Self {
        Self { report }
    }

    fn call(&self, py: Python<'_>, event: Event<'_>) -> PyResult<()> {
        py.check_signals()?;
        let report = self.report.bind(py);
        match event {
            Event::Stage { name, total } => report.call1(("stage", name, total))?,
            Event::Advance { done } => report.call1(("advance", done))?,
            Event::Skipped { path, why } => report.call1(("skipped", path, why))?,
            Event::Warning(text) => report.call1(("warning", text))?,
            Event::Note(text) => report.call1(("note", text))?,
            // Those of trainings, which are driven from Python step by step.
            Event::Step { .. } | Event::Epoch { .. } | Event::Training { .. } => PyTuple::empty(py).into_any(),
        };
        Ok(())
    }
}

impl Progress for Reporter {
    fn report(&mut self, event: Event<'_>) {
        if let Err(error) = Python::attach(|py| self.call(py, event)) {
            leave_with(error);
        }
    }
}
