//! A download that ends where it should.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;

/// Takes up to so many bytes and refuses the next one.
pub(crate) struct Bounded<'a> {
    bytes: Vec<u8>,
    most: u64,
    progress: &'a mut (dyn FnMut(u64, u64) + Send),
}

/// More came than there should be.
#[derive(Debug, thiserror::Error)]
#[error("more than {0} bytes")]
pub(crate) struct Full(pub(crate) u64);

impl<'a> Bounded<'a> {
    pub(crate) fn new(most: u64, progress: &'a mut (dyn FnMut(u64, u64) + Send)) -> Self {
        // What is promised is not believed before it comes.
        Self { bytes: Vec::with_capacity(most.min(1 << 20) as usize), most, progress }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl AsyncWrite for Bounded<'_> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, chunk: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if (this.bytes.len() + chunk.len()) as u64 > this.most {
            return Poll::Ready(Err(io::Error::other(Full(this.most))));
        }
        this.bytes.extend_from_slice(chunk);
        (this.progress)(this.bytes.len() as u64, this.most);
        Poll::Ready(Ok(chunk.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
