//! From Go's syntax to the one that `regex-syntax` reads.
//!
//! What differs (<https://github.com/google/re2/wiki/Syntax>): `\d`, `\w`, `\s` and
//! `\b` are ASCII in Go, and `\s` has no vertical tab; `[`, `&&`, `--` and `~~` mean
//! nothing in a class; `{` is a brace where no repetition follows; `\Q..\E`, octal
//! escapes and names of groups that begin with a digit exist.

use std::iter::Peekable;
use std::str::CharIndices;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}{}", .at.map_or(String::new(), |at| format!(" (at offset {at})")))]
pub struct Error {
    what: String,
    at: Option<usize>,
}

impl Error {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), at: None }
    }

    fn at(at: usize, what: impl Into<String>) -> Self {
        Self { what: what.into(), at: Some(at) }
    }
}

/// A pattern that was read.
pub(crate) struct Translated {
    pub(crate) hir: Hir,
    /// Of all groups; the first one is the whole match.
    pub(crate) names: Vec<Option<String>>,
}

/// Longer patterns are no patterns for lines.
const MAX_PATTERN: usize = 16 << 10;
/// As in Go.
const MAX_REPEAT: u32 = 1000;
/// As deep as groups may be nested.
const NEST_LIMIT: u32 = 100;

pub(crate) fn translate(pattern: &str) -> Result<Translated, Error> {
    if pattern.len() > MAX_PATTERN {
        return Err(Error::new(format!("it is longer than {MAX_PATTERN} bytes")));
    }
    let mut translator = Translator {
        pattern,
        rest: pattern.char_indices().peekable(),
        out: String::with_capacity(pattern.len() * 2),
        names: vec![None],
        repeated: false,
    };
    translator.all()?;
    let Translator { out, names, .. } = translator;
    let mut parser = ParserBuilder::new().utf8(false).nest_limit(NEST_LIMIT).build();
    let hir = parser.parse(&out).map_err(|error| match error {
        regex_syntax::Error::Parse(error) => Error::new(error.kind().to_string()),
        regex_syntax::Error::Translate(error) => Error::new(error.kind().to_string()),
        other => Error::new(other.to_string()),
    })?;
    Ok(Translated { hir, names })
}

struct Translator<'p> {
    pattern: &'p str,
    rest: Peekable<CharIndices<'p>>,
    out: String,
    names: Vec<Option<String>>,
    /// A repetition stands right before this place.
    repeated: bool,
}

const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = r"\t\n\x0C\r ";

impl Translator<'_> {
    fn all(&mut self) -> Result<(), Error> {
        while let Some((at, c)) = self.rest.next() {
            let repeats = std::mem::take(&mut self.repeated);
            match c {
                '\\' => self.escape(at)?,
                '[' => self.class(at)?,
                '(' => self.group(at)?,
                '*' | '+' | '?' => self.repetition(at, repeats, &c.to_string())?,
                '{' => match self.counted(at)? {
                    Some(counted) => self.repetition(at, repeats, &counted)?,
                    None => self.out.push_str(r"\{"),
                },
                ']' | '}' => self.out.extend(['\\', c]),
                _ => self.out.push(c),
            }
        }
        Ok(())
    }

    fn repetition(&mut self, at: usize, repeats: bool, operator: &str) -> Result<(), Error> {
        if repeats {
            return Err(Error::at(at, format!("`{operator}` repeats a repetition; write a group around it")));
        }
        self.out.push_str(operator);
        if self.rest.next_if(|&(_, c)| c == '?').is_some() {
            self.out.push('?');
        }
        self.repeated = true;
        Ok(())
    }

    /// A repetition `{n}`, `{n,}` or `{n,m}` behind its brace, or none.
    fn counted(&mut self, at: usize) -> Result<Option<String>, Error> {
        let rest = &self.pattern[at + 1..];
        let Some(end) = rest.find('}') else { return Ok(None) };
        let (least, most) = match rest[..end].split_once(',') {
            None => (&rest[..end], None),
            Some((least, most)) => (least, Some(most)),
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(least) || !most.is_none_or(|most| most.is_empty() || digits(most)) {
            return Ok(None);
        }
        let number = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
        let bounds = [Some(least), most.filter(|most| !most.is_empty())];
        if bounds.iter().flatten().any(|bound| number(bound) > MAX_REPEAT) {
            return Err(Error::at(at, format!("a repetition goes to {MAX_REPEAT} at the most")));
        }
        if let [Some(least), Some(most)] = bounds
            && number(least) > number(most)
        {
            return Err(Error::at(at, "a repetition ends below its beginning"));
        }
        for _ in 0..=end {
            self.rest.next();
        }
        Ok(Some(format!("{{{}}}", &rest[..end])))
    }

    fn group(&mut self, at: usize) -> Result<(), Error> {
        let rest = &self.pattern[at + 1..];
        let Some(special) = rest.strip_prefix('?') else {
            self.names.push(None);
            self.out.push('(');
            return Ok(());
        };
        if special.starts_with(['=', '!']) || special.starts_with("<=") || special.starts_with("<!") {
            return Err(Error::at(at, "look-around is not part of RE2; match what stands around as well"));
        }
        if let Some(named) = special.strip_prefix("P<").or_else(|| special.strip_prefix('<')) {
            let name = named.split('>').next().unwrap_or_default();
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !is_name || name.len() == named.len() {
                return Err(Error::at(at, "a group's name is letters, digits and _, as in `(?P<name>...)`"));
            }
            if self.names.iter().flatten().any(|known| known == name) {
                return Err(Error::at(at, format!("there are two groups with the name `{name}`")));
            }
            self.names.push(Some(name.to_owned()));
            self.out.push('(');
            let skip = rest.len() - named.len() + name.len() + 1;
            self.skip(skip);
            return Ok(());
        }
        let end = special.find([':', ')']).ok_or_else(|| Error::at(at, "the group has no end"))?;
        let flags = &special[..end];
        if flags.is_empty() && special[end..].starts_with(')')
            || flags.matches('-').count() > 1
            || flags.ends_with('-')
            || !flags.chars().all(|c| "imsU-".contains(c))
        {
            return Err(Error::at(at, format!("`(?{flags}` is unknown; the flags are i, m, s and U")));
        }
        self.out.push_str("(?");
        self.out.push_str(&special[..=end]);
        self.skip(1 + end + 1);
        Ok(())
    }

    fn skip(&mut self, bytes: usize) {
        let mut left = bytes;
        while left > 0
            && let Some((_, c)) = self.rest.next()
        {
            left = left.saturating_sub(c.len_utf8());
        }
    }

    /// What follows a backslash outside of a class.
    fn escape(&mut self, at: usize) -> Result<(), Error> {
        let Some((_, c)) = self.rest.next() else {
            return Err(Error::at(at, "a backslash ends the pattern"));
        };
        match c {
            'Q' => {
                let rest = &self.pattern[at + 2..];
                let literal = rest.split(r"\E").next().unwrap_or(rest);
                self.out.push_str(&regex_syntax::escape(literal));
                self.skip(literal.len() + if literal.len() < rest.len() { 2 } else { 0 });
            }
            'A' | 'z' => self.out.extend(['\\', c]),
            'b' | 'B' => self.out.push_str(&format!(r"(?-u:\{c})")),
            'd' | 's' | 'w' => self.out.push_str(&format!("[{}]", perl(c))),
            'D' | 'S' | 'W' => self.out.push_str(&format!("[^{}]", perl(c.to_ascii_lowercase()))),
            'C' => return Err(Error::at(at, r"`\C` is not supported, because it cuts characters")),
            'p' | 'P' => self.property(at, c)?,
            _ => {
                let c = self.character(at, c)?;
                self.out.push_str(&format!(r"\x{{{:X}}}", u32::from(c)));
            }
        }
        Ok(())
    }

    /// `\pN`, `\p{Greek}`, `\p{^Greek}`.
    fn property(&mut self, at: usize, c: char) -> Result<(), Error> {
        let rest = &self.pattern[at + 2..];
        let (name, len) = match rest.strip_prefix('{') {
            Some(braced) => {
                let name = braced.split('}').next().unwrap_or_default();
                (name, name.len() + 2)
            }
            None => {
                let end = rest.chars().next().map_or(0, char::len_utf8);
                (&rest[..end], end)
            }
        };
        if name.is_empty() || len > rest.len() {
            return Err(Error::at(at, format!(r"`\{c}` needs the name of a class, as in `\{c}{{Greek}}`")));
        }
        let (name, negated) = name.strip_prefix('^').map_or((name, false), |name| (name, true));
        let letter = if negated == (c == 'P') { 'p' } else { 'P' };
        self.out.push_str(&format!(r"\{letter}{{{name}}}"));
        self.skip(len);
        Ok(())
    }

    /// The character that an escape stands for; `c` follows the backslash.
    fn character(&mut self, at: usize, c: char) -> Result<char, Error> {
        let wrong = || Error::at(at, format!(r"`\{c}` is no escape of RE2"));
        match c {
            'a' => Ok('\u{7}'),
            'f' => Ok('\u{c}'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'v' => Ok('\u{b}'),
            '0'..='7' => {
                let mut value = c.to_digit(8).unwrap_or(0);
                let mut more = 0;
                while more < 2
                    && let Some((_, digit)) = self.rest.next_if(|&(_, c)| c.is_digit(8))
                {
                    value = value * 8 + digit.to_digit(8).unwrap_or(0);
                    more += 1;
                }
                if c != '0' && more == 0 {
                    return Err(Error::at(at, "back-references are not part of RE2"));
                }
                char::from_u32(value).ok_or_else(wrong)
            }
            'x' => self.hexadecimal().ok_or_else(wrong),
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() => Ok(c),
            _ => Err(wrong()),
        }
    }

    /// `\xFF` or `\x{10FFFF}` behind the `x`.
    fn hexadecimal(&mut self) -> Option<char> {
        let braced = self.rest.next_if(|&(_, c)| c == '{').is_some();
        let mut value: u32 = 0;
        let mut digits = 0;
        while let Some((_, digit)) =
            self.rest.next_if(|&(_, c)| c.is_ascii_hexdigit() && (braced || digits < 2))
        {
            value = value.checked_mul(16)? + digit.to_digit(16)?;
            digits += 1;
        }
        let closed = !braced || self.rest.next_if(|&(_, c)| c == '}').is_some();
        if closed && if braced { digits > 0 } else { digits == 2 } { char::from_u32(value) } else { None }
    }

    /// What follows `[`. Every character is written as an escape: nothing of what a
    /// class means elsewhere can come up.
    fn class(&mut self, at: usize) -> Result<(), Error> {
        let open = || Error::at(at, "the class has no `]`");
        self.out.push('[');
        if self.rest.next_if(|&(_, c)| c == '^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let (here, c) = self.rest.next().ok_or_else(open)?;
            if c == ']' && !first {
                self.out.push(']');
                return Ok(());
            }
            first = false;
            let rest = &self.pattern[here..];
            if c == '['
                && rest.starts_with("[:")
                && let Some(end) = rest.find(":]")
            {
                let name = rest[2..end].trim_start_matches('^');
                if !POSIX.contains(&name) {
                    return Err(Error::at(here, format!("`[:{name}:]` is no class")));
                }
                self.out.push_str(&rest[..end + 2]);
                self.skip(end + 1);
                continue;
            }
            if c == '\\'
                && let Some((_, letter)) = self.rest.next_if(|&(_, c)| "dswDSWpP".contains(c))
            {
                match letter {
                    'p' | 'P' => self.property(here, letter)?,
                    'd' | 's' | 'w' => self.out.push_str(perl(letter)),
                    _ => self.out.push_str(&format!("[^{}]", perl(letter.to_ascii_lowercase()))),
                }
                continue;
            }
            let low = self.member(here, c)?;
            self.out.push_str(&format!(r"\x{{{:X}}}", u32::from(low)));
            let after = self.rest.peek().map_or("", |&(at, _)| &self.pattern[at..]);
            if after.starts_with('-') && !after.starts_with("-]") && after.len() > 1 {
                self.rest.next();
                let (there, c) = self.rest.next().ok_or_else(open)?;
                let high = self.member(there, c)?;
                if high < low {
                    return Err(Error::at(here, format!("the range {low}-{high} ends below its beginning")));
                }
                self.out.push_str(&format!(r"-\x{{{:X}}}", u32::from(high)));
            }
        }
    }

    /// A single character of a class.
    fn member(&mut self, at: usize, c: char) -> Result<char, Error> {
        if c != '\\' {
            return Ok(c);
        }
        match self.rest.next() {
            Some((_, escaped)) => self.character(at, escaped),
            None => Err(Error::at(at, "a backslash ends the pattern")),
        }
    }
}

fn perl(letter: char) -> &'static str {
    match letter {
        'd' => DIGIT,
        'w' => WORD,
        _ => SPACE,
    }
}

const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];
