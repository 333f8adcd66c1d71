//! NumPy arrays that show what a Rust object holds, without a copy.
#![allow(unsafe_code)]

use numpy::ndarray::{ArrayView, IntoDimension};
use numpy::{Element, PyArray, PyArrayMethods};
use pyo3::PyClass;
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;

/// A read-only array of `shape` over numbers that `owner` holds, and that live as long as the array does.
///
/// # Panics
/// Where there are not as many numbers as the shape says.
pub fn view<'py, Owner, T, Shape>(
    owner: &Bound<'py, Owner>,
    shape: Shape,
    numbers: fn(&Owner) -> &[T],
) -> Bound<'py, PyArray<T, Shape::Dim>>
where
    Owner: PyClass<Frozen = True> + Sync,
    T: Element,
    Shape: IntoDimension,
{
    let numbers = numbers(owner.get());
    let seen: ArrayView<'_, T, Shape::Dim> =
        ArrayView::from_shape(shape.into_dimension(), numbers).expect("numbers of this shape");
    // SAFETY: the numbers are borrowed from a frozen class, which never changes or moves them (they come of `owner.get()`
    // and of nothing else), and the array holds a reference to it. It is made read-only before anybody sees it.
    let array = unsafe { PyArray::borrow_from_array(&seen, owner.clone().into_any()) };
    array.readwrite().make_nonwriteable();
    array
}
