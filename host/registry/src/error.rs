//! What goes wrong, in words that say what to do.

use oci_client::errors::{OciDistributionError, OciErrorCode};

/// Why a registry gave or took nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// It has no such thing.
    #[error("there is no such name or tag in the registry")]
    NotFound,
    /// It wants to know who asks, or does not believe it.
    #[error(
        "the registry wants a login, or another one: `docker login HOST`, or `--username NAME --password-stdin`"
    )]
    Unauthorized,
    /// It knows who asks, or does not care.
    #[error("the registry refuses it to this user")]
    Forbidden,
    /// Nobody answers.
    #[error("the registry cannot be reached: {0}")]
    Unreachable(String),
    /// It has other troubles.
    #[error("the registry answers {0}")]
    Busy(String),
    /// What there is is larger than a component may be.
    #[error("it is {size} bytes large, more than the {most} that are accepted")]
    TooLarge {
        /// What the manifest says.
        size: u64,
        /// What is accepted.
        most: u64,
    },
    /// It sent more than its manifest says.
    #[error("the registry sent more than the {0} bytes that its manifest names")]
    Overlong(u64),
    /// There is something else under that name.
    #[error("it is no component: {0}")]
    Layout(String),
    /// What came is not what was asked for.
    #[error("what the registry sent is not what it should be: {0}")]
    Digest(String),
    /// What `docker login` wrote cannot be used.
    #[error("cannot use the login of docker: {0}")]
    Login(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl RegistryError {
    /// Whether it may go away by itself.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy(_))
    }
}

impl From<OciDistributionError> for RegistryError {
    fn from(error: OciDistributionError) -> Self {
        use OciDistributionError as Oci;
        match error {
            Oci::RequestError(error) => Self::Unreachable(chain(&error.without_url())),
            Oci::IoError(error) => match error.get_ref().and_then(|inner| inner.downcast_ref()) {
                Some(&crate::bounded::Full(most)) => Self::Overlong(most),
                None => Self::Unreachable(chain(&error)),
            },
            Oci::UnauthorizedError { .. } | Oci::AuthenticationFailure(_) => Self::Unauthorized,
            Oci::ImageManifestNotFoundError(_) => Self::NotFound,
            Oci::ServerError { code, message, .. } => match code {
                401 => Self::Unauthorized,
                403 => Self::Forbidden,
                404 => Self::NotFound,
                429 | 500.. => Self::Busy(format!("{code} {}", excerpt(&message)).trim_end().to_owned()),
                _ => Self::Other(format!("the registry answers {code}: {}", excerpt(&message))),
            },
            Oci::RegistryError { envelope, .. } => {
                let has =
                    |codes: &[OciErrorCode]| envelope.errors.iter().any(|error| codes.contains(&error.code));
                if has(&[OciErrorCode::Unauthorized]) {
                    Self::Unauthorized
                } else if has(&[OciErrorCode::Denied]) {
                    Self::Forbidden
                } else if has(&[
                    OciErrorCode::ManifestUnknown,
                    OciErrorCode::ManifestBlobUnknown,
                    OciErrorCode::NameUnknown,
                    OciErrorCode::NotFound,
                    OciErrorCode::BlobUnknown,
                ]) {
                    Self::NotFound
                } else if has(&[OciErrorCode::Toomanyrequests]) {
                    Self::Busy("429: too many requests".to_owned())
                } else {
                    Self::Other(format!("the registry answers: {}", excerpt(&envelope.to_string())))
                }
            }
            Oci::DigestError(error) => Self::Digest(error.to_string()),
            Oci::ImageIndexParsingNoPlatformResolverError => {
                Self::Layout("it is an index of images for several platforms".to_owned())
            }
            Oci::UnsupportedMediaTypeError(kind) => Self::Layout(format!("its manifest is of type {kind}")),
            Oci::ManifestParsingError(what) | Oci::VersionedParsingError(what) => {
                Self::Layout(format!("its manifest cannot be read: {what}"))
            }
            other => Self::Other(other.to_string()),
        }
    }
}

/// An error with all that led to it: the outer ones of a client only say that a request failed.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// A stranger's words, on one line and not too many of them.
fn excerpt(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

/// Why the local copies cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// Which one.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// The list of names is damaged.
    #[error("{path} cannot be read ({why}); move it away, and fetch its components again")]
    Damaged {
        /// Which one.
        path: String,
        /// Why.
        why: String,
    },
}
