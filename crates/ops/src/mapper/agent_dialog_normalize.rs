//! # What it does
//! Turns the messages of an agent into one dialogue: pairs of a user's query and the assistant's response, which includes the
//! answers of tools.
//!
//! It writes the pairs to `history_key`, the whole dialogue as text to the text field, and the last pair to `query_key` and
//! `response_key`. Under `__dj__meta__` it writes the number of turns, the tools and skills that occur, the positions of the last
//! messages, and the record's facts about the request. If no tool or skill occurs, the list is `[""]`, as in Data-Juicer.
//!
//! # Parameters
//! The fields that are read and written, the labels, and the lengths of texts; see below. A text that is too long keeps its head
//! and its tail, with a mark between them.
//!
//! # Example
//! The messages `user: hi`, `assistant: hello`, `user: bye` become the text `User: hi`, `Assistant: hello`, `User: bye` with empty
//! lines between them, and two pairs.
//!
//! # Notes on determinism
//! Pure: the result depends only on the record and the parameters.

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};
use serde_json::Value;

use super::dialog::{Dialog, Limits};
use super::dialog_content::content_text;
use super::dialog_tags::{skills, tools};
use super::json_field::{messages, meta, read};
use crate::text::python;
use crate::text::python_value;

params! {
    /// Parameters of `agent_dialog_normalize_mapper`.
    pub(crate) struct AgentDialogNormalizeParams {
        /// The field with the list of messages.
        messages_key: String = "messages".to_owned();
        /// The field with the choices of the response, which give the last response if the messages have none.
        choices_key: String = "choices".to_owned();
        /// The field that the pairs are written to.
        history_key: String = "dialog_history".to_owned();
        /// The field that the last query is written to.
        query_key: String = "query".to_owned();
        /// The field that the last response is written to.
        response_key: String = "response".to_owned();
        /// If set, the names of tools and skills are written.
        extract_tool_skill_tags: bool = true;
        /// If set, system messages become the beginning of the user's next message; otherwise they are left out.
        include_system_in_first_user: bool = false;
        /// The label before the user's parts of the text.
        user_label: String = "User".to_owned();
        /// The label before the assistant's parts of the text.
        assistant_label: String = "Assistant".to_owned();
        /// If set, `request_model`, `pt` and `total_cost_time` of the record are written under `__dj__meta__` too.
        copy_lineage_fields: bool = true;
        /// If set, the record's id is written under `__dj__meta__` too.
        copy_request_id: bool = true;
        /// The fields that may have the id; the first one that isn't empty counts.
        request_id_keys: Vec<String> = ["request_id", "trace_id", "id"].map(str::to_owned).to_vec();
        /// The number of characters that an answer of a tool may have; 0 for no limit.
        history_tool_result_max_chars: i64 = 10_000;
        /// The number of characters that the assistant's part of a pair may have; 0 for no limit. It is cut whenever a message
        /// makes it longer, which takes time if the limit is high and there are many messages.
        history_max_assistant_trace_chars: i64 = 0;
        /// The number of characters that a message of the user may have; 0 for no limit.
        history_max_user_chars: i64 = 0;
        /// The share of a shortened text that is its head, from 0.35 to 0.85.
        history_compress_head_ratio: f64 = 0.62;
    }
}

/// The fields of the record that are copied, and the keys under `__dj__meta__` that they are copied to.
const LINEAGE: [(&str, &str); 3] = [
    ("request_model", "agent_request_model"),
    ("pt", "agent_pt"),
    ("total_cost_time", "agent_total_cost_time_ms"),
];

/// The other keys under `__dj__meta__`.
const TAGS: [&str; 7] = [
    "agent_dialog_history_compressed",
    "agent_turn_count",
    "agent_tool_types",
    "agent_skill_types",
    "agent_last_user_msg_idx",
    "agent_last_assistant_msg_idx",
    "agent_request_id",
];

/// The positions of the declared fields: first those that are always there, then the lineage, the tags, and the ids.
const MESSAGES: usize = 0;
const CHOICES: usize = 1;
const TEXT: usize = 2;
const HISTORY: usize = 3;
const QUERY: usize = 4;
const RESPONSE: usize = 5;
const FIRST_LINEAGE: usize = 6;
const FIRST_TAG: usize = FIRST_LINEAGE + 2 * LINEAGE.len();
const FIRST_ID: usize = FIRST_TAG + TAGS.len();

/// Returns the description of `agent_dialog_normalize_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "agent_dialog_normalize_mapper",
        "Turns the messages of an agent into one dialogue.",
        resolve,
    )
    .doc(&super::manual(include_str!("agent_dialog_normalize.rs")))
}

fn resolve(
    params: AgentDialogNormalizeParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<AgentDialogNormalizeMapper>, ParamError> {
    let mut fields = vec![
        params.messages_key.clone(),
        params.choices_key.clone(),
        context.text_key.clone(),
        params.history_key.clone(),
        params.query_key.clone(),
        params.response_key.clone(),
    ];
    for (from, to) in LINEAGE {
        fields.extend([from.to_owned(), meta(to)]);
    }
    fields.extend(TAGS.map(meta));
    fields.extend(params.request_id_keys.iter().cloned());
    let names = fields.clone();
    let mapper = AgentDialogNormalizeMapper { names, params };
    Ok(Resolved::new(move || mapper.clone())
        .fields(fields)
        .sets_values())
}

#[derive(Clone)]
struct AgentDialogNormalizeMapper {
    /// The names of the declared fields.
    names: Vec<String>,
    params: AgentDialogNormalizeParams,
}

impl Mapper for AgentDialogNormalizeMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let all = read(record, MESSAGES, &self.names[MESSAGES])?;
        let all = messages(&all, &self.names[MESSAGES])?;
        let params = &self.params;
        let limits = Limits {
            tool: params.history_tool_result_max_chars,
            assistant: params.history_max_assistant_trace_chars,
            user: params.history_max_user_chars,
            head_ratio: params.history_compress_head_ratio,
        };
        let dialog = Dialog::of(&all, params.include_system_in_first_user, &limits);
        let (query, mut response) = dialog.pairs.last().cloned().unwrap_or_default();
        if response.is_empty() {
            response = choices_text(&read(record, CHOICES, &self.names[CHOICES])?);
        }
        let tag = |name| FIRST_TAG + TAGS.iter().position(|tag| *tag == name).unwrap_or_default();
        changes.set(
            TEXT,
            dialog.text(&params.user_label, &params.assistant_label),
        );
        changes.set(QUERY, query);
        changes.set(RESPONSE, response);
        changes.set(tag("agent_dialog_history_compressed"), dialog.shortened);
        changes.set(tag("agent_turn_count"), dialog.pairs.len());
        if params.extract_tool_skill_tags {
            changes.set(tag("agent_tool_types"), or_empty_name(tools(&all)));
            changes.set(tag("agent_skill_types"), or_empty_name(skills(&all)));
        }
        let pairs = dialog.pairs.into_iter();
        changes.set(
            HISTORY,
            pairs
                .map(|(query, response)| Value::from(vec![query, response]))
                .collect::<Vec<_>>(),
        );
        for (role, name) in [
            ("user", "agent_last_user_msg_idx"),
            ("assistant", "agent_last_assistant_msg_idx"),
        ] {
            if let Some(at) = all.iter().rposition(|message| message.role == role) {
                changes.set(tag(name), at);
            }
        }
        if let Some(id) = self.id(record)? {
            changes.set(tag("agent_request_id"), id);
        }
        self.copy_lineage(record, changes)
    }
}

impl AgentDialogNormalizeMapper {
    fn id(&self, record: &Record<'_>) -> Result<Option<String>, RecordError> {
        let wanted = self.params.copy_request_id;
        for field in (FIRST_ID..self.names.len()).filter(|_| wanted) {
            let value = read(record, field, &self.names[field])?;
            let text = python_value::str(&value);
            let text = python::strip(&text);
            if !value.is_null() && !text.is_empty() {
                return Ok(Some(text.to_owned()));
            }
        }
        Ok(None)
    }

    fn copy_lineage(&self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let places = (FIRST_LINEAGE..FIRST_TAG).step_by(2);
        for from in places.filter(|_| self.params.copy_lineage_fields) {
            let value = read(record, from, &self.names[from])?;
            if !value.is_null() {
                changes.set(from + 1, value);
            }
        }
        Ok(())
    }
}

/// Returns the names, or a single empty name if there are none. Data-Juicer keeps the type of the column that way, and later
/// operators ignore the empty name.
fn or_empty_name(names: Vec<String>) -> Vec<String> {
    let names = names.iter().map(|name| python::strip(name).to_owned());
    let names: Vec<String> = names.filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        vec![String::new()]
    } else {
        names
    }
}

/// Returns the text of the first choice that has one.
fn choices_text(choices: &Value) -> String {
    let choices = choices.as_array().into_iter().flatten();
    let texts = choices.filter(|choice| choice.is_object()).map(|choice| {
        let mut places = [&choice["message"], &choice["delta"]].into_iter();
        let message = places.find(|place| python_value::is_true(place));
        match &message.unwrap_or(choice)["content"] {
            content @ (Value::String(_) | Value::Array(_)) => content_text(content),
            _ => String::new(),
        }
    });
    texts
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}
