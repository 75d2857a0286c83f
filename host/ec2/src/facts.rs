use std::collections::{BTreeMap, BTreeSet};

/// EC2 allows 50 tags on a resource (EC2 user guide, "Tag restrictions").
pub(crate) const MAX_TAGS: usize = 50;

/// What the metadata service said about this instance. All of it is UTF-8; values
/// have no control characters, the document none but line breaks and tabs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// `dynamic/instance-identity/document`, JSON, not parsed.
    pub identity_document: Option<String>,
    /// `meta-data/instance-id`.
    pub instance_id: Option<String>,
    /// `meta-data/hostname`.
    pub hostname: Option<String>,
    /// The instance's tags; empty if there are none, they are not enabled in
    /// metadata, or they were not asked for.
    pub tags: BTreeMap<String, String>,
}

/// A value of one line, or none if it may not be used.
pub(crate) fn value(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    (!text.is_empty() && !text.contains(char::is_control)).then(|| text.to_owned())
}

/// A tag's value: as it stands, which may be nothing at all.
pub(crate) fn tag_value(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.contains(char::is_control)).then(|| text.to_owned())
}

/// A text of several lines, or none if it may not be used.
pub(crate) fn document(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    (!text.trim().is_empty() && !text.contains(odd)).then(|| text.to_owned())
}

/// The region in an identity document.
pub(crate) fn region(document: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_str(document).ok()?;
    Some(document.get("region")?.as_str()?.to_owned())
}

/// The tag keys of a list, one a line, and those left out: what has control
/// characters, what a path cannot name, and all beyond [`MAX_TAGS`].
pub(crate) fn tag_keys(list: &str) -> (Vec<&str>, BTreeSet<String>) {
    let (mut keys, mut left_out) = (Vec::new(), BTreeSet::new());
    for key in list.lines().filter(|key| !key.is_empty()) {
        // A client resolves these two away, even percent-encoded.
        let no_name = matches!(key, "." | "..");
        if no_name || key.contains(char::is_control) || keys.len() == MAX_TAGS {
            left_out.insert(key.to_owned());
        } else {
            keys.push(key);
        }
    }
    (keys, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_one_line_of_text() {
        assert_eq!(value(b"i-0abc\n").as_deref(), Some("i-0abc"));
        for bad in [&b""[..], b" \n", b"i-0abc\x07", b"one\ntwo", b"\xff", b"\0"] {
            assert_eq!(value(bad), None, "{bad:?}");
        }
        assert_eq!(tag_value(b"").as_deref(), Some(""));
        assert_eq!(tag_value(b" x ").as_deref(), Some(" x "));
        assert_eq!(tag_value(b"a\x1b[31m"), None);
    }

    #[test]
    fn a_document_may_have_lines_but_nothing_odder() {
        assert!(document(b"{\r\n\t\"a\": 1 }\n").is_some());
        for bad in [&b"\n"[..], b"{\x1b}", b"{\xc3}", b"\0"] {
            assert_eq!(document(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn keys_that_cannot_be_asked_for_are_left_out() {
        let (keys, left_out) = tag_keys("Name\n.\n..\n\nbell\u{7}\ncost centre/eu\n");
        assert_eq!(keys, ["Name", "cost centre/eu"]);
        assert_eq!(left_out.iter().map(String::as_str).collect::<Vec<_>>(), [".", "..", "bell\u{7}"]);
        let many: String = (0..60).map(|i| format!("k{i}\n")).collect();
        let (keys, left_out) = tag_keys(&many);
        assert_eq!((keys.len(), left_out.len()), (50, 10));
    }
}
