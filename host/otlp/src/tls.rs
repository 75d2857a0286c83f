//! How a backend proves who it is, and how this host does: one rustls configuration
//! for HTTP and for gRPC.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme, SupportedProtocolVersion, version,
};

use crate::error::OptionsError;

/// How a backend's certificate is checked, and what this host shows of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// Certificates to trust instead of the system's.
    pub ca: Option<Pem>,
    /// Whether to trust the system's as well as those of `ca`.
    pub and_system_ca: bool,
    /// Whether any certificate will do. For trying things out.
    pub insecure_skip_verify: bool,
    /// Certificates and key, for backends that ask who is there.
    pub client: Option<(Pem, Pem)>,
    /// The name that the backend's certificate must have, where it is not the
    /// endpoint's.
    pub server_name: Option<String>,
    /// The oldest and the newest version to speak.
    pub versions: Versions,
}

/// Which versions of TLS are spoken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Versions {
    /// 1.2 and 1.3.
    #[default]
    Both,
    /// 1.2 alone.
    Only12,
    /// 1.3 alone.
    Only13,
}

/// Something in PEM (RFC 7468).
#[derive(Clone, PartialEq, Eq)]
pub enum Pem {
    /// In a file, read when the exporter is made.
    File(PathBuf),
    /// Written out; may be a key, so it is not shown.
    Text(String),
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Text(_) => f.write_str("..."),
        }
    }
}

impl Pem {
    fn read(&self, what: &'static str) -> Result<Vec<u8>, OptionsError> {
        match self {
            Self::File(path) => {
                std::fs::read(path).map_err(|source| OptionsError::File { what, path: path.clone(), source })
            }
            Self::Text(text) => Ok(text.clone().into_bytes()),
        }
    }

    fn unusable(&self, what: &'static str, reason: impl fmt::Display) -> OptionsError {
        let path = match self {
            Self::File(path) => path.as_path(),
            Self::Text(_) => Path::new("in the config"),
        };
        OptionsError::Pem { what, path: path.to_owned(), reason: reason.to_string() }
    }

    fn certificates(&self, what: &'static str) -> Result<Vec<CertificateDer<'static>>, OptionsError> {
        let pem = self.read(what)?;
        let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        match all {
            Ok(all) if all.is_empty() => Err(self.unusable(what, "no certificate in it")),
            Ok(all) => Ok(all),
            Err(error) => Err(self.unusable(what, error)),
        }
    }

    fn key(&self) -> Result<PrivateKeyDer<'static>, OptionsError> {
        let what = "key_file";
        PrivateKeyDer::from_pem_slice(&self.read(what)?).map_err(|error| self.unusable(what, error))
    }
}

impl Tls {
    /// What rustls needs to speak to a backend. Without `encrypted` no certificate is
    /// read but those that are named, so that a wrong name is still an error.
    pub(crate) fn client_config(&self, encrypted: bool) -> Result<ClientConfig, OptionsError> {
        let provider = Arc::new(ring::default_provider());
        let versions: &[&SupportedProtocolVersion] = match self.versions {
            Versions::Both => &[&version::TLS13, &version::TLS12],
            Versions::Only12 => &[&version::TLS12],
            Versions::Only13 => &[&version::TLS13],
        };
        let unusable = |error: rustls::Error| OptionsError::Client(error.to_string());
        let roots = Arc::new(self.roots(encrypted)?);
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .map_err(unusable)?;
        let builder = match self.verifier(&roots, &provider)? {
            Some(verifier) => builder.dangerous().with_custom_certificate_verifier(verifier),
            None => builder.with_root_certificates(roots),
        };
        Ok(match &self.client {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let what = "cert_file";
                let chain = certificate.certificates(what)?;
                builder
                    .with_client_auth_cert(chain, key.key()?)
                    .map_err(|error| certificate.unusable("cert_file with its key_file", error))?
            }
        })
    }

    fn roots(&self, encrypted: bool) -> Result<RootCertStore, OptionsError> {
        let mut roots = RootCertStore::empty();
        if let Some(ca) = &self.ca {
            for certificate in ca.certificates("ca_file")? {
                roots.add(certificate).map_err(|error| ca.unusable("ca_file", error))?;
            }
        }
        // Reading the system's costs start-up time and memory that a plain connection
        // has no use for.
        if encrypted && !self.insecure_skip_verify && (self.ca.is_none() || self.and_system_ca) {
            // One that cannot be read is no reason to trust none.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Ok(roots)
    }

    fn verifier(
        &self,
        roots: &Arc<RootCertStore>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Option<Arc<dyn ServerCertVerifier>>, OptionsError> {
        if self.insecure_skip_verify {
            return Ok(Some(Arc::new(Anyone(Arc::clone(provider)))));
        }
        let Some(name) = &self.server_name else { return Ok(None) };
        let name = ServerName::try_from(name.clone())
            .map_err(|_| OptionsError::Client(format!("server_name_override: {name:?} is no host name")))?;
        let checks =
            WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(provider)).build();
        // There is nothing to check against without a certificate to trust: no
        // connection will be made then.
        let checks = checks.map_err(|error| OptionsError::Client(error.to_string()))?;
        Ok(Some(Arc::new(Named { checks, name })))
    }
}

/// Believes any certificate, but not that somebody else's was used.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Checks everything as usual, but for another name.
#[derive(Debug)]
struct Named {
    checks: Arc<WebPkiServerVerifier>,
    name: ServerName<'static>,
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        end: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        stapled: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.checks.verify_server_cert(end, intermediates, &self.name, stapled, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.checks.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.checks.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.checks.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_shown() {
        let key = Pem::Text("hidden".to_owned());
        let tls = Tls { client: Some((Pem::File("/a.pem".into()), key)), ..Tls::default() };
        let said = format!("{tls:?}");
        assert!(said.contains("/a.pem") && !said.contains("hidden"), "{said}");
    }

    #[test]
    fn what_is_no_pem_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let ca = |pem| Tls { ca: Some(pem), ..Tls::default() }.client_config(false).unwrap_err();
        assert!(matches!(ca(Pem::File(path.clone())), OptionsError::File { what: "ca_file", .. }));
        std::fs::write(&path, "no certificate").unwrap();
        assert!(matches!(ca(Pem::File(path.clone())), OptionsError::Pem { what: "ca_file", .. }));
        let said = ca(Pem::Text("nothing".to_owned())).to_string();
        assert_eq!(said, "ca_file in the config holds no usable PEM: no certificate in it");
        let client = Some((Pem::File(path.clone()), Pem::File(path)));
        let client = Tls { client, ..Tls::default() }.client_config(false).unwrap_err();
        assert!(matches!(client, OptionsError::Pem { what: "cert_file", .. }));
    }
}
