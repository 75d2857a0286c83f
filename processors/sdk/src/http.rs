//! What logs of web servers say of a request.

use memchr::{memchr, memrchr};

/// The first line of a request. Empty means that it is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLine<'l> {
    /// `GET`.
    pub method: &'l [u8],
    /// `/index.html`; empty where `target` is no path.
    pub path: &'l [u8],
    /// What follows the question mark of a path.
    pub query: &'l [u8],
    /// All that stands between method and version.
    pub target: &'l [u8],
    /// `1.1`; empty with HTTP/0.9, which has none.
    pub version: &'l [u8],
}

/// Reads `GET /index.html?q=1 HTTP/1.1`, without its quotes; nothing where it is
/// anything else, as what speaks another protocol sends.
#[inline]
pub fn request_line(line: &[u8]) -> Option<RequestLine<'_>> {
    let (method, rest) = cut(line, memchr(b' ', line)?)?;
    // Longer than any that is registered.
    if method.is_empty() || method.len() > 20 || !method.iter().all(|&b| b.is_ascii_uppercase() || b == b'-')
    {
        return None;
    }
    let (target, version) = match memrchr(b' ', rest).and_then(|at| cut(rest, at)) {
        Some((target, protocol)) => match protocol.strip_prefix(b"HTTP/") {
            Some(version) => (target, version),
            None => (rest, &[][..]),
        },
        None => (rest, &[][..]),
    };
    let is_version = |version: &[u8]| version.iter().all(|&b| b.is_ascii_digit() || b == b'.');
    if target.is_empty() || !is_version(version) {
        return None;
    }
    let (path, query) = match target {
        [b'/' | b'*', ..] => match memchr(b'?', target) {
            Some(at) => cut(target, at)?,
            None => (target, &[][..]),
        },
        _ => (&[][..], &[][..]),
    };
    Some(RequestLine { method, path, query, target, version })
}

/// What stands before and behind the byte at `at`.
#[inline]
fn cut(text: &[u8], at: usize) -> Option<(&[u8], &[u8])> {
    Some((text.get(..at)?, text.get(at + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Method, path, query, target, version.
    fn read(line: &str) -> Option<[&str; 5]> {
        let line = request_line(line.as_bytes())?;
        let text = |bytes| std::str::from_utf8(bytes).unwrap();
        Some([text(line.method), text(line.path), text(line.query), text(line.target), text(line.version)])
    }

    #[test]
    fn the_forms_of_a_target() {
        assert_eq!(read("GET / HTTP/1.1"), Some(["GET", "/", "", "/", "1.1"]));
        assert_eq!(read("GET /a?b=c?d HTTP/2.0"), Some(["GET", "/a", "b=c?d", "/a?b=c?d", "2.0"]));
        assert_eq!(read("OPTIONS * HTTP/1.0"), Some(["OPTIONS", "*", "", "*", "1.0"]));
        assert_eq!(read("GET http://h/a?b HTTP/1.1"), Some(["GET", "", "", "http://h/a?b", "1.1"]));
        assert_eq!(read("CONNECT h:443 HTTP/1.1"), Some(["CONNECT", "", "", "h:443", "1.1"]));
        assert_eq!(read("GET /with space HTTP/1.1"), Some(["GET", "/with space", "", "/with space", "1.1"]));
        assert_eq!(read("GET /old"), Some(["GET", "/old", "", "/old", ""]));
        assert_eq!(read("M-SEARCH /ü HTTP/3"), Some(["M-SEARCH", "/ü", "", "/ü", "3"]));
    }

    #[test]
    fn what_is_no_request() {
        for line in
            ["", "-", "GET", "GET ", "get / HTTP/1.1", "\\x16\\x03\\x01", " / HTTP/1.1", "GET / HTTP/x"]
        {
            assert_eq!(read(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(line in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = request_line(&line);
        }

        #[test]
        fn parts_are_in_order(line in "[A-Z]{0,3} ?[/a?* ]{0,6} ?(HTTP/[1-3.]{0,3})?") {
            if let Some([method, path, query, target, version]) = read(&line) {
                prop_assert!(line.starts_with(method) && line.ends_with(version));
                prop_assert!(target.starts_with(path) && target.ends_with(query));
            }
        }
    }
}
