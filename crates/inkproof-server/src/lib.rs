//! The service: the API, the web page and what keeps both within bounds.
//!
//! A request is logged and counted (`observe`), its answer secured (`headers`), its sender let in (`tokens`); then its
//! route, a file each, receives it within limits (`limits`, `upload`), computes on a worker and asks the store. What is
//! wrong is answered as a `problem`. What a route does is a use of `inkproof_service`, the same as for the commands.

mod address;
mod audit;
mod bodies;
mod calibration;
mod cors;
mod document;
mod erasures;
mod find;
mod headers;
mod health;
mod identify;
mod images;
mod jobs;
mod limits;
mod listen;
mod log;
mod machine;
mod mandates;
mod me;
mod memory;
mod metrics;
mod observe;
mod page;
mod paging;
mod pictures;
pub mod problem;
mod rates;
mod recorder;
mod references;
mod refusals;
mod reviews;
pub mod settings;
mod tokens;
mod unread;
pub mod upload;
mod verify;
mod writers;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use inkproof::find::Finder;
use inkproof::{Limits, Model, Verifier};
use inkproof_service::{Options, Service, Threads};
use inkproof_store::{Store, StoreError, Upgraded};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use address::PerAddress;
use bodies::Bodies;
use jobs::Jobs;
use limits::Workers;
use metrics::Metrics;
use pictures::PictureRates;
use problem::{Kind, Problem};
use rates::Rates;
use recorder::Recorder;
use refusals::Refusals;
use tokens::Caller;
use upload::Upload;

use settings::Settings;

/// What all routes share.
struct Server {
    service: Service,
    finder: Finder,
    store: Arc<Store>,
    settings: Settings,
    workers: Workers,
    bodies: Bodies,
    jobs: Jobs,
    metrics: Metrics,
    recorder: Recorder,
    rates: Rates,
    picture_rates: PictureRates,
    refusals: Refusals,
    /// Behind a proxy, of each address that it forwards.
    requests_per_address: PerAddress,
    stopping: AtomicBool,
}

type Shared = Arc<Server>;

#[derive(OpenApi)]
#[openapi(
    info(title = "inkproof", description = "Offline signature verification: enrol once, verify for years."),
    components(schemas(Problem)),
    modifiers(&Bearer),
    security(("token" = []))
)]
struct Document;

/// Tells clients that a token goes into the header.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        document.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// Serves until a signal asks to end.
///
/// # Errors
/// Where a setting cannot be used: the model, the store, the address, the certificate.
pub fn run(settings: Settings) -> Result<()> {
    let _log = observe::start_log(&settings)?;
    machine::keep_memory_private();
    let service = Arc::new(Server::open(settings)?);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no threads to serve with")?;
    let router = router(service.clone())?;
    let served = runtime.block_on(async {
        tokio::spawn(service.clone().keep_writing_refusals());
        tokio::spawn(erasures::finish(service.clone()));
        tokio::spawn(jobs::clean(service.clone()));
        let jobs = tokio::spawn(jobs::run(service.clone()));
        let served = listen::serve(&service, router).await;
        service.stop();
        // Rows that were begun are finished; the others are done after the next start.
        tokio::time::timeout(Duration::from_secs(service.settings.request_seconds), jobs).await.ok();
        service.write_last_refusals().await;
        served
    });
    // Nobody waits for what is still computed.
    runtime.shutdown_background();
    served
}

/// The routes of the API and what the OpenAPI document says of them.
fn api() -> OpenApiRouter<Shared> {
    let document = OpenApiRouter::with_openapi(Document::openapi());
    let routes = [
        health::routes(),
        me::routes(),
        verify::routes(),
        identify::routes(),
        find::routes(),
        document::routes(),
        writers::routes(),
        references::routes(),
        reviews::routes(),
        audit::routes(),
        calibration::routes(),
        mandates::routes(),
        jobs::routes(),
    ];
    routes.into_iter().fold(document, OpenApiRouter::merge)
}

#[cfg(test)]
fn document() -> utoipa::openapi::OpenApi {
    api().into_openapi()
}

fn router(service: Shared) -> Result<Router> {
    let (api, document) = api().split_for_parts();
    let panicked = service.clone();
    let mut router = api
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .merge(page::routes())
        .fallback(|| async { Kind::NotFound.with("there is nothing at this address; the API is described at /docs") })
        .method_not_allowed_fallback(|| async {
            Kind::WrongMethod.with("the address is right and the method is not; see /docs")
        })
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(service.clone(), tokens::let_in))
        .layer(from_fn_with_state(service.clone(), in_time))
        .layer(from_fn_with_state(service.clone(), unread::receive_rest))
        .layer(from_fn_with_state(service.clone(), headers::require_own_site))
        .layer(from_fn_with_state(service.clone(), address::limit_forwarded))
        .layer(CatchPanicLayer::custom(move |panic| observe::panicked(&panicked, panic)));
    if let Some(cors) = cors::layer(cors::origins(&service.settings.cors_origins)?) {
        router = router.layer(cors);
    }
    Ok(router
        .layer(from_fn_with_state(service.clone(), headers::secure))
        .layer(from_fn_with_state(service.clone(), observe::observe))
        .with_state(service))
}

/// Ends a request that takes too long.
async fn in_time(State(service): State<Shared>, request: Request, next: Next) -> Response {
    let is_archive = request.method() == Method::POST
        && request.extensions().get::<MatchedPath>().is_some_and(|path| path.as_str() == jobs::ROUTE);
    let seconds = if is_archive { jobs::SECONDS } else { service.settings.request_seconds };
    let answer = tokio::time::timeout(Duration::from_secs(seconds), next.run(request));
    answer.await.unwrap_or_else(|_| {
        Kind::TookTooLong
            .with(format!("it was not answered within {seconds} s; try again"))
            .retry_after(1)
            .into_response()
    })
}

/// Opens the store, makes one where there is none, and upgrades one that an older program wrote.
fn open_store(settings: &Settings) -> Result<Store> {
    let (place, keys) = (&settings.store, settings.keys()?);
    match Store::open(place, &keys) {
        Err(StoreError::Older { .. }) => {
            let Upgraded { from, to, backup } = Store::upgrade(place, &keys)?;
            let backup = backup.map_or_else(|| "none".to_owned(), |path| path.display().to_string());
            tracing::info!(from, to, backup, "the store was upgraded");
            Ok(Store::open_existing(place, &keys)?)
        }
        opened => {
            let store = opened?;
            if store.has_made_key() {
                tracing::warn!(%keys, "the master key of the store is new: keep a copy elsewhere");
            }
            Ok(store)
        }
    }
}

impl Server {
    fn open(settings: Settings) -> Result<Self> {
        let model =
            if settings.model.as_os_str().is_empty() { Model::bundled() } else { Model::load(&settings.model)? };
        let limits =
            Limits { bytes: settings.max_body as u64, pixels: settings.max_pixels, deadline: None, page: None };
        memory::warn(&settings, &limits);
        let verifier = Arc::new(Verifier::new(model).with_limits(limits));
        let store = Arc::new(open_store(&settings)?);
        // A worker answers one question on its own thread, and the workers are as many as the cores.
        let threads = Threads::One;
        let four_eyes = store.four_eyes_as_asked(settings.four_eyes_said.then_some(settings.four_eyes))?;
        let options = Options { four_eyes, keep_images: settings.keep_images, threads };
        let service = Service::new(verifier, store.clone(), options);
        service.refresh_index()?;
        let patience = Duration::from_secs(settings.request_seconds.div_ceil(2));
        Ok(Self {
            workers: Workers::new(settings.workers, settings.queue),
            bodies: Bodies::new(settings.max_body, settings.max_bodies, patience),
            jobs: Jobs::new(),
            metrics: Metrics::new(service.verifier().model().digest()),
            recorder: Recorder::new(store.clone()),
            service,
            finder: Finder::bundled(),
            store,
            rates: Rates::new(settings.rate),
            picture_rates: PictureRates::new(settings.picture_rate),
            refusals: Refusals::default(),
            requests_per_address: PerAddress::new(settings.connections_per_address),
            stopping: AtomicBool::new(false),
            settings,
        })
    }

    fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.jobs.wake();
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    fn model(&self) -> &Model {
        self.service.verifier().model()
    }

    /// Asks the store, on a thread that may wait for it.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Store) -> inkproof_store::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let store = self.store.clone();
        limits::blocking(move || question(&store)).await?.map_err(|error| recorder::problem(&error))
    }

    /// Receives a request's images and works with them on a worker.
    async fn with_upload<T: Send + 'static>(
        self: &Arc<Self>,
        request: Request,
        work: impl FnOnce(&Shared, Upload) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let deadline = Instant::now() + Duration::from_secs(self.settings.request_seconds);
        let (parts, body) = request.into_parts();
        let owner = parts.extensions.get::<Caller>().map(|caller| caller.owner.clone());
        let owner = owner.ok_or_else(|| Kind::Internal.with("nobody said whose the request is"))?;
        // A client that would be sent away after its images may as well be before.
        drop(self.workers.place(&owner)?);
        let received = self.bodies.receive(owner.clone(), body).await?;
        let service = self.clone();
        let work = move || {
            // Its share is given back when it was worked with, even where the client has gone.
            let received = received;
            let media_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let mut upload = upload::read(media_type, received.bytes.clone(), service.settings.max_images)?;
            upload.deadline = Some(deadline);
            work(&service, upload)
        };
        self.workers.place(&owner)?.compute(work).await?
    }
}
