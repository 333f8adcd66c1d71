//! What a document holds besides what its pages show.

use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::object::{Array, Dict, Name, Object, Rect, Stream};
use hayro::hayro_syntax::page::Page;

/// What a PDF document holds besides pictures of its pages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PdfFacts {
    /// How many pages it has.
    pub pages: u32,
    /// True where it has been signed cryptographically: a certificate vouches for its bytes, whatever is to be seen on the
    /// page. Whether that signature is valid is not looked at, and it says nothing of handwriting.
    pub has_digital_signature: bool,
    /// The numbers of the pages, from 1, with annotations that a viewer may show and that are not drawn here, as they bring
    /// no appearance of their own: a signature in ink may be among them.
    pub undrawn_annotations: Vec<u32>,
}

/// Bits of an annotation's flags: hidden, and not to be shown on a screen.
const HIDDEN: u32 = 1 << 1 | 1 << 5;

impl PdfFacts {
    pub(super) fn of(pdf: &Pdf) -> PdfFacts {
        let pages = pdf.pages();
        let has_undrawn = |page: &Page<'_>| {
            let annotations = page.raw().get::<Array<'_>>("Annots");
            annotations.is_some_and(|all| all.iter::<Dict<'_>>().any(|annotation| is_undrawn(&annotation)))
        };
        let numbered = pages.iter().zip(1..);
        PdfFacts {
            pages: pages.len() as u32,
            has_digital_signature: pdf.objects().into_iter().any(|object| holds_signature(&object)),
            undrawn_annotations: numbered.filter(|(page, _)| has_undrawn(page)).map(|(_, number)| number).collect(),
        }
    }
}

/// A signature, or a field that it is the value of.
fn holds_signature(object: &Object<'_>) -> bool {
    let Object::Dict(dict) = object else { return false };
    is_signature(dict) || dict.get::<Dict<'_>>("V").is_some_and(|value| is_signature(&value))
}

fn is_signature(dict: &Dict<'_>) -> bool {
    let kind = dict.get::<Name<'_>>("Type");
    dict.contains_key("ByteRange") || kind.is_some_and(|kind| [&b"Sig"[..], b"DocTimeStamp"].contains(&&*kind))
}

fn is_undrawn(annotation: &Dict<'_>) -> bool {
    let kind = annotation.get::<Name<'_>>("Subtype");
    let is = |name: &[u8]| kind.as_ref().is_some_and(|kind| &**kind == name);
    let has_value = |dict: &Dict<'_>| dict.contains_key("V");
    // An empty field shows nothing, and these show nothing on the page itself.
    let is_empty =
        is(b"Widget") && !has_value(annotation) && !annotation.get("Parent").is_some_and(|of| has_value(&of));
    let is_aside = is(b"Link") || is(b"Popup") || is_empty;
    let is_hidden = annotation.get::<u32>("F").unwrap_or(0) & HIDDEN != 0;
    let is_drawn = has_appearance(annotation) && annotation.get::<Rect>("Rect").is_some();
    !(is_aside || is_hidden || is_drawn)
}

/// Whether the annotation brings a drawing of itself, as it is or for the state that it is in.
fn has_appearance(annotation: &Dict<'_>) -> bool {
    let appearance = annotation.get::<Dict<'_>>("AP").and_then(|all| all.get::<Object<'_>>("N"));
    match appearance {
        Some(Object::Stream(_)) => true,
        Some(Object::Dict(states)) => {
            let state = annotation.get::<Name<'_>>("AS");
            state.is_some_and(|state| states.get::<Stream<'_>>(state).is_some())
                || states.get::<Stream<'_>>("Off").is_some()
        }
        _ => false,
    }
}
