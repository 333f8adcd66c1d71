//! Bringing the references of a store to another model, or to what today's steps find in the images that are kept.

use inkproof::Ink;
use inkproof_store::{Actor, Reference, StoreError, WriterId};
use serde::Serialize;

use crate::{Error, Result, Service};

/// What was embedded again.
#[derive(Debug, Clone, Serialize)]
pub struct Reembedded {
    /// How many references are the model's now.
    pub reembedded: usize,
    /// The model's digest.
    pub model: String,
    /// References that could not be embedded, since their ink was made for another preprocessing and the original image is
    /// not kept.
    pub left: Vec<String>,
    /// How many references are compared by their shape alone, since they were enrolled before pressure was looked at and the
    /// original image is not kept, or shows none.
    pub shape_alone: usize,
}

impl Service {
    /// How many references there are, of this model and of others.
    ///
    /// # Errors
    /// What the store says.
    pub fn references(&self) -> Result<usize> {
        Ok(self.store.info()?.models.iter().map(|(_, count)| *count as usize).sum())
    }

    /// Embeds all references of other models again by this one, from their ink or the image that is kept, and those of this
    /// model that lack the pressure which it looks at, from their image. It can be stopped and begun again, and others go on
    /// working. `progress` is called with how many references were looked at.
    ///
    /// # Errors
    /// What the store says, and what the engine says of an image.
    pub fn reembed(&self, by: &Actor, mut progress: impl FnMut(usize)) -> Result<Reembedded> {
        let mut done = Reembedded { reembedded: 0, model: self.stamp.digest.clone(), left: Vec::new(), shape_alone: 0 };
        let mut looked_at = 0;
        for writer in self.store.all_writers("") {
            looked_at += self.reembed_writer(&writer?.id, by, &mut done)?;
            progress(looked_at);
        }
        Ok(done)
    }

    /// Embeds those of one writer's references again that need it; how many references there are. Where somebody else changes
    /// the writer meanwhile it begins again.
    fn reembed_writer(&self, id: &WriterId, by: &Actor, done: &mut Reembedded) -> Result<usize> {
        loop {
            let Some(writer) = self.store.writer(id)? else { return Ok(0) };
            let (mut embeddings, mut without, mut shape_alone) = (Vec::new(), Vec::new(), 0);
            for reference in &writer.references {
                let named = |source| Error::StoredReference { reference: reference.id, writer: id.clone(), source };
                let is_own = reference.model.digest == self.stamp.digest;
                if is_own && !self.lacks_pressure(&reference.ink) {
                    continue;
                }
                let Some(ink) = self.ink_for_model(id, reference)? else {
                    without.push(format!(
                        "reference {} of '{id}', whose ink was made for another preprocessing",
                        reference.id
                    ));
                    continue;
                };
                shape_alone += usize::from(self.lacks_pressure(&ink));
                if !is_own || ink != reference.ink {
                    let embedding = self.verifier.model().embed(&ink).map_err(named)?;
                    embeddings.push((reference.id, embedding, ink));
                }
            }
            if !embeddings.is_empty() {
                match self.store.reembed(id, writer.changed, &embeddings, &self.stamp, by) {
                    Err(StoreError::Changed(_) | StoreError::NoWriter(_)) => continue,
                    written => written?,
                };
            }
            done.reembedded += embeddings.len();
            done.left.extend(without);
            done.shape_alone += shape_alone;
            return Ok(writer.references.len());
        }
    }

    /// Whether the model looks at pressure and the ink has none.
    fn lacks_pressure(&self, ink: &Ink) -> bool {
        self.verifier.model().info().pressure.is_some() && ink.widths().is_none()
    }

    /// The ink as the model wants it, from the image where that is kept; None where it was made for another preprocessing
    /// and is not.
    fn ink_for_model(&self, writer: &WriterId, reference: &Reference) -> Result<Option<Ink>> {
        let fits = reference.model.preprocess == self.stamp.preprocess;
        if fits && !self.lacks_pressure(&reference.ink) {
            return Ok(Some(reference.ink.clone()));
        }
        let image = if reference.has_image { self.store.image(writer, reference.id)? } else { None };
        let Some(image) = image else { return Ok(fits.then(|| reference.ink.clone())) };
        let failed = |source| Error::StoredReference { reference: reference.id, writer: writer.clone(), source };
        let prepared = self.verifier.model().preprocess().apply(&image, self.verifier.limits()).map_err(failed)?;
        Ok(Some(prepared.ink))
    }
}
