use std::fs;

use super::*;

fn pair() -> (PublicKey, SecretKey) {
    let pair = KeyPair::generate(None).unwrap();
    let secret = SecretKey::read(&pair.secret_file, None).unwrap();
    assert_eq!(secret.id(), pair.public.id());
    (pair.public, secret)
}

fn trust(keys: &[&PublicKey], require: bool) -> Trust {
    Trust { keys: keys.iter().map(|key| (*key).clone()).collect(), require }
}

const BYTES: &[u8] = b"\0asm and more";

#[test]
fn what_a_known_key_has_signed_is_good() {
    let ((key, secret), (other, _)) = (pair(), pair());
    let signature = secret.sign(BYTES, "nginx 1.0").unwrap();
    for require in [false, true] {
        let standing = check(BYTES, None, Some(signature.as_bytes()), &trust(&[&other, &key], require));
        assert_eq!(standing, Ok(Standing::Signed { key: key.id(), comment: "nginx 1.0".into() }));
    }
}

#[test]
fn a_bad_signature_is_worse_than_none() {
    let ((key, secret), (other, _)) = (pair(), pair());
    let signature = secret.sign(BYTES, "nginx 1.0").unwrap();
    let checked =
        |bytes, signature: &str, trust: &Trust| check(bytes, None, Some(signature.as_bytes()), trust);
    for require in [false, true] {
        let mine = trust(&[&key], require);
        assert_eq!(checked(b"\0asm and less", &signature, &mine), Err(Distrust::Forged(key.id())));
        let comment = signature.replace("nginx 1.0", "nginx 2.0");
        assert_eq!(checked(BYTES, &comment, &mine), Err(Distrust::Forged(key.id())));
        assert_eq!(checked(BYTES, &signature, &trust(&[&other], require)), Err(Distrust::Stranger(key.id())));
        for no_signature in ["", "untrusted comment: x\n", &signature[..100], &signature.replace("RU", "XX")]
        {
            let found = checked(BYTES, no_signature, &mine);
            assert_eq!(found, Err(Distrust::Signature(SignatureError::Form)), "{no_signature}");
        }
        let none = check(BYTES, None, Some(b"\xff\xff"), &mine);
        assert_eq!(none, Err(Distrust::Signature(SignatureError::Form)));
    }
}

/// Made with `minisign -S -l`, version 0.11.
#[test]
fn the_legacy_form_is_told_from_the_good_one() {
    let signature = "untrusted comment: signature from minisign secret key\n\
        RWRpTMr+tf0Ck4UDuSHd53Oi/+rPpnVtAQTDNHMTgWbDlc4hXHQM5wKCfjVxL+EJUkm0qhvXk0CXNRW05bWU6QYejTd4erphnwk=\n\
        trusted comment: of the older form\n\
        O4q0C+j2LoxEuJ+Vv8bedqSRFVxly+SD4hU9NPUU4wxbtLrPL3X+Oy7RV5OCLp0j4wyjj/RzBthEyMg0wdNsBQ==\n";
    let key: PublicKey = "RWRpTMr+tf0Ck/sQmiZbZzbPHiA+zWJS+mI7lyQmjREbJBYste7QhyQd".parse().unwrap();
    let found = check(b"test", None, Some(signature.as_bytes()), &trust(&[&key], false));
    assert_eq!(found, Err(Distrust::Signature(SignatureError::Legacy)));
}

#[test]
fn without_a_signature_it_depends() {
    let (key, _) = pair();
    assert_eq!(check(BYTES, None, None, &Trust::default()), Ok(Standing::NotAsked));
    assert_eq!(check(BYTES, None, Some(b"what?"), &Trust::default()), Ok(Standing::NotAsked));
    assert_eq!(check(BYTES, None, None, &trust(&[&key], false)), Ok(Standing::Unsigned));
    assert_eq!(check(BYTES, None, None, &trust(&[&key], true)), Err(Distrust::Unsigned));
    assert_eq!(check(BYTES, None, Some(b"what?"), &trust(&[], true)), Err(Distrust::Unsigned));
}

#[test]
fn a_pin_fits_one_component_and_goes_first() {
    let (key, secret) = pair();
    let signature = secret.sign(BYTES, "").unwrap();
    let trust = trust(&[&key], true);
    let pin = digest(BYTES);
    assert!(check(BYTES, Some(&pin), Some(signature.as_bytes()), &trust).is_ok());
    let found = check(b"other", Some(&pin), None, &trust);
    assert_eq!(found, Err(Distrust::Digest { actual: digest(b"other"), pinned: pin }));
    let message = found.unwrap_err().to_string();
    assert!(message.contains(&format!("is sha256:{}", hex(&digest(b"other")))), "{message}");
    assert_eq!(check(BYTES, Some(&pin), None, &trust), Err(Distrust::Unsigned));
}

#[test]
fn a_secret_key_opens_with_its_password_alone() {
    let pair = KeyPair::generate(Some("open sesame")).unwrap();
    assert!(SecretKey::is_locked(&pair.secret_file).unwrap());
    let key = SecretKey::read(&pair.secret_file, Some("open sesame")).unwrap();
    let signature = key.sign(BYTES, "x").unwrap();
    assert!(check(BYTES, None, Some(signature.as_bytes()), &trust(&[&pair.public], true)).is_ok());
    let wrong = SecretKey::read(&pair.secret_file, Some("open barley")).err();
    assert!(matches!(wrong, Some(SigningError::Password)), "{wrong:?}");
    assert!(matches!(SecretKey::read(&pair.secret_file, None), Err(SigningError::Password)));
}

#[test]
fn halves_of_a_key_are_not_confused() {
    let pair = KeyPair::generate(None).unwrap();
    assert!(!SecretKey::is_locked(&pair.secret_file).unwrap());
    assert!(matches!(SecretKey::is_locked(&pair.public_file), Err(SigningError::Public)));
    assert!(matches!(SecretKey::is_locked("what\nis this\n"), Err(SigningError::Form)));
    assert!(matches!(SecretKey::is_locked(""), Err(SigningError::Form)));
    assert_eq!(pair.secret_file.parse::<PublicKey>(), Err(KeyError::Secret));
    assert_eq!(pair.public.as_str().parse(), Ok(pair.public));
    for wrong in ["", "RWQ", "untrusted comment: x", &pair.public_file.repeat(2)] {
        assert_eq!(wrong.parse::<PublicKey>(), Err(KeyError::Form), "{wrong}");
    }
}

/// Made with `minisign -G -W`, version 0.11, and then damaged.
#[test]
fn a_key_without_a_password_needs_no_checksum_and_signs_nothing_when_damaged() {
    let key = "RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAaUzK/rX9ApNJGqFGrc6B/vY4PeGS9IbQGwxHxCgkymN8D63c40cBFvsQmiZbZzbPHiA+zWJS+mI7lyQmjREbJBYste7QhyQdAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let read = |key: &str| SecretKey::read(&format!("untrusted comment: a secret key\n{key}\n"), None);
    let signature = read(key).unwrap().sign(BYTES, "x").unwrap();
    let public: PublicKey = "RWRpTMr+tf0Ck/sQmiZbZzbPHiA+zWJS+mI7lyQmjREbJBYste7QhyQd".parse().unwrap();
    assert!(check(BYTES, None, Some(signature.as_bytes()), &trust(&[&public], true)).is_ok());
    let damaged = read(&key.replace("7QhyQd", "7QhyQe")).unwrap();
    assert!(damaged.sign(BYTES, "x").is_err());
    assert!(matches!(read(&key[..100]), Err(SigningError::Form)));
}

#[test]
fn comments_are_one_line() {
    let (_, secret) = pair();
    assert!(matches!(secret.sign(BYTES, "a\nb"), Err(SigningError::Comment)));
    assert!(secret.sign(BYTES, "timestamp:1\tfile:a.wasm").is_ok());
}

#[test]
fn signatures_lie_beside_components() {
    let folder = tempfile::tempdir().unwrap();
    let component = folder.path().join("a.wasm");
    assert_eq!(read_signature(&component).unwrap(), None);
    let path = signature_path(&component);
    assert_eq!(path, folder.path().join("a.wasm.minisig"));
    fs::write(&path, "what it says").unwrap();
    assert_eq!(read_signature(&component).unwrap().unwrap(), b"what it says");
    fs::write(&path, vec![b'x'; 16 << 10]).unwrap();
    assert!(read_signature(&component).is_ok());
    fs::write(&path, vec![b'x'; (16 << 10) + 1]).unwrap();
    assert!(read_signature(&component).is_err(), "too large");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(read_signature(&component).is_err(), "a folder");
}
