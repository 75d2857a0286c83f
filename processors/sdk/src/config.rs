/// For components without settings: accepts an empty JSON object.
///
/// # Errors
/// Anything else than `{}`.
pub fn no_settings(config: &str) -> Result<(), String> {
    let empty = config.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    match empty {
        Some(inside) if inside.trim().is_empty() => Ok(()),
        _ => Err("it has no settings: leave `config` out".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::no_settings;

    #[test]
    fn only_an_empty_object_is_no_settings() {
        for empty in ["{}", " { } ", "{\n}"] {
            assert_eq!(no_settings(empty), Ok(()));
        }
        for full in ["", "{", "{\"a\":1}", "[]", "null", "{}{}"] {
            assert!(no_settings(full).is_err(), "{full}");
        }
    }
}
