//! Reads what a component is from its bytes, before anything is compiled: which
//! version of our interface it was built against, what it exports, what it wants.

use std::collections::BTreeSet;
use std::fmt;

use sha2::{Digest as _, Sha256};
use wasmparser::{Encoding, Parser, Payload};

/// The package all our interfaces belong to.
pub const PACKAGE: &str = "skidway:processor";
/// The interface versions that this host speaks, newest last.
pub const VERSIONS: &[&str] = &["0.1.0"];
/// Larger files are refused unread: the bundled components are tens of kilobytes,
/// and those of interpreters stay below this.
pub const MAX_COMPONENT_BYTES: usize = 64 << 20;

/// What a component can do for us: the interfaces it exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Lines in, records out.
    Parser,
    /// Records in, changes out.
    Enricher,
    /// Facts about the host in, resource attributes out.
    Describer,
}

impl Role {
    fn of(interface: &str) -> Option<Self> {
        match interface {
            "parser" => Some(Role::Parser),
            "enricher" => Some(Role::Enricher),
            "describer" => Some(Role::Describer),
            _ => None,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Parser => "parser",
            Role::Enricher => "enricher",
            Role::Describer => "describer",
        })
    }
}

/// SHA-256 of a component's bytes: its name in caches and reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What the bytes of a component say of themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The version of [`PACKAGE`] it was built against.
    pub version: String,
    /// What it offers, in a fixed order.
    pub roles: Vec<Role>,
    /// Everything it exports, by full name.
    pub exports: Vec<String>,
    /// Everything it imports, by full name.
    pub imports: Vec<String>,
    /// Its size in bytes.
    pub size: usize,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}

impl Inspection {
    /// Imports that are not ours. A component without any is pure: it can compute
    /// and log, and nothing else.
    pub fn foreign_imports(&self) -> impl Iterator<Item = &str> {
        self.imports.iter().map(String::as_str).filter(|name| !is_ours(name))
    }

    /// Whether it imports nothing but our package.
    pub fn is_pure(&self) -> bool {
        self.foreign_imports().next().is_none()
    }
}

/// Why bytes are not a component that this host can run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what it means")]
pub enum InspectError {
    #[error("it is not WebAssembly (the first bytes are not `\\0asm`)")]
    NotWasm,
    #[error(
        "it is a core WebAssembly module, not a component; build it with `cargo component build`, \
         or make a component of it with `wasm-tools component new`"
    )]
    CoreModule,
    #[error("it is {size} bytes large, more than the {max} that are accepted")]
    TooLarge { size: usize, max: usize },
    #[error("it is damaged: {0}")]
    Damaged(String),
    #[error(
        "it exports none of the interfaces parser, enricher and describer of {PACKAGE}; \
         it exports {}", listed(.exports)
    )]
    OtherWorld { exports: Vec<String> },
    #[error(
        "it was built against {PACKAGE}@{found}; this agent speaks {}. {}",
        VERSIONS.join(", "),
        newer_or_older(.found)
    )]
    Version { found: String },
    #[error("it names two versions of {PACKAGE}: {}", .found.join(", "))]
    MixedVersions { found: Vec<String> },
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn newer_or_older(found: &str) -> &'static str {
    let number = |version: &str| {
        let mut parts = version.split(['.', '-', '+']).map(|part| part.parse::<u64>().unwrap_or(0));
        [parts.next(), parts.next(), parts.next()]
    };
    match VERSIONS.last() {
        Some(newest) if number(found) > number(newest) => "A newer agent is needed.",
        _ => "The component has to be built again.",
    }
}

fn is_ours(name: &str) -> bool {
    name.strip_prefix(PACKAGE).is_some_and(|rest| rest.starts_with('/'))
}

/// Reads `bytes`. Nothing in them is run, and nothing is compiled.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, InspectError> {
    if !bytes.starts_with(b"\0asm") {
        return Err(InspectError::NotWasm);
    }
    if bytes.len() > MAX_COMPONENT_BYTES {
        return Err(InspectError::TooLarge { size: bytes.len(), max: MAX_COMPONENT_BYTES });
    }
    let (imports, exports) = names(bytes)?;
    let mut versions = BTreeSet::new();
    let mut roles = BTreeSet::new();
    for name in imports.iter().chain(&exports).filter(|name| is_ours(name)) {
        versions.extend(name.split_once('@').map(|(_, version)| version.to_owned()));
    }
    for name in exports.iter().filter(|name| is_ours(name)) {
        let interface = name[PACKAGE.len() + 1..].split('@').next().unwrap_or_default();
        roles.extend(Role::of(interface));
    }
    if roles.is_empty() {
        return Err(InspectError::OtherWorld { exports });
    }
    let mut versions: Vec<_> = versions.into_iter().collect();
    let version = match versions.len() {
        1 => versions.remove(0),
        _ => return Err(InspectError::MixedVersions { found: versions }),
    };
    if !VERSIONS.contains(&version.as_str()) {
        return Err(InspectError::Version { found: version });
    }
    let roles = roles.into_iter().collect();
    Ok(Inspection { version, roles, exports, imports, size: bytes.len(), digest: Digest::of(bytes) })
}

/// The names that the outermost component imports and exports.
fn names(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), InspectError> {
    let damaged = |error: wasmparser::BinaryReaderError| InspectError::Damaged(error.message().to_owned());
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(damaged)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                return Err(InspectError::CoreModule);
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    imports.push(import.map_err(damaged)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    exports.push(export.map_err(damaged)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wat(text: &str) -> Vec<u8> {
        wat::parse_str(text).unwrap()
    }

    fn exporting(name: &str) -> Vec<u8> {
        wat(&format!(r#"(component (instance $i) (export "{name}" (instance $i)))"#))
    }

    #[test]
    fn tells_what_bytes_are_not_ours() {
        assert_eq!(inspect(b"#!/bin/sh"), Err(InspectError::NotWasm));
        assert_eq!(inspect(&wat("(module)")), Err(InspectError::CoreModule));
        assert!(matches!(inspect(b"\0asm\x0d\0\x01\0\xff\xff"), Err(InspectError::Damaged(_))));
        assert!(matches!(inspect(&exporting("wasi:cli/run@0.2.0")), Err(InspectError::OtherWorld { .. })));
        let newer = inspect(&exporting("skidway:processor/parser@0.9.0")).unwrap_err();
        assert_eq!(
            newer.to_string(),
            "it was built against skidway:processor@0.9.0; this agent speaks 0.1.0. A newer agent is needed."
        );
    }

    #[test]
    fn a_file_that_is_too_large_is_refused_unread() {
        let mut bytes = b"\0asm".to_vec();
        bytes.resize(MAX_COMPONENT_BYTES + 1, 0);
        assert!(matches!(inspect(&bytes), Err(InspectError::TooLarge { .. })));
    }

    #[test]
    fn a_name_that_only_looks_like_ours_is_foreign() {
        assert!(is_ours("skidway:processor/host@0.1.0"));
        assert!(!is_ours("skidway:processor-evil/host@0.1.0"));
    }

    #[test]
    fn reads_roles_version_and_purity() {
        let bytes = wat(r#"(component
                (import "skidway:processor/host@0.1.0" (instance))
                (import "wasi:cli/environment@0.2.0" (instance))
                (instance $i)
                (component $inner (import "inner:only/name@1.0.0" (instance)))
                (export "skidway:processor/parser@0.1.0" (instance $i)))"#);
        let inspection = inspect(&bytes).unwrap();
        assert_eq!(inspection.version, "0.1.0");
        assert_eq!(inspection.roles, [Role::Parser]);
        assert_eq!(inspection.foreign_imports().collect::<Vec<_>>(), ["wasi:cli/environment@0.2.0"]);
        assert!(!inspection.is_pure());
    }
}
