/// One attribute of a resource, such as `host.id` = `i-0abc`. Resource attributes
/// of a host are all text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attribute {
    /// The name, as the semantic conventions spell it.
    pub name: String,
    /// The value.
    pub value: String,
}

impl Attribute {
    /// An attribute from anything that is text.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}
