//! Public keys as minisign writes them: 42 bytes in base64, `Ed`, the key's id, the key.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// A public key of minisign's.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    text: String,
    id: KeyId,
    pub(crate) key: minisign_verify::PublicKey,
}

/// What a key and the signatures made with it are told by. Chance made it: it identifies, it proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(u64);

/// Why a text is no public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It is not of that form.
    #[error("it is no minisign public key")]
    Form,
    /// It is the other half.
    #[error("it is a secret key")]
    Secret,
}

impl PublicKey {
    /// Characters of the one line.
    pub const LENGTH: usize = 56;

    /// The key's id, as minisign prints it.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The key in one line, as it was read.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl KeyId {
    /// From where it stands in keys and signatures.
    pub(crate) fn new(bytes: [u8; 8]) -> Self {
        Self(u64::from_le_bytes(bytes))
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    /// The one line, or a `.pub` file as a whole.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        if text.starts_with("untrusted comment:") && text.contains("secret key") {
            return Err(KeyError::Secret);
        }
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let line = lines.find(|line| !line.starts_with("untrusted comment:")).ok_or(KeyError::Form)?;
        if lines.next().is_some() {
            return Err(KeyError::Form);
        }
        let bytes = BASE64_STANDARD.decode(line).map_err(|_| KeyError::Form)?;
        let id = bytes.get(2..10).and_then(|id| id.try_into().ok()).ok_or(KeyError::Form)?;
        let key = minisign_verify::PublicKey::from_base64(line).map_err(|_| KeyError::Form)?;
        Ok(Self { text: line.to_owned(), id: KeyId::new(id), key })
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.text)
    }
}
