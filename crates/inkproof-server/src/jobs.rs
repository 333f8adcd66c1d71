//! `/v1/jobs`: tables with their files, handed in once and judged as there is time.

mod receive;
mod runner;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::stream;
use inkproof_service::{JobLimits, JobProblem};
use inkproof_store::{Job, OpenJob, Role, StoreError, Time};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore, oneshot};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::images::failed;
use crate::paging::Path;
use crate::problem::{Kind, Problem};
use crate::recorder::problem;
use crate::tokens::Caller;
use crate::{Shared, limits};

pub use receive::SECONDS;
pub use runner::{clean, run};

/// The route that receives what takes longer to arrive than other requests may.
pub const ROUTE: &str = "/v1/jobs";
/// Jobs that are listed, the newest.
const LISTED: usize = 500;
/// Lines of a table that are read at once.
const LINES: usize = 500;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list, hand_in)).routes(routes!(show, end)).routes(routes!(table))
}

/// What this server knows of jobs beside the store.
#[derive(Debug)]
pub struct Jobs {
    /// One archive is received and unpacked at a time: it takes the memory of its largest file.
    receiving: Arc<Semaphore>,
    /// Told when there may be something to do.
    wake: Notify,
    /// Jobs that this server has begun to work at.
    paces: Mutex<HashMap<i64, Pace>>,
}

/// How fast a job comes on here.
#[derive(Debug, Clone, Copy)]
struct Pace {
    begun: Time,
    since: Instant,
    /// Rows that were done when it was begun here.
    done: usize,
}

impl Jobs {
    pub fn new() -> Self {
        Self { receiving: Arc::new(Semaphore::new(1)), wake: Notify::new(), paces: Mutex::default() }
    }

    /// There may be something to do, or it is to stop.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    fn pace(&self, job: i64) -> Option<Pace> {
        self.paces.lock().unwrap_or_else(PoisonError::into_inner).get(&job).copied()
    }

    fn begin(&self, job: &OpenJob) {
        let pace = Pace { begun: Time::now(), since: Instant::now(), done: job.done };
        self.paces.lock().unwrap_or_else(PoisonError::into_inner).entry(job.number).or_insert(pace);
    }

    /// Forgets all but these.
    fn keep(&self, is_open: impl Fn(i64) -> bool) {
        self.paces.lock().unwrap_or_else(PoisonError::into_inner).retain(|job, _| is_open(*job));
    }
}

impl Pace {
    /// None before there is anything to tell it by.
    fn seconds_left(&self, job: &Job) -> Option<u64> {
        let done = job.counts.done().checked_sub(self.done).filter(|done| *done > 0)?;
        let left = (job.rows - job.counts.done()) as f64;
        Some((self.since.elapsed().as_secs_f64() * left / done as f64).ceil() as u64)
    }
}

/// A job, as far as it has come.
#[derive(Debug, Serialize, ToSchema)]
struct JobState {
    id: i64,
    /// `waiting`, `running`, `done`, `cancelled` or `failed`.
    state: String,
    /// Who handed it in, as the audit names them.
    owner: String,
    /// What its rows are judged against: `writers` that are enrolled, or `references`, which came with it.
    kind: String,
    /// How many rows there are.
    rows: usize,
    /// How many of them are done.
    done: usize,
    accepted: usize,
    rejected: usize,
    undecided: usize,
    /// Rows that could not be judged; the table says why.
    failed: usize,
    /// When it was handed in.
    #[schema(value_type = String)]
    created: Time,
    /// When work at it began since the service was started; null while it is not worked at.
    #[schema(value_type = Option<String>)]
    begun: Option<Time>,
    /// null as long as it goes on.
    #[schema(value_type = Option<String>)]
    ended: Option<Time>,
    /// An estimate, by the rows that were done since `begun`; null where there is nothing to tell it by.
    seconds_left: Option<u64>,
    /// When it is removed with its table; null as long as it goes on.
    #[schema(value_type = Option<String>)]
    expires: Option<Time>,
}

/// Jobs, the newest first.
#[derive(Debug, Serialize, ToSchema)]
struct JobList {
    jobs: Vec<JobState>,
}

/// The parts of a form that hands in a job.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only its schema is used: the OpenAPI document describes the form by it")]
struct JobForm {
    /// The zip archive.
    #[schema(content_media_type = "application/zip")]
    archive: String,
}

/// Jobs of one's own; an auditor and an administrator see everybody's
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", responses((status = OK, body = JobList), Problem))]
async fn list(State(server): State<Shared>, Extension(caller): Extension<Caller>) -> Result<Json<JobList>, Problem> {
    let jobs = server.ask(move |store| store.newest_jobs(|job| sees(&caller, job), LISTED)).await?;
    Ok(Json(JobList { jobs: jobs.into_iter().map(|job| state(&server, job)).collect() }))
}

/// Hand in a table with its files
///
/// A zip archive with a table (`rows.csv`, or the only .csv in it) of the columns `writer,questioned` or
/// `references,questioned`, as `inkproof verify-batch` takes it, and the files that its rows name. The rows are judged when no
/// other request needs the workers; each is recorded once, also when the service is stopped meanwhile.
#[utoipa::path(post, path = "/v1/jobs", tag = "jobs",
    request_body(content((Vec<u8> = "application/zip"), (JobForm = "multipart/form-data"))),
    responses((status = ACCEPTED, description = "It is kept, and will be worked at", body = JobState), Problem))]
async fn hand_in(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Problem> {
    let busy = |_| Kind::Busy.with("another archive is being received; try again in 5 s").retry_after(5);
    let receiving = server.jobs.receiving.clone().try_acquire_owned().map_err(busy)?;
    let settings = &server.settings;
    let (owner, most) = (caller.actor.clone(), settings.max_jobs);
    server.ask(move |store| store.may_begin_job(&owner, most)).await?;
    let archive = receive::archive(&server, request).await?;
    let limits = JobLimits { archive: settings.max_job, file: settings.max_body as u64, jobs: settings.max_jobs };
    let (owner, asked) = (caller.actor.clone(), server.clone());
    // Work goes on when the request ends before it: it then keeps others from coming, and begins no job.
    let (answer, _waits) = oneshot::channel::<()>();
    let begun = limits::blocking(move || {
        let _receiving = receiving;
        asked.service.hand_in(archive, &limits, &owner, &|| answer.is_closed())
    });
    let begun = begun.await?;
    let number = begun.map_err(not_taken)?;
    server.jobs.wake();
    let job = server.ask(move |store| store.job(number)).await?;
    let place = HeaderValue::from_str(&format!("{ROUTE}/{number}")).expect("digits are no control characters");
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(state(&server, job))).into_response())
}

/// How far a job has come
#[utoipa::path(get, path = "/v1/jobs/{job}", tag = "jobs", params(("job" = i64, Path)),
    responses((status = OK, body = JobState), Problem))]
async fn show(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<i64>,
) -> Result<Json<JobState>, Problem> {
    let job = seen(&server, number, |job| sees(&caller, job)).await?;
    Ok(Json(state(&server, job)))
}

/// The results of one's own job, as far as it has come: the table that `inkproof verify-batch` writes
#[utoipa::path(get, path = "/v1/jobs/{job}/table", tag = "jobs", params(("job" = i64, Path)),
    responses((status = OK, description = "CSV", body = String, content_type = "text/csv"), Problem))]
async fn table(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<i64>,
) -> Result<Response, Problem> {
    seen(&server, number, |job| is_own(&caller, job)).await?;
    let first = lines(&server, number, None).await?;
    let rest = stream::try_unfold((server, first), move |(server, some)| async move {
        let Some((text, last)) = some else { return Ok::<_, Problem>(None) };
        let next = lines(&server, number, Some(last)).await?;
        Ok(Some((text, (server, next))))
    });
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let name = format!("attachment; filename=\"job-{number}.csv\"");
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_str(&name).expect("digits and letters"));
    let text = futures_util::TryStreamExt::map_err(rest, |problem| std::io::Error::other(problem.detail));
    Ok((headers, Body::from_stream(text)).into_response())
}

/// Cancel a job that goes on, or remove one that has ended
///
/// A job that is cancelled keeps the table of its rows that are done until it is removed. An administrator may end and remove
/// everybody's.
#[utoipa::path(delete, path = "/v1/jobs/{job}", tag = "jobs", params(("job" = i64, Path)),
    responses((status = OK, body = Object), Problem))]
async fn end(
    State(server): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<i64>,
) -> Result<Json<Value>, Problem> {
    let may = |job: &Job| is_own(&caller, job) || caller.role == Some(Role::Administrator);
    let job = seen(&server, number, may).await?;
    let (by, is_open) = (caller.actor.clone(), job.ended.is_none());
    let ended =
        server.ask(
            move |store| if is_open { store.end_job(number, "cancelled", &by) } else { store.remove_job(number, &by) },
        );
    ended.await?;
    server.jobs.wake();
    Ok(Json(if is_open { json!({"cancelled": true}) } else { json!({"removed": true}) }))
}

/// Whether one may know of a job; its table, which names writers, is its owner's alone.
fn sees(caller: &Caller, job: &Job) -> bool {
    is_own(caller, job) || matches!(caller.role, Some(Role::Auditor | Role::Administrator))
}

/// Without tokens all jobs are everybody's, as all else is.
fn is_own(caller: &Caller, job: &Job) -> bool {
    caller.role.is_none() || caller.actor.is_same_person(&job.owner)
}

/// A job, unless that is none of the caller's business: then there is none.
async fn seen(server: &Shared, number: i64, may: impl Fn(&Job) -> bool) -> Result<Job, Problem> {
    let job = server.ask(move |store| store.job(number)).await?;
    if may(&job) { Ok(job) } else { Err(problem(&StoreError::NoJob(number))) }
}

async fn lines(server: &Shared, number: i64, after: Option<usize>) -> Result<Option<(String, usize)>, Problem> {
    let asked = server.clone();
    limits::blocking(move || asked.service.job_table(number, after, LINES)).await?.map_err(failed)
}

fn state(server: &Shared, job: Job) -> JobState {
    let pace = server.jobs.pace(job.number).filter(|_| job.ended.is_none());
    let going = if pace.is_some() { "running" } else { "waiting" };
    let ended = job.ended.as_ref().map(|(_, time)| *time);
    JobState {
        id: job.number,
        state: job.ended.as_ref().map_or(going.to_owned(), |(outcome, _)| outcome.clone()),
        owner: job.owner.to_string(),
        rows: job.rows,
        done: job.counts.done(),
        accepted: job.counts.accepted,
        rejected: job.counts.rejected,
        undecided: job.counts.undecided,
        failed: job.counts.failed,
        created: job.created,
        begun: pace.map(|pace| pace.begun),
        ended,
        seconds_left: pace.and_then(|pace| pace.seconds_left(&job)),
        expires: ended.map(|time| time.plus_days(server.settings.job_days)),
        kind: job.kind,
    }
}

fn not_taken(why: JobProblem) -> Problem {
    match why {
        JobProblem::Store(error) => problem(&error),
        JobProblem::TooLarge(_) => Kind::TooLarge.with(why).on_field("archive"),
        why => Kind::Malformed.with(why).on_field("archive"),
    }
}
