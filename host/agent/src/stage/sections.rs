//! Which parser had which part of a text: for people who ask why.

use skidway_plugin::Piece;

use super::{Choice, count_lines};

/// Consecutive lines that one parser had.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Section {
    /// Its number; none while no parser recognises anything.
    pub(crate) parser: Option<usize>,
    pub(crate) lines: u64,
    pub(crate) records: u64,
    pub(crate) unrecognised: u64,
}

/// All sections so far, where they are asked for.
#[derive(Debug, Default)]
pub(super) struct Sections(Option<Vec<Section>>);

impl Sections {
    pub(super) fn wanted() -> Self {
        Self(Some(Vec::new()))
    }

    pub(super) fn all(&self) -> &[Section] {
        self.0.as_deref().unwrap_or_default()
    }

    /// What the chosen parser made of `text`.
    pub(super) fn note(&mut self, choice: Choice, text: &str, pieces: &[Piece<'_>]) {
        let Some(sections) = &mut self.0 else { return };
        let consumed: usize = pieces.iter().map(|piece| piece.consumed).sum();
        if consumed == 0 {
            return;
        }
        let parser = choice.settled();
        if sections.last().is_none_or(|last| last.parser != parser) {
            sections.push(Section { parser, ..Section::default() });
        }
        if let Some(last) = sections.last_mut() {
            last.lines += count_lines(&text[..consumed]);
            last.records += pieces.iter().map(|piece| piece.records.len() as u64).sum::<u64>();
            last.unrecognised += pieces.iter().map(|piece| piece.unrecognised.len() as u64).sum::<u64>();
        }
    }
}
