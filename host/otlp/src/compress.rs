use std::io::Write as _;

use bytes::Bytes;

use crate::deflate::Deflate;

/// How a request's body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compression(Method);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    None,
    Gzip(i32),
    Zstd(i32),
    /// RFC 1950. HTTP calls it `deflate`, the collector also `zlib`.
    Zlib(i32, &'static str),
    /// The framing format, which the collector means by either name.
    Snappy(&'static str),
    Lz4,
}

/// A compression level that the method does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{method} has no level {level}: give one from {min} to {max}")]
pub struct InvalidLevel {
    method: &'static str,
    level: i32,
    min: i32,
    max: i32,
}

impl Compression {
    /// Bytes as they are.
    pub const NONE: Self = Self(Method::None);

    /// Gzip at `level`, 1 (fastest) to 12 (smallest).
    pub fn gzip(level: i32) -> Result<Self, InvalidLevel> {
        let (min, max) = (1, 12);
        // libdeflate's level 0 stores without compressing.
        if (min..=max).contains(&level) {
            Ok(Self(Method::Gzip(level)))
        } else {
            Err(InvalidLevel { method: "gzip", level, min, max })
        }
    }

    /// Zstandard at `level`, 1 (fastest) to 19 (smallest that needs no large window).
    pub fn zstd(level: i32) -> Result<Self, InvalidLevel> {
        let (min, max) = (1, 19);
        if (min..=max).contains(&level) {
            Ok(Self(Method::Zstd(level)))
        } else {
            Err(InvalidLevel { method: "zstd", level, min, max })
        }
    }

    /// Zlib at `level`, 1 (fastest) to 12 (smallest), as `zlib`.
    pub fn zlib(level: i32) -> Result<Self, InvalidLevel> {
        Self::zlib_as("zlib", level)
    }

    /// The same as `deflate`, which is HTTP's name for it (RFC 9110).
    pub fn deflate(level: i32) -> Result<Self, InvalidLevel> {
        Self::zlib_as("deflate", level)
    }

    fn zlib_as(method: &'static str, level: i32) -> Result<Self, InvalidLevel> {
        let (min, max) = (1, 12);
        if (min..=max).contains(&level) {
            Ok(Self(Method::Zlib(level, method)))
        } else {
            Err(InvalidLevel { method, level, min, max })
        }
    }

    /// Snappy in frames. It has no levels.
    pub fn snappy() -> Self {
        Self(Method::Snappy("snappy"))
    }

    /// The same under the name that tells frames from a bare block.
    pub fn snappy_framed() -> Self {
        Self(Method::Snappy("x-snappy-framed"))
    }

    /// LZ4 in frames. It has no levels.
    pub fn lz4() -> Self {
        Self(Method::Lz4)
    }

    /// The value of the `Content-Encoding` header, if there is to be one.
    pub fn content_encoding(self) -> Option<&'static str> {
        match self.0 {
            Method::None => None,
            Method::Gzip(_) => Some("gzip"),
            Method::Zstd(_) => Some("zstd"),
            Method::Zlib(_, name) | Method::Snappy(name) => Some(name),
            Method::Lz4 => Some("lz4"),
        }
    }
}

/// Gzip at level 1: the collector's default method, at the level that costs a host
/// least.
impl Default for Compression {
    fn default() -> Self {
        Self(Method::Gzip(1))
    }
}

/// The compressor refused, which a correct build does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{method} could not compress a body of {bytes} bytes")]
pub struct CompressError {
    method: &'static str,
    bytes: usize,
}

/// Compresses one body after the other with the same tables and work space.
pub struct Compressor {
    engine: Engine,
    method: Compression,
    /// As long as the worst case of the largest body so far. The system gives
    /// memory for the pages that were written only, so it costs what the largest
    /// result took, not the worst case.
    space: Vec<u8>,
}

/// From here on our own gzip is used at level 1, which needs room to pay off: it
/// spends 170 bytes on the codes of a block.
const LARGE: usize = 64 << 10;

enum Engine {
    None,
    Gzip { large: Option<Box<Deflate>>, general: libdeflater::Compressor },
    Zstd(Option<zstd::bulk::Compressor<'static>>),
    Zlib(libdeflater::Compressor),
    Snappy,
    Lz4,
}

impl Compressor {
    /// A compressor of this method.
    pub fn new(method: Compression) -> Self {
        let engine = match method.0 {
            Method::None => Engine::None,
            Method::Gzip(level) => {
                let large = (level == 1).then(|| Box::new(Deflate::new()));
                let level = libdeflater::CompressionLvl::new(level).unwrap_or_default();
                Engine::Gzip { large, general: libdeflater::Compressor::new(level) }
            }
            Method::Zstd(level) => Engine::Zstd(zstd::bulk::Compressor::new(level).ok()),
            Method::Zlib(level, _) => {
                let level = libdeflater::CompressionLvl::new(level).unwrap_or_default();
                Engine::Zlib(libdeflater::Compressor::new(level))
            }
            Method::Snappy(_) => Engine::Snappy,
            Method::Lz4 => Engine::Lz4,
        };
        Self { engine, method, space: Vec::new() }
    }

    /// Its method.
    pub fn method(&self) -> Compression {
        self.method
    }

    /// The compressed body, or the same one where the method is none.
    pub fn compress(&mut self, body: &Bytes) -> Result<Bytes, CompressError> {
        let failed = |method| CompressError { method, bytes: body.len() };
        let len = match &mut self.engine {
            Engine::None => return Ok(body.clone()),
            Engine::Gzip { large: Some(deflate), .. } if body.len() >= LARGE => {
                deflate.gzip(body, room(&mut self.space, Deflate::bound(body.len())))
            }
            Engine::Gzip { general, .. } => {
                let bound = general.gzip_compress_bound(body.len());
                general.gzip_compress(body, room(&mut self.space, bound)).map_err(|_| failed("gzip"))?
            }
            Engine::Zstd(zstd) => {
                let zstd = zstd.as_mut().ok_or(failed("zstd"))?;
                let bound = zstd::zstd_safe::compress_bound(body.len());
                zstd.compress_to_buffer(body, room(&mut self.space, bound)).map_err(|_| failed("zstd"))?
            }
            Engine::Zlib(zlib) => {
                let bound = zlib.zlib_compress_bound(body.len());
                zlib.zlib_compress(body, room(&mut self.space, bound)).map_err(|_| failed("zlib"))?
            }
            Engine::Snappy => {
                let mut frames = snap::write::FrameEncoder::new(Vec::new());
                let packed =
                    frames.write_all(body).and_then(|()| frames.into_inner().map_err(|e| e.into_error()));
                return packed.map(Bytes::from).map_err(|_| failed("snappy"));
            }
            Engine::Lz4 => {
                let mut frames = lz4_flex::frame::FrameEncoder::new(Vec::new());
                let written = frames.write_all(body).map_err(|_| failed("lz4"));
                let packed = written.and_then(|()| frames.finish().map_err(|_| failed("lz4")));
                return packed.map(Bytes::from);
            }
        };
        Ok(Bytes::copy_from_slice(&self.space[..len]))
    }
}

/// `bound` bytes of work space. Growing takes fresh zero pages instead of copying
/// what nobody reads again.
fn room(space: &mut Vec<u8>, bound: usize) -> &mut [u8] {
    if space.len() < bound {
        *space = vec![0; bound.next_power_of_two()];
    }
    &mut space[..bound]
}

impl std::fmt::Debug for Compressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Compressor").field(&self.method).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn bodies() -> [Bytes; 5] {
        let noise: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(70_000).collect();
        // A small body after a large one, so that a dirty work space would show.
        let words = ["line of text ".repeat(9_000), "short".to_owned(), "another text ".repeat(8_000)];
        let [long, short, other] = words.map(Bytes::from);
        [Bytes::new(), noise.into(), long, short, other]
    }

    #[test]
    fn gzip_reads_back() {
        for level in [1, 6, 12] {
            let mut gzip = Compressor::new(Compression::gzip(level).unwrap());
            assert_eq!(gzip.method().content_encoding(), Some("gzip"));
            for body in bodies() {
                let packed = gzip.compress(&body).unwrap();
                let mut back = Vec::new();
                flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut back).unwrap();
                assert_eq!(back, body);
            }
        }
    }

    #[test]
    fn zstd_reads_back() {
        for level in [1, 19] {
            let mut zstd = Compressor::new(Compression::zstd(level).unwrap());
            assert_eq!(zstd.method().content_encoding(), Some("zstd"));
            for body in bodies() {
                let packed = zstd.compress(&body).unwrap();
                assert_eq!(zstd::decode_all(&packed[..]).unwrap(), body);
            }
        }
    }

    #[test]
    fn the_rarer_methods_read_back() {
        type Unpack = fn(&[u8], &mut Vec<u8>);
        let zlib: Unpack = |packed, back| {
            flate2::read::ZlibDecoder::new(packed).read_to_end(back).unwrap();
        };
        let snappy: Unpack = |packed, back| {
            snap::read::FrameDecoder::new(packed).read_to_end(back).unwrap();
        };
        let lz4: Unpack = |packed, back| {
            lz4_flex::frame::FrameDecoder::new(packed).read_to_end(back).unwrap();
        };
        let methods = [
            (Compression::zlib(6).unwrap(), "zlib", zlib),
            (Compression::deflate(1).unwrap(), "deflate", zlib),
            (Compression::snappy(), "snappy", snappy),
            (Compression::snappy_framed(), "x-snappy-framed", snappy),
            (Compression::lz4(), "lz4", lz4),
        ];
        for (method, name, unpack) in methods {
            assert_eq!(method.content_encoding(), Some(name));
            let mut compressor = Compressor::new(method);
            for body in bodies() {
                let mut back = Vec::new();
                unpack(&compressor.compress(&body).unwrap(), &mut back);
                assert_eq!(back, body, "{name}");
            }
        }
    }

    #[test]
    fn none_copies_nothing() {
        let body = Bytes::from(vec![1; 100]);
        let same = Compressor::new(Compression::NONE).compress(&body).unwrap();
        assert_eq!(same.as_ptr(), body.as_ptr());
        assert_eq!(Compression::NONE.content_encoding(), None);
    }

    #[test]
    fn levels_have_ends() {
        assert!(Compression::gzip(0).is_err() && Compression::gzip(13).is_err());
        assert!(Compression::zstd(0).is_err() && Compression::zstd(20).is_err());
        assert!(Compression::zlib(0).is_err() && Compression::deflate(13).is_err());
        let said = Compression::gzip(13).unwrap_err().to_string();
        assert_eq!(said, "gzip has no level 13: give one from 1 to 12");
        assert_eq!(Compression::default(), Compression::gzip(1).unwrap());
    }
}
