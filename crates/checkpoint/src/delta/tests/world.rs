//! Random batches and operators, run once, with everything that was written on the way.

use coldpress_record::{Batch, DeclaredFields, Edits, Ledger, Lines, Stat, StatKind, StatValue};
use coldpress_storage::{Digest, FileStamp, ObjectRef};
use proptest::prelude::*;

use super::super::*;
use crate::{Compression, Format, Manifest, Result, RowBlock, RowsOptions, RowsReader, RowsWriter};
use coldpress_storage::{MemoryStore, ObjectName, ObjectStore};

/// One action of an operator.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Replaces a part of a text of each alive row.
    Edit(u8, u8, String),
    /// Drops the rows whose number leaves this remainder.
    Drop(u32, u32),
    /// Sets a statistic of some of the alive rows.
    Stat(u8, StatValue),
    /// Makes children: pieces of the text, and a new one.
    Split(bool),
}

pub(crate) fn any_stat() -> impl Strategy<Value = StatValue> {
    let odd = [
        f64::NAN,
        -f64::NAN,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MIN_POSITIVE,
        f64::from_bits(0x7FF0_0000_0000_0001),
    ];
    prop_oneof![
        any::<i64>().prop_map(StatValue::Int),
        prop::sample::select(vec![i64::MIN, i64::MAX, 0]).prop_map(StatValue::Int),
        any::<u64>().prop_map(|bits| StatValue::Float(f64::from_bits(bits))),
        prop::sample::select(odd.to_vec()).prop_map(StatValue::Float),
    ]
}

pub(crate) fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<u8>(), any::<u8>(), "[aé\n\"]{0,3}").prop_map(|(from, length, text)| Step::Edit(from, length, text)),
        2 => (1u32..4, 0u32..4).prop_map(|(modulus, rest)| Step::Drop(modulus, rest)),
        2 => (any::<u8>(), any_stat()).prop_map(|(seed, value)| Step::Stat(seed, value)),
        1 => any::<bool>().prop_map(Step::Split),
    ]
}

pub(crate) fn any_sections() -> impl Strategy<Value = Vec<Vec<Step>>> {
    prop::collection::vec(prop::collection::vec(any_step(), 0..4), 1..6)
}

/// Generates lines of batches: records with texts, and nested and mixed values that no operator touches.
pub(crate) fn any_batches() -> impl Strategy<Value = Vec<Vec<String>>> {
    let rest = prop_oneof![
        Just(r#"{"a": [1, 2.50, null, {"b": "\u00e9"}]}"#.to_owned()),
        Just("12345678901234567890.10".to_owned()),
        Just("[[[]], {}, true, -0.0, 1e400]".to_owned()),
        any::<String>().prop_map(|text| serde_json::json!(text).to_string()),
    ];
    let text = prop_oneof![4 => "[a-c é\\\\\n数]{0,12}", 1 => Just("one two three ".repeat(300))];
    let line = (text, "[a-c ]{0,6}", rest).prop_map(|(text, other, rest)| {
        let (text, other) = (serde_json::json!(text), serde_json::json!(other));
        format!(r#"{{"text": {text},"other":{other},  "rest": {rest}}}"#)
    });
    prop::collection::vec(prop::collection::vec(line, 0..12), 0..6)
}

pub(crate) fn any_format() -> impl Strategy<Value = (Format, Compression)> {
    let all = FORMATS
        .iter()
        .flat_map(|format| COMPRESSIONS.iter().map(|codec| (*format, *codec)));
    prop::sample::select(all.collect::<Vec<_>>())
}

pub(crate) const FORMATS: [Format; 3] = [Format::Parquet, Format::Arrow, Format::Jsonl];
pub(crate) const COMPRESSIONS: [Compression; 6] = [
    Compression::None,
    Compression::Snappy,
    Compression::Gzip,
    Compression::Zstd,
    Compression::Lz4,
    Compression::Auto,
];
pub(crate) const STATS: [&str; 3] = ["a", "b.ratio", "é"];

pub(crate) fn fields() -> DeclaredFields {
    DeclaredFields::new(["other", "text"])
}

pub(crate) fn field_names() -> Vec<String> {
    ["other", "text"].map(str::to_owned).to_vec()
}

pub(crate) fn stat_names() -> Vec<String> {
    STATS.map(str::to_owned).to_vec()
}

pub(crate) fn name(text: &str) -> ObjectName {
    ObjectName::new(text).unwrap()
}

/// Fills a batch with these lines, as the input does.
pub(crate) fn fill(batch: &mut Batch, at: usize, lines: &[String]) {
    let mut filled = Lines::new(0);
    for (row, line) in lines.iter().enumerate() {
        filled.push((at * 1000 + row) as u64, line.as_bytes());
    }
    let mut rejects = Vec::new();
    batch.fill(&mut filled, &fields(), &mut rejects);
    assert_eq!(rejects, []);
    batch.reset_stats(STATS);
}

pub(crate) fn apply(batch: &mut Batch, step: &Step) {
    let rows = batch.selection().to_vec();
    match step {
        Step::Edit(from, length, text) => {
            for row in rows {
                let (row, column) = (row as usize, usize::from(row % 3 != 0));
                let old = batch.text(column, row).unwrap().to_owned();
                let from = old.floor_char_boundary(usize::from(*from) % (old.len() + 1));
                let end = old.floor_char_boundary((from + usize::from(*length)).min(old.len()));
                let mut edits = Edits::default();
                edits.replace(from..end.max(from), text);
                batch.edit_text(column, row, &edits).unwrap();
            }
        }
        Step::Drop(modulus, rest) => batch.retain(|row| row as u32 % modulus != *rest),
        Step::Stat(seed, value) => {
            for row in rows {
                if (row + u32::from(*seed)) % 5 != 0 {
                    let column = usize::from(*seed) % STATS.len();
                    batch.stats_mut().set(column, row as usize, value.clone());
                }
            }
        }
        Step::Split(with_new) => {
            let mut children = Vec::new();
            for row in rows {
                let text = batch.text(1, row as usize).unwrap().to_owned();
                let new = with_new.then(|| "brand new".to_owned());
                let pieces = text.split(' ').map(str::to_owned).chain(new);
                let pieces = pieces.filter(|piece| !piece.is_empty());
                let child = |(index, piece)| (row, index as u32, piece);
                children.extend(pieces.enumerate().map(child));
            }
            batch.replace_rows(1, &children);
        }
    }
}

/// Everything visible of a row, with floats as their bits.
pub(crate) type Shown = (String, String, Vec<Option<Vec<u8>>>);

/// Returns a value as its bytes, which differ for floats that compare as equal.
fn bits(value: Option<&StatValue>) -> Option<Vec<u8>> {
    value.map(|value| {
        let mut bytes = Vec::new();
        value.encode(&mut bytes);
        bytes
    })
}

pub(crate) fn show(batch: &Batch, fields: &DeclaredFields, shown: &mut Vec<Shown>) {
    for row in batch.selection().iter().map(|row| *row as usize) {
        let mut line = Vec::new();
        batch.write_record(row, fields, &mut line);
        let stats = STATS.iter().map(|name| {
            let column = batch.stats().column(name).unwrap();
            bits(batch.stats().get(column, row))
        });
        let line = String::from_utf8(line).unwrap();
        shown.push((line, batch.origin(row).to_string(), stats.collect()));
    }
}

pub(crate) fn manifest(operation: u32, chain: &str, rows: u64) -> Manifest {
    let operators = (0..operation)
        .map(|at| format!("operator_{at}"))
        .collect::<Vec<_>>();
    Manifest {
        partition: 3,
        operation,
        chain: chain.to_owned(),
        slice: Digest::of(b"slice"),
        ledger: Ledger::new(operators.iter().map(String::as_str)),
        rows,
        error_marks: vec![u64::from(operation)],
        unreadable: Vec::new(),
        quarantine: vec![ObjectRef {
            key: format!("q{operation}").parse().unwrap(),
            stamp: FileStamp::of(b"q"),
        }],
        seen: Default::default(),
        types: None,
        dropped: None,
        trace: None,
    }
}

/// The attempt to write.
pub(crate) struct Attempt<'a> {
    pub(crate) object: &'a str,
    pub(crate) base: DeltaBase,
    /// The steps before the base, which are recorded elsewhere.
    pub(crate) before: &'a [Vec<Step>],
    pub(crate) sections: &'a [Vec<Step>],
    /// A name in the chain hashes, so that attempts can differ.
    pub(crate) tag: &'a str,
    pub(crate) format: (Format, Compression),
    pub(crate) buffer_bytes: usize,
}

impl Attempt<'_> {
    pub(crate) fn chain(&self, section: usize) -> String {
        format!("{} {section}", self.tag)
    }

    /// Runs the operators over the batches. Returns the delta's stamp and the rows after each section.
    pub(crate) fn run(
        &self,
        store: &MemoryStore,
        batches: &[Vec<String>],
    ) -> (FileStamp, Vec<Vec<Shown>>) {
        let (format, compression) = self.format;
        let options = DeltaOptions {
            format,
            compression,
            fields: &field_names(),
            stats: &stat_names(),
            base: &self.base,
        };
        let out = store.put_new(&name(self.object)).unwrap();
        let writer = DeltaWriter::create(out, &options).unwrap();
        let mut writer = writer.with_max_buffered_bytes(self.buffer_bytes);
        let mut rows = vec![Vec::new(); self.sections.len()];
        let mut batch = Batch::default();
        let mut part = Vec::new();
        for (at, lines) in batches.iter().enumerate() {
            fill(&mut batch, at, lines);
            self.before
                .iter()
                .flatten()
                .for_each(|step| apply(&mut batch, step));
            for (section, steps) in self.sections.iter().enumerate() {
                let before = batch.selection().len() as u32;
                batch.begin_record();
                steps.iter().for_each(|step| apply(&mut batch, step));
                part.clear();
                batch.end_record(&mut part);
                let after = batch.selection().len() as u32;
                writer.write_part(section, before, after, &part).unwrap();
                show(&batch, &fields(), &mut rows[section]);
            }
        }
        let first = self.base.operation + 1;
        let manifests: Vec<Manifest> = (first..)
            .zip(&rows)
            .enumerate()
            .map(|(at, (operation, rows))| manifest(operation, &self.chain(at), rows.len() as u64))
            .collect();
        let attempt = manifest(first + manifests.len() as u32, "all", 0);
        let stamp = writer.finish(&attempt, &manifests).unwrap();
        (stamp, rows)
    }

    /// Writes the rows after a section in full.
    pub(crate) fn write_full(
        &self,
        store: &MemoryStore,
        batches: &[Vec<String>],
        section: usize,
    ) -> FileStamp {
        let (format, compression) = self.format;
        let stats = STATS.map(|name| Stat {
            name: name.to_owned(),
            kind: StatKind::Float,
        });
        let options = RowsOptions {
            format,
            compression,
            stats: &stats,
            ..RowsOptions::default()
        };
        let out = store.put_new(&name("full")).unwrap();
        let mut writer = RowsWriter::create(out, &options).unwrap();
        let mut batch = Batch::default();
        for (at, lines) in batches.iter().enumerate() {
            fill(&mut batch, at, lines);
            self.before
                .iter()
                .flatten()
                .for_each(|step| apply(&mut batch, step));
            let steps = self.sections[..=section].iter().flatten();
            steps.for_each(|step| apply(&mut batch, step));
            writer.write(&batch, &fields()).unwrap();
        }
        let manifest = manifest(section as u32 + 1, &self.chain(section), writer.rows());
        writer.finish(&manifest).unwrap()
    }
}

/// Returns the rows at the end of a replay.
pub(crate) fn replayed(mut replay: DeltaReplay, batches: &[Vec<String>]) -> Result<Vec<Shown>> {
    let (mut batch, mut shown) = (Batch::default(), Vec::new());
    for (at, lines) in batches.iter().enumerate() {
        fill(&mut batch, at, lines);
        replay.next(&mut batch, &fields())?;
        show(&batch, &fields(), &mut shown);
    }
    replay.finish()?;
    Ok(shown)
}

/// Returns the rows of a full checkpoint.
pub(crate) fn loaded(mut rows: RowsReader) -> Result<Vec<Shown>> {
    let (mut block, mut batch, mut shown) = (RowBlock::default(), Batch::default(), Vec::new());
    while rows.next(&mut block)? {
        block.fill_batch(&mut batch, &fields())?;
        batch.reset_stats(STATS);
        block.restore_stats(&mut batch);
        show(&batch, &fields(), &mut shown);
    }
    Ok(shown)
}
