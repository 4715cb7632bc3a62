//! The versions of a view: a client that has one of them gets what changed since.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::value::RawValue;

/// A view as JSON, an object, with the version in which each of its members changed last.
#[derive(Debug)]
pub(crate) struct Version {
    /// The number of this version, from 1.
    pub(crate) number: u64,
    pub(crate) json: String,
    members: Vec<Member>,
    /// Why no other will follow, if so.
    pub(crate) over: Option<String>,
}

#[derive(Debug)]
struct Member {
    name: String,
    /// The place of the value in the JSON.
    value: Range<usize>,
    changed_in: u64,
}

/// The time at which a view was made changes with each view, and is not worth a new version.
const NOT_COMPARED: &str = "made_at";

impl Version {
    /// Makes the version after `previous`. Returns none if nothing changed.
    ///
    /// # Errors
    /// When the JSON is no object.
    pub(crate) fn after(
        previous: Option<&Self>,
        json: String,
        over: Option<String>,
    ) -> serde_json::Result<Option<Self>> {
        let number = previous.map_or(1, |previous| previous.number + 1);
        let mut members = members(&json, number)?;
        let mut is_new = previous.is_none_or(|previous| previous.over != over);
        if let Some(previous) = previous {
            for member in &mut members {
                let before = previous.members.iter().find(|one| one.name == member.name);
                match before {
                    Some(before)
                        if previous.json[before.value.clone()] == json[member.value.clone()] =>
                    {
                        member.changed_in = before.changed_in;
                    }
                    _ => is_new |= member.name != NOT_COMPARED,
                }
            }
        }
        Ok(is_new.then_some(Self {
            number,
            json,
            members,
            over,
        }))
    }

    /// Returns the members that changed after a version, as a JSON object; none if that is this one.
    pub(crate) fn changes_since(&self, number: u64) -> Option<String> {
        let changed = self
            .members
            .iter()
            .filter(|member| member.changed_in > number);
        let parts: Vec<String> = changed
            .map(|member| {
                let name = serde_json::Value::from(member.name.as_str());
                format!("{name}:{}", &self.json[member.value.clone()])
            })
            .collect();
        (number < self.number).then(|| format!("{{{}}}", parts.join(",")))
    }
}

fn members(json: &str, number: u64) -> serde_json::Result<Vec<Member>> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(json)?;
    let place = |value: &RawValue| {
        let start = value.get().as_ptr() as usize - json.as_ptr() as usize;
        start..start + value.get().len()
    };
    let members = members.into_iter().map(|(name, value)| Member {
        name,
        value: place(value),
        changed_in: number,
    });
    Ok(members.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(previous: Option<&Version>, json: &str) -> Option<Version> {
        Version::after(previous, json.to_owned(), None).unwrap()
    }

    #[test]
    fn who_has_a_version_gets_what_changed_since() {
        let first = after(None, r#"{"made_at": 1, "a": [1, {"x": 2}], "b\n": "t"}"#).unwrap();
        assert_eq!(first.number, 1);
        assert_eq!(
            first.changes_since(0).unwrap(),
            r#"{"a":[1, {"x": 2}],"b\n":"t","made_at":1}"#
        );
        assert_eq!(first.changes_since(1), None);
        assert!(
            after(
                Some(&first),
                r#"{"made_at": 2, "a": [1, {"x": 2}], "b\n": "t"}"#
            )
            .is_none()
        );
        let second = after(Some(&first), r#"{"made_at": 3, "a": [], "b\n": "t"}"#).unwrap();
        assert_eq!(second.changes_since(1).unwrap(), r#"{"a":[],"made_at":3}"#);
        let third = after(
            Some(&second),
            r#"{"made_at": 4, "a": [], "b\n": "u", "c": 1}"#,
        )
        .unwrap();
        assert_eq!(
            third.changes_since(2).unwrap(),
            r#"{"b\n":"u","c":1,"made_at":4}"#
        );
        assert_eq!(
            third.changes_since(1).unwrap(),
            r#"{"a":[],"b\n":"u","c":1,"made_at":4}"#
        );
        // That it is the last one is something new too.
        let last = Version::after(Some(&third), third.json.clone(), Some("done".to_owned()));
        assert_eq!(last.unwrap().unwrap().changes_since(3).unwrap(), "{}");
        assert!(Version::after(None, "[]".to_owned(), None).is_err());
    }
}
