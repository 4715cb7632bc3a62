//! Adding fields to an object that lacks them.

use std::collections::HashMap;

use super::escape_into;
use super::scan::{Entries, JsonKind, key_is};

/// A field to add: its name, which may be a dotted path, and its value as JSON.
pub(crate) type Added<'a> = (&'a str, &'a [u8]);

/// A new entry after the last one of an object.
enum New<'a> {
    Value(Added<'a>),
    /// An object under this key, with these fields.
    Object(&'a str, Vec<Added<'a>>),
}

/// Appends `object` with `added` after its last entry, in this order. The object must not have these fields.
///
/// A dotted path goes into the object under its first key, which is created if it is missing or null. If the key holds anything
/// else, the path becomes a literal key, which is how [`FieldPath`](crate::FieldPath) reads it.
pub(crate) fn add_fields(object: &str, added: &[Added<'_>], out: &mut Vec<u8>) {
    let has_paths = added.iter().any(|(name, _)| name.contains('.'));
    // Finding parents costs a pass over the object, which plain names avoid.
    let entries = has_paths.then(|| serde_json::from_str::<Entries<'_>>(object).ok());
    let Some(Entries(entries)) = entries.flatten() else {
        let new = added.iter().map(|field| New::Value(*field)).collect();
        return put_after_last(object, new, out);
    };
    let (mut new, mut inside) = (Vec::new(), HashMap::<usize, Vec<Added<'_>>>::new());
    for (name, json) in added {
        let Some((first, rest)) = name.split_once('.') else {
            new.push(New::Value((name, json)));
            continue;
        };
        // The last of repeated keys counts.
        let parent = entries.iter().rposition(|(key, _)| key_is(key, first));
        match parent.map(|at| (at, JsonKind::of(entries[at].1.get()))) {
            None => add_to_new(&mut new, first, (rest, json)),
            Some((at, JsonKind::Object | JsonKind::Null)) => {
                inside.entry(at).or_default().push((rest, json));
            }
            Some(_) => new.push(New::Value((name, json))),
        }
    }
    let mut grown = Vec::with_capacity(object.len());
    let mut copied = 0;
    for (at, (_, value)) in entries.iter().enumerate() {
        let Some(added) = inside.get(&at) else {
            continue;
        };
        // The value is a slice of the object.
        let start = value.get().as_ptr() as usize - object.as_ptr() as usize;
        grown.extend_from_slice(&object.as_bytes()[copied..start]);
        let is_null = JsonKind::of(value.get()) == JsonKind::Null;
        add_fields(if is_null { "{}" } else { value.get() }, added, &mut grown);
        copied = start + value.get().len();
    }
    grown.extend_from_slice(&object.as_bytes()[copied..]);
    put_after_last(&String::from_utf8_lossy(&grown), new, out);
}

fn add_to_new<'a>(new: &mut Vec<New<'a>>, key: &'a str, field: Added<'a>) {
    let known = new.iter_mut().find_map(|new| match new {
        New::Object(name, fields) if *name == key => Some(fields),
        _ => None,
    });
    match known {
        Some(fields) => fields.push(field),
        None => new.push(New::Object(key, vec![field])),
    }
}

fn put_after_last(object: &str, new: Vec<New<'_>>, out: &mut Vec<u8>) {
    let close = object.rfind('}').unwrap_or(object.len());
    out.extend_from_slice(&object.as_bytes()[..close]);
    let mut has_fields = object[1..close].contains(':');
    for new in new {
        if has_fields {
            out.extend_from_slice(b", ");
        }
        has_fields = true;
        let (New::Value((name, _)) | New::Object(name, _)) = new;
        escape_into(name, out);
        out.extend_from_slice(b": ");
        match new {
            New::Value((_, json)) => out.extend_from_slice(json),
            New::Object(_, fields) => add_fields("{}", &fields, out),
        }
    }
    out.extend_from_slice(&object.as_bytes()[close..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(object: &str, added: &[(&str, &str)], expected: &str) {
        let added: Vec<Added<'_>> = added.iter().map(|(n, j)| (*n, j.as_bytes())).collect();
        let mut out = Vec::new();
        add_fields(object, &added, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_path_goes_into_its_object() {
        let added = [("m.a", "1"), ("x", "2"), ("m.b.c", "3"), ("m.b.d", "4")];
        check(
            "{}",
            &added,
            r#"{"m": {"a": 1, "b": {"c": 3, "d": 4}}, "x": 2}"#,
        );
        check(
            r#"{ "m" :{"o": 1.50 } , "n":0 }"#,
            &added,
            r#"{ "m" :{"o": 1.50 , "a": 1, "b": {"c": 3, "d": 4}} , "n":0 , "x": 2}"#,
        );
        check(
            r#"{"m": null, "k": 1}"#,
            &added[..1],
            r#"{"m": {"a": 1}, "k": 1}"#,
        );
    }

    #[test]
    fn a_parent_that_holds_something_else_stays() {
        check(r#"{"m": "t"}"#, &[("m.a", "1")], r#"{"m": "t", "m.a": 1}"#);
        check(
            r#"{"m": {"b": 1}, "m": {}}"#,
            &[("m.a", "1")],
            r#"{"m": {"b": 1}, "m": {"a": 1}}"#,
        );
    }
}
