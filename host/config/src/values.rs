//! Values that cannot be built wrong. Each reads itself from a scalar, and prints
//! itself so that it can be read again.

mod duration;
mod encoding;
mod endpoint;
mod header;
mod pattern;
mod pem;
pub(crate) mod reference;
mod sha256;
mod size;
mod text;

pub(crate) use duration::{GoDuration, duration, optional_duration, parse as parse_duration};
pub use encoding::Encoding;
pub(crate) use endpoint::{Endpoint, GrpcEndpoint};
pub(crate) use header::HeaderName;
pub use header::Secret;
pub use pattern::{Glob, Pattern};
pub(crate) use pem::PemText;
pub(crate) use sha256::Sha256;
pub(crate) use size::{ByteSize, size};
pub(crate) use text::Text;
