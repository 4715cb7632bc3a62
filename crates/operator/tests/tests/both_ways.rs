use coldpress_operator::{
    __json as json, BatchFilter, BatchMapper, Chain, ChainSettings, Changes, Filter, Guard,
    KnownStats, MapAnswers, Mapper, NoParams, OperatorCall, OperatorSpec, Pipeline, Poison,
    Quarantined, Record, RecordError, Registry, Resolved, Shared, StatAnswers, StatKind, StatRow,
    StatValue, Tally,
};
use coldpress_record::{Batch, Ledger, Lines, Origin};
use proptest::prelude::*;

/// Edits, sets or removes, or fails, according to the text.
struct Change;

impl Change {
    fn change(record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        match text.chars().next() {
            Some('e') => return Err(RecordError::new("an error")),
            Some('p') => std::panic::panic_any("a panic"),
            Some('o') => changes.field(0).delete(0..text.len() + 1),
            Some('u') => changes.field(0).replace_all(text, &text.to_uppercase()),
            Some('s') => changes.set(1, vec![text.len()]),
            Some('r') => changes.remove(1),
            Some('b') => {
                changes.field(0).replace(1..1, "é\"");
                changes.set(1, json::Value::Null);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Mapper for Change {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        Self::change(record, changes)
    }
}

impl BatchMapper for Change {
    fn map(&mut self, records: &[Record<'_>], answers: &mut MapAnswers) -> Result<(), RecordError> {
        // A text that ends like this fails its call, not its record.
        let of_call = |record: &Record<'_>| record.text(0).is_ok_and(|text| text.ends_with('e'));
        for (at, record) in records.iter().enumerate() {
            match Self::change(record, answers.of(at)) {
                Err(error) if of_call(record) => return Err(error),
                Err(error) => answers.fail(at, error),
                Ok(()) => {}
            }
        }
        Ok(())
    }
}

/// Measures texts, and leaves out, fails or panics, according to the text.
struct Measure;

impl Measure {
    fn measure(record: &Record<'_>, stats: &mut StatRow<'_>) -> Result<(), RecordError> {
        let text = record.text(0)?;
        stats.set(0, StatValue::Int(text.len() as i64));
        match text.chars().next_back() {
            Some('e') => return Err(RecordError::new("an error")),
            Some('p') => std::panic::panic_any("a panic"),
            Some('o') => {}
            _ => stats.set(1, StatValue::Text(text.into())),
        }
        Ok(())
    }

    fn decide(stats: &KnownStats<'_>) -> bool {
        let text = stats[1].as_text();
        assert!(
            !text.is_some_and(|text| text.contains('k')),
            "cannot decide"
        );
        stats[0].as_f64() > 2.0
    }
}

impl Filter for Measure {
    fn compute(&mut self, record: &Record<'_>, stats: &mut StatRow<'_>) -> Result<(), RecordError> {
        Self::measure(record, stats)
    }

    fn keep(&self, stats: &KnownStats<'_>) -> bool {
        Self::decide(stats)
    }
}

impl BatchFilter for Measure {
    fn compute(
        &mut self,
        records: &[Record<'_>],
        answers: &mut StatAnswers,
    ) -> Result<(), RecordError> {
        let of_call = |record: &Record<'_>| record.text(0).is_ok_and(|text| text.starts_with('e'));
        for (at, record) in records.iter().enumerate() {
            match Self::measure(record, &mut answers.of(at)) {
                Err(error) if of_call(record) => return Err(error),
                Err(error) => answers.fail(at, error),
                Ok(()) => {}
            }
        }
        Ok(())
    }

    fn keep(&self, stats: &KnownStats<'_>) -> bool {
        Self::decide(stats)
    }
}

fn change() -> Resolved<Change> {
    let change = Resolved::new(|| Change);
    change.fields(["text", "tags"]).sets_values()
}

fn measure() -> Resolved<Measure> {
    let measure = Resolved::new(|| Measure).stat("length", StatKind::Int);
    measure.stat("text", StatKind::Text)
}

fn by_record() -> Registry {
    let change = OperatorSpec::mapper("change_mapper", "", |_: NoParams, _| Ok(change()));
    let measure = OperatorSpec::filter("measure_filter", "", |_: NoParams, _| Ok(measure()));
    Registry::default().with(change).with(measure)
}

fn by_batch() -> Registry {
    let change = OperatorSpec::batch_mapper("change_mapper", "", |_: NoParams, _| Ok(change()));
    let measure = OperatorSpec::batch_filter("measure_filter", "", |_: NoParams, _| Ok(measure()));
    Registry::default().with(change).with(measure)
}

fn chain(registry: &Registry, calls: &[OperatorCall], skip_op_error: bool) -> Chain {
    let settings = ChainSettings {
        text_key: "text".into(),
        seed: 42,
        skip_op_error,
        compat: false,
        keep_all: false,
        labels: Vec::new(),
        needs: Vec::new(),
        python: Default::default(),
    };
    let pipeline = Pipeline::resolve(registry, calls, &settings).unwrap();
    pipeline.instantiate(&Shared::default()).unwrap()
}

fn filled(chain: &Chain, lines: &[String]) -> Batch {
    let mut block = Lines::new(0);
    for (at, line) in lines.iter().enumerate() {
        block.push(at as u64, line.as_bytes());
    }
    let mut batch = Batch::default();
    batch.fill(&mut block, chain.fields(), &mut Vec::new());
    chain.begin(&mut batch);
    batch
}

/// All visible results of a run.
#[derive(Debug, PartialEq)]
struct Seen {
    lines: Vec<String>,
    dropped: Option<Vec<Vec<u8>>>,
    quarantined: Vec<Quarantined>,
    ledger: Ledger,
    delta: Vec<u8>,
}

fn run(chain: &mut Chain, lines: &[String], guard: &Guard<'_>) -> Result<Seen, Box<Quarantined>> {
    let mut batch = filled(chain, lines);
    let mut tally = Tally {
        dropped: Some(vec![Vec::new(); chain.len()]),
        ..chain.tally()
    };
    batch.begin_record();
    chain
        .run_guarded(&mut batch, 0..chain.len(), &mut tally, guard)
        .map_err(|failure| failure.failed)?;
    let mut delta = Vec::new();
    batch.end_record(&mut delta);
    tally.ledger.records = lines.len() as u64;
    assert_eq!(tally.ledger.check(), Ok(()));
    let written = written(chain, &batch);
    let mut again = filled(chain, lines);
    let columns: Vec<usize> = (0..chain.fields().len()).collect();
    let stats: Vec<Option<usize>> = (0..batch.stats().names().len()).map(Some).collect();
    again.replay(&delta, &columns, &stats).unwrap();
    assert_eq!(self::written(chain, &again), written);
    Ok(Seen {
        lines: written,
        dropped: tally.dropped,
        quarantined: tally.quarantined,
        ledger: tally.ledger,
        delta,
    })
}

/// Returns the remaining records, with their statistics and origins.
fn written(chain: &Chain, batch: &Batch) -> Vec<String> {
    let rows = batch.selection().iter().map(|row| *row as usize);
    let line = |row| {
        let mut out = Vec::new();
        batch.write_record_with_stats(row, chain.fields(), &mut out);
        format!("{}: {}", batch.origin(row), String::from_utf8(out).unwrap())
    };
    rows.map(line).collect()
}

/// Generates records. Some lack the text, and some come with a statistic.
fn line() -> impl Strategy<Value = String> {
    let text = "[epousrbkx]{0,5}";
    let tail = prop::sample::select(vec![
        "",
        r#", "tags": ["a", 1]"#,
        r#", "__dj__stats__": {"length": 7, "text": "given"}"#,
        r#", "__dj__stats__": {"text": "given"}"#,
    ]);
    prop_oneof![
        9 => (text, tail).prop_map(|(text, tail)| format!(r#"{{"text": "{text}"{tail}}}"#)),
        1 => Just(r#"{"text": null}"#.to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn an_operator_written_both_ways_does_the_same(
        lines in prop::collection::vec(line(), 0..12),
        size in 0u64..5,
        names in prop::collection::vec(prop::sample::select(vec!["change_mapper", "measure_filter"]), 1..4),
        poison in prop::collection::vec((0u64..12, 0u32..3), 0..3),
        alone in any::<bool>(),
        skip in any::<bool>(),
    ) {
        quiet();
        let calls: Vec<_> = names.iter().map(|name| OperatorCall::new(*name)).collect();
        let sized = calls.iter().map(|call| match size {
            0 => call.clone(),
            size => call.clone().with("batch_size", size),
        });
        let sized: Vec<_> = sized.collect();
        let poison = poison.into_iter().map(|(position, operation)| Poison {
            origin: Origin::new(0, position),
            operation,
            reason: "it kills".to_owned(),
        });
        let poison: Vec<_> = poison.collect();
        let in_hand = |_: &Origin, _| {};
        let guard = Guard { poison: &poison, in_hand: if alone { Some(&in_hand) } else { None } };
        let expected = run(&mut chain(&by_record(), &calls, skip), &lines, &guard);
        let found = run(&mut chain(&by_batch(), &sized, skip), &lines, &guard);
        prop_assert_eq!(found, expected);
    }
}

/// Silences panics that are part of the test.
fn quiet() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let payload = panic.payload().downcast_ref::<&str>();
            if payload.is_none_or(|text| !["a panic", "cannot decide"].contains(text)) {
                usual(panic);
            }
        }));
    });
}
