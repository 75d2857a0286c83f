//! How a component lies in a registry.

use std::collections::BTreeMap;

use oci_client::manifest::{OciDescriptor, OciImageManifest};
use serde_json::json;

use crate::error::RegistryError;

/// The type of the manifest's config, and with it of the whole.
pub(crate) const CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// The type of the layer that is the component.
pub(crate) const COMPONENT: &str = "application/wasm";
/// What that type was called before.
const COMPONENT_ONCE: &str = "application/vnd.wasm.content.layer.v1+wasm";
/// The type of a layer that is the component's signature.
pub(crate) const SIGNATURE: &str = "application/vnd.skidway.minisig";
/// Four lines.
pub(crate) const MAX_SIGNATURE: u64 = 16 << 10;

/// What the manifest's config says of a component.
#[derive(Debug, Clone, Default)]
pub struct Description {
    /// All that it exports, by full name.
    pub exports: Vec<String>,
    /// All that it imports, by full name.
    pub imports: Vec<String>,
}

impl Description {
    /// As the layout has it. `os` is what a component's world is called there.
    pub(crate) fn config(&self, digest: &str) -> Vec<u8> {
        let created = jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_default();
        let config = json!({
            "created": created.to_string(),
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [digest],
            "component": {"exports": self.exports, "imports": self.imports, "target": null},
        });
        config.to_string().into_bytes()
    }
}

/// The layers that matter.
pub(crate) struct Layers {
    pub(crate) component: OciDescriptor,
    pub(crate) signature: Option<OciDescriptor>,
}

impl Layers {
    /// Other types of config are accepted: what a component is, it tells by itself.
    pub(crate) fn of(manifest: OciImageManifest, most: u64) -> Result<Self, RegistryError> {
        let kinds: Vec<_> = manifest.layers.iter().map(|layer| layer.media_type.clone()).collect();
        let mut by_type: BTreeMap<&str, Vec<OciDescriptor>> = BTreeMap::new();
        for layer in manifest.layers {
            let kind = match layer.media_type.as_str() {
                COMPONENT | COMPONENT_ONCE => COMPONENT,
                SIGNATURE => SIGNATURE,
                _ => continue,
            };
            by_type.entry(kind).or_default().push(layer);
        }
        let mut one = |kind: &str, most: u64| match by_type.remove(kind).unwrap_or_default().as_slice() {
            [] => Ok(None),
            [layer] => match u64::try_from(layer.size) {
                Ok(size) if size <= most => Ok(Some(layer.clone())),
                Ok(size) => Err(RegistryError::TooLarge { size, most }),
                Err(_) => Err(RegistryError::Layout("a layer has no size".to_owned())),
            },
            several => Err(RegistryError::Layout(format!("it has {} layers of type {kind}", several.len()))),
        };
        let component = one(COMPONENT, most)?;
        let signature = one(SIGNATURE, MAX_SIGNATURE)?;
        let component = component.ok_or_else(|| match kinds.as_slice() {
            [] => RegistryError::Layout("it has no layers".to_owned()),
            kinds => RegistryError::Layout(format!("its layers are of type {}", kinds.join(", "))),
        })?;
        Ok(Self { component, signature })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(layers: &[(&str, i64)]) -> OciImageManifest {
        let layer = |&(kind, size): &(&str, i64)| OciDescriptor {
            media_type: kind.to_owned(),
            digest: format!("sha256:{}", "0".repeat(64)),
            size,
            ..OciDescriptor::default()
        };
        OciImageManifest { layers: layers.iter().map(layer).collect(), ..OciImageManifest::default() }
    }

    #[test]
    fn a_component_is_one_layer_with_or_without_a_signature() {
        for kind in [COMPONENT, COMPONENT_ONCE] {
            let layers =
                Layers::of(manifest(&[("text/plain", 1), (kind, 100), (SIGNATURE, 300)]), 100).unwrap();
            assert_eq!((layers.component.size, layers.signature.unwrap().size), (100, 300));
            assert!(Layers::of(manifest(&[(kind, 0)]), 100).unwrap().signature.is_none());
        }
    }

    #[test]
    fn what_is_none_says_what_it_is() {
        let table: &[(&[(&str, i64)], &str)] = &[
            (&[], "it is no component: it has no layers"),
            (&[("application/x-tar", 1)], "it is no component: its layers are of type application/x-tar"),
            (
                &[(COMPONENT, 1), (COMPONENT_ONCE, 1)],
                "it is no component: it has 2 layers of type application/wasm",
            ),
            (&[(COMPONENT, 101)], "it is 101 bytes large, more than the 100 that are accepted"),
            (
                &[(COMPONENT, 1), (SIGNATURE, 1 << 20)],
                "it is 1048576 bytes large, more than the 16384 that are accepted",
            ),
            (&[(COMPONENT, -1)], "it is no component: a layer has no size"),
        ];
        for (layers, expected) in table {
            let found = Layers::of(manifest(layers), 100).err().map(|error| error.to_string());
            assert_eq!(found.as_deref(), Some(*expected));
        }
    }
}
