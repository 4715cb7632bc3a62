//! Tests the tokens of Hugging Face tokenizers. `testdata/tokenizer/make.py` makes the tokenizers and the expected results.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::path::PathBuf;

#[cfg(feature = "tokenizers")]
use coldpress_models::tokenizer::Codec;
use coldpress_models::tokenizer::{Scratch, Tokenizer};

fn testdata(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/tokenizer");
    PathBuf::from(folder).join(name)
}

const BYTE_LEVEL: [&str; 4] = ["gpt2", "neox", "llama3", "qwen"];

/// Checks the ids of all texts of a tokenizer.
fn check(name: &str, is_fast: bool, scratch: &mut Scratch) {
    let tokenizer = Tokenizer::open(&testdata(&format!("{name}.json"))).unwrap();
    assert_eq!(tokenizer.is_fast(), is_fast, "{name}");
    let cases = std::fs::read_to_string(testdata(&format!("{name}.jsonl"))).unwrap();
    let mut ids = Vec::new();
    for case in cases.lines() {
        let (text, expected): (String, Vec<u32>) = serde_json::from_str(case).unwrap();
        ids.clear();
        tokenizer.encode(&text, scratch, &mut ids).unwrap();
        assert_eq!(ids, expected, "{name}: {text:?}");
        assert_eq!(tokenizer.count(&text, scratch).unwrap(), ids.len());
    }
    assert!(cases.lines().count() > 150);
}

#[test]
fn byte_level_tokens_are_those_of_the_library() {
    // One scratch for all tokenizers. Each is used twice, and the second time words are remembered.
    let mut scratch = Scratch::default();
    for name in BYTE_LEVEL.into_iter().chain(BYTE_LEVEL) {
        check(name, true, &mut scratch);
    }
}

#[cfg(feature = "tokenizers")]
mod by_the_library {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn other_tokenizers_work_too() {
        for name in ["prefix", "stripped", "word_piece"] {
            check(name, false, &mut Scratch::default());
        }
    }

    /// Each tokenizer in both implementations: this crate's and the library's.
    static BOTH: LazyLock<Vec<(&str, Tokenizer, Tokenizer)>> = LazyLock::new(|| {
        let both = BYTE_LEVEL.map(|name| {
            let bytes = std::fs::read(testdata(&format!("{name}.json"))).unwrap();
            let library = Tokenizer::parse_by_library(&bytes).unwrap();
            (name, Tokenizer::parse(&bytes).unwrap(), library)
        });
        both.into()
    });

    proptest! {
        #[test]
        fn any_text_has_the_same_tokens(
            texts in prop::collection::vec("(\\PC{0,9}|[a-z ']{0,30}|[ \t\r\n]{0,5}|[0-9]{0,7}|(the |tok|<\\|end\\|>|étée\u{301}){0,4}|.{0,9}|[a-e]{0,90}){0,5}", 1..4),
        ) {
            for (name, fast, library) in BOTH.iter() {
                let mut scratch = Scratch::default();
                for text in &texts {
                    let (mut ids, mut expected) = (Vec::new(), Vec::new());
                    fast.encode(text, &mut scratch, &mut ids).unwrap();
                    library.encode(text, &mut scratch, &mut expected).unwrap();
                    prop_assert_eq!(ids, expected, "{}: {:?}", name, text);
                }
            }
        }

        #[test]
        fn tokens_end_where_the_library_says(
            text in "(\\PC{0,9}|[a-z ']{0,30}|[ \t\r\n]{0,5}|(the |tok|<\\|end\\|>|étée\u{301}|e\u{323}\u{301}|\u{1f600}){0,4}){0,5}",
        ) {
            for (name, fast, library) in BOTH.iter() {
                let mut scratch = Scratch::default();
                let (mut ends, mut expected) = (Vec::new(), Vec::new());
                fast.ends(&text, &mut scratch, &mut ends).unwrap();
                library.ends(&text, &mut scratch, &mut expected).unwrap();
                prop_assert_eq!(ends.len(), expected.len());
                prop_assert_eq!(ends.last().copied().unwrap_or(0), text.len(), "{}", name);
                // If tokens share a character, or what became one, the library gives each of them the end of the whole character.
                // It leaves spaces at the end of a token to the next one.
                for (end, expected) in ends.iter().zip(&expected) {
                    let (low, high) = (*end.min(expected), *end.max(expected));
                    let chars = || text.char_indices().map(|(at, _)| at).filter(|at| (low..high).contains(at));
                    let is_space = text.is_char_boundary(low) && text.is_char_boundary(high) && text[low..high].trim().is_empty();
                    prop_assert!(chars().count() <= 2 || is_space, "{}: {:?} {:?}", name, text, (ends.clone(), expected));
                }
            }
        }

        #[test]
        fn what_a_codec_encodes_it_decodes(text in "(\\PC{0,9}|[a-z ']{0,30}){0,5}") {
            for name in ["gpt2", "llama3"] {
                let codec = Codec::open(&testdata(&format!("{name}.json"))).unwrap();
                let ids = codec.encode(&text).unwrap();
                let decoded = codec.decode(&ids).unwrap();
                prop_assert!(decoded.ends_with(&text), "{}: {:?}", name, decoded);
            }
        }
    }

    #[test]
    fn a_part_of_a_character_is_decoded_to_its_replacement() {
        let codec = Codec::open(&testdata("gpt2.json")).unwrap();
        let ids = codec.encode("\u{10348}").unwrap();
        assert!(ids.len() > 1, "{ids:?}");
        assert!(codec.decode(&ids[..1]).unwrap().contains('\u{fffd}'));
    }
}

#[cfg(not(feature = "tokenizers"))]
#[test]
fn other_tokenizers_need_the_library() {
    let error = Tokenizer::open(&testdata("word_piece.json")).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("without the feature `tokenizers`")
    );
}

#[test]
fn errors_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.json");
    let whole = std::fs::read(testdata("gpt2.json")).unwrap();
    let deep = "[".repeat(100_000);
    for content in [
        b"",
        b"{}".as_slice(),
        b"[1]",
        b"\xff",
        deep.as_bytes(),
        &whole[..whole.len() / 2],
    ] {
        std::fs::write(&path, content).unwrap();
        let error = Tokenizer::open(&path).unwrap_err().to_string();
        assert!(error.contains("tokenizer.json`"), "{error}");
    }
}
