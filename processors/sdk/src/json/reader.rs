use super::{MAX_DEPTH, Object, Value};

pub(super) fn parse(text: &str) -> Result<Value, String> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.space();
    if reader.at == text.len() { Ok(value) } else { Err(reader.wrong("there is more behind the value")) }
}

struct Reader<'t> {
    text: &'t str,
    /// Always between two characters.
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > MAX_DEPTH {
            return Err(self.wrong("it is nested too deeply"));
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if self.take("true") => Ok(Value::Boolean(true)),
            _ if self.take("false") => Ok(Value::Boolean(false)),
            _ if self.take("null") => Ok(Value::Null),
            _ => Err(self.wrong("a value is missing")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, String> {
        let mut object = Object::default();
        self.at += 1;
        self.space();
        if self.take("}") {
            return Ok(Value::Object(object));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.wrong("a key in quotes is missing"));
            }
            let key = self.string()?;
            self.space();
            if !self.take(":") {
                return Err(self.wrong("a colon is missing"));
            }
            object.0.push((key, self.value(depth + 1)?));
            self.space();
            if self.take("}") {
                return Ok(Value::Object(object));
            }
            if !self.take(",") {
                return Err(self.wrong("a comma or } is missing"));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, String> {
        let mut array = Vec::new();
        self.at += 1;
        self.space();
        if self.take("]") {
            return Ok(Value::Array(array));
        }
        loop {
            array.push(self.value(depth + 1)?);
            self.space();
            if self.take("]") {
                return Ok(Value::Array(array));
            }
            if !self.take(",") {
                return Err(self.wrong("a comma or ] is missing"));
            }
        }
    }

    fn number(&mut self) -> Result<Value, String> {
        let start = self.at;
        self.take("-");
        let whole = self.digits();
        let leading_zero = whole > 1 && self.text.as_bytes().get(self.at - whole) == Some(&b'0');
        let fraction = !self.take(".") || self.digits() > 0;
        let exponent = !(self.take("e") || self.take("E")) || {
            let _sign = self.take("+") || self.take("-");
            self.digits() > 0
        };
        if whole == 0 || leading_zero || !fraction || !exponent {
            return Err(self.wrong("it is no number"));
        }
        Ok(Value::Number(self.since(start).into()))
    }

    fn digits(&mut self) -> usize {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        digits
    }

    fn string(&mut self) -> Result<String, String> {
        let mut string = String::new();
        self.at += 1;
        loop {
            let start = self.at;
            let plain = |&&byte: &&u8| byte != b'"' && byte != b'\\' && byte >= b' ';
            self.at += self.rest().iter().take_while(plain).count();
            string.push_str(self.since(start));
            if self.take("\"") {
                return Ok(string);
            }
            if !self.take("\\") {
                return Err(self.wrong("a string does not end"));
            }
            string.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let escaped = match self.peek() {
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            _ => return Err(self.wrong("an escape is not known")),
        };
        self.at += 1;
        Ok(escaped)
    }

    /// The character of `XXXX`, or of a surrogate pair `XXXX\uXXXX`.
    fn unicode(&mut self) -> Result<char, String> {
        let mut code = self.hex()?;
        if (0xd800..0xdc00).contains(&code) && self.take("\\u") {
            let low = self.hex()?;
            // Anything else than a low surrogate makes a code that is no character.
            code = match low {
                0xdc00..0xe000 => 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00),
                _ => code,
            };
        }
        char::from_u32(code).ok_or_else(|| self.wrong("half a surrogate pair"))
    }

    fn hex(&mut self) -> Result<u32, String> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| !digits.starts_with('+'));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.at += if code.is_some() { 4 } else { 0 };
        code.ok_or_else(|| self.wrong("four hexadecimal digits are missing"))
    }

    fn space(&mut self) {
        self.at += self.rest().iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
    }

    fn take(&mut self, token: &str) -> bool {
        let there = self.rest().starts_with(token.as_bytes());
        self.at += if there { token.len() } else { 0 };
        there
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    fn rest(&self) -> &[u8] {
        self.text.as_bytes().get(self.at..).unwrap_or(&[])
    }

    fn since(&self, start: usize) -> &str {
        self.text.get(start..self.at).unwrap_or("")
    }

    fn wrong(&self, what: &str) -> String {
        [what, " at byte ", &self.at.to_string()].concat()
    }
}
