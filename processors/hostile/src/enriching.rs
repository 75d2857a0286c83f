//! The same misdeeds as an enricher.

use skidway_sdk::bindings::enricher::exports::skidway::processor::enricher::Patch;
use skidway_sdk::{Changes, Enricher, Item, Key, Kind, Records, Subject};

use crate::misdeed::{Hostile, Misdeed, everlasting};

/// Leaves records as they are.
struct Idle;

impl Enricher for Idle {
    fn configure(_: &str) -> Result<Self, String> {
        Ok(Self)
    }

    fn record(&self, _: &Item<'_>, _: &mut Changes<'_>) {}
}

/// Leaves records as they are, and does harm where a body holds the word `poison`.
/// What only a parser can answer is here a change of a record that is not there.
///
/// # Errors
/// The misdeed `refuse`.
pub fn enrich(hostile: &Hostile, text: &[u8], records: &Records) -> Result<Patch, String> {
    let patch = skidway_sdk::enrich(&Idle, text, records)?;
    let bodies = records.body_start.iter().zip(&records.body_end);
    let mut poisoned =
        bodies.map(|(&start, &end)| text.get(start as usize..end as usize).unwrap_or_default());
    match hostile.misdeed() {
        Some(misdeed) if poisoned.any(|body| body.windows(6).any(|word| word == b"poison")) => {
            harm(misdeed, text, records, patch)
        }
        _ => Ok(patch),
    }
}

fn harm(misdeed: Misdeed, text: &[u8], records: &Records, mut patch: Patch) -> Result<Patch, String> {
    everlasting(misdeed);
    let mut set = |start: usize, end: usize| {
        patch.keys.push(Key { name: "harm".to_owned(), kind: Kind::Text, subject: Subject::Entry });
        patch.set_record.push(0);
        patch.set_key.push(0);
        patch.set_start.push(start as u32);
        patch.set_end.push(end as u32);
    };
    let scratch = text.len() + records.scratch.len();
    match misdeed {
        Misdeed::Refuse => return Err("refuse: as it was told to".into()),
        Misdeed::Unequal => patch.severity_number.resize(records.origin.len() + 1, 9),
        Misdeed::PastEnd => set(scratch, scratch + 1),
        Misdeed::InsideCharacter => {
            set(scratch + 1, scratch + 1);
            patch.scratch.extend("ä".as_bytes());
        }
        Misdeed::BadScratch => patch.scratch.extend([0xc3, 0x28]),
        Misdeed::Many => {
            while patch.drop.try_reserve(1 << 18).is_ok() {
                let len = patch.drop.len() + (1 << 18);
                patch.drop.resize(len, 0);
            }
        }
        _ => patch.drop.push(records.origin.len() as u32),
    }
    Ok(patch)
}
