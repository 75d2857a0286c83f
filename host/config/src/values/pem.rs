//! Certificates and keys written out.

use serde::{Deserialize, Deserializer};

use super::Secret;
use crate::read::refuse;

/// Text in PEM (RFC 7468): several lines, and secret where it is a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PemText(pub(crate) Secret);

impl<'de> Deserialize<'de> for PemText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if !text.contains("-----BEGIN ") {
            return Err(refuse("there is no `-----BEGIN`", "write the text in PEM, or its file as `…_file`"));
        }
        Ok(Self(Secret::unchecked(text)))
    }
}
