//! Other versions of the components that are built anyway, made by changing their bytes.

use std::fs;
use std::path::Path;

use crate::rig::component;

/// Does the same, and has another digest: a custom section says which version it is.
pub(crate) fn version(bytes: &[u8], number: u8) -> Vec<u8> {
    let section = [0, 9, 7, b'v', b'e', b'r', b's', b'i', b'o', b'n', number];
    [bytes, &section].concat()
}

pub(crate) fn ubuntu() -> Vec<u8> {
    fs::read(component("ubuntu")).unwrap()
}

/// Calls the attribute `unit` `Unit`.
pub(crate) fn renaming() -> Vec<u8> {
    replace(&ubuntu(), b"unit", b"Unit")
}

/// Does what its settings say to texts with this word in it, and nothing to others.
pub(crate) fn hostile_to(word: &str) -> Vec<u8> {
    replace(&fs::read(component("hostile")).unwrap(), b"poison", word.as_bytes())
}

fn replace(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let mut places = bytes.windows(old.len()).enumerate().filter(|(_, window)| *window == old);
    let (place, _) = places.next().expect("it is not there");
    assert!(places.next().is_none(), "it is there twice");
    let mut bytes = bytes.to_vec();
    bytes[place..place + new.len()].copy_from_slice(new);
    bytes
}

/// Replaces a file as deployments do: under another name first.
pub(crate) fn deploy(path: &Path, bytes: &[u8]) {
    let temporary = path.with_extension("tmp");
    fs::write(&temporary, bytes).unwrap();
    fs::rename(temporary, path).unwrap();
}
