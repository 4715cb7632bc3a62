//! The report about a field that had to become JSON text.

use coldpress_record::Origin;

use super::MixedField;
use super::part::{Family, Part, name};

/// Returns the report about a field with these values, without its name.
///
/// `inner` lists the parts of its elements that had to become JSON text, for a list that therefore is JSON text as a whole.
pub(super) fn mixed(values: &[Part<'_>], inner: &[MixedField]) -> MixedField {
    if !inner.is_empty() {
        return MixedField {
            name: String::new(),
            types: inner.iter().flat_map(in_list).collect(),
            odd: inner.iter().find_map(|field| field.odd.clone()),
        };
    }
    let mut types: Vec<Seen<'_>> = Vec::new();
    for seen in values.iter().flat_map(|part| seen(*part)) {
        if types.iter().all(|known| known.name != seen.name) {
            types.push(seen);
        }
    }
    MixedField {
        name: String::new(),
        odd: odd(&types).cloned(),
        types: types.into_iter().map(|seen| seen.name).collect(),
    }
}

/// A type of values in a field.
struct Seen<'a> {
    name: String,
    family: Option<Family>,
    /// The first record with such a value.
    origin: Option<&'a Origin>,
}

/// Returns the types that a part has, in the order in which they were first seen.
fn seen(part: Part<'_>) -> Vec<Seen<'_>> {
    let held = match part {
        Part::Json(held) => held,
        Part::Column(column) => {
            return vec![Seen {
                name: name(column),
                family: part.decoded().family(),
                origin: None,
            }];
        }
    };
    let kinds = held.kinds().iter().map(|first| Seen {
        name: first.kind.name().to_owned(),
        family: Family::of_class(first.kind.class()),
        origin: Some(&first.origin),
    });
    let wide = held.is_wide().then(|| Seen {
        name: "object with too many keys".to_owned(),
        family: None,
        origin: None,
    });
    kinds.chain(wide).collect()
}

/// Returns the first value that does not agree with the first of all, or, if all agree, the first of another type.
fn odd<'a>(types: &[Seen<'a>]) -> Option<&'a Origin> {
    let first = types.first()?;
    let other = types.iter().find(|seen| seen.family != first.family);
    other.or(types.get(1))?.origin
}

/// Returns the name of a field in the field `outer`; it is `outer` itself if `inner` is empty.
pub(super) fn path(outer: &str, inner: &str) -> String {
    if inner.is_empty() {
        outer.to_owned()
    } else {
        format!("{outer}.{inner}")
    }
}

/// Returns the types of a list with such elements.
fn in_list(element: &MixedField) -> impl Iterator<Item = String> {
    let types = element.types.iter();
    types.map(|name| match element.name.as_str() {
        "" => format!("list of {name}"),
        field => format!("list with {field}: {name}"),
    })
}
