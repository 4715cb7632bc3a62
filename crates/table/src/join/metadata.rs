//! Metadata of several parts.

use arrow::datatypes::Metadata;

/// Returns the entries on whose values all parts that have them agree.
pub(super) fn agreed<'a>(all: impl Iterator<Item = &'a Metadata> + Clone) -> Metadata {
    let mut agreed = Metadata::new();
    for metadata in all.clone() {
        for (key, value) in metadata {
            let same = |other: &Metadata| other.get(key).is_none_or(|theirs| theirs == value);
            if all.clone().all(same) {
                agreed.insert(key.as_str(), value.as_str());
            }
        }
    }
    agreed
}
