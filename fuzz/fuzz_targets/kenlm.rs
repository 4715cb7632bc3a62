#![no_main]

use coldpress_models::kenlm::Kenlm;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(model) = Kenlm::from_bytes(bytes.to_vec()) {
        for sentence in ["", "the old keeper climbs the stairs", "今天 \u{1f980}"] {
            model.score_sentence(sentence);
        }
    }
});
