//! Decisions and refusals on their way to the store.
//!
//! Each has to be on the disk before it is answered, and a disk takes as long for many as for one: so one thread writes down
//! whatever has come in while it wrote the last ones, all of it in one go.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use tokio::sync::oneshot;

use crate::problem::{Kind, Problem};
use inkproof_store::{NewDecision, NewEntry, Store, StoreError};

/// At most so many in one go.
const MOST: usize = 256;

/// Hands over what is to be written down.
#[derive(Debug, Clone)]
pub struct Recorder {
    sender: Sender<Job>,
}

#[derive(Debug)]
enum Job {
    /// Answered with the number of its entry.
    Decision(Box<NewDecision>, oneshot::Sender<Result<i64, Problem>>),
    Entry(NewEntry, oneshot::Sender<Result<(), Problem>>),
}

impl Recorder {
    /// Begins the thread, which ends with the last recorder.
    pub fn new(store: Arc<Store>) -> Self {
        let (sender, jobs) = channel();
        thread::Builder::new().name("recorder".to_owned()).spawn(move || work(&store, &jobs)).expect("a thread begins");
        Self { sender }
    }

    /// Writes a decision down; its number.
    ///
    /// # Errors
    /// What the store says.
    pub async fn decision(&self, decision: NewDecision) -> Result<i64, Problem> {
        let (answer, answered) = oneshot::channel();
        self.sender.send(Job::Decision(Box::new(decision), answer)).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    /// Writes down what changes nothing.
    ///
    /// # Errors
    /// What the store says.
    pub async fn entry(&self, entry: NewEntry) -> Result<(), Problem> {
        let (answer, answered) = oneshot::channel();
        self.sender.send(Job::Entry(entry, answer)).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

fn gone() -> Problem {
    Kind::Internal.with("what writes decisions down has ended; the log of the service says why")
}

fn work(store: &Store, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let (mut decisions, mut to_decisions) = (Vec::new(), Vec::new());
        let (mut entries, mut to_entries) = (Vec::new(), Vec::new());
        for job in [first].into_iter().chain(jobs.try_iter().take(MOST - 1)) {
            match job {
                Job::Decision(decision, answer) => {
                    decisions.push(*decision);
                    to_decisions.push(answer);
                }
                Job::Entry(entry, answer) => {
                    entries.push(entry);
                    to_entries.push(answer);
                }
            }
        }
        if !decisions.is_empty() {
            let numbers = store.record(&decisions);
            for (place, answer) in to_decisions.into_iter().enumerate() {
                // Who asked may have gone away.
                answer.send(numbers.as_ref().map(|numbers| numbers[place]).map_err(problem)).ok();
            }
        }
        if !entries.is_empty() {
            let done = store.append(&entries);
            to_entries.into_iter().for_each(|answer| drop(answer.send(done.as_ref().copied().map_err(problem))));
        }
    }
}

/// What the store says, to a client.
pub fn problem(error: &StoreError) -> Problem {
    let kind = match error {
        StoreError::NoWriter(_)
        | StoreError::NoReference { .. }
        | StoreError::NoReview(_)
        | StoreError::NoMandate(_)
        | StoreError::NoRule { .. }
        | StoreError::NoJob(_) => Kind::NotFound,
        StoreError::WriterId(_) => return Kind::Malformed.with(error).on_field("id"),
        StoreError::AccountId(_) => return Kind::Malformed.with(error).on_field("account"),
        StoreError::FourEyes { .. } | StoreError::OwnReview { .. } | StoreError::OwnRule { .. } => Kind::Forbidden,
        StoreError::AlreadyApproved(_)
        | StoreError::RuleApproved(_)
        | StoreError::Changed(_)
        | StoreError::JobEnded(_)
        | StoreError::JobGoesOn(_)
        | StoreError::JobMoved(_)
        | StoreError::TooManyJobs(_)
        | StoreError::UploadGone
        | StoreError::Settled { .. } => Kind::Conflict,
        StoreError::NotWrittenYet(_) => return Kind::Malformed.with(error).on_field("written"),
        StoreError::TooManyReferences { .. } | StoreError::Policy { .. } => Kind::Conflict,
        StoreError::KeyReused => return Kind::KeyReused.with(error).on_field("Idempotency-Key"),
        // Done, but for what is left of it in the database's files.
        StoreError::MayNotRewrite => {
            tracing::error!(%error, "the store");
            return Kind::Unavailable.with(error);
        }
        StoreError::Locked
        | StoreError::Full
        | StoreError::ReadOnly
        | StoreError::NoLog
        | StoreError::Unreachable(_)
        | StoreError::Overloaded(_) => {
            tracing::error!(%error, "the store");
            return Kind::Unavailable.with(error).retry_after(1);
        }
        // What it says may name places on this machine.
        _ => {
            tracing::error!(%error, "the store");
            return Kind::Internal.with("the store failed; the log of the service says more");
        }
    };
    kind.with(error)
}
