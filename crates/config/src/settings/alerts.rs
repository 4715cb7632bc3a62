//! Keys for messages to the outside: alert rules, lineage for data catalogues, and spans for collectors.

use serde_json::{Map, Value as Json};

use crate::codec::{Address, Choice, Codec, Mismatch, Optional, Text, Why, choice};
use crate::keys::Kind;
use crate::node::{Node, Span};
use crate::section::{recipe_default, section};

section! {
    /// Rules about events in a job. A rule that is met causes a warning in the event log, and may run a command or send a request.
    /// None of that can harm the job.
    pub struct AlertSettings {
        /// Rules that are checked while a job runs, each with `when` and, if needed, a limit as `above` or `below`. `run` is a
        /// command, and `post` an address, that get the alert as JSON.
        rules: Vec<AlertRule> as AlertRules { "alerts", Value("[]"), Run, Now }
    }
}

section! {
    /// Settings for the OpenLineage events that are sent to data catalogues.
    pub struct LineageSettings {
        /// The address that run events are posted to, such as `http://localhost:5000/api/v1/lineage`. `lineage.jsonl` in the job's
        /// folder has them in any case.
        url: Option<String> as Optional<Address> { "lineage.url", Derived("none"), Run, Now }
        /// The namespace of the job there.
        namespace: String as Text { "lineage.namespace", Value("coldpress"), Run, Now }
    }
}

section! {
    /// Settings for the spans that are sent to an OpenTelemetry collector.
    pub struct OtlpSettings {
        /// The address of a collector, such as `http://localhost:4318`. It gets spans of the run, its stages, attempts, barriers
        /// and the merge: OTLP over HTTP, as JSON.
        endpoint: Option<String> as Optional<Address> { "otlp.endpoint", Derived("none"), Run, Now }
    }
}

recipe_default!(AlertSettings, LineageSettings, OtlpSettings);

choice! {
    /// The condition of an alert.
    pub enum AlertWhen {
        /// The share of this run's records that went to quarantine is above the limit.
        ErrorRatio = "error_ratio",
        /// Fewer records per second come through than the limit.
        Throughput = "throughput",
        /// No record has come through for more seconds than the limit.
        Stalled = "stalled",
        /// A disk that the job writes to has fewer MB free than the limit.
        DiskFree = "disk_free_mb",
        /// Deduplication removed a greater share of a source than the limit.
        SourceLoss = "source_loss",
        /// The job failed.
        Failed = "failed",
        /// The job was stopped.
        Stopped = "stopped",
        /// The job is complete.
        Completed = "completed",
    }
}

/// The quantity that a limit of a rule bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The alert is due above the limit.
    Above,
    /// The alert is due below the limit.
    Below,
}

impl Bound {
    fn as_str(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
        }
    }
}

impl AlertWhen {
    /// Returns the kind of limit that the rule has, if it has one.
    #[must_use]
    pub fn bound(self) -> Option<Bound> {
        match self {
            Self::ErrorRatio | Self::Stalled | Self::SourceLoss => Some(Bound::Above),
            Self::Throughput | Self::DiskFree => Some(Bound::Below),
            Self::Failed | Self::Stopped | Self::Completed => None,
        }
    }

    /// Returns the greatest limit that makes sense.
    fn greatest(self) -> f64 {
        match self {
            Self::ErrorRatio | Self::SourceLoss => 1.0,
            _ => f64::MAX,
        }
    }
}

/// An alert rule.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AlertRule {
    /// The name of the rule in alerts. Defaults to its condition.
    pub name: Option<String>,
    /// The condition of the rule.
    pub when: AlertWhen,
    /// The limit at which the alert is due: a share, records per second, seconds or MB; 0 for a rule without a limit.
    pub limit: f64,
    /// The seconds for which the condition must hold before the alert is raised.
    pub for_seconds: f64,
    /// A command for the shell, which gets the alert as JSON on its standard input.
    pub run: Option<String>,
    /// An address that the alert is posted to as JSON.
    pub post: Option<String>,
}

impl AlertRule {
    /// Returns the name of the rule in alerts.
    #[must_use]
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(self.when.as_str())
    }

    fn read(node: &Node) -> Result<Self, Mismatch> {
        let fields = node.as_map().ok_or_else(|| Mismatch::wrong_type(node))?;
        let when = node.get("when");
        let when = when.ok_or_else(|| refused(node.span, "a rule without `when`"))?;
        let word = when.as_str().ok_or_else(|| Mismatch::wrong_type(when))?;
        let when = AlertWhen::from_word(word).ok_or_else(|| Mismatch::out_of_range(when))?;
        let mut rule = Self {
            name: None,
            when,
            limit: 0.0,
            for_seconds: 0.0,
            run: None,
            post: None,
        };
        let (mut has_limit, bound) = (false, when.bound());
        for (key, value) in fields {
            match (key.name.as_str(), bound) {
                ("when", _) => {}
                ("above", Some(Bound::Above)) | ("below", Some(Bound::Below)) => {
                    rule.limit = number(value, when.greatest())?;
                    has_limit = true;
                }
                ("for_seconds", Some(_)) => rule.for_seconds = number(value, f64::MAX)?,
                ("name", _) => rule.name = Some(text(value)?),
                ("run", _) => rule.run = Some(text(value)?),
                ("post", _) => rule.post = Some(Address::read(value)?),
                (other, _) => {
                    let why = format!(
                        "`{other}`, which a rule for `{}` does not have",
                        when.as_str()
                    );
                    return Err(refused(key.span, why));
                }
            }
        }
        match (has_limit, bound) {
            (false, Some(bound)) => {
                let why = format!("`{}` without `{}`", when.as_str(), bound.as_str());
                Err(refused(node.span, why))
            }
            _ => Ok(rule),
        }
    }

    fn write(&self) -> Json {
        let mut fields = Map::new();
        let mut put = |key: &str, value: Json| fields.insert(key.to_owned(), value);
        put("when", self.when.as_str().into());
        match self.when.bound() {
            Some(Bound::Above) => put("above", self.limit.into()),
            Some(Bound::Below) => put("below", self.limit.into()),
            None => None,
        };
        if self.for_seconds > 0.0 {
            put("for_seconds", self.for_seconds.into());
        }
        for (key, value) in [
            ("name", &self.name),
            ("run", &self.run),
            ("post", &self.post),
        ] {
            if let Some(value) = value {
                put(key, value.as_str().into());
            }
        }
        fields.into()
    }
}

fn number(node: &Node, greatest: f64) -> Result<f64, Mismatch> {
    let number = node.as_f64().ok_or_else(|| Mismatch::wrong_type(node))?;
    match (0.0..=greatest).contains(&number) {
        true => Ok(number),
        false if greatest < f64::MAX => {
            let why = format!("{number}, which is not from 0 to {greatest}");
            Err(refused(node.span, why))
        }
        false => Err(Mismatch::out_of_range(node)),
    }
}

/// Returns the error for an invalid rule.
fn refused(span: Span, why: impl Into<String>) -> Mismatch {
    Mismatch {
        why: Why::Type,
        span: Some(span),
        found: why.into(),
    }
}

fn text(node: &Node) -> Result<String, Mismatch> {
    let text = node
        .as_str()
        .filter(|text| !text.is_empty() && !node.is_null());
    text.map(str::to_owned)
        .ok_or_else(|| Mismatch::wrong_type(node))
}

/// A list of rules.
struct AlertRules;

impl Codec<Vec<AlertRule>> for AlertRules {
    const KIND: Kind = Kind::Alerts;

    fn read(node: &Node) -> Result<Vec<AlertRule>, Mismatch> {
        let rules = node.as_list().ok_or_else(|| Mismatch::wrong_type(node))?;
        rules.iter().map(AlertRule::read).collect()
    }

    fn write(value: &Vec<AlertRule>) -> Json {
        value.iter().map(AlertRule::write).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recipe;
    use crate::overrides::Overrides;

    fn rules(yaml: &str) -> Result<Vec<AlertRule>, String> {
        let recipe = format!("dataset_path: a\nexport_path: b.jsonl\nprocess: []\nalerts:\n{yaml}");
        let recipe = Recipe::parse(&recipe, "recipe.yaml", &Overrides::default());
        recipe
            .map(|recipe| recipe.alerts.rules)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn rules_are_read_and_written_again() {
        let yaml = "  - {when: error_ratio, above: 0.01, run: 'mail -s bad me'}\n  - {when: THROUGHPUT, below: 100, \
                    for_seconds: 60, name: slow, post: 'http://localhost:9/x'}\n  - when: failed\n";
        let found = rules(yaml).unwrap();
        assert_eq!(found[0].label(), "error_ratio");
        assert_eq!(
            (found[1].label(), found[1].limit, found[1].for_seconds),
            ("slow", 100.0, 60.0)
        );
        assert_eq!((found[2].when, found[2].limit), (AlertWhen::Failed, 0.0));
        let written = AlertRules::write(&found);
        let again = AlertRules::read(&Node::from_json(&written)).map_err(|mismatch| mismatch.found);
        assert_eq!(again, Ok(found));
    }

    #[test]
    fn a_rule_that_could_never_be_met_as_meant_is_refused() {
        for (yaml, found) in [
            ("  - failed", "`failed`"),
            ("  - {above: 1}", "a rule without `when`"),
            ("  - {when: doomsday}", "`doomsday`"),
            (
                "  - {when: throughput, above: 3}",
                "`above`, which a rule for `throughput` does not have",
            ),
            ("  - {when: throughput}", "`throughput` without `below`"),
            (
                "  - {when: error_ratio, above: 2}",
                "2, which is not from 0 to 1",
            ),
            (
                "  - {when: error_ratio, above: -1}",
                "-1, which is not from 0 to 1",
            ),
            (
                "  - {when: failed, above: 1}",
                "`above`, which a rule for `failed` does not have",
            ),
            ("  - {when: stalled, above: .nan}", "NaN"),
            ("  - {when: failed, run: ''}", "an empty text"),
            (
                "  - {when: failed, mail: me}",
                "`mail`, which a rule for `failed` does not have",
            ),
            (
                "  - {when: completed, for_seconds: 3}",
                "`for_seconds`, which a rule for `completed` does not have",
            ),
        ] {
            let error = rules(yaml).unwrap_err();
            assert!(
                error.contains("`alerts` must be a list of rules"),
                "{yaml}: {error}"
            );
            let after = error.rsplit("found ").next().unwrap_or_default();
            assert!(
                after.to_lowercase().contains(&found.to_lowercase()),
                "{yaml}: {error}"
            );
            assert!(error.contains("recipe.yaml:5"), "{error}");
        }
    }

    #[test]
    fn an_address_is_one_that_can_be_posted_to() {
        for (address, is_good) in [
            ("http://localhost:5000/api/v1/lineage?a=b", true),
            ("https://me:key@example.org/hook", true),
            ("http://[::1]:80", true),
            ("http://[::1]", true),
            ("http://", false),
            ("http:///path", false),
            ("http://a b/", false),
            ("http://h:99999/x", false),
            ("http://:80/x", false),
            ("ftp://x", false),
            ("nonsense", false),
            ("5", false),
        ] {
            let rule = rules(&format!("  - {{when: failed, post: \"{address}\"}}"));
            assert_eq!(rule.is_ok(), is_good, "{address}: {rule:?}");
        }
    }
}
