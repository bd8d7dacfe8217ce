//! A text in YAML as a tree that knows the line of each value.

use crate::limits;
use std::path::Path;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, Tag};

use super::ImportError;
use super::finding::SourcePlace;

/// A value with its line.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: SourcePlace,
    pub(super) kind: NodeKind,
    /// Whether it has the tag `!override`.
    pub(super) is_override: bool,
}

/// The kind of a value.
#[derive(Clone, Debug)]
pub(super) enum NodeKind {
    /// A text, number or truth value, as it was typed.
    Scalar(String),
    /// A list.
    List(Vec<Node>),
    /// Keys and values, in their order.
    Map(Vec<(String, Node)>),
}

/// The spellings of true and false in a dialect of YAML.
pub(super) struct Truths {
    on: &'static [&'static str],
    off: &'static [&'static str],
}

/// YAML 1.1, as the loader of Knot Resolver 6 reads it (PyYAML).
pub(super) const YAML_1_1: Truths = Truths {
    on: &["true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"],
    off: &["false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"],
};

/// YAML 1.2, as PowerDNS Recursor 5 reads it (serde_yaml): yes, no, on and off are texts.
pub(super) const YAML_1_2: Truths =
    Truths { on: &["true", "True", "TRUE"], off: &["false", "False", "FALSE"] };

impl Node {
    /// The truth value; none if it is none in this dialect.
    pub(super) fn truth(&self, dialect: &Truths) -> Option<bool> {
        let NodeKind::Scalar(text) = &self.kind else { return None };
        let is_among = |spellings: &[&str]| spellings.contains(&text.as_str());
        match (is_among(dialect.on), is_among(dialect.off)) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(known, _)| known == key).map(|(_, node)| node)
    }

    /// The keys and values of a map; other values have none.
    pub(super) fn entries(&self) -> &[(String, Self)] {
        match &self.kind {
            NodeKind::Map(entries) => entries,
            NodeKind::Scalar(_) | NodeKind::List(_) => &[],
        }
    }

    /// Whether it is a list.
    pub(super) fn is_list(&self) -> bool {
        matches!(self.kind, NodeKind::List(_))
    }

    /// The values of a list; a single value is a list of itself.
    pub(super) fn items(&self) -> &[Self] {
        match &self.kind {
            NodeKind::List(items) => items,
            NodeKind::Scalar(_) | NodeKind::Map(_) => std::slice::from_ref(self),
        }
    }

    /// The text; empty if it is none.
    pub(super) fn text(&self) -> &str {
        match &self.kind {
            NodeKind::Scalar(text) => text,
            NodeKind::List(_) | NodeKind::Map(_) => "",
        }
    }

    /// The texts of a list, or of a single value.
    pub(super) fn texts(&self) -> Vec<&str> {
        self.items().iter().map(Self::text).filter(|text| !text.is_empty()).collect()
    }
}

/// A list or map whose end has not been read yet.
enum Open {
    List((usize, bool), Vec<Node>),
    Map((usize, bool), Vec<(String, Node)>, Option<(String, SourcePlace)>),
}

/// The first document of a text; an empty map if the text is empty.
///
/// # Errors
/// The text is no YAML, has aliases, or is nested too deep.
pub(super) fn read(path: &Arc<Path>, text: &str) -> Result<Node, ImportError> {
    let place = |line: usize| SourcePlace { file: Arc::clone(path), line };
    let wrong = |line: usize, reason: String| ImportError::Text { place: place(line), reason };
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| wrong(error.marker().line(), error.info().to_owned()))?;
        let line = span.start.line();
        let done = match event {
            Event::Alias(_) => {
                return Err(wrong(line, "aliases are not read; write the value itself".to_owned()));
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() >= limits::MAX_NESTED => {
                return Err(wrong(line, "is nested too deep".to_owned()));
            }
            Event::SequenceStart(_, tag) => {
                open.push(Open::List((line, is_override(tag.as_deref())), Vec::new()));
                continue;
            }
            Event::MappingStart(_, tag) => {
                open.push(Open::Map((line, is_override(tag.as_deref())), Vec::new(), None));
                continue;
            }
            Event::Scalar(text, _, _, tag) => Node {
                place: place(line),
                kind: NodeKind::Scalar(text.into_owned()),
                is_override: is_override(tag.as_deref()),
            },
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List((line, is_override), items)) => {
                    Node { place: place(line), kind: NodeKind::List(items), is_override }
                }
                Some(Open::Map((line, is_override), entries, _)) => {
                    Node { place: place(line), kind: NodeKind::Map(entries), is_override }
                }
                None => continue,
            },
            _ => continue,
        };
        match open.last_mut() {
            None => return Ok(done),
            Some(Open::List(_, items)) => items.push(done),
            Some(Open::Map(_, entries, key)) => match key.take() {
                // A setting is in the line of its key.
                Some((typed, place)) => entries.push((typed, Node { place, ..done })),
                None => *key = Some((done.text().to_owned(), done.place)),
            },
        }
    }
    Ok(Node { place: place(1), kind: NodeKind::Map(Vec::new()), is_override: false })
}

fn is_override(tag: Option<&Tag>) -> bool {
    tag.is_some_and(|tag| tag.handle == "!" && tag.suffix == "override")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_their_lines() {
        let path: Arc<Path> = Arc::from(Path::new("f"));
        let tree = read(&path, "a:\n  b: [x, 'y: z']\n  c:\n    - d: 1\n# e\nf: '::1'\n").unwrap();
        let list = tree.get("a").and_then(|a| a.get("b")).unwrap();
        assert_eq!((list.texts(), list.place.line), (vec!["x", "y: z"], 2));
        let inner = tree.get("a").and_then(|a| a.get("c")).unwrap();
        assert_eq!(inner.items().first().and_then(|item| item.get("d")).map(|d| d.place.line), Some(4));
        assert_eq!(tree.get("f").map(Node::text), Some("::1"));
        assert!(read(&path, "a: [").is_err() && read(&path, "a: &x 1\nb: *x\n").is_err());
        assert!(read(&path, "").unwrap().entries().is_empty());
    }

    #[test]
    fn truth_values_are_those_of_the_dialect() {
        let path: Arc<Path> = Arc::from(Path::new("f"));
        let of = |text: &str| {
            let node = read(&path, &format!("{text}\n")).unwrap();
            (node.truth(&YAML_1_1), node.truth(&YAML_1_2))
        };
        for text in ["true", "True", "TRUE"] {
            assert_eq!(of(text), (Some(true), Some(true)), "{text}");
        }
        for text in ["yes", "Yes", "YES", "on", "On", "ON"] {
            assert_eq!(of(text), (Some(true), None), "{text}");
        }
        for text in ["false", "False", "FALSE"] {
            assert_eq!(of(text), (Some(false), Some(false)), "{text}");
        }
        for text in ["no", "No", "NO", "off", "Off", "OFF"] {
            assert_eq!(of(text), (Some(false), None), "{text}");
        }
        for text in ["y", "n", "tRUE", "0", "1", "[]", "~", "yEs"] {
            assert_eq!(of(text), (None, None), "{text}");
        }
    }
}
