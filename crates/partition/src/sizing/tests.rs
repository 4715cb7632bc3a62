use proptest::prelude::*;

use super::*;

const GIB: u64 = 1 << 30;

/// Returns the facts about a million records of 4 KB each, of this modality, for two workers with 16 GiB.
fn facts(modality: Modality) -> SizingFacts {
    let sample = SampledRecords {
        records: 2000,
        bytes: 8_000_000,
        sources: 1,
        sampled_sources: 1,
        mean_bytes: 4000.0,
        p95_bytes: 9000,
        max_bytes: 100_000,
        estimated_records: 1_000_000,
        estimated_bytes: 4_001_000_000,
        modality,
        ..SampledRecords::default()
    };
    SizingFacts {
        sample,
        cost_nanos_per_byte: Some(2500.0),
        operators: 10,
        workers: 2,
        memory_limit_bytes: 16 * GIB,
        target_bytes: 256 << 20,
        max_concurrent: None,
        total_bytes: 0,
    }
}

/// Returns the facts with a cost that makes a record take this long.
fn taking(modality: Modality, record_seconds: f64) -> SizingFacts {
    let mut facts = facts(modality);
    facts.cost_nanos_per_byte = Some(record_seconds * 1e9 / facts.sample.mean_bytes);
    facts
}

#[track_caller]
fn reason(sizing: &Sizing, what: &str) -> String {
    let found = sizing
        .decisions
        .iter()
        .find(|decision| decision.what == what);
    found.unwrap().reason.clone()
}

#[test]
fn the_table_holds() {
    use Modality::{Audio, Image, Multimodal, Text, Video};
    let rows = [
        (Text, 200, 1000, 1.0),
        (Image, 50, 200, 5.0),
        (Audio, 30, 100, 8.0),
        (Video, 10, 50, 20.0),
        (Multimodal, 20, 100, 10.0),
    ];
    for (modality, default_records, max_records, memory_multiplier) in rows {
        let row = SizeRow {
            default_records,
            max_records,
            memory_multiplier,
        };
        assert_eq!(modality.size_row(), row, "{modality}");

        // The default number of records takes a second.
        let sizing = choose(&taking(modality, 1.0 / default_records as f64));
        assert_eq!(sizing.max_records, default_records, "{modality}");

        let cheap = choose(&taking(modality, 1e-6));
        assert_eq!(cheap.max_records, max_records, "{modality}");

        let mut little = facts(modality);
        little.memory_limit_bytes = 800 << 20;
        let expected = (100 << 20) as f64 / memory_multiplier;
        assert_eq!(choose(&little).max_bytes, expected as u64, "{modality}");
    }
}

#[test]
fn records_follow_their_cost() {
    let cases = [
        // Seconds of one record, records.
        (1e-9, 1000),
        (0.0001, 1000),
        (0.0005, 1000),
        (0.001, 500),
        (0.0025, 200),
        (0.01, 200),
        (0.05, 200),
        (0.1, 100),
        (1.0, 10),
        (10.0, 1),
        (1000.0, 1),
    ];
    for (record_seconds, expected) in cases {
        let sizing = choose(&taking(Modality::Text, record_seconds));
        assert_eq!(sizing.max_records, expected, "{record_seconds} s");
    }
}

#[test]
fn a_cost_that_was_not_measured_is_estimated_from_the_operators() {
    let mut unmeasured = facts(Modality::Text);
    unmeasured.sample.mean_bytes = 100_000.0;
    for cost in [
        None,
        Some(f64::NAN),
        Some(f64::INFINITY),
        Some(0.0),
        Some(-1.0),
    ] {
        unmeasured.cost_nanos_per_byte = cost;
        // Ten operators take 24 ns for a byte, which is 2.4 ms for a record.
        let sizing = choose(&unmeasured);
        assert_eq!(sizing.max_records, 209, "{cost:?}");
        assert!(reason(&sizing, "cost").contains("estimate"), "{cost:?}");
    }
    unmeasured.operators = 1;
    assert_eq!(choose(&unmeasured).max_records, 834);
}

#[test]
fn few_records_are_shared_among_the_workers() {
    let with = |records, workers, record_seconds| {
        let mut facts = taking(Modality::Text, record_seconds);
        facts.sample.estimated_records = records;
        facts.workers = workers;
        choose(&facts).max_records
    };
    assert_eq!(with(800, 2, 0.01), 100);
    assert_eq!(with(800, 8, 0.01), 25);
    assert_eq!(with(801, 8, 0.01), 26);
    // The limit is 50 ms of work, which are five such records.
    assert_eq!(with(800, 500, 0.01), 5);
    assert_eq!(with(8000, 8, 0.000_1), 500);
    assert_eq!(with(1, 8, 0.000_1), 500);
    assert_eq!(with(0, 8, 10.0), 1);
}

#[test]
fn a_limit_on_partitions_at_a_time_counts_as_workers() {
    let mut facts = taking(Modality::Text, 0.01);
    facts.sample.estimated_records = 800;
    facts.workers = 64;
    facts.max_concurrent = Some(2);
    facts.memory_limit_bytes = 800 << 20;
    let sizing = choose(&facts);
    assert_eq!((sizing.max_records, sizing.max_bytes), (100, 100 << 20));
}

#[test]
fn known_bytes_replace_the_estimate() {
    let mut facts = taking(Modality::Text, 0.01);
    facts.workers = 1;
    facts.total_bytes = facts.sample.estimated_bytes / 10_000;
    assert_eq!(choose(&facts).max_records, 25);
}

#[test]
fn bytes_follow_the_target_and_the_memory() {
    let with = |memory_limit_bytes, target_bytes| {
        let mut facts = facts(Modality::Text);
        (facts.memory_limit_bytes, facts.target_bytes) = (memory_limit_bytes, target_bytes);
        choose(&facts)
    };
    let roomy = with(16 * GIB, 256 << 20);
    assert_eq!(roomy.max_bytes, 256 << 20);
    assert!(reason(&roomy, "partition.max_size_mb").contains("target_size_mb"));
    let tight = with(GIB, 256 << 20);
    assert_eq!(tight.max_bytes, 128 << 20);
    assert!(reason(&tight, "partition.max_size_mb").starts_with("1024 MB of memory for 2 workers"));
    assert_eq!(with(1, 256 << 20).max_bytes, 1 << 20);
    assert_eq!(with(0, 0).max_bytes, 1);
    assert_eq!(with(u64::MAX, u64::MAX).max_bytes, 1 << 61);
}

#[test]
fn long_records_are_few() {
    let mut facts = facts(Modality::Text);
    facts.sample.mean_bytes = 50e6;
    facts.cost_nanos_per_byte = Some(14.0);
    // Each takes 0.7 s.
    let sizing = choose(&facts);
    assert_eq!((sizing.max_records, sizing.max_bytes), (14, 256 << 20));
}

/// The examples of docs/partition-sizing.md.
#[test]
fn documented_examples_hold() {
    use Modality::{Multimodal, Text, Video};
    let cases = [
        // Seconds and bytes of a record, records of the dataset, memory in GiB; records and MB of a partition.
        (Text, 0.000_06, 4e3, 1_000_000, 16, 1000, 256),
        (Text, 0.001, 4e3, 1_000_000, 16, 500, 256),
        (Text, 0.01, 4e3, 1_000_000, 16, 200, 256),
        (Text, 0.2, 4e3, 1_000_000, 16, 50, 256),
        (Text, 0.2, 4e3, 400, 16, 25, 256),
        (Multimodal, 0.005, 4e3, 1_000_000, 16, 100, 102),
        (Video, 2.0, 4e3, 1_000_000, 16, 5, 51),
        (Text, 0.07, 5e6, 1_000_000, 16, 142, 256),
        (Text, 0.07, 5e6, 1_000_000, 1, 142, 64),
    ];
    for (modality, record_seconds, mean_bytes, records, gib, expected, megabytes) in cases {
        let mut facts = facts(modality);
        facts.workers = 4;
        facts.sample.mean_bytes = mean_bytes;
        facts.cost_nanos_per_byte = Some(record_seconds * 1e9 / mean_bytes);
        facts.sample.estimated_records = records;
        facts.memory_limit_bytes = gib * GIB;
        let sizing = choose(&facts);
        let found = (sizing.max_records, sizing.max_bytes >> 20);
        assert_eq!(found, (expected, megabytes), "{modality} {record_seconds}");
    }
}

#[test]
fn without_a_sample_the_default_of_text_stands() {
    let mut facts = facts(Modality::Text);
    facts.sample = SampledRecords::default();
    let sizing = choose(&facts);
    assert_eq!(sizing.max_records, 200);
    assert!(reason(&sizing, "partition.size").contains("nothing is known"));
}

#[test]
fn each_decision_has_one_sentence() {
    let mut described = facts(Modality::Video);
    described.sample.kinds.add(Modality::Video, 996);
    described.sample.kinds.add(Modality::Text, 4);
    let mut cases = vec![choose(&described)];
    for record_seconds in [0.0, 1e-6, 0.001, 0.01, 1.0] {
        for records in [0, 10, 1_000_000] {
            let mut facts = taking(Modality::Text, record_seconds);
            facts.sample.estimated_records = records;
            cases.push(choose(&facts));
        }
    }
    for sizing in cases {
        let what: Vec<&str> = sizing
            .decisions
            .iter()
            .map(|decision| decision.what.as_str())
            .collect();
        assert_eq!(
            what,
            [
                "records",
                "modality",
                "cost",
                "partition.size",
                "partition.max_size_mb"
            ]
        );
        for decision in &sizing.decisions {
            assert!(!decision.value.is_empty(), "{decision:?}");
            assert!(
                decision.reason.len() > 20 && !decision.reason.contains(". "),
                "{decision:?}"
            );
        }
    }
    let reason = reason(&choose(&described), "modality");
    let expected = "the records are less than 1 % text, 100 % video, which makes 10 records the default of a partition and 50 the maximum";
    assert_eq!(reason, expected);
}

fn any_cost() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        Just(None),
        (0.0..1e9).prop_map(Some),
        (1.0..1e3).prop_map(Some),
        any::<f64>().prop_map(Some),
    ]
}

prop_compose! {
    fn any_facts()(
        modality in prop::sample::select(&Modality::ALL[..]),
        (seen, mean_bytes) in (0..3_u64, prop_oneof![0.0..1e8, any::<f64>()]),
        (estimated_records, estimated_bytes) in (any::<u64>(), any::<u64>()),
        cost_nanos_per_byte in any_cost(),
        (operators, workers) in (any::<u32>(), prop_oneof![0..100_u32, any::<u32>()]),
        memory_limit_bytes in prop_oneof![0..64 * GIB, any::<u64>()],
        target_bytes in prop_oneof![0..GIB, any::<u64>()],
        max_concurrent in prop::option::of(any::<u32>()),
        total_bytes in prop_oneof![Just(0), any::<u64>()],
    ) -> SizingFacts {
        let sample = SampledRecords {
            records: seen, mean_bytes, estimated_records, estimated_bytes, modality,
            ..SampledRecords::default()
        };
        SizingFacts {
            sample, cost_nanos_per_byte, operators, workers, memory_limit_bytes, target_bytes, max_concurrent, total_bytes,
        }
    }
}

proptest! {
    #[test]
    fn any_facts_give_a_size_within_the_table(facts in any_facts()) {
        let sizing = choose(&facts);
        let row = facts.sample.modality.size_row();
        prop_assert!((1..=row.max_records).contains(&sizing.max_records));
        prop_assert!(sizing.max_bytes >= 1);
        prop_assert!(sizing.max_bytes <= facts.target_bytes.max(1));
        prop_assert_eq!(choose(&facts), sizing);
    }

    #[test]
    fn more_memory_never_gives_less(mut facts in any_facts(), more in any::<u64>()) {
        let before = choose(&facts);
        facts.memory_limit_bytes = facts.memory_limit_bytes.saturating_add(more);
        let after = choose(&facts);
        prop_assert!(after.max_bytes >= before.max_bytes);
        prop_assert!(after.max_records >= before.max_records);
    }

    #[test]
    fn more_workers_never_get_larger_partitions(mut facts in any_facts(), more in any::<u32>()) {
        let before = choose(&facts);
        facts.workers = facts.workers.saturating_add(more);
        let after = choose(&facts);
        prop_assert!(after.max_bytes <= before.max_bytes);
        prop_assert!(after.max_records <= before.max_records);
    }

    #[test]
    fn dearer_records_never_come_in_larger_partitions(
        mut facts in any_facts(),
        cost in 0.001..1e9_f64,
        factor in 1.0..1e3_f64,
    ) {
        facts.sample.mean_bytes = 1000.0;
        facts.cost_nanos_per_byte = Some(cost);
        let before = choose(&facts);
        facts.cost_nanos_per_byte = Some(cost * factor);
        let after = choose(&facts);
        prop_assert!(after.max_records <= before.max_records);
        prop_assert_eq!(after.max_bytes, before.max_bytes);
    }
}
