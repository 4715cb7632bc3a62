//! Makes the kinds of records that operators are for from the texts of a dataset.

use serde_json::{Value, json};

/// The kind of records of a benchmark.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Kind {
    /// Texts as they are.
    Text,
    /// The Chinese ones among them.
    Chinese,
    /// Pages with headings, paragraphs, links, lists and tables.
    Html,
    /// Papers with sections, comments, macros, figures and a bibliography.
    Latex,
    /// Conversations with calls of tools.
    Dialogue,
}

impl Kind {
    /// Returns the kind of record that an operator is for.
    pub(crate) fn of(operator: &str) -> Self {
        match operator {
            "clean_html_mapper" | "extract_tables_from_html_mapper" => Self::Html,
            "chinese_convert_mapper" | "remove_non_chinese_character_mapper" => Self::Chinese,
            "expand_macro_mapper"
            | "latex_figure_context_extractor_mapper"
            | "remove_bibliography_mapper"
            | "remove_comments_mapper"
            | "remove_header_mapper" => Self::Latex,
            _ if operator.starts_with("agent_") => Self::Dialogue,
            "tool_success_tagger_mapper" | "usage_counter_mapper" => Self::Dialogue,
            _ => Self::Text,
        }
    }

    /// Returns the records as JSON lines, and the number of bytes of text in them.
    pub(crate) fn records(self, data: &str) -> (String, usize) {
        let (mut records, mut bytes) = (String::new(), 0);
        for line in data.lines() {
            let record: Value = serde_json::from_str(line).expect("every line is a record");
            let text = record["text"].as_str().unwrap_or_default();
            let record = match self {
                Self::Text => record.clone(),
                Self::Chinese if is_chinese(text) => json!({ "text": text }),
                Self::Chinese => continue,
                Self::Html => json!({ "text": page(text) }),
                Self::Latex => json!({ "text": paper(text) }),
                Self::Dialogue => dialogue(text),
            };
            bytes += match (self, record["text"].as_str()) {
                (Self::Dialogue, _) => text.len(),
                (_, text) => text.map_or(0, str::len),
            };
            records.push_str(&record.to_string());
            records.push('\n');
        }
        (records, bytes)
    }
}

/// Returns whether a third of the first characters are Chinese.
fn is_chinese(text: &str) -> bool {
    let first = || text.chars().take(300);
    let is_ideograph = |ch: &char| ('\u{4e00}'..='\u{9fff}').contains(ch);
    let is_kana = |ch: char| ('\u{3040}'..='\u{30ff}').contains(&ch);
    3 * first().filter(is_ideograph).count() > first().count() && !first().any(is_kana)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn page(text: &str) -> String {
    let mut page =
        String::from("<!DOCTYPE html>\n<html><head><title>A page</title></head>\n<body>\n");
    for (number, line) in text.lines().enumerate() {
        let line = escaped(line);
        let (first, rest) = line.split_once(' ').unwrap_or((&line, ""));
        page += &match number % 12 {
            0 => format!("<h2 id=\"part-{number}\">{line}</h2>\n"),
            3 => format!("<ul><li>{first}</li><li class='more'>{rest}</li></ul>\n"),
            7 => format!(
                "<table border=\"1\"><tr><th>No.</th><th>{first}</th></tr><tr><td>{number}</td><td>{rest}</td></tr></table>\n"
            ),
            _ => format!(
                "<p class=\"text\"><a href=\"/page/{number}?a=1&amp;b=2\">{first}</a> {rest}<br></p>\n"
            ),
        };
    }
    page + "</body></html>\n"
}

/// The number of lines of a paper that have figures among them. Each figure makes a record with all of the text, so without a limit
/// long texts would be copied a thousand times.
const LINES_WITH_FIGURES: usize = 200;

fn paper(text: &str) -> String {
    let mut paper = String::from(
        "\\documentclass{article}\n\\newcommand{\\name}{the method}\n\\def\\size{42}\n\\begin{document}\n\\section{Introduction}\n",
    );
    for (number, line) in text.lines().enumerate() {
        paper += &match number % 20 {
            4 => format!("% {line}\n"),
            9 => format!("{line} uses \\name{{}} of size \\size~. % to be checked\n"),
            14 if number < LINES_WITH_FIGURES => format!(
                "\\subsection{{Part {number}}}\nAs Figure~\\ref{{fig:{number}}} shows, {line}\n\n"
            ),
            15 if number < LINES_WITH_FIGURES => format!(
                "\\begin{{figure}}\n\\includegraphics[width=1cm]{{plots/{}.png}}\n\\caption{{{}}}\n\\label{{fig:{}}}\n\\end{{figure}}\n",
                number,
                line.replace(['{', '}', '\\'], ""),
                number - 1
            ),
            _ => format!("{line}\n"),
        };
    }
    paper
        + "\\begin{thebibliography}{9}\n\\bibitem{a} Somebody.\n\\end{thebibliography}\n\\end{document}\n"
}

fn dialogue(text: &str) -> Value {
    let lines: Vec<&str> = text.lines().collect();
    let mut messages = vec![json!({"role": "system", "content": "You are helpful."})];
    for (number, turn) in lines.chunks(6).enumerate() {
        let content = turn.join("\n");
        messages.push(match number % 4 {
            0 => json!({"role": "user", "content": content}),
            1 => json!({"role": "assistant", "content": content, "tool_calls": [
                {"id": format!("call_{number}"), "type": "function",
                 "function": {"name": "search_files", "arguments": "{\"path\": \"/home/me/notes.txt\"}"}}
            ]}),
            2 => json!({"role": "tool", "tool_call_id": format!("call_{}", number - 1), "content": content}),
            _ => json!({"role": "assistant", "content": [{"type": "text", "text": content}]}),
        });
    }
    let last = lines.last().copied().unwrap_or_default();
    json!({
        "text": "",
        "messages": messages,
        "choices": [{"message": {"role": "assistant", "content": last}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 30, "total_tokens": 42},
        "query": lines.first(),
        "response": last,
        "__dj__meta__": {"agent_tool_types": ["search_files", "read_file", "search_files"], "agent_turn_count": 4},
        "__dj__stats__": {"text_len": text.len(), "num_words": lines.len()},
    })
}
