//! Records with broken bytes.

use coldpress_table::Decoder;
use proptest::prelude::*;

use super::generated::batch;
use super::random::Random;
use super::{decoded, rendered};

/// Returns a record with some bytes cut out, doubled or replaced.
fn mutated(record: &str, random: &mut Random) -> String {
    const PIECES: [&str; 18] = [
        "null",
        "1",
        "-1e999",
        "0.5",
        "\"",
        "\\",
        "\\ud800",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "true",
        "{\"a\": 1}",
        "\"type\"",
        "[[1]]",
        "é",
    ];
    let mut text = record.to_owned();
    for _ in 0..=random.below(3) {
        let places = (0..=text.len()).filter(|at| text.is_char_boundary(*at));
        let places = places.collect::<Vec<_>>();
        let a = places[random.below(places.len())];
        let b = places[random.below(places.len())].clamp(a, text.len().min(a + 8));
        let b = (b..=text.len())
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(a);
        let old = text[a..b].to_owned();
        let piece = match random.below(3) {
            0 => "",
            1 => &old.repeat(2),
            _ => PIECES[random.below(PIECES.len())],
        };
        text.replace_range(a..b, piece);
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn broken_records_leave_no_trace(batch in batch(), seed in any::<u64>()) {
        let mut random = Random(seed);
        let mut decoder = Decoder::new(batch.schema()).unwrap();
        let mut taken = Vec::new();
        for record in rendered(&batch) {
            for candidate in [mutated(&record, &mut random), record] {
                if decoder.push(&candidate).is_ok() {
                    taken.push(candidate);
                }
                prop_assert_eq!(decoder.rows(), taken.len());
            }
        }
        let found = decoder.finish().unwrap();
        let expected = decoded(&batch.schema(), &taken);
        prop_assert_eq!(rendered(&found), rendered(&expected));
        prop_assert_eq!(&found, &expected);
        for column in found.columns() {
            column.to_data().validate_full().unwrap();
        }
        // The decoder still works as before.
        let again = rendered(&batch);
        again.iter().for_each(|record| decoder.push(record).unwrap());
        prop_assert_eq!(&decoder.finish().unwrap(), &batch);
    }
}
