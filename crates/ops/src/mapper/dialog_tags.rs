//! The tools and skills that a dialogue names.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::dialog_content::content_text;
use super::json_field::Message;
use crate::text::python_value;

/// The number of calls in an answer that are named. Further ones are only counted.
const MOST_NAMED: usize = 10;

/// Finds the names of skills: in the path of their description, and in headings of one word.
static SKILLS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let patterns = [
        r"(?i)[/\\]([a-zA-Z][a-zA-Z0-9_]*)[/\\]SKILL\.md",
        r"##\s+([a-zA-Z][a-zA-Z0-9_]*(?:\.[a-zA-Z0-9_]+)?)\s*(?:\n|\z)",
        r#"(?i)Check\s+["'].*?([a-zA-Z][a-zA-Z0-9_]*)/SKILL\.md"#,
    ];
    let compiled = patterns.iter().map(|pattern| Regex::new(pattern));
    compiled.filter_map(Result::ok).collect()
});

/// Returns the names of the tools that are called, each once, in order of appearance.
pub(super) fn tools(messages: &[Message<'_>]) -> Vec<String> {
    once(messages.iter().flat_map(calls).filter_map(tool_name))
}

/// Returns the names of the skills in the texts, each once.
pub(super) fn skills(messages: &[Message<'_>]) -> Vec<String> {
    let named = messages.iter().flat_map(|message| {
        let text = content_text(message.get("content"));
        let of_text = SKILLS.iter().flat_map(|skill| {
            let found = skill.captures_iter(&text);
            found.map(|groups| groups[1].to_owned()).collect::<Vec<_>>()
        });
        of_text.collect::<Vec<_>>()
    });
    once(named)
}

/// Returns the summary that replaces an answer without text; empty if the answer calls no tools.
pub(super) fn calls_summary(message: &Message<'_>) -> String {
    let mut names = once(calls(message).iter().filter_map(tool_name));
    if names.is_empty() {
        return String::new();
    }
    if names.len() > MOST_NAMED {
        let others = format!("...+{}", names.len() - MOST_NAMED);
        names.truncate(MOST_NAMED);
        names.push(others);
    }
    format!("[Tool calls: {}]", names.join(", "))
}

/// Returns the tool calls in a message.
fn calls<'a>(message: &Message<'a>) -> &'a [Value] {
    let mut places = [message.get("tool_calls"), message.get("tool_use")].into_iter();
    let calls = places.find(|place| python_value::is_true(place));
    calls
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// Returns the name of the tool in a call, in the formats of several services.
fn tool_name(call: &Value) -> Option<String> {
    let mut functions = [&call["function"], &call["function_call"]].into_iter();
    let function = functions.find(|function| python_value::is_true(function));
    let mut names = [
        function.map(|function| &function["name"]),
        Some(&call["name"]),
    ]
    .into_iter();
    let name = names.find_map(|name| name.filter(|name| python_value::is_true(name)));
    name.map(python_value::str)
}

fn once(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    names.filter(|name| seen.insert(name.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapper::json_field::messages;
    use serde_json::json;

    #[test]
    fn skills_are_named_in_paths_and_headings() {
        assert_eq!(SKILLS.len(), 3);
        let text = "see \\skills\\cron\\skill.MD\n## note_1\n## two words\n## a.b\nCheck 'x y/z/git/SKILL.md' ## end";
        let all = json!([{ "role": "user", "content": text }]);
        let all = messages(&all, "messages").unwrap();
        assert_eq!(skills(&all), ["cron", "git", "note_1", "a.b", "end"]);
    }

    #[test]
    fn tools_have_names_in_several_forms() {
        let names: Vec<Value> = (0..12)
            .map(|number| json!({"name": format!("t{number}")}))
            .collect();
        let all = json!([
            {"tool_calls": [{"function": {"name": "f"}}, {"function_call": {"name": "g"}}, {"name": "f"}, 3, {}]},
            {"tool_calls": [], "tool_use": names},
        ]);
        let all = messages(&all, "messages").unwrap();
        assert_eq!(tools(&all)[..3], ["f", "g", "t0"]);
        assert_eq!(calls_summary(&all[0]), "[Tool calls: f, g]");
        assert_eq!(
            calls_summary(&all[1]),
            "[Tool calls: t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, ...+2]"
        );
    }
}
