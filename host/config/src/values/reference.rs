//! Names of components in registries: `HOST[:PORT]/NAME[:TAG][@sha256:HEX]`.

/// What is wrong with the name, if anything. The registry is always written: there is none that
/// a name without one could mean.
pub(crate) fn problem(text: &str) -> Option<&'static str> {
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (text, None),
    };
    let Some((host, path)) = name.split_once('/') else {
        return Some("it names no registry");
    };
    let is_host = host == "localhost" || host.contains(['.', ':']);
    let (bare, port) = host.rsplit_once(':').unwrap_or((host, "1"));
    if !is_host || bare.is_empty() || !bare.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b)) {
        return Some("it names no registry");
    }
    if port.parse::<u16>().is_err() {
        return Some("its port is no number");
    }
    let (path, tag) = match path.split_once(':') {
        Some((path, tag)) => (path, Some(tag)),
        None => (path, None),
    };
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    let begins = |part: &str| part.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !path.split('/').all(|part| begins(part) && part.bytes().all(allowed)) {
        return Some("names are made of lower-case letters, digits, `.`, `_`, `-` and `/`");
    }
    let is_tag = |tag: &str| {
        (1..=128).contains(&tag.len())
            && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
            && !tag.starts_with(['.', '-'])
    };
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return Some("tags are made of letters, digits, `.`, `_` and `-`");
    }
    let is_digest = |digest: &str| {
        digest.strip_prefix("sha256:").is_some_and(|hex| {
            hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
    };
    digest
        .is_some_and(|digest| !is_digest(digest))
        .then_some("what follows `@` is not `sha256:` and 64 hexadecimal digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_registry_and_perhaps_a_tag_or_a_digest() {
        let digest = "ab".repeat(32);
        let good = [
            "ghcr.io/acme/nginx".to_owned(),
            "ghcr.io/acme/nginx:1.0".to_owned(),
            "localhost:5000/a".to_owned(),
            "localhost/a_b-c.d/e:V1_".to_owned(),
            format!("127.0.0.1:5000/a@sha256:{digest}"),
            format!("r.example/a:1@sha256:{digest}"),
        ];
        for name in good {
            assert_eq!(problem(&name), None, "{name}");
        }
        let bad = [
            "",
            "nginx",
            "acme/nginx",
            "/nginx",
            "ghcr.io/",
            "ghcr.io/Acme",
            "ghcr.io/a//b",
            "ghcr.io/../b",
            "ghcr.io/a:",
            "ghcr.io/a:-x",
            "ghcr.io/a@sha256:ab",
            "localhost:x/a",
            ":5000/a",
            "user:pass@ghcr.io/a",
        ];
        for name in bad {
            assert!(problem(name).is_some(), "{name}");
        }
    }
}
