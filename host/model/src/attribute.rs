use crate::Kind;

/// One attribute of a resource, such as `host.id` = `i-0abc`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Attribute {
    /// The name, as the semantic conventions spell it.
    pub name: String,
    /// The value, spelled as its kind has it.
    pub value: String,
    /// How the value is delivered.
    pub kind: Kind,
}

impl Attribute {
    /// A text attribute from anything that is text.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), kind: Kind::Text }
    }
}
