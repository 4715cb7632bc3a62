//! Tests of mappers that vectors cannot express: quirks that are kept only on request, archives, and texts that nobody would write.
//! `every_operator.rs` has the laws that hold for all of them.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "shared/cpu_time.rs"]
mod cpu_time;

use std::path::Path;
use std::time::Duration;

use coldpress_assets::AssetFolders;
use coldpress_operator::{Chain, ChainSettings, Node, OperatorCall, Pipeline, Registry, Shared};
use coldpress_ops::differences::{self, Example};
use coldpress_record::{Batch, Lines};
use cpu_time::time_of;
use serde_json::{Value, json};

fn registry() -> Registry {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/assets");
    coldpress_ops::builtin().with_assets(AssetFolders::new([assets]))
}

fn settings(compat: bool) -> ChainSettings {
    ChainSettings {
        text_key: "text".to_owned(),
        seed: 0,
        skip_op_error: true,
        compat,
        keep_all: false,
        labels: Vec::new(),
        needs: Vec::new(),
        python: Default::default(),
    }
}

fn chain(registry: &Registry, call: OperatorCall, compat: bool) -> Chain {
    let pipeline = Pipeline::resolve(registry, &[call], &settings(compat)).unwrap();
    pipeline.instantiate(&Shared::default()).unwrap()
}

/// Returns the resulting texts, and the errors of records that failed.
fn run(chain: &mut Chain, texts: &[&str]) -> (Vec<String>, Vec<String>) {
    let records = texts.iter();
    let records = records.map(|text| json!({ "text": text, "compressed_file": text }));
    let (made, failed) = run_records(chain, &records.collect::<Vec<_>>());
    let texts = made.iter().map(|record| record["text"].as_str());
    let texts = texts.map(|text| text.unwrap_or_default().to_owned());
    (texts.collect(), failed)
}

/// Returns the resulting records, and the errors of those that failed.
fn run_records(chain: &mut Chain, records: &[Value]) -> (Vec<Value>, Vec<String>) {
    let mut lines = Lines::new(0);
    for (number, record) in records.iter().enumerate() {
        lines.push(number as u64, record.to_string().as_bytes());
    }
    let mut batch = Batch::default();
    batch.fill(&mut lines, chain.fields(), &mut Vec::new());
    chain.begin(&mut batch);
    let mut tally = chain.tally();
    chain.run(&mut batch, 0..1, &mut tally).unwrap();
    let record = |row: &u32| -> Value {
        let mut line = Vec::new();
        batch.write_record(*row as usize, chain.fields(), &mut line);
        serde_json::from_slice(&line).unwrap()
    };
    let failed = tally.quarantined.into_iter().map(|failed| failed.error);
    (
        batch.selection().iter().map(record).collect(),
        failed.collect(),
    )
}

/// The examples are those of the differences in `docs/compatibility.md`.
#[test]
fn examples_of_differences_come_out_as_they_are_written() {
    let registry = registry();
    for difference in differences::all() {
        let Example::Texts {
            operator,
            params,
            text,
            here,
            with_compat,
        } = difference.example
        else {
            continue;
        };
        let params: Value = serde_json::from_str(params).unwrap();
        let call = || {
            let params = params.as_object().unwrap().iter();
            params.fold(OperatorCall::new(operator), |call, (name, value)| {
                call.with(name.as_str(), Node::from_json(value))
            })
        };
        let made = |call, compat| run(&mut chain(&registry, call, compat), &[text]).0;
        assert_eq!(made(call(), false), here, "{}", difference.what);
        assert_eq!(made(call(), true), with_compat, "{}", difference.what);
        // The operator's own parameter has the same effect as the recipe's key.
        let asked = call().with("compat", "data_juicer");
        assert_eq!(made(asked, false), with_compat, "{}", difference.what);
        assert!(
            here == with_compat || !difference.differs_with_compat(),
            "{}",
            difference.what
        );
    }
}

#[test]
fn quirks_are_kept_only_on_request() {
    let registry = registry();
    let cases = [
        ("clean_ip_mapper", "256.1.1.1 1.1.1.1", "256.1.1.1 ", "2 "),
        (
            "expand_macro_mapper",
            "\\def\\x{Y}\n\\x\\x",
            "\\def\\x{Y}\nYY",
            "\\defY{Y}\nY\\x",
        ),
        (
            "remove_comments_mapper",
            "a%b\n%c\n  % d\ne\\\\% f",
            "a\ne\\\\",
            "\n \ne\\\\% f",
        ),
        (
            "remove_long_words_mapper",
            "a\n\nb  c",
            "a\n\nb  c",
            "a\nb c",
        ),
        (
            "remove_words_with_incorrect_substrings_mapper",
            "a\n\nb // www.c d",
            "a\n\nb d",
            "a\nb // d",
        ),
        (
            "remove_repeat_sentences_mapper",
            "В 1999 был дом. В 1999 был сад. 3.14. 2.14.",
            "В 1999 был дом. В 1999 был сад. 3.14. 2.14.",
            "В 1999 был дом. 3.14. 2.",
        ),
        (
            "remove_repeat_sentences_mapper",
            "Дом 1999. Сад 1999. Сад 1999.",
            "Дом 1999. Сад 1999.",
            "Дом 1999.",
        ),
        ("chinese_convert_mapper", "头\0发", "頭\0發", "頭"),
        (
            "pii_redaction_mapper",
            "电话13800138000，Authorization: Bearer a.b session_id: x [fe80::1]",
            "电话[PHONE_REDACTED]，Authorization: [REDACTED] session_id: [ID_REDACTED] [IP_REDACTED]",
            "电话13800138000，Authorization: [REDACTED] a.b session_id[ID_REDACTED] [fe80::1]",
        ),
    ];
    for (name, text, without, with) in cases {
        let call = || OperatorCall::new(name);
        assert_eq!(
            run(&mut chain(&registry, call(), false), &[text]).0,
            [without],
            "{name}"
        );
        assert_eq!(
            run(&mut chain(&registry, call(), true), &[text]).0,
            [with],
            "{name}"
        );
        // The operator's own parameter has the same effect as the recipe's key.
        let call = call().with("compat", "data_juicer");
        assert_eq!(
            run(&mut chain(&registry, call, false), &[text]).0,
            [with],
            "{name}"
        );
    }
}

#[test]
fn a_list_that_is_longer_than_the_first_is_cut_or_an_error() {
    let registry = registry();
    let group = [json!({"a": [1], "b": [1, 2]})];
    let call = || OperatorCall::new("naive_reverse_grouper");
    let (made, failed) = run_records(&mut chain(&registry, call(), false), &group);
    assert_eq!((made.len(), failed.len()), (0, 1));
    let (made, failed) = run_records(&mut chain(&registry, call(), true), &group);
    assert_eq!((made, failed.len()), (vec![json!({"a": 1, "b": 1})], 0));
}

#[test]
fn the_field_of_messages_is_redacted_whatever_its_name() {
    let registry = registry();
    let record = [json!({"turns": [{"role": "user", "content": "mail a@b.example"}]})];
    let call = || OperatorCall::new("pii_redaction_mapper").with("messages_key", "turns");
    let content = |compat| {
        let (made, _) = run_records(&mut chain(&registry, call(), compat), &record);
        made[0]["turns"][0]["content"].as_str().unwrap().to_owned()
    };
    assert_eq!(content(false), "mail [EMAIL_REDACTED]");
    assert_eq!(content(true), "mail a@b.example");
}

#[test]
fn chunks_of_nothing_but_overlap_are_a_quirk() {
    let registry = registry();
    let call = || {
        let call = OperatorCall::new("text_chunk_mapper").with("max_len", 4);
        call.with("overlap_len", 2)
            .with("split_pattern", Node::from_json(&Value::Null))
    };
    let cut = |compat| run(&mut chain(&registry, call(), compat), &["abcdef"]).0;
    assert_eq!(cut(false), ["abcd", "cdef"]);
    assert_eq!(cut(true), ["abcd", "cdef", "ef"]);
}

/// Without Data-Juicer's quirks, chunks are parts of the text even if a tokenizer would decode its tokens to another text.
#[cfg(feature = "models")]
#[test]
fn chunks_of_tokens_are_parts_of_the_text() {
    let registry = registry();
    let cut = |params: Value, compat, text: &str| {
        let mut call = OperatorCall::new("text_chunk_mapper").with("tokenizer", "tokenizer");
        for (name, value) in params.as_object().unwrap() {
            call = call.with(name.as_str(), Node::from_json(value));
        }
        run(&mut chain(&registry, call, compat), &[text])
    };
    let by_length = json!({"max_len": 8, "overlap_len": 2, "split_pattern": null});
    let river = "We walked along the river until the rain began to fall.";
    let (chunks, _) = cut(by_length.clone(), false, river);
    assert_eq!(
        chunks,
        [
            "We walked along the ri",
            " the river until the ",
            " the rain began to fall",
            " fall."
        ]
    );
    let by_sentence = json!({"max_len": 9, "split_pattern": "\\.\\s"});
    let (chunks, _) = cut(
        by_sentence,
        false,
        "It rains. We walk home. The children asked why the sky is blue.",
    );
    assert_eq!(chunks[..2], ["It rains", "We walk home"]);
    assert!(chunks[2..].concat().ends_with("the sky is blue."));
    // Each of these characters is several tokens.
    let (chunks, _) = cut(
        json!({"max_len": 3, "split_pattern": null}),
        false,
        "\u{1f600}\u{10348}é",
    );
    assert_eq!(chunks.concat(), "\u{1f600}\u{10348}é");
    let (chunks, _) = cut(
        json!({"max_len": 3, "split_pattern": null}),
        true,
        "\u{1f600}\u{10348}",
    );
    assert!(chunks[0].contains('\u{fffd}'), "{chunks:?}");
    // Data-Juicer would cut this for ever.
    let endless = json!({"max_len": 2, "overlap_len": 1, "split_pattern": "x"});
    let (_, failed) = cut(endless.clone(), true, &"\u{1f600}".repeat(3));
    assert!(
        failed[0].contains("as long as before") && failed[0].contains("overlap_len"),
        "{failed:?}"
    );
    assert!(cut(endless, false, &"\u{1f600}".repeat(3)).1.is_empty());
}

#[test]
fn an_archive_that_cannot_be_read_is_an_error_or_an_empty_text() {
    let registry = registry();
    let call = || OperatorCall::new("latex_merge_tex_mapper");
    let (texts, failed) = run(&mut chain(&registry, call(), false), &["missing.zip"]);
    assert!(
        texts.is_empty() && failed[0].contains("`missing.zip` cannot be read"),
        "{failed:?}"
    );
    let (texts, failed) = run(&mut chain(&registry, call(), true), &["missing.zip"]);
    assert_eq!((texts, failed), (vec![String::new()], vec![]));
}

#[test]
fn a_calibration_that_is_none_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let registry = || coldpress_ops::builtin().with_assets(AssetFolders::new([folder.path()]));
    std::fs::write(folder.path().join("list.json"), "[1]").unwrap();
    let error = |file: &str, compat| {
        let call = OperatorCall::new("agent_bad_case_signal_mapper")
            .with("auto_calibrate_thresholds", true)
            .with("calibration_json_path", file);
        let pipeline = Pipeline::resolve(&registry(), &[call], &settings(compat));
        let chain = pipeline.map(|pipeline| pipeline.instantiate(&Shared::default()));
        match chain {
            Err(error) => ("before the job", error.to_string()),
            Ok(chain) => ("before the first record", chain.unwrap_err().to_string()),
        }
    };
    for compat in [false, true] {
        let (when, message) = error("none.json", compat);
        assert!(
            when == "before the job" && message.contains("none.json"),
            "{message}"
        );
        let (when, message) = error("list.json", compat);
        assert!(
            when == "before the first record" && message.contains("JSON object"),
            "{message}"
        );
    }
}

/// Returns a text of many pieces, each of which looks like the start of something that never ends.
fn endless(piece: &str) -> String {
    piece.repeat(250_000 / piece.len())
}

/// Each of these would take hours if the time were quadratic.
#[test]
fn no_text_takes_the_square_of_its_length() {
    let registry = registry();
    let cases = [
        ("clean_copyright_mapper", "/* copyr"),
        ("clean_copyright_mapper", "#\n"),
        ("clean_ip_mapper", "1."),
        ("clean_ip_mapper", "12:"),
        ("expand_macro_mapper", "\\newcommand{\\a}{"),
        ("expand_macro_mapper", "\\def\\a{\\a}\n"),
        ("expand_macro_mapper", "\\def \\a "),
        ("remove_bibliography_mapper", "\\bibliography{"),
        ("remove_comments_mapper", "\\%"),
        ("remove_comments_mapper", "\\\\\\"),
        ("remove_comments_mapper", " %"),
        ("remove_header_mapper", "\\section["),
        ("remove_header_mapper", "\\section{"),
        ("remove_long_words_mapper", "\n\t "),
        ("remove_long_words_mapper", "(x"),
        ("remove_repeat_sentences_mapper", "a.\n"),
        ("remove_repeat_sentences_mapper", ".”…"),
        ("remove_table_text_mapper", "a|"),
        ("remove_table_text_mapper", "a b\n"),
        ("remove_table_text_mapper", "a b\nc\n"),
        ("remove_words_with_incorrect_substrings_mapper", "htt/ww"),
        ("sentence_split_mapper", "!"),
        ("sentence_split_mapper", ". "),
        ("sentence_split_mapper", ".)"),
        ("sentence_split_mapper", "a.a-"),
        ("sentence_split_mapper", "? \n"),
        ("text_chunk_mapper", "\n"),
        ("latex_figure_context_extractor_mapper", "\\begin{figure}["),
        (
            "latex_figure_context_extractor_mapper",
            "\\begin{figure}\\subfloat[",
        ),
        (
            "latex_figure_context_extractor_mapper",
            "\\includegraphics[",
        ),
        ("latex_figure_context_extractor_mapper", "\\ref{\\caption{"),
        ("latex_figure_context_extractor_mapper", "\\begin{table}{"),
    ];
    for (name, piece) in cases {
        for compat in [false, true] {
            let text = endless(piece);
            // Text that is opened in every piece may also be closed once, at the end.
            let closed = format!("\\begin{{figure}}{text}]{{}}}}\\end{{figure}}*/");
            for text in [&text, &closed] {
                let mut chain = chain(&registry, OperatorCall::new(name), compat);
                let (elapsed, (_, failed)) = time_of(|| run(&mut chain, &[text]));
                assert_eq!(failed, [] as [&str; 0], "{name}: {piece:?}");
                assert!(
                    elapsed < Duration::from_secs(10),
                    "{name}: {piece:?} took {elapsed:?}"
                );
            }
        }
    }
}

/// Many macros are expanded one after the other as in Data-Juicer, or not at all.
#[test]
fn many_macros_are_expanded_in_linear_time() {
    let registry = registry();
    let definitions = |count: u32| (0..count).map(|number| format!("\\def\\a{number}x{{b}}\n"));
    let uses = |count: u32| (0..count).map(|number| format!("\\a{number}x "));
    let text = |count| definitions(count).chain(uses(count)).collect::<String>();
    for (count, compat, fails) in [
        (20_000, false, false),
        (1_000, true, false),
        (1_001, true, true),
    ] {
        let mut chain = chain(&registry, OperatorCall::new("expand_macro_mapper"), compat);
        let (texts, failed) = run(&mut chain, &[&text(count)]);
        assert_eq!(!failed.is_empty(), fails, "{count} {failed:?}");
        if !fails {
            assert!(texts[0].ends_with("b b b "), "{count}");
        }
    }
}
