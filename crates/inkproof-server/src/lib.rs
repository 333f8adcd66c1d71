//! The service: the API, the web page and what keeps both within bounds.
//!
//! A request is logged and counted (`observe`), its answer secured (`headers`), its sender let in (`tokens`); then its
//! route, a file each, receives it within limits (`limits`, `upload`), computes on a worker and asks the store. What is
//! wrong is answered as a `problem`. What a route does is a use of `inkproof_service`, the same as for the commands.

mod address;
mod audit;
mod headers;
mod health;
mod identify;
mod images;
mod limits;
mod listen;
mod log;
mod me;
mod memory;
mod metrics;
mod observe;
mod page;
mod paging;
pub mod problem;
mod recorder;
mod references;
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
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use inkproof::{Limits, Model, Verifier};
use inkproof_service::{Options, Service, Threads};
use inkproof_store::{Store, StoreError, Upgraded};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::CorsLayer;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use address::PerAddress;
use limits::{Bodies, Workers};
use metrics::Metrics;
use problem::{Kind, Problem};
use recorder::Recorder;
use tokens::Rates;
use upload::Upload;

use settings::Settings;

/// What all routes share.
struct Server {
    service: Service,
    store: Arc<Store>,
    settings: Settings,
    workers: Workers,
    bodies: Bodies,
    metrics: Metrics,
    recorder: Recorder,
    rates: Rates,
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
    let service = Arc::new(Server::open(settings)?);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no threads to serve with")?;
    let router = router(service.clone())?;
    let served = runtime.block_on(listen::serve(&service, router));
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
        writers::routes(),
        references::routes(),
        reviews::routes(),
        audit::routes(),
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
    if let Some(cors) = cors(&service.settings)? {
        router = router.layer(cors);
    }
    Ok(router
        .layer(from_fn_with_state(service.clone(), headers::secure))
        .layer(from_fn_with_state(service.clone(), observe::observe))
        .with_state(service))
}

/// Other sites whose pages may call the service; None where there are none.
fn cors(settings: &Settings) -> Result<Option<CorsLayer>> {
    let origins = settings.cors_origins.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    let parsed = |origin: &str| {
        origin.parse::<HeaderValue>().with_context(|| format!("cors-origins: '{origin}' is not an origin of a page"))
    };
    let origins = origins.map(parsed).collect::<Result<Vec<_>>>()?;
    let headers = [header::AUTHORIZATION, header::CONTENT_TYPE, header::HeaderName::from_static("idempotency-key")];
    let methods = [Method::GET, Method::POST, Method::DELETE];
    let allow = || CorsLayer::new().allow_origin(origins.clone()).allow_methods(methods).allow_headers(headers);
    Ok((!origins.is_empty()).then(allow))
}

/// Ends a request that takes too long.
async fn in_time(State(service): State<Shared>, request: Request, next: Next) -> Response {
    let seconds = service.settings.request_seconds;
    let answer = tokio::time::timeout(Duration::from_secs(seconds), next.run(request));
    answer.await.unwrap_or_else(|_| {
        Kind::TookTooLong
            .with(format!("it was not answered within {seconds} s; try again"))
            .retry_after(1)
            .into_response()
    })
}

/// Opens the store, makes one where there is none, and upgrades one that an older program wrote.
fn open_store(place: &str) -> Result<Store> {
    match Store::open(place) {
        Err(StoreError::Older { .. }) => {
            let Upgraded { from, to, backup } = Store::upgrade(place)?;
            let backup = backup.map_or_else(|| "none".to_owned(), |path| path.display().to_string());
            tracing::info!(from, to, backup, "the store was upgraded");
            Ok(Store::open_existing(place)?)
        }
        opened => Ok(opened?),
    }
}

impl Server {
    fn open(settings: Settings) -> Result<Self> {
        let model =
            if settings.model.as_os_str().is_empty() { Model::bundled() } else { Model::load(&settings.model)? };
        let limits = Limits { bytes: settings.max_body as u64, pixels: settings.max_pixels, deadline: None };
        memory::warn(&settings, &limits);
        let verifier = Arc::new(Verifier::new(model).with_limits(limits));
        let store = Arc::new(open_store(&settings.store)?);
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
            metrics: Metrics::new(service.verifier().model().digest()),
            recorder: Recorder::new(store.clone()),
            service,
            store,
            rates: Rates::new(settings.rate),
            requests_per_address: PerAddress::new(settings.connections_per_address),
            stopping: AtomicBool::new(false),
            settings,
        })
    }

    fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
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
        // A client that would be sent away after its images may as well be before.
        drop(self.workers.place()?);
        let (parts, body) = request.into_parts();
        let received = self.bodies.receive(body).await?;
        let media_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let mut upload = upload::read(media_type, received.bytes.clone(), self.settings.max_images).await?;
        upload.deadline = Some(deadline);
        let service = self.clone();
        let work = move || {
            let _held = received;
            work(&service, upload)
        };
        self.workers.place()?.compute(work).await?
    }
}
