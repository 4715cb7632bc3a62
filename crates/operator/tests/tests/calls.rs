use std::sync::{Arc, Mutex};

use coldpress_operator::{
    BatchFilter, BatchMapper, Chain, ChainSettings, Guard, KnownStats, MapAnswers, NoParams,
    OperatorCall, OperatorKind, OperatorSpec, Pipeline, Record, RecordError, Registry, Resolved,
    Shared, StatAnswers, StatKind, StatValue,
};
use coldpress_record::{Batch, Lines, Origin};

/// The positions of the records of each call.
type Calls = Arc<Mutex<Vec<Vec<u64>>>>;

/// Fails each call that has a record with the text `bad`.
struct Service(Calls);

impl Service {
    fn take(&self, records: &[Record<'_>]) -> Result<(), RecordError> {
        let positions = records.iter().map(|record| record.origin().position);
        self.0.lock().unwrap().push(positions.collect());
        let mut records = records.iter();
        match records.any(|record| record.text(0).is_ok_and(|text| text == "bad")) {
            true => Err(RecordError::new("the service refused the call")),
            false => Ok(()),
        }
    }
}

impl BatchMapper for Service {
    fn map(&mut self, records: &[Record<'_>], answers: &mut MapAnswers) -> Result<(), RecordError> {
        (0..records.len()).for_each(|at| answers.of(at).set(0, at as u64));
        self.take(records)
    }
}

impl BatchFilter for Service {
    fn compute(
        &mut self,
        records: &[Record<'_>],
        answers: &mut StatAnswers,
    ) -> Result<(), RecordError> {
        (0..records.len()).for_each(|at| answers.of(at).set(0, StatValue::Int(at as i64)));
        self.take(records)
    }

    fn keep(&self, stats: &KnownStats<'_>) -> bool {
        stats[0].as_f64() >= 0.0
    }
}

fn spec(kind: OperatorKind, calls: &Calls) -> OperatorSpec {
    let calls = calls.clone();
    let service = move || Service(calls.clone());
    match kind {
        OperatorKind::Filter => OperatorSpec::batch_filter("service", "", move |_: NoParams, _| {
            Ok(Resolved::new(service.clone()).stat("place", StatKind::Int))
        }),
        _ => OperatorSpec::batch_mapper("service", "", move |_: NoParams, _| {
            Ok(Resolved::new(service.clone()).sets_values())
        }),
    }
}

fn chain(spec: OperatorSpec, call: OperatorCall) -> Chain {
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
    let registry = Registry::default().with(spec);
    let pipeline = Pipeline::resolve(&registry, &[call], &settings).unwrap();
    pipeline.instantiate(&Shared::default()).unwrap()
}

/// Runs the operator over records with these texts. Returns the positions of each call and of the failed records.
fn run(
    spec: OperatorSpec,
    calls: &Calls,
    call: OperatorCall,
    lines: &[&str],
) -> (Vec<Vec<u64>>, Vec<u64>) {
    run_guarded(spec, calls, call, lines, &Guard::default())
}

fn run_guarded(
    spec: OperatorSpec,
    calls: &Calls,
    call: OperatorCall,
    lines: &[&str],
    guard: &Guard<'_>,
) -> (Vec<Vec<u64>>, Vec<u64>) {
    let mut chain = chain(spec, call);
    let mut block = Lines::new(0);
    for (at, line) in lines.iter().enumerate() {
        block.push(at as u64, line.as_bytes());
    }
    let mut batch = Batch::default();
    batch.fill(&mut block, chain.fields(), &mut Vec::new());
    chain.begin(&mut batch);
    let mut tally = chain.tally();
    chain
        .run_guarded(&mut batch, 0..1, &mut tally, guard)
        .unwrap();
    let failed = tally
        .quarantined
        .iter()
        .map(|failed| failed.origin.position);
    (
        std::mem::take(&mut *calls.lock().unwrap()),
        failed.collect(),
    )
}

const GOOD: &str = r#"{"text": "good"}"#;
const BAD: &str = r#"{"text": "bad"}"#;
const KINDS: [OperatorKind; 2] = [OperatorKind::Mapper, OperatorKind::Filter];

#[test]
fn a_call_has_at_most_as_many_records_as_the_recipe_says() {
    let call = || OperatorCall::new("service");
    for kind in KINDS {
        let calls = Calls::default();
        let run = |spec, call| run(spec, &calls, call, &[GOOD; 5]).0;
        let plain = spec(kind, &calls);
        assert_eq!(run(plain.clone(), call()), [vec![0, 1, 2, 3, 4]]);
        let pairs = [vec![0, 1], vec![2, 3], vec![4]];
        assert_eq!(run(plain.clone(), call().with("batch_size", 2)), pairs);
        let of_two = plain.batch_size(2);
        assert_eq!(run(of_two.clone(), call()), pairs);
        let threes = [vec![0, 1, 2], vec![3, 4]];
        assert_eq!(run(of_two, call().with("batch_size", 3)), threes);
    }
}

#[test]
fn one_bad_record_does_not_take_its_neighbours_to_quarantine() {
    for kind in KINDS {
        let calls = Calls::default();
        let call = OperatorCall::new("service").with("batch_size", 3);
        let lines = [GOOD, BAD, GOOD, GOOD, GOOD, BAD];
        let (calls, failed) = run(spec(kind, &calls), &calls, call, &lines);
        let first = [vec![0, 1, 2], vec![0], vec![1], vec![2]];
        let second = [vec![3, 4, 5], vec![3], vec![4], vec![5]];
        assert_eq!(calls, [first, second].concat());
        assert_eq!(failed, [1, 5]);
    }
}

#[test]
fn a_service_is_not_asked_for_statistics_that_are_there() {
    let calls = Calls::default();
    let known = r#"{"text": "bad", "__dj__stats__": {"place": 1}}"#;
    let filter = spec(OperatorKind::Filter, &calls);
    let call = OperatorCall::new("service");
    let (calls, failed) = run(filter, &calls, call, &[known, GOOD, known]);
    assert_eq!((calls, failed), (vec![vec![1]], vec![]));
}

#[test]
fn records_that_may_kill_are_given_alone() {
    for kind in KINDS {
        let calls = Calls::default();
        let in_hand = |_: &Origin, _| {};
        let guard = Guard {
            in_hand: Some(&in_hand),
            ..Guard::default()
        };
        let call = OperatorCall::new("service");
        let (calls, _) = run_guarded(spec(kind, &calls), &calls, call, &[GOOD; 3], &guard);
        assert_eq!(calls, [[0], [1], [2]]);
    }
}

#[test]
fn how_many_come_together_is_no_part_of_what_an_operator_is() {
    let hash = |call: OperatorCall| {
        let chain = chain(spec(OperatorKind::Mapper, &Calls::default()), call);
        chain
            .pipeline()
            .hashes(coldpress_operator::ChainHash::base(""))[1]
    };
    let plain = hash(OperatorCall::new("service"));
    assert_eq!(
        hash(OperatorCall::new("service").with("batch_size", 7)),
        plain
    );
}

#[test]
fn the_manual_knows_the_size_of_batch_level_operators() {
    let default = |spec: &OperatorSpec| {
        let mut params = spec.base_params().into_iter();
        params
            .find(|param| param.name == "batch_size")
            .map(|param| param.default)
    };
    let plain = spec(OperatorKind::Filter, &Calls::default());
    assert_eq!(default(&plain), Some(().into()));
    assert_eq!(default(&plain.batch_size(8)), Some(8.into()));
    let by_record =
        OperatorSpec::splitter("words", "", |_: NoParams, _| Ok(Resolved::new(|| Words)));
    assert_eq!(default(&by_record.batch_size(8)), None);
}

struct Words;

impl coldpress_operator::Splitter for Words {
    fn split(
        &mut self,
        _: &Record<'_>,
        _: &mut coldpress_operator::Children,
    ) -> Result<(), RecordError> {
        Ok(())
    }
}
