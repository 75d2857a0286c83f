//! Text to nodes, by precedence.

use skidway_pattern::Pattern;

use super::functions::Function;
use super::{EntryName, Node, Operator};
use crate::value::{Str, Value};

/// How deep an expression may be nested: reading and evaluating it uses the stack.
const MAX_DEPTH: usize = 64;

pub(super) fn read(written: &str) -> Result<Node, String> {
    let mut reader = Reader { tokens: tokens(written)?, at: 0, depth: 0 };
    let node = reader.expression(0)?;
    match reader.next() {
        None => Ok(node),
        Some(token) => Err(format!("{} stands where nothing more can", token.shown())),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Integer(i64),
    Float(f64),
    Sign(&'static str),
}

const SIGNS: [&str; 26] = [
    "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "**", "..", "<", ">", "!", "+", "-", "*", "/", "%", "(",
    ")", "[", "]", ",", ".", "?", ":",
];

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Word(word) => format!("`{word}`"),
            Self::Text(text) => format!("{text:?}"),
            Self::Integer(number) => format!("`{number}`"),
            Self::Float(number) => format!("`{number}`"),
            Self::Sign(sign) => format!("`{sign}`"),
        }
    }
}

fn tokens(written: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = written.trim_start();
    while let Some(c) = rest.chars().next() {
        let used = if matches!(c, '"' | '\'' | '`') {
            let (text, used) = quoted(rest, c)?;
            tokens.push(Token::Text(text));
            used
        } else if c.is_ascii_digit() {
            let used = number_length(rest);
            tokens.push(number(&rest[..used])?);
            used
        } else if c.is_alphabetic() || c == '_' || c == '$' {
            let used =
                rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..used].to_owned()));
            used
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
            let sign = sign.ok_or_else(|| format!("`{c}` is no part of an expression"))?;
            tokens.push(Token::Sign(sign));
            sign.len()
        };
        rest = rest[used..].trim_start();
    }
    Ok(tokens)
}

fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits =
        |from: usize| from + bytes[from..].iter().take_while(|b| b.is_ascii_digit() || **b == b'_').count();
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        end = digits(end + 1);
    }
    end
}

fn number(text: &str) -> Result<Token, String> {
    let plain = text.replace('_', "");
    let integer = plain.parse().ok().map(Token::Integer);
    let float = || plain.parse().ok().map(Token::Float);
    integer.or_else(float).ok_or_else(|| format!("`{text}` is no number"))
}

/// A text in quotes at the start of `rest`, and how long it is with them.
fn quoted(rest: &str, quote: char) -> Result<(String, usize), String> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            _ if c == quote => return Ok((text, at + 1)),
            '\\' if quote != '`' => match chars.next().map(|(_, c)| c) {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('t') => text.push('\t'),
                Some(escaped @ ('\\' | '"' | '\'' | '`')) => text.push(escaped),
                Some(other) => return Err(format!("`\\{other}` is no escape; a backslash is `\\\\`")),
                None => break,
            },
            _ => text.push(c),
        }
    }
    Err(format!("a text has no closing {quote}"))
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

/// How tightly an operator binds, as in expr-lang.
fn binding(operator: Operator) -> u16 {
    match operator {
        Operator::Or => 10,
        Operator::And => 15,
        Operator::Add | Operator::Subtract => 30,
        Operator::Multiply | Operator::Divide | Operator::Remainder => 60,
        Operator::Default => 500,
        _ => 20,
    }
}
const NOT: u16 = 50;
const NEGATIVE: u16 = 90;

impl Reader {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, sign: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Sign(next)) if *next == sign);
        self.at += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.take(sign) {
            return Ok(());
        }
        Err(match self.peek() {
            Some(token) => format!("{} stands where `{sign}` is due", token.shown()),
            None => format!("it ends where `{sign}` is due"),
        })
    }

    /// The operator that stands next, and how many tokens it takes.
    fn operator(&self) -> Option<(Operator, usize)> {
        let one = |operator| Some((operator, 1));
        match self.peek()? {
            Token::Sign(sign) => one(match *sign {
                "||" => Operator::Or,
                "&&" => Operator::And,
                "==" => Operator::Equal,
                "!=" => Operator::Unequal,
                "<" => Operator::Less,
                "<=" => Operator::LessOrEqual,
                ">" => Operator::Greater,
                ">=" => Operator::GreaterOrEqual,
                "+" => Operator::Add,
                "-" => Operator::Subtract,
                "*" => Operator::Multiply,
                "/" => Operator::Divide,
                "%" => Operator::Remainder,
                "??" => Operator::Default,
                _ => return None,
            }),
            Token::Word(word) => match word.as_str() {
                "or" => one(Operator::Or),
                "and" => one(Operator::And),
                "in" => one(Operator::In),
                "contains" => one(Operator::Contains),
                "startsWith" => one(Operator::StartsWith),
                "endsWith" => one(Operator::EndsWith),
                "matches" => one(Operator::Matches),
                "not" if self.tokens.get(self.at + 1) == Some(&Token::Word("in".to_owned())) => {
                    Some((Operator::NotIn, 2))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// An expression of operators that bind at least so tightly.
    fn expression(&mut self, least: u16) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("it is nested deeper than {MAX_DEPTH}"));
        }
        let mut left = self.unary()?;
        while let Some((operator, length)) = self.operator()
            && binding(operator) >= least.max(1)
        {
            self.at += length;
            let right = self.expression(binding(operator) + 1)?;
            left = self.binary(operator, left, right)?;
        }
        if least == 0 && self.take("?") {
            let yes = self.expression(0)?;
            self.expect(":")?;
            let no = self.expression(0)?;
            left = Node::Choice(Box::new(left), Box::new(yes), Box::new(no));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn binary(&self, operator: Operator, left: Node, right: Node) -> Result<Node, String> {
        if let (Operator::Matches, Node::Value(Value::Text(written))) = (operator, &right) {
            let pattern = Pattern::new(written.as_str()).map_err(|error| error.to_string())?;
            return Ok(Node::Matches(Box::new(left), Box::new(pattern)));
        }
        Ok(Node::Binary(operator, Box::new(left), Box::new(right)))
    }

    fn unary(&mut self) -> Result<Node, String> {
        if self.take("!") || self.take_word("not") {
            return Ok(Node::Not(Box::new(self.expression(NOT)?)));
        }
        if self.take("-") {
            return Ok(Node::Negative(Box::new(self.expression(NEGATIVE)?)));
        }
        let primary = self.primary()?;
        self.postfix(primary)
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Word(word)) if word == wanted);
        self.at += usize::from(is_it);
        is_it
    }

    fn primary(&mut self) -> Result<Node, String> {
        match self.next() {
            Some(Token::Text(text)) => Ok(Node::Value(Value::Text(Str::Shared(text.into())))),
            Some(Token::Integer(number)) => Ok(Node::Value(Value::Integer(number))),
            Some(Token::Float(number)) => Ok(Node::Value(Value::Float(number))),
            Some(Token::Sign("(")) => {
                let node = self.expression(0)?;
                self.expect(")")?;
                Ok(node)
            }
            Some(Token::Sign("[")) => Ok(Node::List(self.list("]")?)),
            Some(Token::Word(word)) => self.word(&word),
            Some(token) => Err(format!("{} stands where a value is due", token.shown())),
            None => Err("it ends where a value is due".to_owned()),
        }
    }

    fn word(&mut self, word: &str) -> Result<Node, String> {
        if self.take("(") {
            let function = Function::new(word)?;
            let arguments = self.list(")")?;
            function.check(arguments.len())?;
            return Ok(Node::Call(function, arguments));
        }
        Ok(match word {
            "true" => Node::Value(Value::Boolean(true)),
            "false" => Node::Value(Value::Boolean(false)),
            "nil" => Node::Value(Value::Nil),
            "body" | "$" => Node::Name(EntryName::Body),
            "attributes" => Node::Name(EntryName::Attributes),
            "resource" => Node::Name(EntryName::Resource),
            "severity_text" => Node::Name(EntryName::SeverityText),
            "severity_number" => Node::Name(EntryName::SeverityNumber),
            _ => return Err(format!("the name `{word}` is unknown")),
        })
    }

    fn list(&mut self, end: &'static str) -> Result<Vec<Node>, String> {
        let mut items = Vec::new();
        while !self.take(end) {
            if !items.is_empty() {
                self.expect(",")?;
                if self.take(end) {
                    break;
                }
            }
            items.push(self.expression(0)?);
        }
        Ok(items)
    }

    /// Members, items and slices behind a value.
    fn postfix(&mut self, node: Node) -> Result<Node, String> {
        let mut node = node;
        loop {
            let optional = match self.peek() {
                Some(Token::Sign(sign @ ("." | "?."))) => *sign == "?.",
                Some(Token::Sign("[")) => {
                    self.at += 1;
                    node = self.index(node, false)?;
                    continue;
                }
                _ => return Ok(node),
            };
            self.at += 1;
            if optional && self.take("[") {
                node = self.index(node, true)?;
                continue;
            }
            let Some(Token::Word(name)) = self.next() else {
                return Err("a point needs a name behind it".to_owned());
            };
            let key = Node::Value(Value::Text(Str::Shared(name.into())));
            node = Node::Member { of: Box::new(node), key: Box::new(key), optional };
        }
    }

    fn index(&mut self, of: Node, optional: bool) -> Result<Node, String> {
        let of = Box::new(of);
        let starts_open = self.take(":");
        let from = if starts_open { None } else { Some(Box::new(self.expression(1)?)) };
        if !starts_open && !self.take(":") {
            self.expect("]")?;
            let key = from.unwrap_or_else(|| Box::new(Node::Value(Value::Nil)));
            return Ok(Node::Member { of, key, optional });
        }
        let to = if self.take("]") {
            None
        } else {
            let to = self.expression(1)?;
            self.expect("]")?;
            Some(Box::new(to))
        };
        Ok(Node::Slice { of, from, to })
    }
}
