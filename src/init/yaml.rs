//! YAML as far as templates need it: texts, lists and maps.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, Tag};

/// How deep lists and maps may lie in each other; templates are a dozen deep.
const DEEPEST: usize = 100;

/// How many maps may be merged into each other.
const MERGED: usize = 16;

/// A node of a document.
#[derive(Debug)]
pub(super) enum Yaml {
    /// A text, number or nothing at all, as it stands there.
    Text(String),
    List(Vec<Rc<Yaml>>),
    Map(Vec<(String, Rc<Yaml>)>),
    /// `!Ref NAME`: another resource, or what is only known when it is deployed.
    Reference(String),
    /// What is only known when it is deployed, such as `!Sub` makes it.
    Unknown,
}

impl Yaml {
    /// The value of a key, also that of a map that is merged in (`<<`).
    pub fn get(&self, key: &str) -> Option<&Yaml> {
        self.find(key, MERGED)
    }

    fn find(&self, key: &str, merged: usize) -> Option<&Yaml> {
        let Self::Map(entries) = self else { return None };
        let own = |wanted: &str| {
            entries.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_ref())
        };
        own(key).or_else(|| {
            let merged = merged.checked_sub(1)?;
            match own("<<")? {
                Self::List(maps) => maps.iter().find_map(|map| map.find(key, merged)),
                map => map.find(key, merged),
            }
        })
    }

    /// The entries of a map, in order.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Yaml)> {
        let entries = if let Self::Map(entries) = self { &entries[..] } else { &[] };
        entries.iter().map(|(name, value)| (name.as_str(), value.as_ref()))
    }

    /// The items of a list, in order.
    pub fn items(&self) -> impl Iterator<Item = &Yaml> {
        let items = if let Self::List(items) = self { &items[..] } else { &[] };
        items.iter().map(Rc::as_ref)
    }

    /// A text that stands there in full: without `${…}`, which other tools fill in.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.is_empty() && !text.contains("${") => Some(text),
            _ => None,
        }
    }
}

/// A list or map that is being read.
enum Open {
    List(Vec<Rc<Yaml>>),
    Map(Vec<(String, Rc<Yaml>)>, Option<String>),
}

/// The first document of a text.
///
/// # Errors
/// The line, from 1, and what is wrong there.
pub(super) fn read(text: &str) -> Result<Rc<Yaml>, (usize, String)> {
    let mut open: Vec<(Open, usize, bool)> = Vec::new();
    let mut anchors: HashMap<usize, Rc<Yaml>> = HashMap::new();
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|error| (error.marker().line(), error.info().to_owned()))?;
        let (node, anchor) = match event {
            Event::Scalar(text, _, anchor, tag) => {
                let node = match tag.as_deref() {
                    Some(tag) if tag.handle == "!" && tag.suffix == "Ref" => {
                        Yaml::Reference(text.into_owned())
                    }
                    tag => known(Yaml::Text(text.into_owned()), is_known(tag)),
                };
                (Rc::new(node), anchor)
            }
            Event::Alias(anchor) => {
                (anchors.get(&anchor).cloned().unwrap_or_else(|| Rc::new(Yaml::Unknown)), 0)
            }
            Event::SequenceStart(anchor, tag) => {
                open.push((Open::List(Vec::new()), anchor, is_known(tag.as_deref())));
                continue;
            }
            Event::MappingStart(anchor, tag) => {
                open.push((Open::Map(Vec::new(), None), anchor, is_known(tag.as_deref())));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some((Open::List(items), anchor, is_known)) => {
                    (Rc::new(known(Yaml::List(items), is_known)), anchor)
                }
                Some((Open::Map(entries, _), anchor, is_known)) => {
                    (Rc::new(known(reference(entries), is_known)), anchor)
                }
                None => continue,
            },
            Event::DocumentEnd | Event::StreamEnd => break,
            Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => continue,
        };
        if open.len() > DEEPEST {
            return Err((span.start.line(), format!("lists and maps lie over {DEEPEST} deep")));
        }
        if anchor > 0 {
            anchors.insert(anchor, Rc::clone(&node));
        }
        match open.last_mut() {
            None => return Ok(node),
            Some((Open::List(items), ..)) => items.push(node),
            Some((Open::Map(entries, key), ..)) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => *key = Some(node.text().unwrap_or_default().to_owned()),
            },
        }
    }
    Ok(Rc::new(Yaml::Unknown))
}

/// A map, or what `{Ref: NAME}` means.
fn reference(entries: Vec<(String, Rc<Yaml>)>) -> Yaml {
    match &entries[..] {
        [(key, value)] if key == "Ref" => match value.text() {
            Some(name) => Yaml::Reference(name.to_owned()),
            None => Yaml::Unknown,
        },
        _ => Yaml::Map(entries),
    }
}

fn known(node: Yaml, is_known: bool) -> Yaml {
    if is_known { node } else { Yaml::Unknown }
}

/// Whether a node means what it says: CloudFormation's tags make something else of it.
fn is_known(tag: Option<&Tag>) -> bool {
    tag.is_none_or(Tag::is_yaml_core_schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_anchors_and_merged_maps() {
        let text = "a: &all {x: 1, y: [b, !Ref C, !GetAtt D.E]}\nb:\n  <<: *all\n  x: 2\n\
                    c: !Sub 'x${y}'\nd: !If [a, b]\ne: !!str f\n---\nz: 1\n";
        let read = read(text).unwrap();
        let b = read.get("b").unwrap();
        assert_eq!(b.get("x").and_then(Yaml::text), Some("2"));
        let texts: Vec<_> = b.get("y").unwrap().items().map(Yaml::text).collect();
        assert_eq!(texts, [Some("b"), None, None]);
        assert!(read.get("c").unwrap().text().is_none() && read.get("z").is_none());
        assert_eq!(read.get("d").unwrap().items().count(), 0);
        assert_eq!(read.get("e").and_then(Yaml::text), Some("f"));
    }

    #[test]
    fn what_is_no_yaml_is_refused_with_its_line() {
        assert_eq!(read("a: 1\nb: [c\n").unwrap_err().0, 3);
        assert!(read("a: 'b\n").is_err() && read("a:\n\t- b\n").is_err());
        for deep in ["[", "{a: ", "- ", "? "] {
            let _ = read(&deep.repeat(50_000));
        }
        assert!(read(&format!("{}x{}", "[".repeat(500), "]".repeat(500))).is_err());
    }

    #[test]
    fn names_for_names_cost_nothing() {
        let mut text = String::from("a0: &a0 {x: y}\n");
        for n in 1..60 {
            let one = format!("*a{}", n - 1);
            text.push_str(&format!("a{n}: &a{n} [{one}, {one}, {one}]\n"));
        }
        assert!(read(&text).is_ok());
    }
}
