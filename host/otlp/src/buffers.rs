use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// How many idle buffers are kept: one being filled, one being sent, one between.
const KEEP: usize = 3;

/// Byte buffers that go round: from a batch to its payload and, when the last
/// handle to that is dropped, back here. A fresh buffer of some MiB costs a page
/// fault for every 4 KiB, which is as dear as encoding the records into it.
#[derive(Debug, Clone)]
pub struct Buffers {
    capacity: usize,
    idle: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Buffers {
    /// Buffers that start with `capacity` bytes and grow as needed. One that grew
    /// past twice that is not kept.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, idle: Arc::default() }
    }

    /// An empty buffer.
    pub(crate) fn take(&self) -> Vec<u8> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| Vec::with_capacity(self.capacity))
    }

    /// The bytes from `start`, in a handle that gives the buffer back.
    pub(crate) fn share(&self, bytes: Vec<u8>, start: usize) -> Bytes {
        Bytes::from_owner(Shared { bytes, start, home: self.clone() })
    }

    fn give_back(&self, mut bytes: Vec<u8>) {
        if bytes.capacity() > self.capacity.saturating_mul(2) {
            return;
        }
        bytes.clear();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEEP {
            idle.push(bytes);
        }
    }
}

struct Shared {
    bytes: Vec<u8>,
    start: usize,
    home: Buffers,
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.home.give_back(std::mem::take(&mut self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idle(buffers: &Buffers) -> usize {
        buffers.idle.lock().unwrap().len()
    }

    #[test]
    fn the_last_handle_gives_the_buffer_back() {
        let buffers = Buffers::new(64);
        let mut buffer = buffers.take();
        buffer.extend_from_slice(b"head|tail");
        let place = buffer.as_ptr();
        let shared = buffers.share(buffer, 5);
        assert_eq!(shared, "tail");
        let other = shared.clone();
        drop(shared);
        assert_eq!(idle(&buffers), 0);
        drop(other);
        let again = buffers.take();
        assert!(again.is_empty());
        assert_eq!(again.as_ptr(), place);
    }

    #[test]
    fn neither_large_nor_many_buffers_are_kept() {
        let buffers = Buffers::new(64);
        drop(buffers.share(Vec::with_capacity(129), 0));
        assert_eq!(idle(&buffers), 0);
        let taken: Vec<_> = (0..KEEP + 2).map(|_| buffers.take()).collect();
        for buffer in taken {
            drop(buffers.share(buffer, 0));
        }
        assert_eq!(idle(&buffers), KEEP);
    }
}
