//! Reads what a component is from its bytes, before anything is compiled: which
//! version of our interface it was built against, what it exports, what it wants.
//!
//! The bytes are hostile. Nothing here is recursive, what is kept is bounded, and
//! names are shown to people only after they were found to be plain.

mod outline;

use std::collections::BTreeSet;
use std::fmt;

use sha2::{Digest as _, Sha256};

use outline::Outline;

/// The package all our interfaces belong to.
pub const PACKAGE: &str = "skidway:processor";
/// The interface versions that this host speaks, newest last.
pub const VERSIONS: &[&str] = &["0.1.0"];
/// The package that other tool chains import from; see [`Inspection::wasi_imports`].
pub(crate) const WASI: &str = "wasi:";

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
    /// How many things the largest module in it defines: an instance of it takes
    /// memory in the host for each.
    pub(crate) largest_module: usize,
}

impl Inspection {
    /// Imports of WASI. A component that has any is given an empty world: no files,
    /// no network, no environment, no clock.
    pub fn wasi_imports(&self) -> impl Iterator<Item = &str> {
        self.imports.iter().map(String::as_str).filter(|name| name.starts_with(WASI))
    }

    /// Imports that a component does not get, neither ours nor WASI's.
    pub fn foreign_imports(&self) -> impl Iterator<Item = &str> {
        self.imports.iter().map(String::as_str).filter(|name| !is_ours(name) && !name.starts_with(WASI))
    }

    /// Whether it imports nothing but our package: it can compute and log, and asks
    /// for nothing else.
    pub fn is_pure(&self) -> bool {
        self.imports.iter().all(|name| is_ours(name))
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
        "it is a core WebAssembly module, not a component; make one of it with \
         `skidway componentize`"
    )]
    CoreModule,
    #[error("it is damaged: {0}")]
    Damaged(String),
    #[error("it holds components that are nested more than {max} deep")]
    TooDeep { max: usize },
    #[error("it has more than {max} imports and exports, or their names are too long")]
    TooManyNames { max: usize },
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
    let Outline { imports, exports, largest_module } = outline::read(bytes)?;
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
    let (size, digest) = (bytes.len(), Digest::of(bytes));
    let roles = roles.into_iter().collect();
    Ok(Inspection { version, roles, exports, imports, size, digest, largest_module })
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
    fn a_name_that_only_looks_like_ours_is_foreign() {
        assert!(is_ours("skidway:processor/host@0.1.0"));
        assert!(!is_ours("skidway:processor-evil/host@0.1.0"));
    }

    #[test]
    fn reads_roles_version_and_purity() {
        let bytes = wat(r#"(component
                (import "skidway:processor/host@0.1.0" (instance))
                (import "wasi:cli/environment@0.2.0" (instance))
                (import "other:package/thing@1.0.0" (instance))
                (instance $i)
                (component $inner (import "inner:only/name@1.0.0" (instance)))
                (export "skidway:processor/parser@0.1.0" (instance $i)))"#);
        let inspection = inspect(&bytes).unwrap();
        assert_eq!(inspection.version, "0.1.0");
        assert_eq!(inspection.roles, [Role::Parser]);
        assert_eq!(inspection.wasi_imports().collect::<Vec<_>>(), ["wasi:cli/environment@0.2.0"]);
        assert_eq!(inspection.foreign_imports().collect::<Vec<_>>(), ["other:package/thing@1.0.0"]);
        assert!(!inspection.is_pure());
    }
}
