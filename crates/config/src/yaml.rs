//! Parses YAML text into [`Node`]s with places, within a budget.
//!
//! Aliases are expanded by copying. Every copy counts against the budget, so a recipe of a few hundred bytes cannot become a tree
//! of billions of values.

mod budget;
mod map;

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput, Tag};

use crate::error::{Error, Place, Result};
use crate::node::{Key, Node, Span, Value};
use crate::scalar;

use budget::{Budget, Cost};
use map::OpenMap;

/// The size of the largest recipe.
pub(crate) const MAX_SIZE_BYTES: usize = 4 << 20;

/// Parses the single document in `text`. An empty text is [`Value::Null`].
pub(crate) fn parse(text: &str, origin: &str) -> Result<Node> {
    if text.len() > MAX_SIZE_BYTES {
        return Err(Error::TooLarge {
            place: Place::whole(origin),
            limit: format!("{} MiB", MAX_SIZE_BYTES >> 20),
        });
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder::new(origin);
    builder.run(&mut Parser::new_from_str(text))?;
    Ok(builder.root.unwrap_or_else(|| Node::from(Value::Null)))
}

/// Builds the tree from events with its own stack, so that deep nesting cannot overflow the call stack.
struct Builder<'a> {
    origin: &'a str,
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, Cost)>,
    root: Option<Node>,
    documents: usize,
    budget: Budget,
}

/// A collection whose end has not been reached.
struct Open {
    span: Span,
    anchor: usize,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    Map(OpenMap),
}

impl<'a> Builder<'a> {
    fn new(origin: &'a str) -> Self {
        Self {
            origin,
            open: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            documents: 0,
            budget: Budget::default(),
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
                    let message = "a recipe is one YAML document, and here begins a second";
                    return Err(self.syntax(span, message));
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
                self.begin(Items::Map(OpenMap::default()), anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor, span),
            _ => Ok(()),
        }
    }

    fn scalar(&mut self, text: String, plain: bool, anchor: usize, span: Span) -> Result<()> {
        self.spend(Cost::scalar(&text), span)?;
        if let Some(map) = self.map_awaiting_key() {
            let merge = plain && text == "<<";
            map.take_key(Key { name: text, span }, merge);
            return Ok(());
        }
        if !(plain && scalar::is_null(&text)) {
            let value = Value::Scalar { text, plain };
            return self.finish(Node { value, span }, anchor);
        }
        // The parser places a missing value at the token after it, which is often a line below.
        let span = self.key_span().filter(|_| text.is_empty()).unwrap_or(span);
        let value = Value::Null;
        self.finish(Node { value, span }, anchor)
    }

    fn begin(&mut self, items: Items, anchor: usize, span: Span) -> Result<()> {
        self.spend(Cost::collection(), span)?;
        self.refuse_collection_as_key(span)?;
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
            Items::Map(map) => Value::Map(map.finish(self.origin)?),
        };
        let span = open.span;
        self.finish(Node { value, span }, open.anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<()> {
        let Some(cost) = self.anchors.get(&anchor).map(|(_, cost)| *cost) else {
            return Err(self.syntax(span, "an alias stands inside the value that it names"));
        };
        // Counted before it is copied.
        self.spend(cost, span)?;
        let Some(node) = self.anchors.get(&anchor).map(|(node, _)| node.clone()) else {
            return Ok(());
        };
        match node.value {
            Value::Scalar { text, .. } if self.map_awaiting_key().is_some() => {
                if let Some(map) = self.map_awaiting_key() {
                    map.take_key(Key { name: text, span }, false);
                }
                Ok(())
            }
            _ => {
                self.refuse_collection_as_key(span)?;
                self.finish(node, 0)
            }
        }
    }

    /// Adds a complete value to the collection around it.
    fn finish(&mut self, node: Node, anchor: usize) -> Result<()> {
        if anchor != 0 {
            let cost = Cost::of(&node);
            // The table of anchors has a copy, which takes memory as well.
            self.spend(cost, node.span)?;
            self.anchors.insert(anchor, (node.clone(), cost));
        }
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.root = Some(node),
            Some(Items::List(items)) => items.push(node),
            Some(Items::Map(map)) => map.take_value(node, self.origin)?,
        }
        Ok(())
    }

    fn map_awaiting_key(&mut self) -> Option<&mut OpenMap> {
        match self.open.last_mut().map(|open| &mut open.items) {
            Some(Items::Map(map)) if map.awaits_key() => Some(map),
            _ => None,
        }
    }

    fn key_span(&self) -> Option<Span> {
        match &self.open.last()?.items {
            Items::Map(map) => map.key_span(),
            Items::List(_) => None,
        }
    }

    fn refuse_collection_as_key(&mut self, span: Span) -> Result<()> {
        if self.map_awaiting_key().is_some() {
            let message = "a list or a map cannot be a key (put quotes around text that begins with `[` or `{`)";
            return Err(self.syntax(span, message));
        }
        Ok(())
    }

    fn is_plain(&self, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Result<bool> {
        match tag {
            None => Ok(style == ScalarStyle::Plain),
            Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
                "str" => Ok(false),
                "int" | "float" | "bool" | "null" => Ok(true),
                _ => Err(self.unknown_tag(tag, span)),
            },
            // A lone `!` means that the value must not be interpreted.
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

    fn spend(&mut self, cost: Cost, span: Span) -> Result<()> {
        self.budget.spend(cost, self.open.len(), self.origin, span)
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

fn position(marker: &Marker) -> Span {
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
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
