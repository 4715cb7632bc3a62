//! A folder with a dataset of each kind and the small models and word lists of the operators' tests.

use std::fs;
use std::ops::Deref;
use std::path::Path;

use serde_json::{Value, json};

use crate::shared::{Folder, repository};

/// The folder. Its `assets` have what the recipes ask for.
pub(crate) struct Bench(Folder);

impl Deref for Bench {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.0
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self(Folder::new());
        let english = texts("en", 60);
        // Some documents come twice, once with another end.
        let again = english.iter().step_by(8).enumerate();
        let again = again.map(|(number, text)| match number % 2 {
            0 => text.clone(),
            _ => format!("{text} The end."),
        });
        let web: Vec<String> = english.iter().cloned().chain(again).collect();
        bench.dataset("web", "text", &web);
        bench.dataset("books", "text", &web);
        let chinese = texts("zh", 24);
        let twice = chinese.iter().chain(&chinese[..4]).cloned();
        bench.dataset("chinese", "text", &twice.collect::<Vec<_>>());
        bench.dataset("code", "content", &programs());
        bench.dataset("questions", "text", &questions());
        bench.dataset("papers", "text", &papers());
        let assets = repository().join("crates/ops/testdata/assets");
        copy(&assets.join("models"), &bench.path("assets"));
        copy(&assets.join("words"), &bench.path("assets"));
        bench
    }

    fn dataset(&self, name: &str, field: &str, texts: &[String]) {
        let suffixes = [".py", ".rs", ".md"];
        let records = texts.iter().enumerate().map(|(id, text)| {
            let mut record = json!({"id": id, "__dj__suffix__": suffixes[id % 3]});
            record[field] = Value::from(text.as_str());
            format!("{record}\n")
        });
        self.write(&format!("{name}.jsonl"), records.collect::<String>());
    }
}

/// The first texts of the example data in this language that are not very long.
fn texts(lang: &str, count: usize) -> Vec<String> {
    let path = repository().join("examples/data/webtext-mini.jsonl");
    let lines = fs::read_to_string(path).unwrap();
    let records = lines
        .lines()
        .map(|line| -> Value { serde_json::from_str(line).unwrap() });
    let texts = records
        .filter(|record| record["lang"] == lang)
        .map(|record| record["text"].as_str().unwrap().to_owned())
        .filter(|text| text.chars().count() < 5000)
        .take(count);
    texts.collect()
}

/// Source code with a notice on top; every fourth is a table of numbers, and the last is the first again.
fn programs() -> Vec<String> {
    let program = |number: usize| {
        let body: String = match number % 4 {
            3 => (0..200)
                .map(|row| format!("{:04x}, {row:04x}\n", row * 7))
                .collect(),
            _ => (0..12 + number)
                .map(|line| statement(31 * number + line))
                .collect(),
        };
        format!(
            "# Copyright 20{number:02} The authors\n# See LICENSE, or write to me@example.org\n\n{body}"
        )
    };
    let mut programs: Vec<String> = (0..20).map(program).collect();
    programs.push(programs[0].clone());
    programs
}

/// A line of code; different for different numbers, so that no filter takes a program for one line repeated.
fn statement(number: usize) -> String {
    const WORDS: [&str; 17] = [
        "parse", "render", "resolve", "collect", "compare", "buffer", "offset", "schema", "window",
        "matrix", "planet", "orchard", "gravity", "lantern", "harvest", "compass", "thunder",
    ];
    let word =
        |step: usize| WORDS[(number * step + number / WORDS.len() * step * step) % WORDS.len()];
    let (one, two, three, four) = (word(1), word(3), word(5), word(7));
    match number % 3 {
        0 => format!("{one} = {two}.{three}({four})\n"),
        1 => format!("    return {three} + {one}[{number}]\n"),
        _ => format!("def {four}_{two}({one}):\n"),
    }
}

/// Questions and answers in HTML; every fifth is too short, and the last is the first again.
fn questions() -> Vec<String> {
    let question = |number: usize| match number % 5 {
        4 => format!("<p>{number}</p>"),
        _ => format!(
            "<p>How do I sort list {number} by its <b>second</b> column?</p>\n<ul><li>with a key</li><li>with &lt;code&gt;</li></ul>"
        ),
    };
    let mut questions: Vec<String> = (0..20).map(question).collect();
    questions.push(questions[0].clone());
    questions
}

/// Papers in LaTeX; every fifth has no heading.
fn papers() -> Vec<String> {
    let paper = |number: usize| {
        let heading = if number % 5 == 4 {
            ""
        } else {
            "\\section{Introduction}\n"
        };
        format!(
            "\\documentclass{{article}}\n% draft {number}\n{heading}\\newcommand{{\\name}}{{group {number}}}\n\
             We study \\name in detail. % check this\nA result about \\name is proven below, at length.\n\
             \\begin{{thebibliography}}{{9}}\n\\bibitem{{a}} Somebody.\n\\end{{thebibliography}}\n"
        )
    };
    (0..20).map(paper).collect()
}

/// Copies what is in a folder into another one.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry
            .map(|entry| (entry.path(), entry.file_name()))
            .unwrap();
        match path.is_dir() {
            true => copy(&path, &to.join(name)),
            false => drop(fs::copy(&path, to.join(name)).unwrap()),
        }
    }
}
