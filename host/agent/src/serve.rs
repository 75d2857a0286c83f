//! A small HTTP server for what the agent says of itself: whether it runs, and its
//! numbers.

use std::convert::Infallible;
use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// Connections at a time: a load balancer or a scraper has a few, whoever opens more
/// waits.
const CONNECTIONS: usize = 16;

/// What is answered at a path.
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    pub(crate) body: Box<dyn Fn() -> String + Send + Sync>,
}

/// A server that listens until it is stopped, or for as long as the agent runs.
pub(crate) struct Server(JoinHandle<()>);

impl Server {
    /// Its port is free afterwards; answers that are under way are finished.
    pub(crate) fn stop(self, runtime: &Handle) {
        self.0.abort();
        // It ends by being aborted, which is no news.
        let _ = runtime.block_on(self.0);
    }
}

/// Listens on `endpoint`, a host and a port. One that is taken is an error.
pub(crate) fn start(endpoint: &str, page: Page, runtime: &Handle) -> Result<Server> {
    let listener = runtime.block_on(TcpListener::bind(endpoint))?;
    Ok(Server(runtime.spawn(accept(listener, Arc::new(page)))))
}

async fn accept(listener: TcpListener, page: Arc<Page>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        // What goes wrong with one connection is none of the next one's business.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let page = Arc::clone(&page);
        tokio::spawn(async move {
            serve(stream, page).await;
            drop(place);
        });
    }
}

async fn serve(stream: TcpStream, page: Arc<Page>) {
    let answer = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let answer = if request.uri().path() == page.path { page.answer() } else { not_found() };
        async move { Ok::<_, Infallible>(answer) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new());
    // A client that is slow or gone ends its own connection, nothing else.
    let _ = server.serve_connection(TokioIo::new(stream), answer).await;
}

impl Page {
    fn answer(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from((self.body)())));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        response
    }
}

fn not_found() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
