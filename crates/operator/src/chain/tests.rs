use coldpress_config::OperatorCall;
use coldpress_record::{Lines, Origin};

use super::*;
use crate::{
    ChainHash, ChainSettings, Changes, Children, Filter, KnownStats, Mapper, NoParams,
    OperatorSpec, Record, RecordError, Registry, Resolved, Splitter, StatKind, StatRow, StatValue,
};

struct Upper;
impl Mapper for Upper {
    fn map(
        &mut self,
        record: &Record<'_>,
        changes: &mut Changes,
    ) -> std::result::Result<(), RecordError> {
        let text = record.text(0)?;
        match text {
            "boom" => panic!("went off"),
            "bad" => return Err(RecordError::new("bad text")),
            "late" => changes.field(0).delete(0..99),
            _ => changes.field(0).replace_all(text, &text.to_uppercase()),
        }
        Ok(())
    }
}

struct Long;
impl Filter for Long {
    fn compute(
        &mut self,
        record: &Record<'_>,
        stats: &mut StatRow<'_>,
    ) -> std::result::Result<(), RecordError> {
        let text = record.text(0)?;
        assert!(text != "PANIC", "cannot measure");
        stats.set(0, StatValue::Int(text.len() as i64));
        Ok(())
    }
    fn keep(&self, stats: &KnownStats<'_>) -> bool {
        stats[0].as_f64() > 1.0
    }
}

struct Words;
impl Splitter for Words {
    fn split(
        &mut self,
        record: &Record<'_>,
        children: &mut Children,
    ) -> std::result::Result<(), RecordError> {
        record
            .text(0)?
            .split_whitespace()
            .for_each(|word| children.push(word));
        Ok(())
    }
}

/// Makes a record of each word, with its number if the operator may set it.
struct NumberedWords;
impl Splitter for NumberedWords {
    fn split(
        &mut self,
        record: &Record<'_>,
        children: &mut Children,
    ) -> std::result::Result<(), RecordError> {
        for (number, word) in record.text(0)?.split_whitespace().enumerate() {
            children.push(word);
            children.set(1, number);
        }
        Ok(())
    }
}

fn registry() -> Registry {
    Registry::default()
        .with(OperatorSpec::mapper(
            "upper_mapper",
            "",
            |_: NoParams, _| Ok(Resolved::new(|| Upper)),
        ))
        .with(OperatorSpec::filter("long_filter", "", |_: NoParams, _| {
            Ok(Resolved::new(|| Long).stat("length", StatKind::Int))
        }))
        .with(OperatorSpec::splitter(
            "words_mapper",
            "",
            |_: NoParams, _| Ok(Resolved::new(|| Words)),
        ))
}

fn chain(names: &[&str], skip_op_error: bool) -> Chain {
    chain_of(&registry(), names, skip_op_error)
}

fn chain_of(registry: &Registry, names: &[&str], skip_op_error: bool) -> Chain {
    let calls: Vec<_> = names.iter().map(|name| call(name)).collect();
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
    let pipeline = Pipeline::resolve(registry, &calls, &settings).unwrap();
    pipeline.instantiate(&Shared::default()).unwrap()
}

fn call(name: &str) -> OperatorCall {
    OperatorCall {
        name: name.to_owned(),
        params: Vec::new(),
        span: Default::default(),
    }
}

fn batch(chain: &Chain, lines: &[&str]) -> Batch {
    let mut block = Lines::new(0);
    lines
        .iter()
        .enumerate()
        .for_each(|(at, line)| block.push(at as u64, line.as_bytes()));
    let mut batch = Batch::default();
    batch.fill(&mut block, chain.fields(), &mut Vec::new());
    chain.begin(&mut batch);
    batch
}

fn texts(batch: &Batch) -> Vec<&str> {
    batch
        .selection()
        .iter()
        .map(|row| batch.text(0, *row as usize).unwrap())
        .collect()
}

#[test]
fn a_failing_record_leaves_alone() {
    let mut chain = chain(&["upper_mapper", "long_filter"], true);
    let lines = [
        r#"{"text": "ab"}"#,
        r#"{"text": "boom"}"#,
        r#"{"text": "bad"}"#,
        r#"{"text": null}"#,
        r#"{"text": "late"}"#,
        r#"{"text": "x"}"#,
        r#"{"text": "panic"}"#,
        r#"{"text": "yz"}"#,
    ];
    let mut batch = batch(&chain, &lines);
    let mut tally = chain.tally();
    chain.run(&mut batch, 0..2, &mut tally).unwrap();
    assert_eq!(texts(&batch), ["AB", "YZ"]);
    let errors: Vec<_> = tally
        .quarantined
        .iter()
        .map(|q| (q.origin.position, q.operation, q.error.as_str()))
        .collect();
    assert_eq!(
        errors,
        [
            (1, 0, "panicked: went off"),
            (2, 0, "bad text"),
            (3, 0, "field `text` is null, not text"),
            (
                4,
                0,
                "the operator's edits overlap, run backwards or do not lie on character boundaries"
            ),
            (6, 1, "panicked: cannot measure"),
        ]
    );
    tally.ledger.records = 8;
    assert_eq!(tally.ledger.check(), Ok(()));
    assert_eq!(
        (
            tally.ledger.exported(),
            tally.ledger.dropped(),
            tally.ledger.quarantined()
        ),
        (2, 1, 5)
    );
}

#[test]
fn errors_fail_the_partition_where_the_recipe_says_so() {
    let mut chain = chain(&["upper_mapper"], false);
    let mut batch = batch(&chain, &[r#"{"text": "ok"}"#, r#"{"text": "boom"}"#]);
    let mut tally = chain.tally();
    let failure = chain.run(&mut batch, 0..1, &mut tally).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "upper_mapper failed on the record of source 0 at 1: panicked: went off"
    );
}

#[test]
fn children_are_counted_and_childless_records_are_dropped() {
    let mut chain = chain(&["words_mapper", "words_mapper"], true);
    let mut batch = batch(
        &chain,
        &[r#"{"text": "a b c"}"#, r#"{"text": " "}"#, r#"{"text": 3}"#],
    );
    let mut tally = chain.tally();
    chain.run(&mut batch, 0..2, &mut tally).unwrap();
    assert_eq!(texts(&batch), ["a", "b", "c"]);
    assert_eq!(batch.origin(2).piece.indices(), [2, 0]);
    tally.ledger.records = 3;
    assert_eq!(tally.ledger.check(), Ok(()));
    let first = &tally.ledger.operators[0];
    assert_eq!(
        (first.made, first.out, first.dropped, first.quarantined),
        (2, 3, 1, 1)
    );
}

#[test]
fn children_get_fields_of_their_own_if_the_operator_declares_it() {
    let numbered = |name: &str, sets: bool| {
        OperatorSpec::splitter(name, "", move |_: NoParams, _| {
            let resolved = Resolved::new(|| NumberedWords).fields(["text", "number"]);
            Ok(if sets {
                resolved.sets_values()
            } else {
                resolved
            })
        })
    };
    let registry = registry()
        .with(numbered("numbered_mapper", true))
        .with(numbered("undeclared_mapper", false));
    let lines = [r#"{"text": "a b"}"#, r#"{"text": "c", "number": "x"}"#];
    let written = |batch: &Batch, chain: &Chain| {
        let mut out = Vec::new();
        for row in batch.selection() {
            batch.write_record(*row as usize, chain.fields(), &mut out);
        }
        String::from_utf8(out).unwrap()
    };
    let run = |name: &str| {
        let mut chain = chain_of(&registry, &[name], true);
        let mut changed = batch(&chain, &lines);
        let mut tally = chain.tally();
        changed.begin_record();
        chain.run(&mut changed, 0..1, &mut tally).unwrap();
        let mut part = Vec::new();
        changed.end_record(&mut part);
        // A checkpoint has the changes that were made, and applying them gives the same records.
        let mut replayed = batch(&chain, &lines);
        replayed.replay(&part, &[0, 1], &[]).unwrap();
        assert_eq!(written(&replayed, &chain), written(&changed, &chain));
        (written(&changed, &chain), tally.quarantined.len())
    };
    let (lines, failed) = run("numbered_mapper");
    let expected = [
        r#"{"text": "a", "number": 0}"#,
        r#"{"text": "b", "number": 1}"#,
        r#"{"text": "c", "number": 0}"#,
    ];
    assert_eq!(
        (lines.lines().collect::<Vec<_>>(), failed),
        (expected.to_vec(), 0)
    );
    assert_eq!(run("undeclared_mapper"), (String::new(), 2));
}

#[test]
fn statistics_that_a_record_came_with_decide() {
    let mut chain = chain(&["long_filter"], true);
    let lines = [
        r#"{"text": "long enough", "__dj__stats__": {"length": 1}}"#,
        r#"{"text": "long", "__dj__stats__": 7}"#,
    ];
    let mut batch = batch(&chain, &lines);
    let mut tally = chain.tally();
    chain.run(&mut batch, 0..1, &mut tally).unwrap();
    assert_eq!(texts(&batch), ["long"]);
    assert_eq!(batch.stats().get(0, 0), Some(&StatValue::Int(1)));
}

#[test]
fn the_hash_tells_every_change_of_the_prefix() {
    let base = ChainHash::base("input");
    let two = chain(&["upper_mapper", "long_filter"], true)
        .pipeline()
        .hashes(base);
    let longer = chain(&["upper_mapper", "long_filter", "words_mapper"], true)
        .pipeline()
        .hashes(base);
    assert_eq!(longer[..3], two[..]);
    let other = chain(&["upper_mapper", "words_mapper"], true)
        .pipeline()
        .hashes(base);
    assert_eq!(other[..2], two[..2]);
    assert_ne!(other[2], two[2]);
    assert_ne!(
        chain(&["upper_mapper"], false).pipeline().hashes(base)[1],
        two[1]
    );
}

#[test]
fn unknown_operators_and_parameters_name_their_place() {
    let settings = ChainSettings {
        text_key: "text".into(),
        seed: 42,
        skip_op_error: true,
        compat: false,
        keep_all: false,
        labels: Vec::new(),
        needs: Vec::new(),
        python: Default::default(),
    };
    let build = |call: OperatorCall| {
        Pipeline::resolve(&registry(), &[call], &settings)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        build(call("uper_mapper")),
        "unknown operator `uper_mapper`, did you mean `upper_mapper`?"
    );
    let mut wrong = call("long_filter");
    let key = crate::Key {
        name: "min_closed_intervall".into(),
        span: Default::default(),
    };
    wrong.params.push((key, true.into()));
    assert_eq!(
        build(wrong),
        "long_filter: unknown parameter `min_closed_intervall`, did you mean `min_closed_interval`?"
    );
}

#[test]
fn records_one_by_one_come_out_the_same() {
    let lines = ["ab", "boom", "bad", "late", "x", "panic", "yz"];
    let lines = lines.map(|text| format!("{{\"text\": \"{text}\"}}"));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let run = |guard: &Guard<'_>| {
        let mut chain = chain(&["upper_mapper", "long_filter"], true);
        let mut batch = batch(&chain, &lines);
        let mut tally = chain.tally();
        chain
            .run_guarded(&mut batch, 0..2, &mut tally, guard)
            .unwrap();
        tally.ledger.records = 7;
        assert_eq!(tally.ledger.check(), Ok(()));
        let texts: Vec<String> = texts(&batch).into_iter().map(str::to_owned).collect();
        (texts, tally.ledger, tally.quarantined)
    };
    let seen = std::cell::RefCell::new(Vec::new());
    let in_hand = |origin: &Origin, operation| seen.borrow_mut().push((origin.position, operation));
    let watched = Guard {
        in_hand: Some(&in_hand),
        ..Guard::default()
    };
    let plain = run(&Guard::default());
    assert_eq!(run(&watched), plain);
    let first = (0..7).map(|position| (position, 0));
    let second = [0, 4, 5, 6].map(|position| (position, 1));
    assert_eq!(seen.take(), first.chain(second).collect::<Vec<_>>());
    let poison = [Poison {
        origin: Origin::new(0, 6),
        operation: 1,
        reason: "it killed two".to_owned(),
    }];
    let guard = Guard {
        poison: &poison,
        in_hand: Some(&in_hand),
    };
    let (texts, _, quarantined) = run(&guard);
    assert_eq!(
        (plain.0.as_slice(), texts.as_slice()),
        (
            &["AB".to_owned(), "YZ".to_owned()][..],
            &["AB".to_owned()][..]
        )
    );
    let last = quarantined.last().unwrap();
    assert_eq!(
        (
            last.origin.position,
            last.error.as_str(),
            last.record.as_str()
        ),
        (6, "it killed two", "{\"text\": \"YZ\"}")
    );
    assert!(!seen.take().contains(&(6, 1)));
}

/// A filter that drops nothing notes for each record whether it would keep it, and fails on the same records.
#[test]
fn a_filter_that_keeps_all_notes_its_verdicts() {
    let calls = ["long_filter", "upper_mapper", "long_filter"].map(call);
    let settings = ChainSettings {
        text_key: "text".into(),
        seed: 42,
        skip_op_error: true,
        compat: false,
        keep_all: true,
        labels: Vec::new(),
        needs: Vec::new(),
        python: Default::default(),
    };
    let pipeline = Pipeline::resolve(&registry(), &calls, &settings).unwrap();
    let dropping = ChainSettings {
        keep_all: false,
        ..settings
    };
    let base = ChainHash::base("input");
    let plain = Pipeline::resolve(&registry(), &calls, &dropping).unwrap();
    assert_ne!(plain.hashes(base)[1], pipeline.hashes(base)[1]);
    let mut chain = pipeline.instantiate(&Shared::default()).unwrap();
    let lines = ["ab", "x", "bad", "yz"].map(|text| format!("{{\"text\": \"{text}\"}}"));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let mut batch = batch(&chain, &lines);
    let mut tally = chain.tally();
    chain.run(&mut batch, 0..3, &mut tally).unwrap();
    tally.ledger.records = 4;
    assert_eq!(tally.ledger.check(), Ok(()));
    assert_eq!(tally.ledger.dropped(), 0);
    let stats = batch.stats();
    let verdicts = |name: &str, row: u32| {
        stats
            .get(stats.column(name).unwrap(), row as usize)
            .cloned()
    };
    let rows = batch.selection();
    let of = |name| {
        rows.iter()
            .map(|row| verdicts(name, *row))
            .collect::<Vec<_>>()
    };
    let expected: Vec<_> = texts(&batch)
        .iter()
        .map(|text| Some(StatValue::Bool(text.len() >= 2)))
        .collect();
    assert!(expected.len() >= 2, "{expected:?}");
    assert_eq!(of("kept_by_long_filter"), expected);
    assert_eq!(of("kept_by_long_filter_2"), expected);
}
