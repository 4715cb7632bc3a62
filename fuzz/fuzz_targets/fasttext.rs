#![no_main]

use coldpress_models::fasttext::{FastText, Scratch};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(model) = FastText::from_bytes(bytes.to_vec()) {
        let mut scratch = Scratch::default();
        for text in ["", "the quick brown fox", "今天天气 \u{1f980}"] {
            model.predict(text, &mut scratch);
        }
    }
});
