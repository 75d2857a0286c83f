//! Who asks a registry.

use std::fmt;

use docker_credential::{CredentialRetrievalError, DockerCredential};
use oci_client::secrets::RegistryAuth;

use crate::error::RegistryError;
use crate::reference::Reference;

/// A name and what proves it.
#[derive(Clone)]
pub struct Credentials {
    /// The name.
    pub username: String,
    /// A password or token.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}, [redacted])", self.username)
    }
}

/// What was given, else what `docker login` left for that registry, else nothing.
pub(crate) fn auth(
    reference: &Reference,
    given: Option<&Credentials>,
) -> Result<RegistryAuth, RegistryError> {
    if let Some(Credentials { username, password }) = given {
        return Ok(RegistryAuth::Basic(username.clone(), password.clone()));
    }
    let host = reference.host();
    // The name under which docker keeps the login of its own registry.
    let server = if host == "index.docker.io" { "https://index.docker.io/v1/" } else { host };
    match docker_credential::get_credential(server) {
        Ok(DockerCredential::UsernamePassword(name, password)) => Ok(RegistryAuth::Basic(name, password)),
        Ok(DockerCredential::IdentityToken(_)) => {
            Err(RegistryError::Login(format!("{host} has an identity token, which is not supported")))
        }
        Err(
            CredentialRetrievalError::ConfigNotFound
            | CredentialRetrievalError::ConfigReadError
            | CredentialRetrievalError::NoCredentialConfigured,
        ) => Ok(RegistryAuth::Anonymous),
        // Of a helper that has nothing, too: public components need no login.
        Err(error) => {
            tracing::debug!("no login of docker for {host}: {error}");
            Ok(RegistryAuth::Anonymous)
        }
    }
}
