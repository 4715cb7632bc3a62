//! The sets of properties, by the names and with the characters that they have in Python's `regex`.
//!
//! The table is made from that module. So each of its properties is known, and all have one version of Unicode.

use std::sync::OnceLock;

use super::CharSet;

/// Its form is that of `generate_tables.py`.
static TABLE: &str = include_str!("properties.txt");

/// In place of ranges: the characters that no other value has.
const OTHERS: &str = "others";

/// A property, such as the script of a character.
struct Property {
    /// All of its names in capitals, with spaces between them.
    names: &'static str,
    /// Its values. The first is the one that characters have which are not listed in Unicode's file.
    values: Vec<Value>,
}

/// A value of a property, such as a script.
struct Value {
    names: &'static str,
    ranges: &'static str,
}

impl Property {
    fn named(name: &str) -> Option<&'static Self> {
        static PROPERTIES: OnceLock<Vec<Property>> = OnceLock::new();
        let mut properties = PROPERTIES.get_or_init(properties).iter();
        properties.find(|property| is_among(name, property.names))
    }

    /// Returns the characters with a value; none if there is no such value.
    fn set(&self, value: &str) -> Option<CharSet> {
        let mut values = self.values.iter();
        let value = values.find(|known| is_among(value, known.names))?;
        Some(self.set_of(value))
    }

    fn set_of(&self, value: &Value) -> CharSet {
        if value.ranges != OTHERS {
            return value.set();
        }
        let values = self.values.iter().filter(|other| other.ranges != OTHERS);
        let all = values.fold(CharSet::empty(), |all, other| all.or(&other.set()));
        all.not()
    }
}

impl Value {
    fn set(&self) -> CharSet {
        let number = |digits| u32::from_str_radix(digits, 16).ok();
        let mut end = 0;
        CharSet::of_ranges(self.ranges.split_whitespace().filter_map(|range| {
            let (skipped, more) = range.split_once('+').unwrap_or((range, "0"));
            let first = end + number(skipped)?;
            let last = first + number(more)?;
            end = last + 1;
            Some((char::from_u32(first)?, char::from_u32(last)?))
        }))
    }
}

fn properties() -> Vec<Property> {
    let mut properties: Vec<Property> = Vec::new();
    for line in TABLE.lines() {
        if let Some(names) = line.strip_prefix("* ") {
            let values = Vec::new();
            properties.push(Property { names, values });
        } else if let (Some((names, ranges)), Some(property)) =
            (line.split_once('\t'), properties.last_mut())
        {
            property.values.push(Value { names, ranges });
        }
    }
    properties
}

fn is_among(name: &str, names: &str) -> bool {
    names.split(' ').any(|known| known == name)
}

/// Returns a name as `regex` compares it.
pub(crate) fn standard_name(name: &str) -> String {
    let is_of_number = |byte: &u8| byte.is_ascii_digit() || b"-/".contains(byte);
    if name.as_bytes().iter().all(is_of_number) {
        return name.to_owned();
    }
    let letters = name.chars().filter(|ch| !"_- ".contains(*ch));
    letters.collect::<String>().to_uppercase()
}

/// Returns the set of a property by its name in a pattern; none if there is no such property.
///
/// The name is that of a property and of a value, with a `=` or `:` between them; or that of a category, a script or a block, the
/// first that there is; or that of a property, for characters that have it. `Is` before a property or a script and `In`
/// before a block are allowed.
pub(crate) fn property(name: &str) -> Option<CharSet> {
    if let Some((property, value)) = name.split_once(['=', ':']) {
        let (property, value) = (standard_name(property), standard_name(value));
        if (property.as_str(), value.as_str()) == ("GENERALCATEGORY", "ASSIGNED") {
            return value_of("GC", "CN").map(CharSet::not);
        }
        return value_of(&property, &value);
    }
    let name = standard_name(name);
    let prefixed = |prefix: &str, property: &str| value_of(property, name.strip_prefix(prefix)?);
    ["GC", "SCRIPT", "BLOCK"]
        .iter()
        .find_map(|property| value_of(property, &name))
        .or_else(|| whole(&name))
        .or_else(|| value_of(name.strip_prefix("IS")?, "YES"))
        .or_else(|| prefixed("IS", "SCRIPT"))
        .or_else(|| prefixed("IN", "BLOCK"))
}

fn value_of(property: &str, value: &str) -> Option<CharSet> {
    Property::named(property)?.set(value)
}

/// Returns the characters that have a property at all.
fn whole(name: &str) -> Option<CharSet> {
    let property = Property::named(name)?;
    let none = || {
        property
            .values
            .first()
            .map(|none| property.set_of(none).not())
    };
    // Only properties that are there or not have this value.
    property.set("TRUE").or_else(none)
}

/// Returns the characters without those that Unicode has assigned after version 14, the version of Python 3.11.
pub(crate) fn of_unicode_14(set: CharSet) -> CharSet {
    static LATER: OnceLock<CharSet> = OnceLock::new();
    let later = LATER.get_or_init(|| value_of("PYTHON311", "LATER").unwrap_or_else(CharSet::empty));
    set.without(later)
}
