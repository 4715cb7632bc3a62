#![no_main]

use coldpress_models::tokenizer::{Scratch, Tokenizer};

// The bytes up to the first zero are a tokenizer, the others a text.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let end = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    if let Ok(tokenizer) = Tokenizer::parse(&bytes[..end]) {
        let text = String::from_utf8_lossy(&bytes[end..]);
        let mut ends = Vec::new();
        let counted = tokenizer.count(&text, &mut Scratch::default());
        let found = tokenizer.ends(&text, &mut Scratch::default(), &mut ends);
        assert_eq!(counted.ok(), found.ok().map(|()| ends.len()));
        assert!(ends.is_sorted() && ends.last().is_none_or(|end| *end <= text.len()));
    }
});
