//! To a registry and back.

use std::time::Duration;

use oci_client::client::{ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::manifest::{OciDescriptor, OciImageManifest};
use oci_client::secrets::RegistryAuth;
use sha2::{Digest as _, Sha256};

use crate::auth::{Credentials, auth};
use crate::bounded::Bounded;
use crate::error::RegistryError;
use crate::layout::{COMPONENT, CONFIG, Description, Layers, SIGNATURE};
use crate::reference::Reference;
use crate::retry::retrying;

/// How to speak to a registry.
#[derive(Debug, Clone)]
pub struct Options {
    /// Who asks; `None`: as docker is logged in.
    pub credentials: Option<Credentials>,
    /// HTTP without TLS. Registries on this machine are always asked so.
    pub plain_http: bool,
    /// How often a failure that may pass is tried again.
    pub retries: u32,
    /// The largest component that is accepted.
    pub max_bytes: u64,
}

/// One registry.
pub struct Client {
    client: oci_client::Client,
    auth: RegistryAuth,
    options: Options,
}

/// What came.
pub struct Pulled {
    /// The component.
    pub bytes: Vec<u8>,
    /// Its signature, if it has one.
    pub signature: Option<Vec<u8>>,
    /// The digest of the manifest, which names it for ever: `sha256:…`.
    pub manifest: String,
}

impl Client {
    /// For the registry of `reference`.
    pub fn new(reference: &Reference, options: Options) -> Result<Self, RegistryError> {
        let auth = auth(reference, options.credentials.as_ref())?;
        // Fails where one is installed already; that is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let plain = options.plain_http || reference.is_local();
        let config = ClientConfig {
            protocol: if plain { ClientProtocol::Http } else { ClientProtocol::Https },
            // What runs on one platform runs on all: an index of several is something else.
            platform_resolver: None,
            connect_timeout: Some(Duration::from_secs(10)),
            read_timeout: Some(Duration::from_secs(30)),
            user_agent: concat!("skidway/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        // Not `new`, which goes on with its defaults where these fail.
        let client = oci_client::Client::try_from(config)?;
        Ok(Self { client, auth, options })
    }

    /// Fetches a component. `progress` hears how many bytes of how many came; `told` hears of failures that
    /// a pause follows.
    pub async fn pull(
        &self,
        reference: &Reference,
        progress: &mut (dyn FnMut(u64, u64) + Send),
        told: &mut (dyn FnMut(&RegistryError, Duration) + Send),
    ) -> Result<Pulled, RegistryError> {
        let retries = self.options.retries;
        let (manifest, digest) = retrying(retries, told, async || {
            Ok(self.client.pull_image_manifest(&reference.0, &self.auth).await?)
        })
        .await?;
        let layers = Layers::of(manifest, self.options.max_bytes)?;
        let bytes =
            retrying(retries, told, async || self.layer(reference, &layers.component, progress).await)
                .await?;
        let signature = match &layers.signature {
            None => None,
            Some(layer) => {
                let mut silent = |_, _| {};
                Some(retrying(retries, told, async || self.layer(reference, layer, &mut silent).await).await?)
            }
        };
        Ok(Pulled { bytes, signature, manifest: digest })
    }

    /// No more than its size, and of its digest.
    async fn layer(
        &self,
        reference: &Reference,
        layer: &OciDescriptor,
        progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<Vec<u8>, RegistryError> {
        let size = layer.size.unsigned_abs();
        let mut bytes = Bounded::new(size, progress);
        self.client.pull_blob(&reference.0, layer, &mut bytes).await?;
        let bytes = bytes.into_bytes();
        if bytes.len() as u64 != size {
            return Err(RegistryError::Digest(format!("{} bytes instead of {size}", bytes.len())));
        }
        Ok(bytes)
    }

    /// Puts a component under a tag and answers the digest of its manifest.
    pub async fn push(
        &self,
        reference: &Reference,
        bytes: Vec<u8>,
        signature: Option<Vec<u8>>,
        description: &Description,
        told: &mut (dyn FnMut(&RegistryError, Duration) + Send),
    ) -> Result<String, RegistryError> {
        let config = description.config(&digest(&bytes));
        let config = Config::new(config, CONFIG.to_owned(), None);
        let mut layers = vec![ImageLayer::new(bytes, COMPONENT.to_owned(), None)];
        layers.extend(signature.map(|signature| ImageLayer::new(signature, SIGNATURE.to_owned(), None)));
        let mut manifest = OciImageManifest::build(&layers, &config, None);
        manifest.media_type = Some(oci_client::manifest::OCI_IMAGE_MEDIA_TYPE.to_owned());
        retrying(self.options.retries, told, async || {
            let (config, manifest) = (config.clone(), Some(manifest.clone()));
            self.client.push(&reference.0, &layers, config, &self.auth, manifest).await?;
            Ok(self.client.fetch_manifest_digest(&reference.0, &self.auth).await?)
        })
        .await
    }
}

fn digest(bytes: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
