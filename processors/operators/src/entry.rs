use crate::value::{Map, Str, Value};

/// What travels through the operators.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'t> {
    /// Where it begins in the text.
    pub(crate) origin: usize,
    /// Nanoseconds since 1970; 0 for none.
    pub(crate) time: i64,
    pub(crate) severity: u8,
    pub(crate) severity_text: Str<'t>,
    pub(crate) body: Value<'t>,
    pub(crate) attributes: Map<'t>,
    pub(crate) resource: Map<'t>,
    /// An operator could not do its work on it.
    pub(crate) failed: bool,
}

impl Default for Entry<'_> {
    fn default() -> Self {
        Self {
            origin: 0,
            time: 0,
            severity: 0,
            severity_text: Str::Text(""),
            body: Value::Nil,
            attributes: Map::default(),
            resource: Map::default(),
            failed: false,
        }
    }
}
