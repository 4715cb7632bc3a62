//! A look at the input before work begins: whether it has the fields that the recipe works on, and how to cut it.

use std::sync::Arc;
use std::time::Instant;

use coldpress_config::nearest;
use coldpress_dataset::{ColumnKind, Error as DatasetError, Format, Source, TableFile, TableRows};
use coldpress_operator::{Chain, Determinism, Pipeline, ResolvedOperator};
use coldpress_partition::{
    DEFAULT_SAMPLE_BYTES, MediaFields, SampledRecords, Sizing, SizingFacts, choose, sample,
};
use coldpress_record::{Batch, FieldError, FieldsSeen, STATS_FIELD};

use crate::error::{Error, ErrorKind, Result};
use crate::prepare::Prepared;
use crate::validators::validate;

/// Columnar files that are opened to see what their columns are called.
const TABLES: usize = 32;

/// What a page or record batch may take that is looked at: a look must not need more memory than the work.
const LOOK_BYTES: u64 = 64 << 20;

/// Rows of each that are looked at.
const TABLE_ROWS: u64 = 64;

/// What a look at the input tells.
#[derive(Clone, Debug)]
pub struct Preview {
    /// How many records there are, about, and how long they are.
    pub seen: SampledRecords,
    /// What the fields of the records hold that were looked at.
    pub fields: FieldsSeen,
    /// What is odd about the fields that the recipe works on, a sentence each.
    pub warnings: Vec<String>,
    /// Where to cut the dataset, if that is to be found out.
    pub sizing: Option<Sizing>,
}

impl Prepared {
    /// Looks at some records of these sources, spread over all of them.
    ///
    /// # Errors
    /// [`ErrorKind::Recipe`] when the recipe works on a field that the dataset is known not to have, or to have as something
    /// else than text: when all of its files are columnar, so that their schemas say so.
    pub fn preview(&self, sources: &[Source]) -> Result<Preview> {
        let sampled = sample(sources, &self.media_fields(), DEFAULT_SAMPLE_BYTES);
        validate(&self.recipe.dataset.validators, &sampled.blocks, sources)?;
        let mut look = Look::new(self)?;
        for mut lines in sampled.blocks {
            let source = sources.get(lines.source as usize);
            // A columnar file is looked at as what it is.
            if !source.is_some_and(Source::is_columnar) {
                look.at_lines(&mut lines);
            }
        }
        let tables: Vec<&Source> = sources
            .iter()
            .filter(|source| source.is_columnar())
            .collect();
        let all_seen = tables.len() == sources.len() && tables.len() <= TABLES;
        for source in tables.iter().take(TABLES) {
            // What cannot be read is told where it is read for good.
            if let Err(error @ DatasetError::MissingColumn { .. }) = look.at_table(source) {
                return Err(wrong_recipe(error));
            }
        }
        sources.iter().try_for_each(check_csv_columns)?;
        let findings = look.findings(&self.chain_settings.text_key);
        if let Some(first) = findings.first().filter(|_| all_seen) {
            return Err(Error::new(ErrorKind::Recipe, first.clone()));
        }
        let auto = self.recipe.partition.auto_configure;
        let sizing = auto.then(|| choose(&self.sizing_facts(&sampled.seen, look.cost())));
        Ok(Preview {
            seen: sampled.seen,
            fields: look.fields,
            warnings: findings,
            sizing,
        })
    }

    /// Returns whether the recipe's operators are run over the sample, to see what they cost.
    fn measures_operators(&self) -> bool {
        let mut operators = self.pipeline.operators().iter();
        // What leaves the machine is not asked for a measurement. Where the recipe wants worker processes, a record may
        // kill the process that works on it, and here that would be the driver, at every start.
        // What needs the whole dataset is not asked about a sample.
        let is_own = |operator: &ResolvedOperator| {
            operator.determinism() != Determinism::External && operator.barrier().is_none()
        };
        self.recipe.partition.auto_configure && !self.wants_processes() && operators.all(is_own)
    }

    fn media_fields(&self) -> MediaFields {
        let fields = &self.recipe.fields;
        MediaFields {
            text: fields.text_keys.clone(),
            image: fields.image_key.clone(),
            audio: fields.audio_key.clone(),
            video: fields.video_key.clone(),
        }
    }

    fn sizing_facts(&self, seen: &SampledRecords, cost_nanos_per_byte: Option<f64>) -> SizingFacts {
        let (recipe, partition) = (&self.recipe, &self.recipe.partition);
        SizingFacts {
            sample: seen.clone(),
            cost_nanos_per_byte,
            operators: recipe.process.len() as u32,
            workers: self.workers as u32,
            memory_limit_bytes: self.memory_limit_bytes(),
            target_bytes: partition.target_size_mb << 20,
            max_concurrent: partition.max_concurrent_partitions,
            total_bytes: 0,
        }
    }
}

/// The columns that are asked for must be there.
fn check_csv_columns(source: &Source) -> Result<()> {
    let Format::Csv(dialect) = &source.format else {
        return Ok(());
    };
    let names: Vec<&str> = dialect
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let missing = source
        .columns
        .iter()
        .find(|name| !names.contains(&name.as_str()));
    missing.map_or(Ok(()), |name| {
        Err(wrong_recipe(DatasetError::MissingColumn {
            path: source.identity.path.clone(),
            column: name.clone(),
            columns: names.join(", "),
        }))
    })
}

fn wrong_recipe(error: DatasetError) -> Error {
    Error::new(
        ErrorKind::Recipe,
        format!("load_dataset_kwargs.columns: {error}"),
    )
}

/// What was seen so far.
struct Look {
    pipeline: Pipeline,
    /// The operators, where the recipe is run over what is looked at, to see what it costs.
    chain: Option<Chain>,
    batch: Batch,
    fields: FieldsSeen,
    /// By declared field.
    columns: Vec<Column>,
    bytes: u64,
    nanos: u64,
}

/// What records have in a declared field.
#[derive(Clone, Default)]
struct Column {
    texts: u64,
    missing: u64,
    /// Records with something else, and what the first of them has.
    others: u64,
    other: String,
}

impl Look {
    fn new(prepared: &Prepared) -> Result<Self> {
        let columns = vec![Column::default(); prepared.pipeline.fields().len()];
        let chain = match prepared.measures_operators() {
            true => Some(prepared.pipeline.instantiate(&prepared.shared)?),
            false => None,
        };
        Ok(Self {
            pipeline: prepared.pipeline.clone(),
            chain,
            batch: Batch::default(),
            fields: FieldsSeen::default(),
            columns,
            bytes: 0,
            nanos: 0,
        })
    }

    fn at_lines(&mut self, lines: &mut coldpress_record::Lines) {
        let started = Instant::now();
        let bytes = lines.bytes.len() as u64;
        // What is no record is told where it is read for good.
        self.batch
            .fill(lines, self.pipeline.fields(), &mut Vec::new());
        self.fields.join(&self.batch.take_seen());
        self.at_batch(|_| true);
        self.run(started, bytes);
    }

    fn at_table(&mut self, source: &Source) -> coldpress_dataset::Result<()> {
        let file = TableFile::open(source)?.with_memory(LOOK_BYTES);
        let rows = file.rows().min(TABLE_ROWS);
        self.at_columns(&file, rows);
        let paths = self.pipeline.fields().paths().iter();
        let kinds = paths.map(|path| file.kind_of(path.name()));
        let is_json: Vec<bool> = kinds.map(|kind| kind == Some(ColumnKind::Json)).collect();
        let mut stream = file.stream(0..rows)?;
        while let Some(rows) = stream.next_rows()? {
            let started = Instant::now();
            let (count, bytes) = (rows.num_rows() as u64, rows.get_array_memory_size() as u64);
            let rows = Arc::new(TableRows::new(rows));
            rows.fill(&mut self.batch, 0, 0..count, self.pipeline.fields());
            rows.note_fields(&mut self.fields, 0, 0);
            self.at_batch(|at| is_json[at]);
            self.run(started, bytes);
        }
        Ok(())
    }

    /// Takes from the types of columns what their values are: nulls and dates say nothing of it by how they look.
    fn at_columns(&mut self, file: &TableFile, rows: u64) {
        let paths = self.pipeline.fields().paths().iter();
        for (path, column) in paths.zip(&mut self.columns) {
            match file.kind_of(path.name()) {
                None => column.missing += rows,
                Some(ColumnKind::Text) => column.texts += rows,
                Some(ColumnKind::Json) => {}
                Some(ColumnKind::Other(name)) => {
                    column.other = name.to_owned();
                    column.others += rows;
                }
            }
        }
    }

    /// Looks at the values of the fields that are `asked` for.
    fn at_batch(&mut self, asked: impl Fn(usize) -> bool) {
        let batch = &self.batch;
        let columns = self.columns.iter_mut().enumerate();
        for (at, column) in columns.filter(|(at, _)| asked(*at)) {
            for row in 0..batch.rows() {
                match batch.text(at, row) {
                    Ok(_) => column.texts += 1,
                    Err(FieldError::Missing) => column.missing += 1,
                    Err(FieldError::LoneSurrogate) => {}
                    Err(FieldError::NotText(kind)) => {
                        if column.others == 0 {
                            column.other = kind.to_string();
                        }
                        column.others += 1;
                    }
                }
            }
        }
    }

    /// Runs the recipe over the batch, where its cost is to be measured.
    fn run(&mut self, started: Instant, bytes: u64) {
        let Some(chain) = &mut self.chain else {
            return;
        };
        let (steps, mut tally) = (0..chain.len(), chain.tally());
        chain.begin(&mut self.batch);
        // A record that an operator fails on is reported where it is processed for good.
        let _ = chain.run(&mut self.batch, steps, &mut tally);
        self.bytes += bytes;
        self.nanos += started.elapsed().as_nanos() as u64;
    }

    /// Returns what a byte costs, in nanoseconds of one worker.
    fn cost(&self) -> Option<f64> {
        (self.bytes > 0).then(|| self.nanos as f64 / self.bytes as f64)
    }

    fn findings(&self, text_key: &str) -> Vec<String> {
        let names = self
            .pipeline
            .fields()
            .paths()
            .iter()
            .map(|path| path.name());
        let columns = names.zip(&self.columns).enumerate();
        // Statistics are there once filters have computed them, suffixes once records are read, and what an operator sets
        // need not be there before.
        let suffix = self.pipeline.suffix_field();
        let setting = self.pipeline.operators().iter();
        let setting = setting.filter(|operator| operator.sets_values());
        let set: Vec<&str> = setting
            .flat_map(|operator| operator.fields())
            .map(String::as_str)
            .collect();
        let is_expected = |at: usize, name: &str| {
            !is_of_stats(name) && suffix != Some(at) && !set.contains(&name)
        };
        let columns = columns.filter(|(at, (name, _))| is_expected(*at, name));
        columns
            .filter_map(|(_, (name, column))| self.finding(name, column, name == text_key))
            .collect()
    }

    fn finding(&self, name: &str, column: &Column, is_text: bool) -> Option<String> {
        if column.texts > 0 || column.missing + column.others == 0 {
            return None;
        }
        if column.others == 0 {
            return Some(format!(
                "no record that was looked at has the field `{name}`{}{}",
                self.hint(name),
                if is_text {
                    "; `text_keys` says which field is the text"
                } else {
                    ""
                }
            ));
        }
        is_text.then(|| {
            let kind = &column.other;
            format!("the field `{name}` is {kind}, not text, in all records that were looked at; `text_keys` says which field is the text")
        })
    }

    /// Returns what there is instead of a field.
    fn hint(&self, name: &str) -> String {
        const LISTED: usize = 8;
        let fields: Vec<&str> = self
            .fields
            .fields
            .iter()
            .map(|field| field.name.as_str())
            .collect();
        let near = nearest(name, fields.iter().copied());
        let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        let listed: Vec<String> = fields
            .iter()
            .take(LISTED)
            .map(|field| format!("`{field}`"))
            .collect();
        let more = if fields.len() > LISTED { ", …" } else { "" };
        match listed.is_empty() {
            true => near,
            false => format!("{near} (they have {}{more})", listed.join(", ")),
        }
    }
}

/// Returns whether a field is that of the statistics, or one of them.
fn is_of_stats(name: &str) -> bool {
    let path = name.strip_prefix(STATS_FIELD);
    path.is_some_and(|path| path.is_empty() || path.starts_with('.'))
}
