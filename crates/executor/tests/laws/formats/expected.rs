//! The plain reference over any format: each record alone, as it should be read, through the operators.

use std::collections::BTreeMap;

use coldpress_operator::{ChainSettings, OperatorCall, Pipeline, Shared};
use coldpress_record::{Batch, Ledger, Lines, STATS_FIELD};
use coldpress_worker::{QUARANTINE_SCHEMA, QuarantineEntry};

use super::files::Files;
use crate::barriers;
use crate::operators;
use crate::plan::Plan;
use crate::reference::Quarantined;

/// What must come out.
pub(crate) struct Expected {
    /// The exported records with the number of their source, a line each.
    pub(crate) rows: Vec<(u32, String)>,
    /// Their statistics.
    pub(crate) stats: Vec<String>,
    /// What each filter and deduplicator dropped, by its place in the recipe.
    pub(crate) dropped: BTreeMap<usize, String>,
    pub(crate) ledger: Ledger,
    /// Sorted.
    pub(crate) quarantined: Vec<Quarantined>,
    /// The columns of an export that has some, in their order.
    pub(crate) header: Vec<String>,
    /// Whether there is a field that operators work on and no record has as text.
    pub(crate) textless: bool,
}

impl Expected {
    pub(crate) fn of(files: &Files, plan: &Plan) -> Self {
        let settings = ChainSettings {
            text_key: "text".to_owned(),
            seed: 42,
            skip_op_error: true,
            compat: false,
            keep_all: false,
            labels: Vec::new(),
            needs: Vec::new(),
            python: Default::default(),
        };
        let registry = operators::registry();
        let mut chain = Pipeline::resolve(&registry, &plan.process, &settings)
            .and_then(|pipeline| pipeline.instantiate(&Shared::default()))
            .unwrap();
        let drops = |call: &OperatorCall| registry.get(&call.name).unwrap().kind().drops();
        let filters = plan.process.iter().enumerate();
        let filters = filters.filter(|(_, call)| drops(call));
        let mut tally = chain.tally();
        tally.dropped = Some(vec![Vec::new(); chain.len()]);
        let mut expected = Self {
            rows: Vec::new(),
            stats: Vec::new(),
            dropped: filters.map(|(at, _)| (at, String::new())).collect(),
            ledger: Ledger::default(),
            quarantined: Vec::new(),
            header: Vec::new(),
            textless: false,
        };
        let (mut sources, mut batches) = (Vec::new(), Vec::new());
        let mut texts = vec![false; chain.fields().len()];
        for input in files.inputs() {
            let mut lines = Lines::new(input.source);
            lines.push(input.position, input.line.as_bytes());
            let (mut batch, mut rejects) = (Batch::default(), Vec::new());
            batch.fill(&mut lines, chain.fields(), &mut rejects);
            assert!(rejects.is_empty(), "{}: {rejects:?}", input.line);
            let is_text = |column: usize| batch.text(column, 0).is_ok();
            texts
                .iter_mut()
                .enumerate()
                .for_each(|(column, text)| *text |= is_text(column));
            tally.ledger.records += 1;
            chain.begin(&mut batch);
            sources.push(input.source);
            batches.push(batch);
        }
        barriers::run(&mut chain, &mut batches, &mut tally);
        for (batch, source) in batches.iter().zip(sources) {
            for row in batch.selection().iter().map(|row| *row as usize) {
                let mut line = Vec::new();
                if plan.keep_stats {
                    batch.write_record_with_stats(row, chain.fields(), &mut line);
                } else {
                    batch.write_record(row, chain.fields(), &mut line);
                }
                let line = String::from_utf8(line).unwrap();
                expected
                    .rows
                    .push((source, line.trim_end_matches('\n').to_owned()));
                let mut stats = Vec::new();
                batch.stats().write_json(row, &mut stats);
                let stats = String::from_utf8(stats).unwrap();
                expected
                    .stats
                    .push(format!("{{\"__dj__stats__\": {stats}}}\n"));
            }
        }
        for (at, dropped) in &mut expected.dropped {
            let lines = tally.dropped.as_ref().unwrap()[*at].clone();
            *dropped = String::from_utf8(lines).unwrap();
        }
        let names = chain.fields().paths().iter().map(|path| path.name());
        expected.textless = names
            .zip(&texts)
            .any(|(name, is_text)| name != STATS_FIELD && !is_text);
        expected.ledger = tally.ledger;
        expected.quarantined = tally.quarantined.into_iter().map(quarantined).collect();
        expected.quarantined.sort();
        expected.header = header(files, &expected.rows);
        expected
    }

    /// What the plain reference of lines says, for exports of any form.
    pub(crate) fn of_lines(lines: &crate::reference::Expected) -> Self {
        let text = String::from_utf8(lines.rows.clone()).unwrap();
        let rows: Vec<(u32, String)> = text
            .split_terminator('\n')
            .map(|line| (0, line.to_owned()))
            .collect();
        Self {
            header: header(&Files(Vec::new()), &rows),
            rows,
            stats: Vec::new(),
            dropped: BTreeMap::new(),
            ledger: lines.ledger.clone(),
            quarantined: lines.quarantined.clone(),
            textless: false,
        }
    }
}

fn quarantined(failed: coldpress_operator::Quarantined) -> Quarantined {
    Quarantined::from(QuarantineEntry {
        schema_version: QUARANTINE_SCHEMA,
        path: String::new(),
        origin: failed.origin,
        length: failed.record.len() as u64,
        operator: Some(failed.operator),
        operation: Some(failed.operation),
        error: failed.error,
        record: Some(failed.record),
        record_hex: None,
    })
}

/// Fields in the order in which they are first seen: those of a table with its first row, exported or not. Without any, those
/// that the records of the input have.
fn header(files: &Files, rows: &[(u32, String)]) -> Vec<String> {
    let mut header: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if !header.iter().any(|known| known == name) {
            header.push(name.to_owned());
        }
    };
    if files.0.is_empty() {
        rows.iter()
            .for_each(|(_, line)| keys(line).iter().for_each(|name| add(name)));
    }
    for (source, file) in files.0.iter().enumerate() {
        if file.shape.is_table() && !file.rows.is_empty() {
            file.columns.iter().for_each(|(name, _)| add(name));
        }
        let rows = rows.iter().filter(|(of, _)| *of == source as u32);
        rows.for_each(|(_, line)| keys(line).iter().for_each(|name| add(name)));
    }
    if rows.is_empty() && header.is_empty() {
        let inputs = files.inputs();
        let names = inputs.iter().flat_map(|input| keys(&input.line));
        for name in names {
            if !header.contains(&name) {
                header.push(name);
            }
        }
    }
    header
}

/// The keys of an object in their order.
pub(crate) fn keys(line: &str) -> Vec<String> {
    fields(line).into_iter().map(|(key, _)| key).collect()
}

/// The fields of an object in their order, with their values as they are spelled.
pub(crate) fn fields(line: &str) -> Vec<(String, String)> {
    struct Fields(Vec<(String, String)>);
    struct Visitor;
    impl<'de> serde::de::Visitor<'de> for Visitor {
        type Value = Fields;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
            let mut fields = Vec::new();
            while let Some((key, value)) =
                map.next_entry::<String, Box<serde_json::value::RawValue>>()?
            {
                fields.push((key, value.get().to_owned()));
            }
            Ok(Fields(fields))
        }
    }
    impl<'de> serde::Deserialize<'de> for Fields {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Visitor)
        }
    }
    serde_json::from_str::<Fields>(line).unwrap().0
}
