//! Making keys and signatures.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use minisign::{PError, SecretKeyBox};

use crate::key::{KeyId, PublicKey};

/// Both halves of a new key, as the files that hold them.
pub struct KeyPair {
    /// The half to give away.
    pub public: PublicKey,
    /// The text of `NAME.pub`.
    pub public_file: String,
    /// The text of `NAME.key`. Secret, unless a password protects it.
    pub secret_file: String,
}

/// The half of a key that signs.
pub struct SecretKey(minisign::SecretKey);

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SigningError {
    /// The text is no key.
    #[error("it is no secret key of minisign's")]
    Form,
    /// It is the other half.
    #[error("it is a public key; the secret one is in the `.key` file")]
    Public,
    /// The password is another one.
    #[error("the password is wrong")]
    Password,
    /// A comment is one line.
    #[error("a comment is one line, of printable characters")]
    Comment,
    /// The system has no randomness, or not enough memory.
    #[error("{0}")]
    System(#[from] PError),
}

impl KeyPair {
    /// A new key, locked with a password if there is one.
    pub fn generate(password: Option<&str>) -> Result<Self, SigningError> {
        let pair = match password {
            Some(password) => minisign::KeyPair::generate_encrypted_keypair(Some(password.to_owned()))?,
            None => minisign::KeyPair::generate_unencrypted_keypair()?,
        };
        let public_file = pair.pk.to_box()?.into_string();
        let public: PublicKey = public_file.parse().map_err(|_| SigningError::Form)?;
        let lock = if password.is_some() { "encrypted " } else { "" };
        let comment = format!("minisign {lock}secret key {}", public.id());
        let secret_file = pair.sk.to_box(Some(&comment))?.into_string();
        Ok(Self { public, public_file, secret_file })
    }
}

impl SecretKey {
    /// Whether the text of a `.key` file needs a password.
    pub fn is_locked(text: &str) -> Result<bool, SigningError> {
        if text.parse::<PublicKey>().is_ok() {
            return Err(SigningError::Public);
        }
        // The two bytes after `Ed` name the way from the password to the lock.
        match text.lines().nth(1).map(|line| line.get(..6)) {
            Some(Some("RWQAAE")) => Ok(false),
            Some(Some("RWRTY0")) => Ok(true),
            _ => Err(SigningError::Form),
        }
    }

    /// From the text of a `.key` file.
    pub fn read(text: &str, password: Option<&str>) -> Result<Self, SigningError> {
        let key = match password {
            Some(password) => SecretKeyBox::from(text.to_owned()).into_secret_key(Some(password.to_owned())),
            // Not as a box: minisign writes keys without a password without their checksum, too.
            None if !Self::is_locked(text)? => {
                let line = text.lines().nth(1).unwrap_or_default().trim();
                let bytes = BASE64_STANDARD.decode(line).map_err(|_| SigningError::Form)?;
                minisign::SecretKey::from_bytes(&bytes)
            }
            None => return Err(SigningError::Password),
        };
        key.map(Self).map_err(|error| match error.kind() {
            minisign::ErrorKind::Verify => SigningError::Password,
            _ => SigningError::Form,
        })
    }

    /// The key's id.
    pub fn id(&self) -> KeyId {
        KeyId::new(self.0.keynum().try_into().unwrap_or_default())
    }

    /// The text of `FILE.minisig`. The comment is signed, too.
    pub fn sign(&self, bytes: &[u8], comment: &str) -> Result<String, SigningError> {
        // minisign's own comments have tabs.
        if comment.contains(|c: char| c.is_control() && c != '\t') {
            return Err(SigningError::Comment);
        }
        let about = format!("signature by key {}", self.id());
        // Checked with the other half that a key holds: one that was damaged signs nothing.
        let public = minisign::PublicKey::from_secret_key(&self.0)?;
        let signature = minisign::sign(Some(&public), &self.0, bytes, Some(comment), Some(&about))?;
        Ok(signature.into_string())
    }
}
