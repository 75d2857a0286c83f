//! YAML text to a tree with positions.
//!
//! Built from parser events with a stack of its own, so that hostile nesting
//! cannot use up the thread's stack, and bounded in depth, size and aliases.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

use crate::problem::{Position, Report};
use crate::tree::{Key, Node, Scalar, Style, Value};

/// Configs are some hundred lines; a file past this is a mistake.
pub(crate) const MAX_FILE_BYTES: usize = 1 << 20;
/// The deepest real config has seven levels.
const MAX_DEPTH: usize = 64;
/// Nodes that aliases may copy: enough for anybody, too few for a "billion laughs".
const MAX_ALIASED: usize = 10_000;

/// The document in `text`, or `None` after having reported what is wrong. An
/// empty file is an empty map.
pub(crate) fn parse(name: &str, text: &str, report: &mut Report) -> Option<Node> {
    let before = report.errors.len();
    let mut builder = Builder {
        file: name.into(),
        stack: Vec::new(),
        anchors: HashMap::new(),
        aliased: 0,
        root: None,
        report,
    };
    if text.len() > MAX_FILE_BYTES {
        let at = Position { file: name.into(), line: 1, column: 1 };
        builder.report.error(&at, format!("the file is larger than {MAX_FILE_BYTES} bytes"), "");
        return None;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let done = match event {
            Ok((event, span)) => builder.event(event, span.start),
            Err(error) => {
                let at = builder.position(*error.marker());
                builder.report.error(&at, format!("invalid YAML: {}", error.info()), yaml_hint(text, &at));
                None
            }
        };
        done?;
    }
    let empty =
        Node { at: Position { file: name.into(), line: 1, column: 1 }, value: Value::Map(Vec::new()) };
    let root = builder.root.unwrap_or_else(|| empty.clone());
    let root = if root.is_null() { empty } else { root };
    if !matches!(root.value, Value::Map(_)) {
        report.error(&root.at, "the file must be a map with the keys of a collector config", TOP_HINT);
    }
    (report.errors.len() == before).then_some(root)
}

const TOP_HINT: &str = "start with `receivers:`, `processors:`, `exporters:` and `service:`";

fn yaml_hint(text: &str, at: &Position) -> &'static str {
    let line = text.lines().nth(at.line - 1).unwrap_or("");
    if line.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t') {
        return "indent with spaces; YAML does not allow tabs";
    }
    "check indentation, colons and quotes on this line and the one before"
}

struct Builder<'r> {
    file: Arc<str>,
    stack: Vec<Open>,
    anchors: HashMap<usize, Node>,
    aliased: usize,
    root: Option<Node>,
    report: &'r mut Report,
}

/// A list or a map whose end has not come yet.
struct Open {
    at: Position,
    anchor: usize,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    Map { entries: Vec<(Key, Node)>, key: Option<Key>, merged: Vec<(Key, Node)> },
}

impl Builder<'_> {
    fn position(&self, mark: Marker) -> Position {
        Position { file: self.file.clone(), line: mark.line(), column: mark.col() + 1 }
    }

    /// `None`: reported something after which reading on makes no sense.
    fn event(&mut self, event: Event<'_>, mark: Marker) -> Option<()> {
        let at = self.position(mark);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let mut style = if style == ScalarStyle::Plain { Style::Plain } else { Style::Quoted };
                match tag {
                    None => {}
                    Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => style = Style::Quoted,
                    Some(tag) => self.no_tags(&at, &tag.to_string()),
                }
                let value = Value::Scalar(Scalar { text: text.into_owned(), style });
                self.node(Node { at, value }, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                if let Some(tag) = tag {
                    self.no_tags(&at, &tag.to_string());
                }
                self.open(at, anchor, Items::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                if let Some(tag) = tag {
                    self.no_tags(&at, &tag.to_string());
                }
                self.open(at, anchor, Items::Map { entries: Vec::new(), key: None, merged: Vec::new() })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self.stack.pop()?;
                let value = match open.items {
                    Items::List(items) => Value::List(items),
                    Items::Map { mut entries, merged, .. } => {
                        for (key, node) in merged {
                            if !entries.iter().any(|(k, _)| k.name == key.name) {
                                entries.push((key, node));
                            }
                        }
                        Value::Map(entries)
                    }
                };
                self.node(Node { at: open.at, value }, open.anchor)
            }
            Event::Alias(id) => {
                let Some(node) = self.anchors.get(&id) else {
                    self.report.error(&at, "this alias stands inside of its own anchor", "");
                    return None;
                };
                self.aliased += count(node);
                if self.aliased > MAX_ALIASED {
                    let message = format!("aliases copy more than {MAX_ALIASED} values");
                    self.report.error(&at, message, "write the values out");
                    return None;
                }
                let node = node.clone();
                self.node(node, 0)
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                self.report.error(
                    &at,
                    "a second YAML document begins here",
                    "one document a file; give several files with several `--config`",
                );
                None
            }
            Event::DocumentStart(_) | Event::DocumentEnd => Some(()),
            Event::StreamStart | Event::StreamEnd | Event::Nothing => Some(()),
        }
    }

    fn no_tags(&mut self, at: &Position, tag: &str) {
        self.report.error(at, format!("YAML tags such as `{tag}` are not supported"), "leave the tag out");
    }

    fn open(&mut self, at: Position, anchor: usize, items: Items) -> Option<()> {
        if self.stack.len() >= MAX_DEPTH {
            self.report.error(&at, format!("nested deeper than {MAX_DEPTH} levels"), "");
            return None;
        }
        self.stack.push(Open { at, anchor, items });
        Some(())
    }

    /// A finished node goes where its parent waits for it.
    fn node(&mut self, node: Node, anchor: usize) -> Option<()> {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(parent) = self.stack.last_mut() else {
            self.root = Some(node);
            return Some(());
        };
        match &mut parent.items {
            Items::List(items) => items.push(node),
            Items::Map { entries, key, merged } => match key.take() {
                None => {
                    let Value::Scalar(scalar) = node.value else {
                        self.report.error(&node.at, "a key must be text", "");
                        return None;
                    };
                    *key = Some(Key { at: node.at, name: scalar.text });
                }
                Some(key) if key.name == "<<" => match node.value {
                    Value::Map(from) => merged.extend(from),
                    Value::List(maps) => merged.extend(maps.iter().flat_map(|m| m.entries().iter().cloned())),
                    Value::Scalar(_) => self.report.error(&node.at, "`<<` needs a map to merge", ""),
                },
                Some(key) => match entries.iter().find(|(k, _)| k.name == key.name) {
                    Some((first, _)) => {
                        let hint = format!("it is first on line {}; keep one of them", first.at.line);
                        self.report.error(&key.at, format!("key `{}` is there twice", key.name), hint);
                    }
                    None => entries.push((key, node)),
                },
            },
        }
        Some(())
    }
}

fn count(node: &Node) -> usize {
    1 + match &node.value {
        Value::Scalar(_) => 0,
        Value::List(items) => items.iter().map(count).sum(),
        Value::Map(entries) => entries.iter().map(|(_, node)| count(node)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree with `@line:column` before every key and value.
    fn show(node: &Node) -> String {
        let at = format!("@{}:{}", node.at.line, node.at.column);
        match &node.value {
            Value::Scalar(s) => format!("{at} {}", s.text),
            Value::List(items) => format!("{at} [{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
            Value::Map(entries) => {
                let entry =
                    |(k, n): &(Key, Node)| format!("@{}:{} {}: {}", k.at.line, k.at.column, k.name, show(n));
                format!("{at} {{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn good(text: &str) -> String {
        let mut report = Report::default();
        let node = parse("x.yaml", text, &mut report);
        assert_eq!(report.errors, []);
        show(&node.unwrap())
    }

    fn bad(text: &str) -> Vec<String> {
        let mut report = Report::default();
        assert!(parse("x.yaml", text, &mut report).is_none());
        report.errors.iter().map(|p| format!("{} {}", p.at.as_ref().unwrap(), p.message)).collect()
    }

    #[test]
    fn positions_of_keys_values_and_items() {
        let text = "a:\n  b: [x, 'ü y', z]\n  c:\n    - |\n      one\n    - d: \"e\"\n  f:\n# g\nh: {i: j}\n";
        assert_eq!(
            good(text),
            "@1:1 {@1:1 a: @2:3 {@2:3 b: @2:6 [@2:7 x, @2:10 ü y, @2:17 z], \
             @3:3 c: @4:5 [@5:7 one\n, @6:7 {@6:7 d: @6:10 e}], @7:3 f: @7:4 }, @9:1 h: @9:4 {@9:5 i: @9:8 j}}"
        );
    }

    #[test]
    fn anchors_aliases_and_merge_keys() {
        let text = "base: &b {x: 1, y: 2}\nother:\n  <<: *b\n  y: 3\nsame: *b\n";
        assert_eq!(
            good(text),
            "@1:1 {@1:1 base: @1:7 {@1:11 x: @1:14 1, @1:17 y: @1:20 2}, \
             @2:1 other: @3:3 {@4:3 y: @4:6 3, @1:11 x: @1:14 1}, \
             @5:1 same: @1:7 {@1:11 x: @1:14 1, @1:17 y: @1:20 2}}"
        );
    }

    #[test]
    fn an_empty_file_is_an_empty_map() {
        for text in ["", "# nothing\n", "---\n", "\u{feff}# nothing"] {
            assert_eq!(good(text), "@1:1 {}", "{text:?}");
        }
    }

    #[test]
    fn hostile_files_are_refused() {
        assert_eq!(bad(&("[".repeat(70) + &"]".repeat(70))), ["x.yaml:1:65 nested deeper than 64 levels"]);
        assert_eq!(bad(&"[".repeat(100_000)).len(), 1);
        assert_eq!(bad(&"- ".repeat(100_000)), ["x.yaml:1:129 nested deeper than 64 levels"]);
        assert_eq!(bad(&"{a: ".repeat(100_000)).len(), 1);
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..9 {
            let alias = format!("*a{}, ", i - 1).repeat(10);
            bomb.push_str(&format!("a{i}: &a{i} [{}]\n", alias.trim_end_matches(", ")));
        }
        assert_eq!(bad(&bomb).len(), 1);
        assert!(bad(&bomb)[0].ends_with("aliases copy more than 10000 values"));
        let large = " ".repeat(MAX_FILE_BYTES + 1);
        assert_eq!(bad(&large), ["x.yaml:1:1 the file is larger than 1048576 bytes"]);
        assert_eq!(bad("a: &a [*a]"), ["x.yaml:1:8 this alias stands inside of its own anchor"]);
    }

    #[test]
    fn every_duplicate_key_is_told() {
        let expected = ["x.yaml:3:1 key `a` is there twice", "x.yaml:5:3 key `c` is there twice"];
        assert_eq!(bad("a: 1\nb: 2\na: 3\nd: {c: 1,\n  c: 2}"), expected);
    }
}
