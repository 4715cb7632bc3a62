//! The traces that a job wants.

use coldpress_checkpoint::Manifest;
use coldpress_operator::TraceSettings;
use serde::{Deserialize, Serialize};

/// The traces that a job wants, and which earlier work has them already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceSpec {
    /// The settings of the sample.
    pub settings: TraceSettings,
    /// After how many operators the first external one was applied, if there is one. It is never applied again, so work from
    /// there on counts as it is, whatever was traced of it.
    pub external: Option<u32>,
}

impl TraceSpec {
    /// Identifies what the choice of records, and what is shown of them, depends on besides their number.
    #[must_use]
    pub fn by(&self) -> String {
        let TraceSettings { keys, seed, .. } = &self.settings;
        let shown = self.settings.shown_bytes();
        serde_json::json!({"form": 1, "seed": seed, "keys": keys, "shown_bytes": shown}).to_string()
    }

    /// Returns whether work up to so many operators can be gone on from, of which this was traced.
    #[must_use]
    pub fn takes(&self, operation: u32, by: Option<(&str, u32)>) -> bool {
        let is_given = self.external.is_some_and(|external| operation >= external);
        is_given || self.is_served(by)
    }

    fn is_served(&self, by: Option<(&str, u32)>) -> bool {
        by.is_some_and(|(by, most)| by == self.by() && most >= self.settings.most)
    }

    /// Returns the traces before an attempt that goes on from work of which this is true.
    pub(crate) fn so_far(&self, earlier: Option<&Manifest>) -> coldpress_checkpoint::Traced {
        let earlier = earlier.and_then(|earlier| earlier.trace.as_ref());
        let earlier = earlier.filter(|earlier| self.is_served(Some((&earlier.by, earlier.most))));
        coldpress_checkpoint::Traced {
            by: self.by(),
            most: self.settings.most,
            files: earlier.map_or(Vec::new(), |earlier| earlier.files.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_work_serves_unless_it_shows_less_or_other_things() {
        let spec = |most, key: &str| TraceSpec {
            settings: TraceSettings {
                most,
                keys: vec![key.to_owned()],
                seed: 1,
            },
            external: None,
        };
        let wanted = spec(10, "id");
        for (earlier, serves) in [
            (spec(10, "id"), true),
            (spec(50, "id"), true),
            (spec(9, "id"), false),
            (spec(10, "name"), false),
            // So many are shown in less detail.
            (spec(1000, "id"), false),
        ] {
            let by = earlier.by();
            assert_eq!(wanted.takes(3, Some((&by, earlier.settings.most))), serves);
        }
        assert!(!wanted.takes(3, None));
        let external = TraceSpec {
            external: Some(3),
            ..wanted
        };
        assert!(external.takes(3, None) && !external.takes(2, None));
    }
}
