//! Finds the text after a word that announces a secret, an id or a channel.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::{Words, run};
use crate::text::python::{is_space, is_word};

/// A pattern that doesn't match the text after the announcement, so that searching again costs only the distance covered.
type Announcement = LazyLock<Option<Regex>>;

static SECRET: Announcement = LazyLock::new(|| {
    Regex::new(
        r#"(?i)(?:api[_-]?key|apikey|secret|password|passwd|token|auth|authorization|credential|license[_-]?key)[\s\x1c-\x1f]*[:=][\s\x1c-\x1f]*["']?"#,
    )
    .ok()
});

static ID: Announcement = LazyLock::new(|| {
    Regex::new(
        r#"(?i)((?:session|user|request|trace)[_-]?id)[\s\x1c-\x1f]*[:=][\s\x1c-\x1f]*["']?"#,
    )
    .ok()
});

static CHANNEL: Announcement = LazyLock::new(|| {
    Regex::new(
        r#"(?i)(?:channel[\s\x1c-\x1f]*[:=][\s\x1c-\x1f]*["']?|当前的[\s\x1c-\x1f]*channel[\s\x1c-\x1f]*[:：][\s\x1c-\x1f]*)(feishu|dingtalk|wecom|wechat_work|email|mail|飞书|钉钉|企业微信|邮箱)"#,
    )
    .ok()
});

/// Finds the text after words such as `password:`. In `Authorization: Bearer x`, Data-Juicer takes the scheme and leaves the
/// secret. Here both are taken, unless Data-Juicer's words are wanted.
pub(super) fn secret(words: Words, text: &str, found: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(announced) = SECRET
        .as_ref()
        .and_then(|secret| secret.find_at(text, from))
    {
        let start = announced.end();
        from = next_char(text, announced.start());
        // The text after it is only read at the beginning of a word. Otherwise, many announcements in a row would read it again and
        // again.
        if !words.parts(text, announced.start()) {
            continue;
        }
        let mut end = start + run(&text[start..], is_of_secret);
        if end == start {
            continue;
        }
        if words == Words::Ascii && is_scheme(&text[start..end]) {
            let blank = run(&text[end..], is_space);
            let token = run(&text[end + blank..], is_of_secret);
            end += if blank > 0 && token > 0 {
                blank + token
            } else {
                0
            };
        }
        found.push(start..end);
        from = end;
    }
}

fn is_scheme(word: &str) -> bool {
    ["bearer", "basic", "token", "digest"]
        .iter()
        .any(|scheme| word.eq_ignore_ascii_case(scheme))
}

fn is_of_secret(ch: char) -> bool {
    !is_space(ch) && !matches!(ch, '"' | '\'' | ',' | '}' | ']')
}

/// Finds the text after words such as `session_id:`. Data-Juicer takes the separator between them as well.
pub(super) fn id(words: Words, text: &str, found: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(groups) = ID.as_ref().and_then(|id| id.captures_at(text, from)) {
        let (Some(announced), Some(word)) = (groups.get(0), groups.get(1)) else {
            return;
        };
        let value = announced.end();
        from = next_char(text, announced.start());
        if !words.parts(text, announced.start()) {
            continue;
        }
        let end = value + run(&text[value..], |ch| is_word(ch) || matches!(ch, '.' | '-'));
        if end == value {
            continue;
        }
        let start = if words == Words::All {
            word.end()
        } else {
            value
        };
        found.push(start..end);
        from = end;
    }
}

/// Finds the name of the channel that somebody writes from.
pub(super) fn channel(words: Words, text: &str, found: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(groups) = CHANNEL
        .as_ref()
        .and_then(|channel| channel.captures_at(text, from))
    {
        let (Some(announced), Some(name)) = (groups.get(0), groups.get(1)) else {
            return;
        };
        let begins = announced.as_str().starts_with('当') || words.parts(text, announced.start());
        if begins && words.parts(text, announced.end()) {
            found.push(name.range());
            from = announced.end();
        } else {
            from = next_char(text, announced.start());
        }
    }
}

fn next_char(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().map_or(1, char::len_utf8)
}
