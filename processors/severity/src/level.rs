//! Names of levels.

/// The levels of OpenTelemetry, with the first number of each. A digit from 2 to 4
/// behind the name goes on from there: `error2` is 18.
const LEVELS: [(&str, u8); 6] =
    [("trace", 1), ("debug", 5), ("info", 9), ("warn", 13), ("error", 17), ("fatal", 21)];

/// What else programs call them. The gateway's keywords have the gateway's levels.
const ALSO: [(&str, u8); 15] = [
    ("dbug", 5),
    ("verbose", 5),
    ("information", 9),
    ("informational", 9),
    ("notice", 13),
    ("warning", 13),
    ("err", 17),
    ("severe", 17),
    ("alert", 21),
    ("crit", 21),
    ("critical", 21),
    ("emerg", 21),
    ("emergency", 21),
    ("panic", 21),
    ("dpanic", 21),
];

/// The number of a level by its name in OpenTelemetry, in any case.
pub(crate) fn by_name(name: &[u8]) -> Option<u8> {
    let (name, more) = match name {
        [name @ .., digit @ b'2'..=b'4'] => (name, digit - b'1'),
        _ => (name, 0),
    };
    find(&LEVELS, name).map(|number| number + more)
}

/// The number of a level by any name that programs give it.
pub(crate) fn stated(name: &[u8]) -> Option<u8> {
    let name = name.trim_ascii();
    by_name(name).or_else(|| find(&ALSO, name))
}

fn find(levels: &[(&str, u8)], name: &[u8]) -> Option<u8> {
    levels.iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name)).map(|&(_, number)| number)
}

#[cfg(test)]
mod tests {
    use super::{by_name, stated};

    #[test]
    fn names_have_numbers() {
        let read = |name: &str| stated(name.as_bytes());
        assert_eq!(
            [read("TRACE"), read("trace4"), read("Debug"), read("info")],
            [Some(1), Some(4), Some(5), Some(9)]
        );
        assert_eq!(
            [read("WARNING"), read("error"), read("error2"), read("FATAL4")],
            [13, 17, 18, 24].map(Some)
        );
        assert_eq!([read(" crit "), read("Notice"), read("err")], [21, 13, 17].map(Some));
        assert_eq!(
            [read(""), read("2"), read("info1"), read("info5"), read("err2"), read("infos")],
            [None; 6]
        );
        assert_eq!(by_name(b"err"), None);
    }
}
