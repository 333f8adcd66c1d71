//! The service on its socket: TLS, limits of connections, and an end that lets everyone finish.

use std::future::{Ready, ready};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context as Wake, Poll};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::Request;
use axum_server::accept::Accept;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use hyper_util::rt::TokioTimer;
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;
use tower_service::Service as Tower;

use crate::Shared;
use crate::address::{self, OpenForAddress, PerAddress};

/// So long a client may take to send the head of a request, or to send the next request.
const HEAD: Duration = Duration::from_secs(15);
/// So long a client may take until it reads more of an answer.
const UNREAD: Duration = Duration::from_secs(15);
/// Bytes of a request's head.
const MOST_HEAD: usize = 32 << 10;

/// Serves until a signal asks to end, and then until what was begun is done.
///
/// # Errors
/// Where the address cannot be taken or the certificate cannot be used.
pub async fn serve(service: &Shared, router: Router) -> Result<()> {
    let settings = &service.settings;
    let taken = |_| format!("listen is {}, which cannot be taken; is another program there?", settings.listen);
    let listener = std::net::TcpListener::bind(settings.listen).map_err(anyhow::Error::from);
    let listener = listener.with_context(|| taken(()))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let handle = Handle::new();
    tokio::spawn(end(service.clone(), handle.clone(), listen_to_signals()?));
    let scheme = if settings.uses_tls() { "https" } else { "http" };
    let limited = Limited::new(service);
    let app = router.into_make_service_with_connect_info::<SocketAddr>();
    let mut server = axum_server::from_tcp(listener)?
        .handle(handle)
        .acceptor(limited)
        .http1_only()
        .accept_error_handler(accept_failed);
    limit_heads(&mut server);
    let tls = if settings.uses_tls() { Some(tls(service).await?) } else { None };
    let greeting =
        format!("Serving on {scheme}://{address}: the page at /, the API at /v1, its documentation at /docs.");
    // Whoever started it may not read what it says.
    writeln!(io::stdout(), "{greeting}").ok();
    match tls {
        None => server.serve(app).await?,
        Some(tls) => server.map(|limited| RustlsAcceptor::new(tls).acceptor(limited)).serve(app).await?,
    }
    Ok(())
}

/// HTTP/1 alone is spoken: to find out which version a client speaks would have no time limit.
fn limit_heads<A: axum_server::Address, B>(server: &mut Server<A, B>) {
    let mut http = server.http_builder().http1();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(MOST_HEAD);
}

async fn tls(service: &Shared) -> Result<RustlsConfig> {
    let settings = &service.settings;
    rustls::crypto::ring::default_provider().install_default().ok();
    let (certificate, key) = (&settings.tls_certificate, &settings.tls_key);
    let config = RustlsConfig::from_pem_file(certificate, key).await.with_context(|| {
        format!(
            "{} and {}: cannot be used as certificate and key; give PEM files",
            certificate.display(),
            key.display()
        )
    })?;
    // A client that could choose HTTP/2 would.
    let mut config = ServerConfig::clone(&config.get_inner());
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}

/// Ctrl-C and SIGTERM from now on ask to end.
fn listen_to_signals() -> Result<Arc<Notify>> {
    let asked = Arc::new(Notify::new());
    let asks = asked.clone();
    ctrlc::set_handler(move || asks.notify_one()).context("signals cannot be listened to")?;
    Ok(asked)
}

/// Waits until it is asked, then takes no new requests and lets those that were begun end.
async fn end(service: Shared, handle: Handle<SocketAddr>, asked: Arc<Notify>) {
    asked.notified().await;
    tracing::info!("stopping: what was begun is finished");
    service.stop();
    handle.graceful_shutdown(Some(Duration::from_secs(service.settings.request_seconds)));
}

/// Called where the system gives no further connection, as where all descriptors are in use; the server tries again soon.
/// Connections that [`Limited`] refused are counted there.
fn accept_failed(peer: Option<&SocketAddr>, error: &io::Error) {
    /// It may happen twenty times a second.
    const PAUSE: u64 = 10;
    static START: OnceLock<Instant> = OnceLock::new();
    /// The second from which on it is logged.
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = START.get_or_init(Instant::now).elapsed().as_secs();
    if peer.is_none() && now >= NEXT.load(Ordering::Relaxed) {
        NEXT.store(now + PAUSE, Ordering::Relaxed);
        tracing::warn!(%error, "no connection can be accepted");
    }
}

/// Takes no more connections than allowed, of all and of one address; further ones are closed at once.
#[derive(Clone)]
struct Limited {
    service: Shared,
    connections: Arc<Semaphore>,
    /// None behind a proxy, whose connections are all its own.
    per_address: Option<PerAddress>,
}

/// The service of one connection, which counts for as long as it lives.
#[derive(Debug, Clone)]
struct Counted<S> {
    service: S,
    _connection: Arc<(OwnedSemaphorePermit, Option<OpenForAddress>)>,
}

impl Limited {
    fn new(service: &Shared) -> Self {
        let settings = &service.settings;
        let per_address = (!settings.behind_proxy).then(|| PerAddress::new(settings.connections_per_address));
        let connections = Arc::new(Semaphore::new(most_connections(settings.connections)));
        Self { service: service.clone(), connections, per_address }
    }

    fn admit(&self, stream: &TcpStream) -> io::Result<(OwnedSemaphorePermit, Option<OpenForAddress>)> {
        let refuse = |why| {
            self.service.metrics.refused(why);
            io::Error::other(why)
        };
        // Fails where the client has reset the connection already.
        let peer = stream.peer_addr()?.ip();
        let of_address = match &self.per_address {
            Some(limit) => Some(limit.enter(peer).ok_or_else(|| refuse(address::TOO_MANY))?),
            None => None,
        };
        let of_all = self.connections.clone().try_acquire_owned().map_err(|_| refuse("too many connections"))?;
        Ok((of_all, of_address))
    }
}

/// As many connections as are set, or as the system has descriptors for: the store and the log need some, too.
fn most_connections(set: usize) -> usize {
    /// What is left for files.
    const FOR_FILES: usize = 48;
    let Some(descriptors) = most_descriptors() else { return set };
    let most = set.min(descriptors.saturating_sub(FOR_FILES).max(1));
    if most < set {
        tracing::warn!(
            connections = set,
            descriptors,
            "only {most} connections fit; allow more open files (ulimit -n)"
        );
    }
    most
}

/// Descriptors that the process may have open; None where the system does not say, or sets no limit.
fn most_descriptors() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

impl<S> Accept<TcpStream, S> for Limited {
    type Stream = Pin<Box<TimeoutStream<TcpStream>>>;
    type Service = Counted<S>;
    type Future = Ready<io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let counted = self.admit(&stream).map(|connection| {
            // Else clients that ask and never read would hold all connections.
            let mut stream = Box::pin(TimeoutStream::new(stream));
            stream.as_mut().set_write_timeout_pinned(Some(UNREAD));
            (stream, Counted { service, _connection: Arc::new(connection) })
        });
        ready(counted)
    }
}

impl<B, S: Tower<Request<B>>> Tower<Request<B>> for Counted<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, wake: &mut Wake<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(wake)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.service.call(request)
    }
}
