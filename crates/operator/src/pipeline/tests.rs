//! Tests of the facts about operators that are known before one is made.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use coldpress_record::{Batch, Lines, StatKind, StatValue};

use super::*;
use crate::{
    Asset, Assets, Changes, Determinism, Filter, FindError, FoundAssets, KnownStats, LoadError,
    Mapper, NoParams, OperatorKind, OperatorSpec, Record, RecordError, Resolved, Shared, StatRow,
    params,
};

params! {
    /// Parameters of `cut`.
    struct CutParams {
        /// A name that Data-Juicer's operators use for something else.
        batch_size: u64 = 1;
    }
}

struct Cut(u64);
impl Mapper for Cut {
    fn map(
        &mut self,
        record: &Record<'_>,
        changes: &mut Changes,
    ) -> std::result::Result<(), RecordError> {
        changes
            .field(0)
            .delete(self.0 as usize..record.text(0)?.len());
        Ok(())
    }
}

/// Knows a language from the model that it loads.
struct Language(Arc<String>);
impl Filter for Language {
    fn compute(
        &mut self,
        _: &Record<'_>,
        stats: &mut StatRow<'_>,
    ) -> std::result::Result<(), RecordError> {
        stats.set(0, StatValue::Text(self.0.as_str().into()));
        Ok(())
    }

    fn keep(&self, stats: &KnownStats<'_>) -> bool {
        stats[0].as_text() == Some("en")
    }
}

/// One file that exists, and the number of times that it was loaded.
#[derive(Debug)]
struct OneFile;
impl Assets for OneFile {
    fn find(&self, name: &str) -> std::result::Result<Asset, FindError> {
        let found = (name == "en.bin").then(|| Asset {
            name: name.to_owned(),
            path: "/models/en.bin".into(),
            digest: "d1".into(),
        });
        found.ok_or_else(|| {
            FindError::Missing(format!("names the file `{name}`, which is not in /models"))
        })
    }

    fn check(&self, asset: &Asset) -> std::result::Result<(), String> {
        match asset.digest.as_str() {
            "changed" => Err("`/models/en.bin` has changed".to_owned()),
            _ => Ok(()),
        }
    }

    fn find_all(
        &self,
        _: Option<&str>,
        _: &dyn Fn(&str) -> bool,
    ) -> std::result::Result<Vec<Asset>, String> {
        Ok(Vec::new())
    }
}

fn registry(loads: &'static AtomicU32) -> Registry {
    // Neither name ends in a kind.
    let cut = OperatorSpec::mapper("cut", "", |params: CutParams, _| {
        Ok(Resolved::new(move || Cut(params.batch_size)))
    });
    let language = OperatorSpec::filter("language", "", move |params: LanguageParams, context| {
        let model = context.asset("model", &params.model)?;
        let load = |_: &Asset| {
            loads.fetch_add(1, Ordering::Relaxed);
            Ok("en".to_owned())
        };
        let make = move |shared: &Shared| shared.model(&model, load).map(Language);
        Ok(Resolved::loading(make).stat("lang", StatKind::Text))
    });
    let clash = OperatorSpec::filter("clash", "", |_: NoParams, _| {
        let make = |_: &Shared| -> std::result::Result<Language, LoadError> {
            Err(LoadError::new("`/models/en.bin` is cut short"))
        };
        Ok(Resolved::loading(make).stat("lang", StatKind::Int))
    });
    let registry = Registry::default().with(cut).with(clash);
    registry
        .with(language.determinism(Determinism::External))
        .with_assets(OneFile)
}

params! {
    /// Parameters of `language`.
    struct LanguageParams {
        /// The model.
        model: String = "en.bin".to_owned();
    }
}

fn resolve(calls: &[OperatorCall]) -> Result<Pipeline> {
    static LOADS: AtomicU32 = AtomicU32::new(0);
    resolve_counting(calls, &LOADS)
}

fn resolve_counting(calls: &[OperatorCall], loads: &'static AtomicU32) -> Result<Pipeline> {
    Pipeline::resolve(&registry(loads), calls, &settings())
}

fn settings() -> ChainSettings {
    ChainSettings {
        text_key: "text".into(),
        seed: 42,
        skip_op_error: true,
        compat: false,
        keep_all: false,
        labels: Vec::new(),
        needs: Vec::new(),
        python: Default::default(),
    }
}

#[test]
fn a_pipeline_knows_its_operators_before_one_is_made() {
    static LOADS: AtomicU32 = AtomicU32::new(0);
    let calls = [OperatorCall::new("cut"), OperatorCall::new("language")];
    let pipeline = resolve_counting(&calls, &LOADS).unwrap();
    let [cut, language] = pipeline.operators() else {
        panic!("two operators")
    };
    assert_eq!(
        (cut.kind(), cut.determinism(), cut.fields(), cut.stats()),
        (
            OperatorKind::Mapper,
            Determinism::Pure,
            &["text".to_owned()][..],
            &[][..]
        )
    );
    assert_eq!(language.kind(), OperatorKind::Filter);
    assert_eq!(language.determinism(), Determinism::External);
    assert_eq!(language.assets()[0].digest, "d1");
    assert_eq!(pipeline.stats()[0].kind, StatKind::Text);
    assert_eq!(LOADS.load(Ordering::Relaxed), 0);
    // The model is loaded once, however many threads there are.
    let shared = Shared::default();
    for _ in 0..3 {
        pipeline.instantiate(&shared).unwrap();
    }
    assert_eq!(LOADS.load(Ordering::Relaxed), 1);
}

#[test]
fn an_operator_may_have_a_parameter_that_others_ignore() {
    let calls = [OperatorCall::new("cut").with("batch_size", 3)];
    let mut chain = resolve(&calls)
        .and_then(|pipeline| pipeline.instantiate(&Shared::default()))
        .unwrap();
    let mut lines = Lines::new(0);
    lines.push(0, br#"{"text": "abcdef"}"#);
    let mut batch = Batch::default();
    batch.fill(&mut lines, chain.fields(), &mut Vec::new());
    chain.begin(&mut batch);
    let mut tally = chain.tally();
    chain.run(&mut batch, 0..1, &mut tally).unwrap();
    assert_eq!(batch.text(0, 0), Ok("abc"));
}

#[test]
fn statistics_of_other_types_decide_and_those_of_the_input_must_fit() {
    let pipeline = resolve(&[OperatorCall::new("language")]).unwrap();
    let mut chain = pipeline.instantiate(&Shared::default()).unwrap();
    let mut lines = Lines::new(0);
    for given in [r#""de""#, "7", r#"["en"]"#] {
        let line = format!(r#"{{"text": "a", "__dj__stats__": {{"lang": {given}}}}}"#);
        lines.push(0, line.as_bytes());
    }
    let mut batch = Batch::default();
    batch.fill(&mut lines, chain.fields(), &mut Vec::new());
    chain.begin(&mut batch);
    let mut tally = chain.tally();
    chain.run(&mut batch, 0..1, &mut tally).unwrap();
    // The first came with a language. That of the others isn't a text, so it was computed.
    assert_eq!(batch.selection(), [1, 2]);
}

#[test]
fn what_is_wrong_is_found_when_it_can_be() {
    let refused = |calls: &[OperatorCall]| resolve(calls).unwrap_err().to_string();
    let missing = OperatorCall::new("language").with("model", "de.bin");
    assert_eq!(
        refused(&[missing]),
        "language: parameter `model` names the file `de.bin`, which is not in /models"
    );
    let calls = ["language", "clash"].map(OperatorCall::new);
    assert_eq!(
        refused(&calls),
        "clash: the statistic `lang` is an integer, but an earlier operator has it as text"
    );
    let damaged = resolve(&calls[1..]).unwrap();
    assert_eq!(
        damaged
            .instantiate(&Shared::default())
            .unwrap_err()
            .to_string(),
        "clash: `/models/en.bin` is cut short"
    );
}

#[test]
fn a_file_that_changed_before_it_was_loaded_is_refused() {
    static LOADS: AtomicU32 = AtomicU32::new(0);
    let found = Asset {
        name: "en.bin".to_owned(),
        path: "/models/en.bin".into(),
        digest: "changed".into(),
    };
    let registry = registry(&LOADS);
    // A worker uses the assets that its driver found.
    let found = FoundAssets::new(vec![found]).checked_by(registry.assets().cloned());
    let registry = registry.with_assets(found);
    let calls = [OperatorCall::new("language")];
    let pipeline = Pipeline::resolve(&registry, &calls, &settings()).unwrap();
    let shared = Shared::default();
    for _ in 0..2 {
        let error = pipeline.instantiate(&shared).unwrap_err().to_string();
        assert!(error.contains("`/models/en.bin` has changed"), "{error}");
    }
    assert_eq!(LOADS.load(Ordering::Relaxed), 1);
}
