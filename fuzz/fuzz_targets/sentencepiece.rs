#![no_main]

use coldpress_models::sentencepiece::{Scratch, SentencePiece};

// A model is either refused, or cuts any text.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(model) = SentencePiece::parse(bytes) {
        let text = String::from_utf8_lossy(bytes);
        let cut = model
            .cut(&text, &mut Scratch::default())
            .map(|pieces| pieces.iter().count());
        assert!(cut.is_ok());
    }
});
