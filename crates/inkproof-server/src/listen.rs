//! The service on its socket: TLS, limits of connections, and an end that lets everyone finish.

use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Wake, Poll};
use std::time::Duration;

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
    let limited = Limited { connections: Arc::new(Semaphore::new(settings.connections)) };
    let app = router.into_make_service_with_connect_info::<SocketAddr>();
    let mut server = axum_server::from_tcp(listener)?.handle(handle).acceptor(limited).http1_only();
    limit_heads(&mut server);
    let tls = if settings.uses_tls() { Some(tls(service).await?) } else { None };
    println!("Serving on {scheme}://{address}: the page at /, the API at /v1, its documentation at /docs.");
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

/// Takes no more connections than allowed; further ones are closed at once.
#[derive(Debug, Clone)]
struct Limited {
    connections: Arc<Semaphore>,
}

/// The service of one connection, which counts for as long as it lives.
#[derive(Debug, Clone)]
struct Counted<S> {
    service: S,
    _connection: Arc<OwnedSemaphorePermit>,
}

impl<S> Accept<TcpStream, S> for Limited {
    type Stream = Pin<Box<TimeoutStream<TcpStream>>>;
    type Service = Counted<S>;
    type Future = Ready<io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        // Else clients that ask and never read would hold all connections.
        let mut stream = Box::pin(TimeoutStream::new(stream));
        stream.as_mut().set_write_timeout_pinned(Some(UNREAD));
        let counted = |connection| (stream, Counted { service, _connection: Arc::new(connection) });
        let full = |_| io::Error::other("as many connections as are allowed are open");
        ready(self.connections.clone().try_acquire_owned().map(counted).map_err(full))
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
