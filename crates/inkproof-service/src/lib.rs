//! What inkproof does for its users, each use written once: verify, by the signing rule of an account too, enrol, identify, find
//! and judge the signatures of a page, the rows of a table, open a review, bring references to another model.
//!
//! A [`Service`] is a verifier and a store. Each use returns plain data that serialises to one JSON document, the same
//! whichever program asked, and writes its audit entry in one form. Nothing here knows of HTTP or of a command line.
#![forbid(unsafe_code)]

mod answer;
mod batch;
mod calibrate;
mod case_file;
mod document;
mod enrol;
mod enrolled_writer;
mod error;
mod find;
mod identify;
mod images;
mod jobs;
mod mandates;
mod pictures;
mod reembed;
mod review;
mod search_index;
mod verify;
mod viewed;

use std::sync::{Arc, Mutex, PoisonError};

use inkproof::Verifier;
use inkproof_store::{ModelStamp, Store};
use search_index::{SearchIndex, Snapshot};

pub use answer::{
    Enrolled, EnrolledReference, ImageFlaw, Milliseconds, ModelName, PageRead, ReferenceName, ReferenceScore,
    VerdictFields, Verification,
};
pub use batch::{
    Against, BatchJudge, BatchMemory, Case, CaseOutcome, Cases, CasesProblem, Decided, ListedImage, ResultForm,
    without_page,
};
pub use calibrate::{DEFAULT_FRR, KeptCalibration, OwnCalibration, OwnLevel};
pub use case_file::{CaseFile, Made, ThresholdFrom};
pub use document::{
    DocumentIdentification, DocumentVerification, IdentifiedDocument, JudgedDocument, SignatureIdentification,
    SignatureVerification, refusal, verify_document,
};
pub use enrol::{EnrolRequest, WriterState};
pub use enrolled_writer::{Age, EnrolledWriter, OLD_AFTER_DAYS};
pub use error::{Error, Result};
pub use find::{Found, FoundField, FoundOnPage, PagePictures, document_notes, find_signatures};
pub use identify::{Candidate, Identification, Identified, SearchTimes};
pub use images::{EmbeddedImage, ImageField, NamedImage, Threads, embed_images};
pub use jobs::{JobLimits, JobProblem, JobWork};
pub use mandates::{
    Alternative, Amount, AmountError, Counted, CountedSignature, Evaluation, FoundIn, JudgedSignature,
    MOST_ALTERNATIVES, MOST_SIGNATURES, MOST_SIGNERS, Mandate, MandateRule, MandateSigner, MandateVerification,
    Outcome, Rule, RuleError, Signer, SignerVerdict, Standing, TriedAlternative, evaluate,
};
pub use pictures::{Crop, Pictures};
pub use reembed::Reembedded;
pub use review::OpenReview;
pub use verify::{Judged, Question, verify_references};
pub use viewed::{Door, Seen, viewed};

/// A verifier, a store, and how both are used.
pub struct Service {
    verifier: Arc<Verifier>,
    store: Arc<Store>,
    /// The model, as references remember it.
    stamp: ModelStamp,
    options: Options,
    /// The vectors of all references; filled when [`Service::identify`] is first asked, and brought up to date by each call.
    index: Mutex<SearchIndex>,
}

/// How a service keeps references and uses the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// A reference counts only once somebody else than who enrolled it has approved it.
    pub four_eyes: bool,
    /// Keep the original images of references, sealed like their ink.
    pub keep_images: bool,
    /// How the images of one question are embedded.
    pub threads: Threads,
}

impl Service {
    /// Judges with `verifier` and keeps in `store`.
    pub fn new(verifier: Arc<Verifier>, store: Arc<Store>, options: Options) -> Self {
        let stamp = ModelStamp::new(verifier.model());
        let index = Mutex::new(SearchIndex::new(&stamp.digest));
        Self { verifier, store, stamp, options, index }
    }

    /// What judges.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// What keeps.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The model, as references remember it.
    pub fn stamp(&self) -> &ModelStamp {
        &self.stamp
    }

    /// How references are kept and the machine is used.
    pub fn options(&self) -> Options {
        self.options
    }

    /// Brings the index of [`Service::identify`] up to date with the store.
    ///
    /// # Errors
    /// What the store says.
    pub fn refresh_index(&self) -> Result<()> {
        self.refreshed_index().map(drop)
    }

    /// The index as it is now. Others wait while what changed is asked for, and not while it is searched.
    fn refreshed_index(&self) -> Result<Snapshot> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        index.refresh(&self.store)?;
        Ok(index.snapshot())
    }
}
