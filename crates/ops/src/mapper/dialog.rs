//! Turns the messages of an agent into pairs of query and response.

use super::dialog_content::content_text;
use super::dialog_tags::calls_summary;
use super::json_field::Message;
use crate::text::head_tail::head_and_tail;
use crate::text::python::strip;

/// The number of characters that the parts of a dialogue may have; 0 or less for no limit.
pub(super) struct Limits {
    pub(super) tool: i64,
    pub(super) assistant: i64,
    pub(super) user: i64,
    /// The share of a shortened text that is its head.
    pub(super) head_ratio: f64,
}

/// A dialogue.
#[derive(Default)]
pub(super) struct Dialog {
    /// The queries of the user, each with the response of the assistant and its tools.
    pub(super) pairs: Vec<(String, String)>,
    /// True if anything was too long.
    pub(super) shortened: bool,
    /// The number of characters in the last response.
    response_chars: usize,
}

impl Dialog {
    /// Makes a dialogue of these messages. System messages are left out, or become part of the user's next one.
    pub(super) fn of(messages: &[Message<'_>], with_system: bool, limits: &Limits) -> Self {
        let mut dialog = Self::default();
        let mut system = Vec::new();
        for message in messages {
            let content = content_text(message.get("content"));
            match message.role.as_str() {
                "system" if with_system && !content.is_empty() => system.push(content),
                "user" => {
                    let query = if system.is_empty() {
                        content
                    } else {
                        system.push(content);
                        strip(&std::mem::take(&mut system).join("\n\n")).to_owned()
                    };
                    let query = dialog.capped(query, limits.user, limits);
                    dialog.pairs.push((query, String::new()));
                    dialog.response_chars = 0;
                }
                "assistant" if content.is_empty() => {
                    dialog.answer("\n\n", &calls_summary(message), limits);
                }
                "assistant" => dialog.answer("\n\n", &content, limits),
                // A tool message before the first query has no pair to go into.
                "tool" if !dialog.pairs.is_empty() => {
                    let result = dialog.capped(content, limits.tool, limits);
                    dialog.answer("\n", &format!("[Tool result]\n{result}"), limits);
                }
                _ => {}
            }
        }
        dialog
    }

    /// Adds to the last response. `between` comes before `added` unless the response was empty.
    fn answer(&mut self, between: &str, added: &str, limits: &Limits) {
        if self.pairs.is_empty() {
            self.pairs.push(Default::default());
        }
        let Some((_, response)) = self.pairs.last_mut() else {
            return;
        };
        if added.is_empty() {
            return;
        }
        if !response.is_empty() {
            response.push_str(between);
            self.response_chars += between.len();
        }
        response.push_str(added);
        self.response_chars += added.chars().count();
        let most = usize::try_from(limits.assistant).unwrap_or_default();
        if most > 0 && self.response_chars > most {
            self.shortened = true;
            *response = head_and_tail(response, most, limits.head_ratio);
            self.response_chars = response.chars().count();
        }
    }

    fn capped(&mut self, text: String, most: i64, limits: &Limits) -> String {
        let most = usize::try_from(most).unwrap_or_default();
        if most == 0 || text.chars().count() <= most {
            return text;
        }
        self.shortened = true;
        head_and_tail(&text, most, limits.head_ratio)
    }

    /// Returns the dialogue as one text; empty sides are left out.
    pub(super) fn text(&self, user_label: &str, assistant_label: &str) -> String {
        let sides = self
            .pairs
            .iter()
            .flat_map(|(query, response)| [(user_label, query), (assistant_label, response)]);
        let lines = sides.filter(|(_, side)| !side.is_empty());
        let lines: Vec<String> = lines
            .map(|(label, side)| format!("{label}: {side}"))
            .collect();
        lines.join("\n\n")
    }
}
