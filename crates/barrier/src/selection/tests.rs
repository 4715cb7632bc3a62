use std::sync::atomic::AtomicBool;

use proptest::prelude::*;

use super::*;
use crate::signature::SignatureWriter;
use coldpress_operator::{Reading, Signature, SignatureForm};

/// Returns the ordinals of the output for fields that are written as JSON. The first `cut` fields are in a partition of their own.
fn selected(
    fields: &[String],
    cut: usize,
    selection: &Selection,
    compat: bool,
) -> Result<Option<Vec<u64>>> {
    let cut = cut.min(fields.len());
    let files = [&fields[..cut], &fields[cut..]].map(|fields| {
        let mut writer = SignatureWriter::new(SignatureForm::Value);
        fields.iter().for_each(|field| {
            writer.push(Some(&Signature {
                value: field.as_bytes().to_vec(),
                ..Signature::default()
            }))
        });
        let mut bytes = Vec::new();
        writer.finish(&mut bytes).unwrap();
        bytes
    });
    let open = |file| SignatureReader::open(file).unwrap();
    let readers: Vec<_> = files.iter().map(|file| open(&file[..])).collect();
    let stop = AtomicBool::new(false);
    let folder = tempfile::tempdir().unwrap();
    let room = Room::new(0, folder.path(), &stop);
    match select(&readers, selection, compat, &room)? {
        Order::Unchanged => Ok(None),
        Order::Ordinals(mut ordinals) => {
            let count = ordinals.count();
            let next = std::iter::from_fn(|| ordinals.next_ordinal().unwrap());
            let ordinals: Vec<u64> = next.collect();
            assert_eq!(ordinals.len() as u64, count);
            Ok(Some(ordinals))
        }
    }
}

/// A number that is written in one of several ways, or is missing, or isn't a number.
#[derive(Clone, Debug)]
struct Field {
    number: Option<f64>,
    json: String,
}

fn number() -> impl Strategy<Value = Field> {
    (-6i64..6, 0..2).prop_map(|(halves, spelling)| {
        let number = halves as f64 / 2.0;
        let json = match halves % 2 == 0 && spelling == 0 {
            true => (halves / 2).to_string(),
            false => format!("{number:?}"),
        };
        let number = Some(number);
        Field { number, json }
    })
}

fn loose() -> impl Strategy<Value = Field> {
    (number(), 0..8).prop_map(|(field, spelling)| match spelling {
        0 => Field {
            number: None,
            json: "null".to_owned(),
        },
        1 => Field {
            number: None,
            json: "\"none\"".to_owned(),
        },
        2 => Field {
            json: format!("\" {}\"", field.json),
            ..field
        },
        3 => Field {
            json: format!("[{0}, {0}]", field.json),
            ..field
        },
        _ => field,
    })
}

fn amount() -> impl Strategy<Value = Amount> {
    let share = prop::option::of((0u32..9).prop_map(|share| f64::from(share) / 8.0));
    let count = prop::option::of(0u64..40);
    (share, count).prop_map(|(share, count)| Amount { share, count })
}

fn json(fields: &[Field]) -> Vec<String> {
    fields.iter().map(|field| field.json.clone()).collect()
}

fn is_one_for_compat(fields: &[Field], compat: bool) -> bool {
    compat && fields.len() <= 1
}

/// Returns what `amount` means in plain words, out of `all`.
fn wanted(amount: Amount, all: usize, compat: bool) -> Option<usize> {
    let share = amount
        .share
        .map(|share| (share * all as f64).floor() as usize);
    let share = if compat && amount.share == Some(0.0) {
        None
    } else {
        share
    };
    let count = amount.count.map(|count| count as usize);
    let count = if compat && count == Some(0) {
        None
    } else {
        count
    };
    match (share, count) {
        (Some(share), Some(count)) => Some(share.min(count)),
        (share, count) => share.or(count),
    }
}

/// Returns the ordinals, sorted by their numbers. Values that aren't numbers count as `otherwise`.
fn by_number(fields: &[Field], otherwise: f64, largest: bool) -> Vec<u64> {
    let number = |ordinal: u64| fields[ordinal as usize].number.unwrap_or(otherwise);
    let mut ordinals: Vec<u64> = (0..fields.len() as u64).collect();
    ordinals.sort_by(|a, b| match largest {
        true => number(*b).total_cmp(&number(*a)),
        false => number(*a).total_cmp(&number(*b)),
    });
    ordinals
}

proptest! {
    #[test]
    fn the_top_is_the_same_as_in_memory(
        exact in prop::collection::vec(number(), 0..40),
        loose in prop::collection::vec(loose(), 0..40),
        cut in 0usize..40, amount in amount(), largest: bool, compat: bool,
    ) {
        for (fields, reading) in [(exact, Reading::Exact), (loose, Reading::Float)] {
            let last = if largest { f64::NEG_INFINITY } else { f64::INFINITY };
            let mut expected = by_number(&fields, last, largest);
            let wanted = wanted(amount, fields.len(), compat);
            expected.truncate(wanted.unwrap_or(0));
            let unchanged = wanted.is_none() || is_one_for_compat(&fields, compat);
            let selection = Selection::Top { amount, largest, reading };
            let selected = selected(&json(&fields), cut, &selection, compat).unwrap();
            prop_assert_eq!(selected, (!unchanged).then_some(expected));
        }
    }

    #[test]
    fn a_range_is_the_same_as_in_memory(
        fields in prop::collection::vec(loose(), 0..40),
        cut in 0usize..40, lower in amount(), upper in amount(), compat: bool,
    ) {
        let all = fields.len();
        let most = upper.share.map_or(all, |share| (share * all as f64) as usize);
        let most = upper.count.map_or(most, |count| most.min(count as usize));
        let least = lower.share.map_or(0, |share| (share * all as f64) as usize);
        let least = lower.count.map_or(least, |count| least.max(count as usize));
        let mut smallest = by_number(&fields, f64::NEG_INFINITY, false);
        smallest.truncate(most.max(least));
        // A stable sort of ordinals that are already in order.
        let number = |ordinal: &u64| fields[*ordinal as usize].number.unwrap_or(f64::NEG_INFINITY);
        smallest.sort_by(|a, b| number(b).total_cmp(&number(a)));
        smallest.truncate(most.saturating_sub(least));
        let unchanged = lower == Amount::default() || upper == Amount::default();
        let unchanged = unchanged || is_one_for_compat(&fields, compat);
        let selection = Selection::Range { lower, upper };
        let selected = selected(&json(&fields), cut, &selection, compat).unwrap();
        prop_assert_eq!(selected, (!unchanged).then_some(smallest));
    }

    #[test]
    fn frequent_values_are_the_same_as_in_memory(
        fields in prop::collection::vec(number(), 0..40),
        cut in 0usize..40, amount in amount(), most: bool, compat: bool,
    ) {
        let mut groups = Vec::<(Option<f64>, Vec<u64>)>::new();
        for (field, ordinal) in fields.iter().zip(0..) {
            match groups.iter_mut().find(|group| group.0 == field.number) {
                Some(group) => group.1.push(ordinal),
                None => groups.push((field.number, vec![ordinal])),
            }
        }
        let wanted = wanted(amount, groups.len(), compat);
        groups.sort_by_key(|group| match most {
            true => -(group.1.len() as i64),
            false => group.1.len() as i64,
        });
        let expected = groups.into_iter().take(wanted.unwrap_or(0)).flat_map(|group| group.1);
        let expected: Vec<u64> = expected.collect();
        let unchanged = wanted.is_none() || is_one_for_compat(&fields, compat);
        let selection = Selection::Frequent { amount, most };
        let selected = selected(&json(&fields), cut, &selection, compat).unwrap();
        prop_assert_eq!(selected, (!unchanged).then_some(expected));
    }

    #[test]
    fn tags_are_compared_by_value(
        fields in prop::collection::vec(number(), 0..40),
        tags in prop::collection::vec(number(), 0..4), cut in 0usize..40,
    ) {
        let is_tag = |field: &Field| tags.iter().any(|tag| tag.number == field.number);
        let expected = fields.iter().zip(0..).filter(|(field, _)| is_tag(field));
        let expected: Vec<u64> = expected.map(|(_, ordinal)| ordinal).collect();
        let selection = Selection::Among { tags: json(&tags) };
        let selected = selected(&json(&fields), cut, &selection, false).unwrap();
        prop_assert_eq!(selected, Some(expected));
    }

    #[test]
    fn chance_depends_on_the_seed_and_the_ordinals_alone(
        records in 0usize..40, cuts in any::<[u8; 2]>(), amount in amount(), seed: u64, compat: bool,
    ) {
        let selection = Selection::Random { amount, seed };
        let fields = vec!["null".to_owned(); records];
        let wanted = wanted(amount, records, compat);
        let [one, other] = cuts.map(|cut| selected(&fields, cut.into(), &selection, compat));
        let refused = compat && records > 1 && wanted.is_none() && amount.share.is_some();
        prop_assert_eq!(one.is_err(), refused);
        if let (Ok(one), Ok(other)) = (one, other) {
            prop_assert_eq!(&one, &other);
            let unchanged = match wanted {
                None => true,
                Some(wanted) if compat => records <= 1 || wanted == 0 || wanted == records,
                Some(wanted) => wanted >= records,
            };
            prop_assert_eq!(one.is_none(), unchanged);
            if let Some(one) = one {
                prop_assert_eq!(Some(one.len()), wanted);
                let distinct: BTreeSet<&u64> = one.iter().collect();
                prop_assert_eq!(distinct.len(), one.len().min(records));
                prop_assert!(one.iter().all(|ordinal| *ordinal < records as u64));
                prop_assert!(one.iter().zip(one.iter().skip(records)).all(|(a, b)| a == b));
            }
        }
    }
}

fn texts(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}

fn largest(reading: Reading) -> Selection {
    let amount = Amount {
        share: None,
        count: Some(2),
    };
    Selection::Top {
        amount,
        largest: true,
        reading,
    }
}

#[test]
fn kinds_that_cannot_be_compared_are_named() {
    let selection = largest(Reading::Exact);
    let cases = [
        (
            ["1", "2.5", "\"a\""],
            "the field is a number in record 0 and a text in record 2 (counted from 0), and these cannot be compared; \
             select by a field of one kind",
        ),
        (
            ["null", "null", "1"],
            "the field is null in record 0 and a number in record 2 (counted from 0), and these cannot be compared; \
             select by a field of one kind",
        ),
        (
            ["1", "[1]", "2"],
            "the field is a list in record 1 (counted from 0); select by a field of texts, numbers or nulls",
        ),
    ];
    for (fields, expected) in cases {
        let error = selected(&texts(&fields), 1, &selection, false).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let same = texts(&["true", "3", "0.5"]);
    assert_eq!(
        selected(&same, 1, &selection, false).unwrap(),
        Some(vec![1, 0])
    );
}

#[test]
fn tags_and_fields_that_are_lists_are_refused() {
    let among = |tag: &str| Selection::Among {
        tags: texts(&[tag]),
    };
    let fields = texts(&["1", "{}"]);
    let error = selected(&fields, 1, &among("[1]"), false).unwrap_err();
    assert!(matches!(error, Error::Tag { kind: Kind::List }), "{error}");
    let error = selected(&fields, 1, &among("1"), false).unwrap_err();
    let refused = matches!(
        error,
        Error::NotScalar {
            ordinal: 1,
            kind: Kind::Object
        }
    );
    assert!(refused, "{error}");
}

#[test]
fn by_default_a_single_record_is_selected_like_any_other() {
    let selection = Selection::Among {
        tags: texts(&["\"a\""]),
    };
    let fields = texts(&["\"b\""]);
    assert_eq!(
        selected(&fields, 0, &selection, false).unwrap(),
        Some(vec![])
    );
    assert_eq!(selected(&fields, 0, &selection, true).unwrap(), None);
}

#[test]
fn values_beyond_the_memory_are_selected_by_all_the_same() {
    // About 5 MiB, and the room has memory for one.
    let text = |nth: u64| format!("\"{}{:05}\"", "x".repeat(500), nth * 7919 % 10_007);
    let fields: Vec<String> = (0..10_007).map(text).collect();
    let output = selected(&fields, 5000, &largest(Reading::Exact), false).unwrap();
    let mut expected: Vec<u64> = (0..10_007).collect();
    expected.sort_by_key(|ordinal| std::cmp::Reverse(ordinal * 7919 % 10_007));
    assert_eq!(output.unwrap(), expected[..2]);
}
