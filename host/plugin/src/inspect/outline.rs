//! The few things that are read of a component's inside, section by section.

use wasmparser::{ElementItems, Encoding, Parser, Payload};

use super::InspectError;

/// Real components nest two or three deep: what a tool chain made in what another one
/// made. Compilers walk nested components recursively.
const MAX_DEPTH: usize = 32;
/// Real components have tens of them.
const MAX_NAMES: usize = 1000;
/// Of all names together.
const MAX_NAME_BYTES: usize = 64 << 10;

/// What a component consists of.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// What the outermost component imports.
    pub(super) imports: Vec<String>,
    /// What it exports.
    pub(super) exports: Vec<String>,
    /// See [`Inspection`](super::Inspection).
    pub(super) largest_module: usize,
}

impl Outline {
    /// Checks a name and keeps it in one of the two lists.
    fn keep(&mut self, name: &str, list: fn(&mut Self) -> &mut Vec<String>) -> Result<(), InspectError> {
        if name.chars().any(|c| !c.is_ascii_graphic() && c != ' ') {
            return Err(InspectError::Damaged("a name in it is no name".to_owned()));
        }
        let known = self.imports.iter().chain(&self.exports);
        let bytes = known.clone().map(String::len).sum::<usize>() + name.len();
        if known.count() >= MAX_NAMES || bytes > MAX_NAME_BYTES {
            return Err(InspectError::TooManyNames { max: MAX_NAMES });
        }
        list(self).push(name.to_owned());
        Ok(())
    }
}

/// Reads the outline of a component.
pub(super) fn read(bytes: &[u8]) -> Result<Outline, InspectError> {
    let damaged = |error: wasmparser::BinaryReaderError| InspectError::Damaged(error.message().to_owned());
    let mut outline = Outline::default();
    let (mut depth, mut module) = (0usize, 0usize);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(damaged)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                return Err(InspectError::CoreModule);
            }
            Payload::Version { encoding: Encoding::Module, .. } => module = 0,
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(InspectError::TooDeep { max: MAX_DEPTH });
                }
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    outline.keep(import.map_err(damaged)?.name.name, |outline| &mut outline.imports)?;
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    outline.keep(export.map_err(damaged)?.name.name, |outline| &mut outline.exports)?;
                }
            }
            Payload::ImportSection(section) => module += section.count() as usize,
            Payload::FunctionSection(section) => module += section.count() as usize,
            Payload::TableSection(section) => module += section.count() as usize,
            Payload::MemorySection(section) => module += section.count() as usize,
            Payload::GlobalSection(section) => module += section.count() as usize,
            Payload::TagSection(section) => module += section.count() as usize,
            Payload::ElementSection(section) => {
                for element in section {
                    module += match element.map_err(damaged)?.items {
                        ElementItems::Functions(items) => items.count() as usize,
                        ElementItems::Expressions(_, items) => items.count() as usize,
                    };
                }
            }
            _ => {}
        }
        outline.largest_module = outline.largest_module.max(module);
    }
    Ok(outline)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `inner`, in a component, in a component, …
    fn nested(depth: usize, inner: &[u8]) -> Vec<u8> {
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        bytes.extend(inner);
        for _ in 0..depth {
            let mut outer = b"\0asm\x0d\0\x01\0\x04".to_vec();
            // A section's length is five bytes at the most.
            outer.extend(
                (0..5).map(|i| ((bytes.len() >> (7 * i)) & 0x7f) as u8 | if i < 4 { 0x80 } else { 0 }),
            );
            outer.extend(&bytes);
            bytes = outer;
        }
        bytes
    }

    #[test]
    fn a_component_is_nested_so_deep_and_no_deeper() {
        assert!(read(&nested(MAX_DEPTH, &[])).is_ok());
        for depth in [MAX_DEPTH + 1, 1000, 100_000] {
            let error = read(&nested(depth, &[])).unwrap_err();
            assert!(matches!(error, InspectError::TooDeep { .. }), "{error}");
        }
    }

    #[test]
    fn types_nested_a_million_deep_are_not_walked() {
        // A component type that declares a component type that declares one …
        let depth = 1_000_000;
        let mut section = vec![7];
        let length = 1 + 3 * depth;
        section.extend((0..5).map(|i| ((length >> (7 * i)) & 0x7f) as u8 | if i < 4 { 0x80 } else { 0 }));
        section.push(1);
        section.extend([0x41, 1, 1].repeat(depth));
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        bytes.extend(section);
        assert!(read(&bytes).unwrap().exports.is_empty());
    }

    #[test]
    fn names_are_bounded_and_plain() {
        let importing = |count: usize, name: &str| {
            let import = |n| format!(r#"(import "{name}{n}" (instance))"#);
            wat::parse_str(format!("(component {})", (0..count).map(import).collect::<String>())).unwrap()
        };
        assert_eq!(read(&importing(1000, "a")).unwrap().imports.len(), 1000);
        for (count, name) in [(1001, "a".to_owned()), (20, "b".repeat(4000))] {
            let error = read(&importing(count, &name)).unwrap_err();
            assert!(matches!(error, InspectError::TooManyNames { .. }), "{error}");
        }
        let mut escape = importing(1, "abcdef");
        let at = escape.windows(6).position(|window| window == b"abcdef").unwrap();
        escape[at] = 0x1b;
        assert!(matches!(read(&escape), Err(InspectError::Damaged(_))));
    }

    #[test]
    fn what_a_module_defines_is_counted() {
        let bytes = wat::parse_str(
            r#"(component
                (core module (global i32 (i32.const 0)))
                (core module
                    (import "a" "b" (func)) (func) (func) (memory 1) (table 1 funcref) (global i32 (i32.const 0))
                    (elem func 0 1 2))
                (core module))"#,
        );
        assert_eq!(read(&bytes.unwrap()).unwrap().largest_module, 9);
    }
}
