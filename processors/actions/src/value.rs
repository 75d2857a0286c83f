/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A number of 64 bits.
    Integer(i64),
    /// A float of 64 bits.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A map, a list or nothing, as JSON.
    Json(String),
}

/// Attributes that actions are applied to.
pub trait Attributes {
    /// The value of an attribute.
    fn get(&self, key: &str) -> Option<Value>;

    /// Sets an attribute, or replaces it.
    fn set(&mut self, key: &str, value: Value);

    /// Removes an attribute where there is one.
    fn remove(&mut self, key: &str);

    /// The names of all attributes.
    fn keys(&self) -> Vec<String>;
}

impl Value {
    /// As the collector's `AsString` spells it.
    pub(crate) fn spell(&self) -> String {
        match self {
            Self::Text(text) | Self::Json(text) => text.clone(),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Boolean(truth) => truth.to_string(),
        }
    }
}

impl Attributes for Vec<(String, Value)> {
    fn get(&self, key: &str) -> Option<Value> {
        self.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    }

    fn set(&mut self, key: &str, value: Value) {
        match self.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => self.push((key.to_owned(), value)),
        }
    }

    fn remove(&mut self, key: &str) {
        self.retain(|(name, _)| name != key);
    }

    fn keys(&self) -> Vec<String> {
        self.iter().map(|(name, _)| name.clone()).collect()
    }
}
