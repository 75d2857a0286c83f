/// How the text of an attribute is delivered. Text that does not parse as its
/// kind is delivered as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// As it stands.
    Text,
    /// A decimal integer of 64 bits.
    Integer,
    /// A float of 64 bits.
    Float,
    /// `true` or `false`.
    Boolean,
    /// A JSON value, at most [`MAX_JSON_DEPTH`] deep.
    Json,
}

/// How deep the values of a [`Kind::Json`] may be nested; deeper ones are text.
pub const MAX_JSON_DEPTH: usize = 32;

/// Whom an attribute describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The record.
    Entry,
    /// What wrote the record: the attribute belongs to its resource.
    Source,
}

/// The longest name of an attribute, in bytes.
pub const MAX_KEY_BYTES: usize = 256;

/// The name of an attribute, shared by all records of one answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// 1 to [`MAX_KEY_BYTES`] bytes.
    pub name: String,
    /// How its values are delivered.
    pub kind: Kind,
    /// Whom they describe.
    pub subject: Subject,
}

impl Key {
    /// The name of a text attribute of records.
    pub fn text(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: Kind::Text, subject: Subject::Entry }
    }

    /// Whether a record may have only one of the two.
    pub fn same_attribute(&self, other: &Self) -> bool {
        self.subject == other.subject && self.name == other.name
    }
}

/// Records as columns, as a component answers them: nothing in here is to be
/// believed before [`Checked::new`](crate::Checked::new) has looked at it.
///
/// Column by column the same as `records` in `wit/v0.1.0/processor.wit`, where
/// each is described.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "described once, in the WIT file")]
pub struct Records {
    pub origin: Vec<u32>,
    pub time_unix_nano: Vec<u64>,
    pub severity_number: Vec<u8>,
    pub severity_text_start: Vec<u32>,
    pub severity_text_end: Vec<u32>,
    pub body_start: Vec<u32>,
    pub body_end: Vec<u32>,
    pub body_json: Vec<u32>,
    pub attributes_end: Vec<u32>,
    pub attribute_key: Vec<u16>,
    pub attribute_start: Vec<u32>,
    pub attribute_end: Vec<u32>,
    pub keys: Vec<Key>,
    pub scratch: Vec<u8>,
}

/// In [`Patch::severity_number`]: leave this record's severity as it is.
pub const SEVERITY_UNCHANGED: u8 = 255;

/// Changes to records, as an enricher answers them; not to be believed before
/// [`Checked::apply`](crate::Checked::apply) has looked at it. Described in
/// `wit/v0.1.0/processor.wit`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "described once, in the WIT file")]
pub struct Patch {
    pub set_record: Vec<u32>,
    pub set_key: Vec<u16>,
    pub set_start: Vec<u32>,
    pub set_end: Vec<u32>,
    pub remove_record: Vec<u32>,
    pub remove_key: Vec<u16>,
    pub keys: Vec<Key>,
    pub severity_number: Vec<u8>,
    pub severity_text_start: Vec<u32>,
    pub severity_text_end: Vec<u32>,
    pub body_record: Vec<u32>,
    pub body_start: Vec<u32>,
    pub body_end: Vec<u32>,
    pub drop: Vec<u32>,
    pub scratch: Vec<u8>,
}
