//! What is said of a field that had to become JSON text.

use coldpress_record::Origin;

use super::MixedField;
use super::part::{Part, name};

/// The report of a field with these values, without its name.
///
/// `inner` is what in its elements had to become JSON text, for a list that therefore is JSON text as a whole.
pub(super) fn mixed(values: &[Part<'_>], inner: &[MixedField]) -> MixedField {
    if !inner.is_empty() {
        return MixedField {
            name: String::new(),
            types: inner.iter().flat_map(in_list).collect(),
            odd: inner.iter().find_map(|field| field.odd.clone()),
        };
    }
    let mut types: Vec<(String, Option<&Origin>)> = Vec::new();
    let mut add = |name: String, origin| {
        if types.iter().all(|(known, _)| *known != name) {
            types.push((name, origin));
        }
    };
    for part in values {
        match part {
            Part::Column(column) => add(name(*column), None),
            Part::Json(held) => {
                for first in held.kinds() {
                    add(first.kind.name().to_owned(), Some(&first.origin));
                }
                if held.is_wide() {
                    add("object with too many keys".to_owned(), None);
                }
            }
        }
    }
    let odd = types.get(1).and_then(|(_, origin)| origin.cloned());
    MixedField {
        name: String::new(),
        types: types.into_iter().map(|(name, _)| name).collect(),
        odd,
    }
}

/// The name of a field in the field `outer`; it is `outer` itself if `inner` is empty.
pub(super) fn path(outer: &str, inner: &str) -> String {
    if inner.is_empty() {
        outer.to_owned()
    } else {
        format!("{outer}.{inner}")
    }
}

/// The types of a list with such elements.
fn in_list(element: &MixedField) -> impl Iterator<Item = String> {
    let types = element.types.iter();
    types.map(|name| match element.name.as_str() {
        "" => format!("list of {name}"),
        field => format!("list with {field}: {name}"),
    })
}
