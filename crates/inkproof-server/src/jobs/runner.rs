//! Works at jobs with the workers that no request needs.
//!
//! Some rows of a job are judged, then recorded together; then it is the next owner's turn, so that nobody's large job keeps
//! another's waiting. What is not recorded when the service ends is judged again at its next start. What is over is cleaned up
//! beside that, however much there is to work at.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use inkproof_service::JobWork;
use inkproof_store::{Actor, FAILED, NewJobRow, OpenJob, StoreError};

use crate::limits::{self, Spare};
use crate::recorder::problem;
use crate::{Server, Shared};

/// Rows that are recorded together.
const ROWS: usize = 16;
/// Jobs whose tables and references are in memory, where several people's go on.
const KEPT: usize = 2;
/// Between two looks whether there is a worker to spare.
const SOON: Duration = Duration::from_millis(1);
/// Between two looks for a job, unless one is handed in: another server may have taken it. And for what is over.
const LATER: Duration = Duration::from_secs(10);
/// Between two times that some files are deleted: others write meanwhile.
const BETWEEN: Duration = Duration::from_millis(50);
/// After something failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// What is known of the jobs that are worked at.
#[derive(Default)]
struct Runner {
    works: HashMap<i64, Arc<JobWork>>,
    /// Whose turn it was last.
    last: String,
}

/// Why work stopped.
enum Trouble {
    Store(StoreError),
    /// The log tells of it already.
    Panicked,
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Trouble {
    fn log(&self) {
        if let Self::Store(error) = self {
            problem(error);
        }
    }
}

/// Goes on until the service stops, and then ends when the rows that were begun are recorded.
pub async fn run(server: Shared) {
    let mut runner = Runner::default();
    while !server.is_stopping() {
        let pause = match runner.step(&server).await {
            Ok(true) => continue,
            Ok(false) => LATER,
            Err(trouble) => {
                trouble.log();
                AFTER_FAILURE
            }
        };
        tokio::time::timeout(pause, server.jobs.wake.notified()).await.ok();
    }
}

/// Removes what ended long ago and what is left of uploads, as long as the service goes on.
pub async fn clean(server: Shared) {
    while !server.is_stopping() {
        let pause = match clean_up(&server).await {
            Ok(true) => BETWEEN,
            Ok(false) => LATER,
            Err(trouble) => {
                trouble.log();
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(pause).await;
    }
}

impl Runner {
    /// Does some rows of the job whose turn it is; whether there was anything to do.
    async fn step(&mut self, server: &Shared) -> Result<bool, Trouble> {
        let open = ask(server, |server| server.store.open_jobs()).await?;
        self.works.retain(|number, _| open.iter().any(|job| job.number == *number));
        server.jobs.keep(|number| open.iter().any(|job| job.number == number));
        server.metrics.jobs_open(open.len());
        let Some(job) = self.next(open) else { return Ok(false) };
        self.last = job.owner.person_key();
        let number = job.number;
        match self.some_rows(server, &job).await {
            // It was cancelled, or another server was faster.
            Err(Trouble::Store(StoreError::JobEnded(_) | StoreError::JobMoved(_) | StoreError::NoJob(_))) => Ok(true),
            Err(Trouble::Store(error @ StoreError::Damaged(_))) => {
                let owner = job.owner.clone();
                match ask(server, move |server| server.store.end_job(number, FAILED, &owner)).await {
                    // Another server was faster, or it was cancelled.
                    Err(Trouble::Store(StoreError::JobEnded(_) | StoreError::NoJob(_))) => {}
                    ended => {
                        ended?;
                        tracing::error!(%error, number, "a job cannot be gone on with");
                        server.metrics.job_ended(FAILED);
                    }
                }
                Ok(true)
            }
            done => done.map(|()| true),
        }
    }

    /// The oldest job of the person who comes after the last one, with whatever token it was handed in.
    fn next(&self, open: Vec<OpenJob>) -> Option<OpenJob> {
        let order = |job: &OpenJob| {
            let person = job.owner.person_key();
            (person <= self.last, person, job.number)
        };
        open.into_iter().min_by_key(order)
    }

    async fn some_rows(&mut self, server: &Shared, job: &OpenJob) -> Result<(), Trouble> {
        let number = job.number;
        let work = match self.works.get(&number) {
            Some(work) => work.clone(),
            None => {
                if self.works.len() >= KEPT {
                    self.works.clear();
                }
                let work = Arc::new(ask(server, move |server| server.service.job_work(number)).await?);
                self.works.insert(number, work.clone());
                work
            }
        };
        server.jobs.begin(job);
        let first = job.done;
        let places = first..work.rows().min(first + ROWS);
        let judged = stream::iter(places).map(|place| judged(server, &work, place));
        let mut judged = std::pin::pin!(judged.buffered(server.settings.workers));
        let mut rows = Vec::new();
        // None is a row that was not begun, as the service stops.
        while let Some(Some(row)) = judged.next().await {
            rows.push(row?);
        }
        if rows.is_empty() {
            return Ok(());
        }
        let is_last = first + rows.len() == work.rows();
        let recorded = rows.clone();
        ask(server, move |server| server.store.record_rows(number, first, &recorded)).await?;
        for row in &rows {
            server.metrics.job_row(row.decision.as_ref().map(|decision| decision.decision));
        }
        if is_last {
            server.metrics.job_ended("done");
        }
        Ok(())
    }
}

/// Judges a row on a worker to spare; None where the service stops before there is one.
async fn judged(server: &Shared, work: &Arc<JobWork>, place: usize) -> Option<Result<NewJobRow, Trouble>> {
    let spare = spare(server).await?;
    let deadline = Instant::now() + Duration::from_secs(server.settings.request_seconds);
    let (asked, of_job) = (server.clone(), work.clone());
    let judged = limits::blocking(move || {
        let _held = spare;
        asked.service.judge_job_row(&of_job, place, Some(deadline))
    });
    match judged.await {
        Ok(judged) => Some(judged.map_err(Trouble::Store)),
        Err(problem) => {
            let of_job = work.clone();
            Some(ask(server, move |server| server.service.failed_job_row(&of_job, place, &problem.detail)).await)
        }
    }
}

async fn spare(server: &Shared) -> Option<Spare> {
    while !server.is_stopping() {
        if let Some(spare) = server.workers.spare() {
            return Some(spare);
        }
        tokio::time::sleep(SOON).await;
    }
    None
}

/// Whether there may be more of what is left of uploads.
async fn clean_up(server: &Shared) -> Result<bool, Trouble> {
    ask(server, |server| {
        for number in server.store.expired_jobs(server.settings.job_days)? {
            match server.store.remove_job(number, &Actor::local()) {
                // Another server was faster.
                Err(StoreError::NoJob(_)) => {}
                removed => removed?,
            }
        }
        server.store.sweep_uploads()
    })
    .await
}

async fn ask<T: Send + 'static>(
    server: &Shared,
    question: impl FnOnce(&Server) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Trouble> {
    let asked = server.clone();
    match limits::blocking(move || question(&asked)).await {
        Ok(answered) => Ok(answered?),
        Err(_) => Err(Trouble::Panicked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(number: i64, owner: &str) -> OpenJob {
        OpenJob { number, owner: Actor::new(owner), done: 0 }
    }

    #[test]
    fn people_take_turns_with_however_many_tokens() {
        let open = [job(1, "token:a:anna"), job(2, "token:b:Anna"), job(3, "local:anna"), job(4, "token:c:otto")];
        let mut runner = Runner::default();
        let turns = [(); 4].map(|()| {
            let job = runner.next(open.to_vec()).unwrap();
            runner.last = job.owner.person_key();
            job.number
        });
        assert_eq!(turns, [1, 4, 1, 4]);
    }
}
