use sha2::{Digest, Sha256};

use crate::Value;

/// The value's SHA-256 in hexadecimal digits. Numbers are hashed as eight bytes,
/// the lowest first; what has no bytes, such as an empty text, gives an empty text.
pub(crate) fn hash(value: &Value) -> Value {
    let bytes = match value {
        Value::Text(text) => text.clone().into_bytes(),
        Value::Integer(number) => number.to_le_bytes().to_vec(),
        Value::Float(number) => number.to_le_bytes().to_vec(),
        Value::Boolean(truth) => vec![u8::from(*truth)],
        Value::Json(_) => Vec::new(),
    };
    if bytes.is_empty() {
        return Value::Text(String::new());
    }
    Value::Text(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}
