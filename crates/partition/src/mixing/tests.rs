use coldpress_storage::Digest;
use proptest::prelude::*;

use super::*;
use crate::slice::Slice;

fn draw(of: u64, drawn: u64, key: u64) -> Draw {
    Draw {
        first: 0,
        of,
        drawn,
        key,
    }
}

fn drawn_of(draw: &Draw) -> Vec<u64> {
    (0..draw.of).filter(|number| draw.takes(*number)).collect()
}

proptest! {
    #[test]
    fn exactly_as_many_are_drawn_as_asked_for(of in 1_u64..3000, share in 0.0..=1.0, key: u64) {
        let drawn = (of as f64 * share) as u64;
        prop_assert_eq!(drawn_of(&draw(of, drawn, key)).len() as u64, drawn);
    }

    #[test]
    fn more_of_the_same_part_are_more_of_the_same_records(of in 1_u64..500, key: u64) {
        let (some, more) = (draw(of, of / 3, key), draw(of, of / 2, key));
        prop_assert!((0..of).all(|number| !some.takes(number) || more.takes(number)));
    }

    #[test]
    fn no_size_of_a_part_is_too_large(of in 1_u64.., number: u64, key: u64) {
        let draw = draw(of, of, key);
        prop_assert_eq!(draw.takes(number), number < of);
    }

    #[test]
    fn slices_agree_with_the_whole(of in 1_u64..500, first in 0_u64..500, key: u64) {
        let whole = draw(of, of / 2, key);
        let slice = Draw { first, ..whole };
        prop_assert!((0..20).all(|number| slice.takes(number) == whole.takes(first + number)));
    }
}

/// Over many keys, each record is drawn about equally often, and so is each pair of neighbours.
#[test]
fn every_record_is_as_likely_as_any_other() {
    const KEYS: u64 = 20_000;
    for (of, drawn) in [(3, 1), (5, 2), (10, 3), (100, 30)] {
        let mut single = vec![0_u64; of as usize];
        let mut pairs = vec![0_u64; of as usize - 1];
        for key in 0..KEYS {
            let draw = draw(of, drawn, mixed(key));
            let taken: Vec<bool> = (0..of).map(|number| draw.takes(number)).collect();
            for (at, count) in single.iter_mut().enumerate() {
                *count += u64::from(taken[at]);
            }
            for (at, count) in pairs.iter_mut().enumerate() {
                *count += u64::from(taken[at] && taken[at + 1]);
            }
        }
        let share = drawn as f64 / of as f64;
        let of_pair = share * (drawn - 1) as f64 / (of - 1) as f64;
        for (counts, share) in [(&single, share), (&pairs, of_pair)] {
            let expected = KEYS as f64 * share;
            // The limit is five standard deviations. One in two million is as far off by chance.
            let most = 5.0 * (expected * (1.0 - share)).sqrt();
            for count in counts {
                let off = (*count as f64 - expected).abs();
                assert!(off <= most, "{drawn} of {of}: {count}, not {expected}");
            }
        }
    }
}

/// The order is part of the meaning of a seed, because another one would give other exports.
#[test]
fn the_same_seed_draws_the_same_records_in_every_release() {
    let key = |seed: u64, part: u64| mixed(seed ^ mixed(part));
    assert_eq!(drawn_of(&draw(20, 5, key(42, 1))), FROZEN_FIRST);
    assert_eq!(drawn_of(&draw(20, 5, key(42, 2))), FROZEN_SECOND);
}

const FROZEN_FIRST: [u64; 5] = [1, 3, 5, 9, 17];
const FROZEN_SECOND: [u64; 5] = [1, 5, 9, 11, 19];

fn partition(source: u32, first_record: u64) -> PlannedPartition {
    PlannedPartition {
        index: 0,
        first_record,
        slice: Slice {
            source,
            start: 0,
            end: 1,
            records: 1,
            digest: Digest::of(b""),
            metadata: None,
            seek: None,
            decoded_bytes: None,
            marks: Vec::new(),
            copy: None,
        },
    }
}

#[test]
fn only_the_last_reading_of_a_part_is_drawn_from() {
    let part = |sources, records, wanted| {
        let part = Part {
            sources,
            records,
            readings: 0,
            drawn: 0,
        };
        part.with_records(wanted)
    };
    // Sources 0 and 1 are read twice in full and once in part, 2 once in full, 3 in part.
    let mixing = Mixing {
        parts: vec![part(2, 10, 23), part(1, 7, 7), part(1, 5, 0), part(1, 8, 3)],
    };
    let parts: Vec<_> = (0..9).map(|source| mixing.part_of(source)).collect();
    let expected = [0, 0, 0, 0, 0, 0, 1, 3].map(Some);
    assert_eq!(parts, [&expected[..], &[None]].concat());
    for (source, first_record, expected) in [
        (0, 0, None),
        (3, 15, None),
        (4, 20, Some((0, 10, 3))),
        (5, 26, Some((6, 10, 3))),
        (6, 30, None),
        (7, 39, Some((2, 8, 3))),
        (8, 45, None),
    ] {
        let found = mixing.draw(&partition(source, first_record), 42);
        let found = found.map(|draw| (draw.first, draw.of, draw.drawn));
        assert_eq!(found, expected, "{source}");
    }
    let keys = [4, 7].map(|source| mixing.draw(&partition(source, 39), 42).unwrap().key);
    assert_ne!(keys[0], keys[1], "parts are drawn from independently");
}
