//! Names of attributes that a parser reads from the lines: they are anybody's, so
//! there is a bound on how many an answer has, and finding one costs about the same
//! whatever they are.

use crate::{Key, Kind};

/// More different names than this are not kept for one answer: real logs have fewer
/// in a text of 256 KiB, and a search through all of them must stay cheap.
pub(super) const MAX_NAMES: usize = 1024;
/// The longest name that the interface takes.
pub(super) const MAX_NAME_BYTES: usize = 256;

const KINDS: usize = 5;
const SLOTS: usize = 512;
/// No key.
const NONE: u16 = u16::MAX;

/// The names in use, and where the record at hand has them.
pub(super) struct Names {
    list: Vec<Name>,
    /// By a hash of the name, the place in `list` of the last one that was looked for.
    slots: Vec<u16>,
}

/// A name and its keys: one for each kind that it was used with.
pub(super) struct Name {
    keys: [u16; KINDS],
    /// The one whose name this is.
    first: u16,
    /// The last record that has it, and in which place of the columns.
    record: u32,
    slot: u32,
}

impl Names {
    pub(super) fn new() -> Self {
        Self { list: Vec::new(), slots: Vec::new() }
    }

    /// The place of a name. `keys` are all that there are.
    #[inline]
    pub(super) fn find(&mut self, name: &[u8], keys: &[Key]) -> Option<usize> {
        let is = |name_at: &Name| {
            keys.get(usize::from(name_at.first)).is_some_and(|key| key.name.as_bytes() == name)
        };
        let slot = hash(name);
        let known = usize::from(*self.slots.get(slot)?);
        if self.list.get(known).is_some_and(is) {
            return Some(known);
        }
        let found = self.list.iter().position(is)?;
        self.slots[slot] = found as u16;
        Some(found)
    }

    /// Adds a name by its first key; nothing where there are too many.
    #[cold]
    pub(super) fn add(&mut self, name: &[u8], kind: Kind, key: usize) -> Option<usize> {
        if self.list.len() == MAX_NAMES {
            return None;
        }
        self.slots.resize(SLOTS, NONE);
        let mut keys = [NONE; KINDS];
        keys[kind as usize] = key as u16;
        self.list.push(Name { keys, first: key as u16, record: 0, slot: 0 });
        self.slots[hash(name)] = self.list.len() as u16 - 1;
        Some(self.list.len() - 1)
    }

    pub(super) fn is_full(&self) -> bool {
        self.list.len() == MAX_NAMES
    }

    #[inline]
    pub(super) fn get(&mut self, place: usize) -> &mut Name {
        &mut self.list[place]
    }
}

impl Name {
    /// The key for a kind.
    #[inline]
    pub(super) fn key(&self, kind: Kind) -> Option<usize> {
        Some(usize::from(self.keys[kind as usize])).filter(|&key| key != usize::from(NONE))
    }

    #[cold]
    pub(super) fn add_key(&mut self, kind: Kind, key: usize) {
        self.keys[kind as usize] = key as u16;
    }

    /// Notes that `record` has the name at `slot`; where it has it already, tells in
    /// which place.
    #[inline]
    pub(super) fn mark(&mut self, record: u32, slot: usize) -> Option<usize> {
        if self.record == record {
            return Some(self.slot as usize);
        }
        (self.record, self.slot) = (record, slot as u32);
        None
    }
}

/// A slot for a name: by its length, its beginning and its end. Names that share one
/// are found by searching.
#[inline]
fn hash(name: &[u8]) -> usize {
    let byte = |at: usize| u32::from(name.get(at).copied().unwrap_or(0));
    let len = name.len();
    let ends =
        byte(0) | byte(len / 2) << 8 | byte(len.wrapping_sub(1)) << 16 | byte(len.wrapping_sub(2)) << 24;
    let mixed = (ends ^ len as u32).wrapping_mul(0x9e37_79b1);
    (mixed >> 16) as usize % SLOTS
}
