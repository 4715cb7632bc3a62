//! YAML text to [`Node`]s with places, within a budget.
//!
//! The budget is what stands between a recipe of a few hundred bytes and a tree of billions of values:
//! aliases are expanded by copying, so each copy is counted.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput, Tag};

use crate::error::{Error, Place, Result};
use crate::node::{Key, Node, Span, Value};
use crate::scalar;

/// Longest recipe.
pub(crate) const MAX_SIZE_BYTES: usize = 4 << 20;
/// Most values in a recipe, expanded aliases included.
const MAX_NODES: usize = 200_000;
/// Most bytes of text in a recipe, expanded aliases included.
const MAX_TEXT_BYTES: usize = 16 << 20;
/// Deepest nesting.
const MAX_DEPTH: usize = 64;

/// The one document in `text`; nothing at all is [`Value::Null`].
pub(crate) fn parse(text: &str, origin: &str) -> Result<Node> {
    if text.len() > MAX_SIZE_BYTES {
        return Err(Error::TooLarge {
            place: Place::whole(origin),
            limit: format!("{} MiB", MAX_SIZE_BYTES >> 20),
        });
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder::new(origin);
    let mut parser = Parser::new_from_str(text);
    builder.run(&mut parser)?;
    Ok(builder.root.unwrap_or_else(|| Node::from(Value::Null)))
}

/// Builds the tree from events with a stack of its own: depth never costs call stack.
struct Builder<'a> {
    origin: &'a str,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
    text_bytes: usize,
}

/// A collection whose end has not been seen.
struct Open {
    span: Span,
    anchor: usize,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    /// The entries so far, and the key that waits for its value.
    Map(Vec<(Key, Node)>, Option<PendingKey>),
}

struct PendingKey {
    key: Key,
    /// An unquoted `<<`.
    merge: bool,
}

/// An anchored value with what a copy of it costs.
struct Anchored {
    node: Node,
    nodes: usize,
    text_bytes: usize,
    depth: usize,
}

impl<'a> Builder<'a> {
    fn new(origin: &'a str) -> Self {
        Self {
            origin,
            open: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            documents: 0,
            nodes: 0,
            text_bytes: 0,
        }
    }

    fn run(&mut self, parser: &mut Parser<'_, StrInput<'_>>) -> Result<()> {
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| self.scan_error(&error))?;
            self.take(event, position(&span.start))?;
        }
        Ok(())
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<()> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(self.syntax(
                        span,
                        "a recipe is one YAML document, and here begins a second",
                    ));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = self.is_plain(style, tag.as_deref(), span)?;
                self.scalar(text.into_owned(), plain, anchor, span)
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), "seq", span)?;
                self.begin(Items::List(Vec::new()), anchor, span)
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), "map", span)?;
                self.begin(Items::Map(Vec::new(), None), anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor, span),
            _ => Ok(()),
        }
    }

    fn scalar(&mut self, text: String, plain: bool, anchor: usize, span: Span) -> Result<()> {
        self.spend(1, text.len(), span)?;
        if let Some(pending) = self.awaited_key() {
            let merge = plain && text == "<<";
            *pending = Some(PendingKey {
                key: Key { name: text, span },
                merge,
            });
            return Ok(());
        }
        let absent = plain && scalar::is_null(&text);
        // The parser places a missing value at the token after it, often a line below.
        let span = if text.is_empty() && absent {
            self.key_span().unwrap_or(span)
        } else {
            span
        };
        let value = if absent {
            Value::Null
        } else {
            Value::Scalar { text, plain }
        };
        self.finish(Node { value, span }, anchor)
    }

    fn begin(&mut self, items: Items, anchor: usize, span: Span) -> Result<()> {
        self.spend(1, 0, span)?;
        self.refuse_collection_as_key(span)?;
        self.check_depth(self.open.len() + 1, span)?;
        self.open.push(Open {
            span,
            anchor,
            items,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        // The parser pairs starts and ends, so the stack cannot be empty here.
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = match open.items {
            Items::List(items) => Value::List(items),
            Items::Map(entries, _) => Value::Map(self.unique(entries)?),
        };
        let node = Node {
            value,
            span: open.span,
        };
        self.finish(node, open.anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<()> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(self.syntax(span, "an alias stands inside the value that it names"));
        };
        let (nodes, text_bytes, depth) = (anchored.nodes, anchored.text_bytes, anchored.depth);
        self.spend(nodes, text_bytes, span)?;
        self.check_depth(self.open.len() + depth, span)?;
        let node = self
            .anchors
            .get(&anchor)
            .map(|anchored| anchored.node.clone());
        let Some(node) = node else { return Ok(()) };
        if let Some(pending) = self.awaited_key() {
            if let Value::Scalar { text, .. } = node.value {
                *pending = Some(PendingKey {
                    key: Key { name: text, span },
                    merge: false,
                });
                return Ok(());
            }
            return self.refuse_collection_as_key(span);
        }
        self.finish(node, 0)
    }

    /// A whole value: goes into the collection around it.
    fn finish(&mut self, node: Node, anchor: usize) -> Result<()> {
        if anchor != 0 {
            let (nodes, text_bytes, depth) = cost(&node);
            // The table of anchors holds a copy, which is memory as well.
            self.spend(nodes, text_bytes, node.span)?;
            let anchored = Anchored {
                node: node.clone(),
                nodes,
                text_bytes,
                depth,
            };
            self.anchors.insert(anchor, anchored);
        }
        let place = Place::new(self.origin, node.span);
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open {
                items: Items::List(items),
                ..
            }) => items.push(node),
            Some(Open {
                items: Items::Map(entries, pending),
                ..
            }) => match pending.take() {
                Some(PendingKey { merge: true, .. }) => merge(entries, node, place)?,
                Some(PendingKey { key, .. }) => entries.push((key, node)),
                None => {}
            },
        }
        Ok(())
    }

    /// The slot for a key, if the innermost collection is a map that waits for one.
    fn awaited_key(&mut self) -> Option<&mut Option<PendingKey>> {
        match self.open.last_mut() {
            Some(Open {
                items: Items::Map(_, pending @ None),
                ..
            }) => Some(pending),
            _ => None,
        }
    }

    fn key_span(&self) -> Option<Span> {
        match &self.open.last()?.items {
            Items::Map(_, Some(pending)) => Some(pending.key.span),
            _ => None,
        }
    }

    /// Checks that no name is there twice. Merged entries carry line [`MERGED`] until here and give way.
    fn unique(&self, entries: Vec<(Key, Node)>) -> Result<Vec<(Key, Node)>> {
        let mut own: HashMap<&str, Span> = HashMap::new();
        for (key, _) in entries.iter().filter(|(key, _)| !is_merged(key)) {
            if let Some(first) = own.insert(&key.name, key.span) {
                return Err(Error::Duplicate {
                    key: key.name.clone(),
                    place: Place::new(self.origin, key.span),
                    first,
                });
            }
        }
        let own: HashMap<String, Span> = own
            .into_iter()
            .map(|(name, span)| (name.to_string(), span))
            .collect();
        let mut seen = std::collections::HashSet::new();
        let kept = entries.into_iter().filter_map(|(mut key, node)| {
            if is_merged(&key) {
                if own.contains_key(&key.name) || !seen.insert(key.name.clone()) {
                    return None;
                }
                key.span = node.span;
            }
            Some((key, node))
        });
        Ok(kept.collect())
    }

    fn is_plain(&self, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Result<bool> {
        match tag {
            None => Ok(style == ScalarStyle::Plain),
            Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
                "str" => Ok(false),
                "int" | "float" | "bool" | "null" => Ok(true),
                _ => Err(self.unknown_tag(tag, span)),
            },
            // A lone `!` means: do not interpret.
            Some(tag) if tag.handle.is_empty() && tag.suffix == "!" => Ok(false),
            Some(tag) => Err(self.unknown_tag(tag, span)),
        }
    }

    fn refuse_tag(&self, tag: Option<&Tag>, accepted: &str, span: Span) -> Result<()> {
        match tag {
            Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == accepted) => {
                Err(self.unknown_tag(tag, span))
            }
            _ => Ok(()),
        }
    }

    fn unknown_tag(&self, tag: &Tag, span: Span) -> Error {
        self.syntax(span, format!("a recipe has no use for the tag `{tag}`"))
    }

    fn refuse_collection_as_key(&mut self, span: Span) -> Result<()> {
        if self.awaited_key().is_some() {
            let message = "a list or a map cannot be a key (put quotes around text that begins with `[` or `{`)";
            return Err(self.syntax(span, message));
        }
        Ok(())
    }

    fn spend(&mut self, nodes: usize, text_bytes: usize, span: Span) -> Result<()> {
        self.nodes = self.nodes.saturating_add(nodes);
        self.text_bytes = self.text_bytes.saturating_add(text_bytes);
        if self.nodes > MAX_NODES {
            return Err(self.too_large(span, format!("{MAX_NODES} values, aliases expanded")));
        }
        if self.text_bytes > MAX_TEXT_BYTES {
            return Err(self.too_large(
                span,
                format!("{} MiB of text, aliases expanded", MAX_TEXT_BYTES >> 20),
            ));
        }
        Ok(())
    }

    fn check_depth(&self, depth: usize, span: Span) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(self.too_large(span, format!("{MAX_DEPTH} levels of nesting")));
        }
        Ok(())
    }

    fn too_large(&self, span: Span, limit: String) -> Error {
        Error::TooLarge {
            place: Place::new(self.origin, span),
            limit,
        }
    }

    fn syntax(&self, span: Span, message: impl Into<String>) -> Error {
        Error::Syntax {
            place: Place::new(self.origin, span),
            message: message.into(),
        }
    }

    fn scan_error(&self, error: &ScanError) -> Error {
        self.syntax(
            position(error.marker()),
            format!("not YAML: {}", error.info()),
        )
    }
}

/// The mark of an entry that came through `<<`; no recipe has that many lines.
const MERGED: u32 = u32::MAX;

fn is_merged(key: &Key) -> bool {
    key.span.line == MERGED
}

/// Adds what `<<` names: a map, or a list of maps of which the earlier win.
fn merge(entries: &mut Vec<(Key, Node)>, node: Node, place: Place) -> Result<()> {
    let maps = match node.value {
        Value::List(items) => items,
        _ => vec![node],
    };
    for map in maps {
        let Value::Map(merged) = map.value else {
            return Err(Error::Syntax {
                place,
                message: format!(
                    "`<<` takes a map or a list of maps, found {}",
                    map.describe()
                ),
            });
        };
        entries.extend(merged.into_iter().map(|(key, node)| {
            let span = Span {
                line: MERGED,
                column: 0,
            };
            (
                Key {
                    name: key.name,
                    span,
                },
                node,
            )
        }));
    }
    Ok(())
}

/// Values, bytes of text and levels in a node. Recursion is bounded by [`MAX_DEPTH`].
fn cost(node: &Node) -> (usize, usize, usize) {
    let mut total = (1, 0, 0);
    let mut add = |node: &Node| {
        let (nodes, text_bytes, depth) = cost(node);
        total = (total.0 + nodes, total.1 + text_bytes, total.2.max(depth));
    };
    match &node.value {
        Value::Null => {}
        Value::Scalar { text, .. } => total.1 = text.len(),
        Value::List(items) => {
            items.iter().for_each(add);
            total.2 += 1;
        }
        Value::Map(entries) => {
            entries.iter().for_each(|(_, node)| add(node));
            total.1 += entries.iter().map(|(key, _)| key.name.len()).sum::<usize>();
            total.2 += 1;
        }
    }
    total
}

fn position(marker: &Marker) -> Span {
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX - 1);
    Span {
        line: number(marker.line()).max(1),
        column: number(marker.col().saturating_add(1)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: serde_json::Value) {
        assert_eq!(parse(text, "r.yaml").unwrap().to_json(), expected, "{text}");
    }

    #[track_caller]
    fn check_error(text: &str, expected: &str) {
        let head: String = text.chars().take(200).collect();
        assert_eq!(
            parse(text, "r.yaml").unwrap_err().to_string(),
            expected,
            "{head}"
        );
    }

    #[test]
    fn values_keep_their_places() {
        let node = parse("a: 1\nb:\n  - x\n  - é: y\nc:\n", "r.yaml").unwrap();
        let span = |line, column| Span { line, column };
        assert_eq!(node.get("a").unwrap().span, span(1, 4));
        let list = node.get("b").unwrap().as_list().unwrap();
        assert_eq!(list[0].span, span(3, 5));
        assert_eq!(list[1].get("é").unwrap().span, span(4, 8));
        assert_eq!(
            node.get("c").unwrap().span,
            span(5, 1),
            "an absent value stands at its key"
        );
        assert!(node.get("c").unwrap().is_null());
    }

    #[test]
    fn merge_keys_fill_in_what_is_not_given() {
        check(
            "base: &b {x: 1, y: 2}\nown:\n  y: 3\n  <<: *b\n",
            json!({"base": {"x": 1, "y": 2}, "own": {"x": 1, "y": 3}}),
        );
        check(
            "a: &a {x: 1}\nb: &b {x: 2, z: 9}\nc: {<<: [*a, *b], w: 0}",
            json!({"a": {"x": 1}, "b": {"x": 2, "z": 9}, "c": {"x": 1, "z": 9, "w": 0}}),
        );
        check("a: {'<<': {x: 1}}", json!({"a": {"<<": {"x": 1}}}));
        check_error(
            "a: {<<: 5}",
            "r.yaml:1:9: `<<` takes a map or a list of maps, found `5`",
        );
    }

    #[test]
    fn documents_may_be_empty_or_marked() {
        check("", json!(null));
        check("# only a comment\n", json!(null));
        check("\u{feff}---\na: 1\n...\n", json!({"a": 1}));
        check(
            "a: !!str 5\nb: !!int 5\nc: ! 5",
            json!({"a": "5", "b": 5, "c": "5"}),
        );
    }

    #[test]
    fn what_is_not_for_recipes_is_refused() {
        check_error(
            "a: 1\nb: 2\na: 3\n",
            "r.yaml:3:1: duplicate key `a`, first given at line 1, column 1",
        );
        check_error(
            "a: 1\n---\nb: 1\n",
            "r.yaml:2:1: a recipe is one YAML document, and here begins a second",
        );
        check_error(
            "a: !!python/object:os.system 1",
            "r.yaml:1:4: a recipe has no use for the tag `tag:yaml.org,2002:!python/object:os.system`",
        );
        check_error(
            "? [a]\n: 1\n",
            "r.yaml:1:3: a list or a map cannot be a key (put quotes around text that begins with `[` or `{`)",
        );
        check_error(
            "a: &x [*x]",
            "r.yaml:1:8: an alias stands inside the value that it names",
        );
        assert!(matches!(
            parse("a: [1", "r.yaml"),
            Err(Error::Syntax { .. })
        ));
        assert!(matches!(
            parse("a: *nobody", "r.yaml"),
            Err(Error::Syntax { .. })
        ));
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let alias = format!("*a{}", level - 1);
            text += &format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(", "));
        }
        assert!(matches!(
            parse(&text, "r.yaml"),
            Err(Error::TooLarge { .. })
        ));
        let long = format!(
            "a: &a {}\nb: [{}]",
            "x".repeat(1 << 20),
            vec!["*a"; 100].join(", ")
        );
        check_error(
            &long,
            "r.yaml:2:57: the recipe is too large: more than 16 MiB of text, aliases expanded",
        );
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let nested = "- ".repeat(100_000);
        check_error(
            &nested,
            "r.yaml:1:129: the recipe is too large: more than 64 levels of nesting",
        );
        let flow = format!("{}{}", "[".repeat(100), "]".repeat(100));
        check_error(
            &flow,
            "r.yaml:1:65: the recipe is too large: more than 64 levels of nesting",
        );
        check_error(
            &"#".repeat(MAX_SIZE_BYTES + 1),
            "r.yaml: the recipe is too large: more than 4 MiB",
        );
    }
}
