//! # What it does
//! Judges from the answers of the tools in a dialogue whether they succeeded, and writes the counts under `__dj__meta__`:
//! `tool_success_count`, `tool_fail_count`, `tool_unknown_count`, `tool_success_ratio` (null if no tool succeeded or failed), and
//! `tool_results` with the beginning of each answer.
//!
//! An answer that an error pattern matches is a failure, an empty one is unknown, and any other is a success.
//!
//! # Parameters
//! `messages_key`, `tool_role_names`, `success_patterns`, `error_patterns` and `store_per_tool_results`, see below. An empty list
//! means the default. Patterns are those of Python's `re`, see [patterns](../patterns.md).
//!
//! # Example
//! The answers `Wrote 12 bytes`, `Error: no such file` and an empty one are 1 success, 1 failure and 1 unknown; the ratio is 0.5.
//!
//! # Notes on determinism
//! Pure: the result depends only on the messages and the parameters.

use std::collections::HashMap;

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};
use coldpress_pattern::{Dialect, Matches, Options, Pattern, TooManySteps, Unicode};
use regex::Regex;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::json_field::meta;
use super::tool_content::content_text;
use crate::text::python::is_word;
use crate::text::substitution::too_many_steps;
use crate::unicode;

params! {
    /// Parameters of `tool_success_tagger_mapper`.
    pub(crate) struct ToolSuccessTaggerParams {
        /// The field with the list of messages.
        messages_key: String = "messages".to_owned();
        /// The roles, in lower case, whose messages are answers of tools; by default `tool` and `tool_use`.
        tool_role_names: Option<Vec<String>> = None;
        /// Regular expressions for successes. They are checked, but have no effect: every answer that isn't an error is a success.
        success_patterns: Option<Vec<String>> = None;
        /// Regular expressions for failures; by default words such as `failed`, `error:` and some Chinese ones.
        error_patterns: Option<Vec<String>> = None;
        /// If set, the result of each answer is written, besides the counts.
        store_per_tool_results: bool = true;
    }
}

/// The number of characters of an answer that are kept.
const PREVIEW_CHARS: usize = 200;

/// The words of failures. Those before `not` have to start at a word boundary, and to end at one unless they end with a colon.
const ERRORS: &str = r"(?i)exception|failed|failure|error\s*:|not\s+found|permission\s+denied|(?-i:(?:执行|操作|请求|调用|接口)失败|(?:发生|出现)错误|错误码|无法访问|权限不足|无权限|找不到)";

/// Returns the description of `tool_success_tagger_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "tool_success_tagger_mapper",
        "Judges whether the tools that a dialogue called succeeded.",
        resolve,
    )
    .doc(&super::manual(include_str!("tool_success_tagger.rs")))
}

fn resolve(
    params: ToolSuccessTaggerParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<ToolSuccessTaggerMapper>, ParamError> {
    let unicode = unicode::version(context);
    compile("success_patterns", params.success_patterns, unicode)?;
    let errors = match compile("error_patterns", params.error_patterns, unicode)? {
        given if !given.is_empty() => {
            context.uses("pattern", coldpress_pattern::REVISION);
            Errors::Given(given)
        }
        _ => Errors::default_ones(),
    };
    let roles = params.tool_role_names.filter(|roles| !roles.is_empty());
    let mapper = ToolSuccessTaggerMapper {
        messages_key: params.messages_key.clone(),
        roles: roles.unwrap_or_else(|| vec!["tool".to_owned(), "tool_use".to_owned()]),
        errors,
        stores_results: params.store_per_tool_results,
    };
    let written = [
        "tool_success_count",
        "tool_fail_count",
        "tool_unknown_count",
        "tool_success_ratio",
        "tool_results",
    ];
    let fields = [params.messages_key].into_iter();
    Ok(Resolved::new(move || mapper.clone())
        .fields(fields.chain(written.map(meta)))
        .sets_values())
}

fn compile(
    name: &str,
    patterns: Option<Vec<String>>,
    unicode: Unicode,
) -> Result<Vec<Matches>, ParamError> {
    let options = Options {
        dialect: Dialect::Re,
        unicode,
        dot_all: false,
    };
    let patterns = patterns.unwrap_or_default();
    let compiled = patterns.iter().map(|pattern| {
        let refused =
            |reason| ParamError::new(name, format_args!("`{pattern}` cannot be used: {reason}"));
        let pattern = Pattern::new(pattern, options).map_err(refused)?;
        Ok(Matches::new(pattern))
    });
    compiled.collect()
}

#[derive(Clone)]
struct ToolSuccessTaggerMapper {
    messages_key: String,
    roles: Vec<String>,
    errors: Errors,
    stores_results: bool,
}

impl Mapper for ToolSuccessTaggerMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let (mut successes, mut failures, mut unknown) = (0_u64, 0_u64, 0_u64);
        let mut results = Vec::new();
        for content in self.answers(record)? {
            let result = if content.is_empty() {
                unknown += 1;
                "unknown"
            } else if self.errors.are_in(&content).map_err(too_many_steps)? {
                failures += 1;
                "error"
            } else {
                successes += 1;
                "success"
            };
            if self.stores_results {
                let preview: String = content.chars().take(PREVIEW_CHARS).collect();
                results.push(json!({ "content_preview": preview, "result": result }));
            }
        }
        let judged = successes + failures;
        let ratio = (judged > 0).then(|| successes as f64 / judged as f64);
        changes.set(1, successes);
        changes.set(2, failures);
        changes.set(3, unknown);
        changes.set(4, ratio.map_or(Value::Null, Value::from));
        if self.stores_results {
            changes.set(5, results);
        }
        Ok(())
    }
}

impl ToolSuccessTaggerMapper {
    /// Returns the contents of the messages of tools.
    fn answers(&self, record: &Record<'_>) -> Result<Vec<String>, RecordError> {
        let json = record.json(0).unwrap_or_default();
        if !json.starts_with('[') {
            return Ok(Vec::new());
        }
        let broken = |error: serde_json::Error| {
            let name = &self.messages_key;
            RecordError::new(format!(
                "a message of field `{name}` cannot be read: {error}"
            ))
        };
        let messages: Vec<&RawValue> = serde_json::from_str(&json).map_err(broken)?;
        let mut answers = Vec::new();
        for message in messages {
            let fields: HashMap<String, &RawValue> =
                serde_json::from_str(message.get()).map_err(broken)?;
            let role: Option<String> = match fields.get("role") {
                Some(role) => serde_json::from_str(role.get()).map_err(broken)?,
                None => None,
            };
            let role = role.unwrap_or_default().to_lowercase();
            if self.roles.contains(&role) {
                let content = fields
                    .get("content")
                    .map_or("null", |content| content.get());
                answers.push(content_text(content).map_err(broken)?);
            }
        }
        Ok(answers)
    }
}

/// The test that makes an answer a failure.
#[derive(Clone)]
enum Errors {
    Given(Vec<Matches>),
    Default(Regex),
}

impl Errors {
    fn default_ones() -> Self {
        match Regex::new(ERRORS) {
            Ok(regex) => Self::Default(regex),
            // The pattern is a constant, and the tests check that it compiles.
            Err(_) => Self::Given(Vec::new()),
        }
    }

    fn are_in(&mut self, content: &str) -> Result<bool, TooManySteps> {
        let regex = match self {
            Self::Given(patterns) => {
                for pattern in patterns {
                    if pattern.is_in(content)? {
                        return Ok(true);
                    }
                }
                return Ok(false);
            }
            Self::Default(regex) => regex,
        };
        // Word boundaries are checked here, because within the pattern they would make the search slow.
        let mut from = 0;
        while let Some(found) = regex.find_at(content, from) {
            let (begins, ends) = match found.as_str().as_bytes()[0].to_ascii_lowercase() {
                b'e' if found.as_str().ends_with(':') => (true, false),
                b'e' | b'f' => (true, true),
                _ => (false, false),
            };
            let before = content[..found.start()].chars().next_back();
            let after = content[found.end()..].chars().next();
            if !(begins && before.is_some_and(is_word) || ends && after.is_some_and(is_word)) {
                return Ok(true);
            }
            from = found.end();
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_of_failures_are_whole_words() {
        let mut errors = Errors::default_ones();
        for failed in [
            "it failed.",
            "ERROR :",
            "失败 failed",
            "x\nnot \t found",
            "无权限",
            "failed_failed failed",
        ] {
            assert!(errors.are_in(failed).unwrap(), "{failed}");
        }
        for fine in [
            "",
            "failedé",
            "_error:",
            "exceptional",
            "未失败",
            "error",
            "错误 码",
        ] {
            assert!(!errors.are_in(fine).unwrap(), "{fine}");
        }
    }

    proptest! {
        #[test]
        fn the_search_agrees_with_the_patterns(text in "(error|failed|failure|exception|[ :aé_失败\n]){0,9}") {
            let plain = Regex::new(r"(?i)\berror\s*:|\bexception\b|\bfailed\b|\bfailure\b").unwrap();
            prop_assert_eq!(Errors::default_ones().are_in(&text), Ok(plain.is_match(&text)));
        }
    }
}
