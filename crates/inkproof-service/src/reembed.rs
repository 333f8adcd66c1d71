//! Bringing the references of a store to another model.

use inkproof::Ink;
use inkproof_store::{Actor, Reference, StoreError, WriterId};
use serde::Serialize;

use crate::{Error, Result, Service};

/// Writers that are looked for at once.
const PAGE: usize = 100;

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
}

impl Service {
    /// How many references another model embedded.
    ///
    /// # Errors
    /// What the store says.
    pub fn outdated_references(&self) -> Result<usize> {
        let models = self.store.info()?.models.into_iter();
        Ok(models.filter(|(digest, _)| *digest != self.stamp.digest).map(|(_, count)| count as usize).sum())
    }

    /// Embeds all references of other models again by this one, from their ink or the image that is kept. It can be stopped
    /// and begun again, and others go on working. `progress` is called with how many are done.
    ///
    /// # Errors
    /// What the store says, and what the engine says of an image.
    pub fn reembed(&self, by: &Actor, mut progress: impl FnMut(usize)) -> Result<Reembedded> {
        let (mut after, mut done, mut left) = (0, 0, Vec::new());
        loop {
            let page = self.store.outdated(&self.stamp.digest, after, PAGE)?;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            for (_, writer) in &page {
                done += self.reembed_writer(writer, by, &mut left)?;
                progress(done);
            }
        }
        Ok(Reembedded { reembedded: done, model: self.stamp.digest.clone(), left })
    }

    /// Embeds one writer's references again; how many. Where somebody else changes the writer meanwhile it begins again.
    fn reembed_writer(&self, id: &WriterId, by: &Actor, left: &mut Vec<String>) -> Result<usize> {
        loop {
            let Some(writer) = self.store.writer(id)? else { return Ok(0) };
            let (mut embeddings, mut without) = (Vec::new(), Vec::new());
            for reference in writer.references.iter().filter(|found| found.model.digest != self.stamp.digest) {
                let named = |source| Error::StoredReference { reference: reference.id, writer: id.clone(), source };
                match self.ink_for_model(id, reference)? {
                    Some(ink) => {
                        let embedding = self.verifier.model().embed(&ink).map_err(named)?;
                        embeddings.push((reference.id, embedding, ink));
                    }
                    None => without.push(format!(
                        "reference {} of '{id}', whose ink was made for another preprocessing",
                        reference.id
                    )),
                }
            }
            if embeddings.is_empty() {
                left.extend(without);
                return Ok(0);
            }
            match self.store.reembed(id, writer.changed, &embeddings, &self.stamp, by) {
                Err(StoreError::Changed(_) | StoreError::NoWriter(_)) => {}
                done => {
                    done?;
                    left.extend(without);
                    return Ok(embeddings.len());
                }
            }
        }
    }

    /// The ink as the model wants it; None where it was made for another preprocessing and the image is not kept.
    fn ink_for_model(&self, writer: &WriterId, reference: &Reference) -> Result<Option<Ink>> {
        if reference.model.preprocess == self.stamp.preprocess {
            return Ok(Some(reference.ink.clone()));
        }
        let image = if reference.has_image { self.store.image(writer, reference.id)? } else { None };
        let Some(image) = image else { return Ok(None) };
        let failed = |source| Error::StoredReference { reference: reference.id, writer: writer.clone(), source };
        let prepared = self.verifier.model().preprocess().apply(&image, self.verifier.limits()).map_err(failed)?;
        Ok(Some(prepared.ink))
    }
}
