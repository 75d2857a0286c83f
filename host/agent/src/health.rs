//! Answers that the agent runs, as the collector's `health_check` extension does.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use skidway_config::HealthCheck;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// Connections at a time: a load balancer has a few, whoever opens more waits.
const CONNECTIONS: usize = 16;

/// Listens; a port that is taken is an error of the start.
pub(crate) fn start(health_check: &HealthCheck, runtime: &Handle) -> Result<()> {
    let HealthCheck { endpoint, path } = health_check;
    let listener = runtime
        .block_on(TcpListener::bind(endpoint))
        .with_context(|| format!("health_check cannot listen on {endpoint}; set another `endpoint`"))?;
    runtime.spawn(accept(listener, Arc::from(path.as_str())));
    Ok(())
}

async fn accept(listener: TcpListener, path: Arc<str>) {
    let since = (SystemTime::now(), Instant::now());
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        // What goes wrong with one connection is none of the next one's business.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let path = Arc::clone(&path);
        tokio::spawn(async move {
            serve(stream, path, since).await;
            drop(place);
        });
    }
}

async fn serve(stream: TcpStream, path: Arc<str>, since: (SystemTime, Instant)) {
    let answer = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let known = *request.uri().path() == *path;
        async move { Ok::<_, Infallible>(if known { available(since) } else { not_found() }) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new());
    // A client that is slow or gone ends its own connection, nothing else.
    let _ = server.serve_connection(TokioIo::new(stream), answer).await;
}

fn available((up_since, started): (SystemTime, Instant)) -> Response<Full<Bytes>> {
    let up_since = Timestamp::try_from(up_since).map(|time| time.to_string()).unwrap_or_default();
    let body = serde_json::json!({
        "status": "Server available",
        "upSince": up_since,
        "uptime": format!("{:?}", started.elapsed()),
    });
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
    response
}

fn not_found() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
