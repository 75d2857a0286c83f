//! Whether a component is the one that was meant: its digest, and signatures of minisign's form.
//!
//! A signature stands in a file of its own beside the component, `FILE.wasm.minisig`. Whoever loads a
//! component reads the bytes once, has them checked here, and goes on with these very bytes: a file that
//! changes in between changes nothing. Nothing of a component is looked at before that.
//!
//! Only signatures of a hash are accepted, which minisign has made since version 0.10. Those of its older
//! form sign the file itself; they say nothing less, and one form is enough.

mod beside;
mod key;
mod signature;
mod signing;

pub use beside::{read_signature, signature_path};
pub use key::{KeyError, KeyId, PublicKey};
pub use signature::{Signature, SignatureError};
pub use signing::{KeyPair, SecretKey, SigningError};

use sha2::{Digest as _, Sha256};

/// Whose components are loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trust {
    /// A signature by one of them is a good one.
    pub keys: Vec<PublicKey>,
    /// Whether a component needs a signature.
    pub require: bool,
}

/// What was found out about a component that may be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// There are no keys to check with.
    NotAsked,
    /// There are keys, none is required, and it has no signature.
    Unsigned,
    /// It is what the holder of this key has signed.
    Signed {
        /// The key.
        key: KeyId,
        /// What the signer said of it; signed, too.
        comment: String,
    },
}

/// Why a component is not to be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Distrust {
    /// It is not the one that is pinned.
    #[error("its digest is sha256:{}, not the pinned sha256:{}", hex(.actual), hex(.pinned))]
    Digest {
        /// What it is.
        actual: [u8; 32],
        /// What it should be.
        pinned: [u8; 32],
    },
    /// It needs a signature and has none.
    #[error(
        "it is not signed, and `trust.require` is set; `skidway sign` or minisign makes the signature, FILE.wasm.minisig"
    )]
    Unsigned,
    /// What should be its signature is none.
    #[error("its signature: {0}")]
    Signature(#[from] SignatureError),
    /// Somebody else has signed it.
    #[error("it is signed by key {0}, which is not one of `trust.keys`")]
    Stranger(KeyId),
    /// It is not what was signed.
    #[error("the signature by key {0} is of something else: the component or the signature was changed")]
    Forged(KeyId),
}

/// Whether these bytes may be looked at any further. `signature` is what the file beside them holds.
pub fn check(
    bytes: &[u8],
    pinned: Option<&[u8; 32]>,
    signature: Option<&[u8]>,
    trust: &Trust,
) -> Result<Standing, Distrust> {
    if let Some(pinned) = pinned {
        let actual = digest(bytes);
        if actual != *pinned {
            return Err(Distrust::Digest { actual, pinned: *pinned });
        }
    }
    let Some(signature) = signature.filter(|_| !trust.keys.is_empty()) else {
        return match trust {
            Trust { require: true, .. } => Err(Distrust::Unsigned),
            Trust { keys, .. } if keys.is_empty() => Ok(Standing::NotAsked),
            Trust { .. } => Ok(Standing::Unsigned),
        };
    };
    let signature = Signature::read(signature)?;
    let key = signature.key();
    let mut candidates = trust.keys.iter().filter(|known| known.id() == key).peekable();
    if candidates.peek().is_none() {
        return Err(Distrust::Stranger(key));
    }
    match candidates.any(|known| signature.is_of(bytes, known)) {
        true => Ok(Standing::Signed { key, comment: signature.comment().to_owned() }),
        false => Err(Distrust::Forged(key)),
    }
}

/// SHA-256 of a component, which tells it from all others.
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A digest as people read it.
pub fn hex(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
