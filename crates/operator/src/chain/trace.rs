//! Traces of an operator's work on a batch.

use coldpress_record::{Batch, DeclaredFields, JsonKind, scan, unescape_into};

use super::apply::apply;
use super::step::{Site, Step};
use super::work::BatchProgress;
use crate::mapper::Changes;
use crate::record::RecordError;
use crate::resolved::Body;
use crate::trace::{Excerpt, RecordExcerpt, Sample, Shown};

/// Applies the changes that an operator reported. If the record is in the sample, also shows the change to the text.
pub(super) fn change(
    changes: &Changes,
    site: &Site,
    batch: &mut Batch,
    row: usize,
    sample: Option<&mut Sample>,
) -> Result<(), RecordError> {
    let Some(sample) = sample.filter(|_| may_change_text(changes, site)) else {
        return apply(changes, site, batch, row);
    };
    let Some(rank) = sample.rank(batch.origin(row)) else {
        return apply(changes, site, batch, row);
    };
    let (keys, original) = (keys(batch, row, sample), text(site, batch, row));
    apply(changes, site, batch, row)?;
    let processed = text(site, batch, row);
    if processed != original {
        let shown = changed(keys, &original, &processed, sample);
        sample.take(rank, batch.origin(row).clone(), shown);
    }
    Ok(())
}

fn changed(
    keys: Vec<(String, Excerpt)>,
    original: &Value,
    processed: &Value,
    sample: &Sample,
) -> Shown {
    Shown::Changed {
        keys,
        original: original.excerpt(sample),
        processed: processed.excerpt(sample),
    }
}

/// Returns whether the changes may affect the text. For changes to the record as a whole, only a comparison can show it.
fn may_change_text(changes: &Changes, site: &Site) -> bool {
    if !changes.of_whole().is_empty() {
        return true;
    }
    site.text.is_some_and(|text| {
        !changes.edits()[text].is_empty()
            || changes.values().iter().any(|(field, _)| *field == text)
    })
}

/// Shows the records that an operator dropped, and the records that it made of others.
pub(super) fn after_step(
    step: &Step,
    batch: &Batch,
    fields: &DeclaredFields,
    rows: &[u32],
    progress: &BatchProgress,
    sample: &mut Sample,
) {
    match step.body {
        Body::Filter(_) | Body::BatchFilter(_) => {
            for row in progress.dropped(rows) {
                let row = row as usize;
                if let Some(rank) = sample.rank(batch.origin(row)) {
                    let shown = dropped(&step.site, batch, fields, row, sample);
                    sample.take(rank, batch.origin(row).clone(), shown);
                }
            }
        }
        Body::Splitter(_) => {
            for child in &progress.children {
                trace_child(&step.site, batch, child, sample);
            }
        }
        // Changes by mappers are traced as they are made, and removals at a barrier by the barrier.
        Body::Mapper(_) | Body::BatchMapper(_) | Body::Signer(_) => {}
    }
}

/// Returns a dropped record with its statistics, and the values of those that decided.
fn dropped(
    site: &Site,
    batch: &Batch,
    fields: &DeclaredFields,
    row: usize,
    sample: &Sample,
) -> Shown {
    let mut line = Vec::new();
    // Statistics of later operators, which the record may have come with, depend on what these are.
    batch.write_record_with_first_stats(row, fields, site.stats_so_far, &mut line);
    line.pop();
    let stats = site.operator.stats.iter().zip(&site.stat_columns);
    let stats = stats.filter_map(|(stat, column)| {
        let mut json = Vec::new();
        batch.stats().get(*column, row)?.write_json(&mut json);
        Some((stat.name.clone(), String::from_utf8(json).ok()?))
    });
    Shown::Dropped {
        record: RecordExcerpt::of(&String::from_utf8_lossy(&line), sample.shown_bytes),
        stats: stats.collect(),
    }
}

/// Shows a record that a splitter made, next to the original.
fn trace_child(site: &Site, batch: &Batch, child: &(u32, u32, String), sample: &mut Sample) {
    let (row, index, made) = child;
    let row = *row as usize;
    let parent = batch.origin(row);
    let Some(rank) = sample.rank_of_child(parent, *index) else {
        return;
    };
    let (original, processed) = match site.splits_records() {
        true => {
            let key = &site.operator.text_key;
            (text_in(&batch.record(row), key), text_in(made, key))
        }
        false => (cell(batch, site.columns[0], row), Value::Text(made.clone())),
    };
    if original != processed {
        let keys = keys(batch, row, sample);
        let shown = changed(keys, &original, &processed, sample);
        sample.take(rank, parent.child(*index), shown);
    }
}

/// A field of a record as a whole.
#[derive(PartialEq)]
enum Value {
    Text(String),
    Json(String),
}

impl Value {
    /// The form that Data-Juicer has for a record that lacks the field.
    const NONE: Self = Self::Text(String::new());

    fn excerpt(&self, sample: &Sample) -> Excerpt {
        match self {
            Self::Text(text) => Excerpt::of_text(text, sample.shown_bytes),
            Self::Json(json) => Excerpt::of_json(json, sample.shown_bytes),
        }
    }
}

/// Returns the current text of a row.
fn text(site: &Site, batch: &Batch, row: usize) -> Value {
    match site.text {
        Some(text) => cell(batch, site.columns[text], row),
        // No operator declared it.
        None => text_in(&batch.record(row), &site.operator.text_key),
    }
}

fn cell(batch: &Batch, column: usize, row: usize) -> Value {
    match batch.text(column, row) {
        Ok(text) => Value::Text(text.to_owned()),
        Err(_) => {
            let json = batch.json(column, row);
            json.map_or(Value::NONE, |json| Value::Json(json.into_owned()))
        }
    }
}

fn text_in(record: &str, key: &str) -> Value {
    let (mut found, mut text) = (Vec::new(), String::new());
    let field = DeclaredFields::new([key]);
    let json = scan(record, &field, &mut found).ok().and_then(|()| {
        let slot = found.first().filter(|slot| slot.kind != JsonKind::Absent)?;
        record.get(slot.start as usize..slot.end as usize)
    });
    let Some(json) = json else {
        return Value::NONE;
    };
    let inside = json
        .strip_prefix('"')
        .and_then(|json| json.strip_suffix('"'));
    match inside.map(|inside| unescape_into(inside, &mut text)) {
        Some(Ok(())) => Value::Text(text),
        _ => Value::Json(json.to_owned()),
    }
}

/// Returns the fields of a record that the recipe wants to show.
fn keys(batch: &Batch, row: usize, sample: &Sample) -> Vec<(String, Excerpt)> {
    if sample.keys.is_empty() {
        return Vec::new();
    }
    let (record, mut found) = (batch.record(row), Vec::new());
    let is_record = scan(&record, &sample.keys, &mut found).is_ok();
    let paths = sample.keys.paths().iter().enumerate();
    let value = |(at, path): (usize, &coldpress_record::FieldPath)| {
        let slot = found
            .get(at)
            .filter(|slot| is_record && slot.kind != JsonKind::Absent);
        let json = slot.and_then(|slot| record.get(slot.start as usize..slot.end as usize));
        let value = Excerpt::of_json(json.unwrap_or("null"), sample.shown_bytes);
        (path.name().to_owned(), value)
    };
    paths.map(value).collect()
}
