//! Signatures: an untrusted comment, the signature, a trusted comment, a signature of these two.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::key::{KeyId, PublicKey};

/// A signature of minisign's, as read: nothing is known yet of what it signs.
pub struct Signature {
    key: KeyId,
    read: minisign_verify::Signature,
}

/// Why a text is no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// It is not of that form.
    #[error("it is none of minisign's")]
    Form,
    /// It is of minisign's older form.
    #[error("it is of minisign's legacy form; sign the component again, without `-l`")]
    Legacy,
}

impl Signature {
    /// What a `.minisig` file holds.
    pub fn read(bytes: &[u8]) -> Result<Self, SignatureError> {
        let text = std::str::from_utf8(bytes).map_err(|_| SignatureError::Form)?;
        let read = minisign_verify::Signature::decode(text).map_err(|_| SignatureError::Form)?;
        let line = text.lines().nth(1).ok_or(SignatureError::Form)?;
        let bytes = BASE64_STANDARD.decode(line.trim()).map_err(|_| SignatureError::Form)?;
        let id = bytes.get(2..10).and_then(|id| id.try_into().ok()).ok_or(SignatureError::Form)?;
        match bytes.get(..2) {
            Some(b"ED") => Ok(Self { key: KeyId::new(id), read }),
            _ => Err(SignatureError::Legacy),
        }
    }

    /// The key that it says to be by.
    pub fn key(&self) -> KeyId {
        self.key
    }

    /// What the signer says of what was signed.
    pub fn comment(&self) -> &str {
        self.read.trusted_comment()
    }

    /// Whether the holder of `key` has signed these bytes, and the comment with them.
    pub fn is_of(&self, bytes: &[u8], key: &PublicKey) -> bool {
        key.key.verify(bytes, &self.read, false).is_ok()
    }
}
