use crate::{LayoutError, StampError};

/// Time as a number since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// Nanoseconds in one of what is counted, behind the point where there is one.
    unit: i128,
    /// Seconds, a point, then the unit.
    split: bool,
}

const NAMES: [(&str, i128, bool); 7] = [
    ("s", 1_000_000_000, false),
    ("ms", 1_000_000, false),
    ("us", 1_000, false),
    ("ns", 1, false),
    ("s.ms", 1_000_000, true),
    ("s.us", 1_000, true),
    ("s.ns", 1, true),
];

impl Epoch {
    /// By the name of its layout: `s`, `ms`, `us`, `ns`, `s.ms`, `s.us` or `s.ns`.
    ///
    /// # Errors
    /// Any other name.
    pub fn new(layout: &str) -> Result<Self, LayoutError> {
        let known = NAMES.into_iter().find(|(name, ..)| *name == layout);
        known.map(|(_, unit, split)| Self { unit, split }).ok_or_else(|| {
            LayoutError(format!("`{layout}` is no epoch layout; there are s, ms, us, ns, s.ms, s.us, s.ns"))
        })
    }

    /// Nanoseconds since 1970 from a number as text.
    ///
    /// # Errors
    /// What is no such number.
    pub fn parse(self, stamp: &str) -> Result<i128, StampError> {
        let number = |text: &str| text.parse::<i64>().map(i128::from).map_err(|_| StampError::Mismatch);
        if !self.split {
            return Ok(number(stamp)? * self.unit);
        }
        let (seconds, fraction) = stamp.split_once('.').ok_or(StampError::Mismatch)?;
        Ok(number(seconds)? * 1_000_000_000 + number(fraction)? * self.unit)
    }

    /// The same from an integer.
    ///
    /// # Errors
    /// None at present.
    pub fn parse_integer(self, stamp: i64) -> Result<i128, StampError> {
        Ok(i128::from(stamp) * if self.split { 1_000_000_000 } else { self.unit })
    }

    /// The same from a float.
    ///
    /// # Errors
    /// A number that is not finite.
    pub fn parse_float(self, stamp: f64) -> Result<i128, StampError> {
        let text = match (self.split, self.unit) {
            (false, _) => format!("{stamp:.0}"),
            (true, 1_000_000) => format!("{stamp:.3}"),
            (true, 1_000) => format!("{stamp:.6}"),
            (true, _) => format!("{stamp:.9}"),
        };
        self.parse(&text)
    }
}
