//! How much of each path of the dataset comes into a job, where the recipe has weights or a number of records.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use coldpress_config::Recipe;
use coldpress_dataset::Source;
use coldpress_operator::OperatorKind;
use coldpress_partition::{CopyPlace, Copying, Cut, CutSettings, Cutter, Mixing, Part};
use coldpress_storage::MemoryStore;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

use crate::error::{Error, ErrorKind, Result};
use crate::prepare::Prepared;

/// A path is read at most so often. More is no mixture any more, and each reading makes a plan longer.
const MOST_READINGS: u64 = 1_000;

/// Sources of a plan, at most, where paths are read several times.
const MOST_SOURCES: u64 = 1_000_000;

/// What a recipe asks for of each path.
enum Asked<'r> {
    /// All records, once.
    Whole,
    /// Each record this often.
    Times(Vec<f64>),
    /// So many records of all paths together, by their weights.
    Total { records: u64, recipe: &'r Recipe },
}

impl Prepared {
    fn asked(&self) -> Asked<'_> {
        let (recipe, dataset) = (&self.recipe, &self.recipe.dataset);
        let weights: Vec<f64> = dataset.inputs.iter().map(|input| input.weight).collect();
        match dataset.max_sample_num {
            Some(records) => Asked::Total { records, recipe },
            None if self.ignores_weights() => Asked::Whole,
            None if weights.iter().all(|weight| *weight == 1.0) => Asked::Whole,
            None => Asked::Times(weights),
        }
    }

    /// Returns whether weights have no effect, as in Data-Juicer without `max_sample_num`.
    fn ignores_weights(&self) -> bool {
        self.recipe.compat.is_some() && self.recipe.dataset.max_sample_num.is_none()
    }

    /// Remarks on the weights, a sentence each.
    #[must_use]
    pub fn mixing_notes(&self) -> Vec<String> {
        let inputs = &self.recipe.dataset.inputs;
        let mut notes = Vec::new();
        if self.ignores_weights() && inputs.iter().any(|input| input.weight != 1.0) {
            notes.push(
                "`compat: data_juicer`: weights have no effect without `dataset.max_sample_num`, so every path is read \
                 whole"
                    .to_owned(),
            );
        }
        notes
    }

    /// Remarks on what comes in of a dataset, a sentence each.
    #[must_use]
    pub fn notes_of(&self, mixing: &Mixing) -> Vec<String> {
        let notes = [self.note_of_few(mixing), self.note_of_repeats(mixing)];
        notes.into_iter().flatten().collect()
    }

    /// A remark on a single path with fewer records than were asked for.
    fn note_of_few(&self, mixing: &Mixing) -> Option<String> {
        let total = self.recipe.dataset.max_sample_num?;
        let [part] = mixing.parts.as_slice() else {
            return None;
        };
        let path = self.recipe.dataset.shown_paths().next()?;
        (part.taken() < total).then(|| {
            format!(
                "`{path}` has fewer records than `dataset.max_sample_num` asks for, and a single path is not repeated: each of \
                 its records comes in once"
            )
        })
    }

    /// A remark on records that come in several times, where the recipe removes their repeats again.
    fn note_of_repeats(&self, mixing: &Mixing) -> Option<String> {
        let mut parts = mixing.parts.iter();
        let mut operators = self.pipeline.operators().iter();
        let removing = operators.find(|one| one.kind() == OperatorKind::Deduplicator);
        let removing = removing.filter(|_| parts.any(|part| part.all_readings() > 1))?;
        Some(format!(
            "the recipe repeats records of its dataset, and `{}` removes the repeats",
            removing.name()
        ))
    }

    /// Returns whether the records of each path must be known before it can be said which of them come in.
    pub(crate) fn must_count(&self) -> bool {
        match self.asked() {
            Asked::Whole => false,
            Asked::Times(weights) => weights.iter().any(|weight| weight.fract() != 0.0),
            Asked::Total { .. } => true,
        }
    }

    /// Returns how the dataset is mixed, where its paths have this many sources and records; none = every path is read
    /// whole, once. The counts are not asked for where nobody must count.
    ///
    /// # Errors
    /// [`ErrorKind::Recipe`] when a path would have to be read too often, [`ErrorKind::Input`] when it has no records to draw
    /// from.
    pub fn mixing(&self, of_paths: &[usize], records: &[u64]) -> Result<Option<Mixing>> {
        let parts = of_paths.iter().zip(0..).map(|(sources, at)| Part {
            sources: u32::try_from(*sources).unwrap_or(u32::MAX),
            records: records.get(at).copied().unwrap_or(0),
            readings: 1,
            drawn: 0,
        });
        let parts: Vec<Part> = parts.collect();
        let parts: Vec<Part> = match self.asked() {
            Asked::Whole => return Ok(None),
            Asked::Times(weights) => {
                let parts = parts.into_iter().zip(weights);
                parts.map(|(part, weight)| times(part, weight)).collect()
            }
            Asked::Total { records, recipe } => {
                let shares = shares(recipe, records, &parts);
                self.check_shares(&parts, &shares)?;
                let parts = parts.into_iter().zip(shares);
                parts
                    .map(|(part, share)| part.with_records(share))
                    .collect()
            }
        };
        self.check_readings(&parts)?;
        Ok(Some(Mixing { parts }))
    }

    fn check_shares(&self, parts: &[Part], shares: &[u64]) -> Result<()> {
        let mut parts = parts
            .iter()
            .zip(shares)
            .zip(self.recipe.dataset.shown_paths());
        let empty = parts.find(|((part, share), _)| part.records == 0 && **share > 0);
        empty.map_or(Ok(()), |((_, share), path)| {
            let message = format!(
                "`dataset.max_sample_num` asks for {share} records of `{path}`, which has none; leave it out, or give it a \
                 weight of 0"
            );
            Err(Error::new(ErrorKind::Input, message))
        })
    }

    fn check_readings(&self, parts: &[Part]) -> Result<()> {
        let mut named = parts.iter().zip(self.recipe.dataset.shown_paths());
        if let Some((part, path)) = named.find(|(part, _)| part.readings > MOST_READINGS) {
            let message = format!(
                "each record of `{path}` would come in {} times, and {MOST_READINGS} are allowed; lower its weight or \
                 `dataset.max_sample_num`",
                part.readings
            );
            return Err(Error::of_key(&self.recipe, "dataset_path", message));
        }
        let sources = parts
            .iter()
            .map(|part| u64::from(part.sources) * part.all_readings());
        let sources: u64 = sources.sum();
        let has_repeats = parts.iter().any(|part| part.all_readings() > 1);
        if has_repeats && sources > MOST_SOURCES {
            let message = format!(
                "the files of the dataset would be read {sources} times altogether, and {MOST_SOURCES} are allowed; lower the weights, or put \
                 small files together"
            );
            return Err(Error::of_key(&self.recipe, "dataset_path", message));
        }
        Ok(())
    }

    /// Returns how this recipe mixes a dataset that a plan knows, whose mixture is `planned`; none where the plan does not
    /// say how many records it has.
    pub(crate) fn mixing_like(
        &self,
        planned: Option<&Mixing>,
        of_paths: &[usize],
    ) -> Result<Option<Option<Mixing>>> {
        let records = planned.map_or_else(Vec::new, |mixing| {
            mixing.parts.iter().map(|part| part.records).collect()
        });
        let is_counted = records.iter().any(|records| *records > 0);
        if self.must_count() && !is_counted {
            return Ok(None);
        }
        self.mixing(of_paths, &records).map(Some)
    }
}

/// A part whose records come in this often each. Of a fraction, the nearest number of records is drawn, but at least one.
fn times(part: Part, weight: f64) -> Part {
    let drawn = (weight.fract() * part.records as f64).round() as u64;
    let least = u64::from(weight.fract() > 0.0).min(part.records);
    let (drawn, whole) = (drawn.max(least), weight.trunc() as u64);
    match drawn < part.records || drawn == 0 {
        true => Part {
            readings: whole,
            drawn,
            ..part
        },
        // Rounded up to all of them.
        false => Part {
            readings: whole + 1,
            drawn: 0,
            ..part
        },
    }
}

/// How many records each path gives to so many of all.
fn shares(recipe: &Recipe, total: u64, parts: &[Part]) -> Vec<u64> {
    let weights = recipe.dataset.inputs.iter().map(|input| input.weight);
    let weights: Vec<f64> = weights.collect();
    if recipe.compat.is_some() {
        return rounded_up(total, &weights);
    }
    let mut shares = nearest(total, &weights);
    // Without others there is no proportion to keep, and a most is a most.
    if let ([share], [part]) = (shares.as_mut_slice(), parts) {
        *share = (*share).min(part.records);
    }
    shares
}

/// Shares as near to the weights as whole numbers can be: all are rounded down, and what is left goes to those that lost
/// most, the first of several.
fn nearest(total: u64, weights: &[f64]) -> Vec<u64> {
    let sum: f64 = weights.iter().sum();
    let exact: Vec<f64> = weights
        .iter()
        .map(|weight| total as f64 * (weight / sum))
        .collect();
    let mut shares: Vec<u64> = exact.iter().map(|share| share.floor() as u64).collect();
    let left = total.saturating_sub(shares.iter().sum());
    let mut order: Vec<usize> = (0..weights.len()).filter(|at| weights[*at] > 0.0).collect();
    // The order of equal ones stays.
    order.sort_by(|one, other| exact[*other].fract().total_cmp(&exact[*one].fract()));
    for at in order.iter().cycle().take(left as usize) {
        shares[*at] += 1;
    }
    shares
}

/// Data-Juicer's shares: all are rounded up, and the last ones get what is left, which may be nothing.
fn rounded_up(total: u64, weights: &[f64]) -> Vec<u64> {
    let sum: f64 = weights.iter().sum();
    let mut left = total;
    let share = |weight: &f64| {
        let share = ((total as f64 * (weight / sum)).ceil() as u64).min(left);
        left -= share;
        share
    };
    weights.iter().map(share).collect()
}

/// The sources in the order in which they are read, each as often as its part is.
pub(crate) fn mixed(sources: &[Source], of_paths: &[usize], mixing: &Mixing) -> Vec<Source> {
    let (mut read, mut rest) = (Vec::new(), sources);
    for (part, count) in mixing.parts.iter().zip(of_paths) {
        let (own, others) = rest.split_at((*count).min(rest.len()));
        for _ in 0..part.all_readings() {
            read.extend_from_slice(own);
        }
        rest = others;
    }
    read
}

/// What comes in of a part, for people.
pub(crate) fn described(part: &Part) -> String {
    let times = |count: u64| match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    };
    match (part.readings, part.drawn) {
        (0, 0) => "left out".to_owned(),
        (readings, 0) => format!("all records {}", times(readings)),
        (0, drawn) => format!("{drawn} of {} records are drawn", part.records),
        (readings, drawn) => format!(
            "all records {}, and {drawn} of {} once more",
            times(readings),
            part.records
        ),
    }
}

/// Counts the records of each path, as they will be planned. None = it was stopped.
///
/// # Errors
/// When a source cannot be read.
pub(crate) fn count(
    sources: &[Source],
    of_paths: &[usize],
    prepared: &Prepared,
    stop: &AtomicBool,
) -> Result<Option<Vec<u64>>> {
    let settings = CutSettings {
        copying: Copying::Never,
        shares: Vec::new(),
        limit: None,
        ..prepared.cut.clone()
    };
    let threads = ThreadPoolBuilder::new()
        .num_threads(prepared.workers)
        .build()
        .map_err(|error| Error::because(ErrorKind::Failed, "cannot start threads", error))?;
    let counts = threads.install(|| {
        let counts = sources.par_iter();
        let counts = counts.map(|source| count_source(source, &settings, stop));
        counts.collect::<Result<Option<Vec<u64>>>>()
    })?;
    let Some(counts) = counts else {
        return Ok(None);
    };
    let mut rest = counts.as_slice();
    let of_path = of_paths.iter().map(|count| {
        let (own, others) = rest.split_at((*count).min(rest.len()));
        rest = others;
        own.iter().sum()
    });
    Ok(Some(of_path.collect()))
}

fn count_source(source: &Source, settings: &CutSettings, stop: &AtomicBool) -> Result<Option<u64>> {
    let nowhere = CopyPlace::new(Arc::new(MemoryStore::new()), 0);
    let mut cutter = Cutter::new(vec![source.clone()], settings.clone(), nowhere);
    let mut records = 0;
    while let Some(cut) = cutter.next_cut()? {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        if let Cut::Partition(partition) = cut {
            records += partition.slice.records;
        }
    }
    Ok(Some(records))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_as_near_to_the_weights_as_can_be() {
        for (total, weights, expected, compat) in [
            (10, &[1.0, 1.0, 1.0][..], &[4, 3, 3][..], &[4, 4, 2][..]),
            (10, &[1.0], &[10], &[10]),
            (100, &[0.7, 0.3], &[70, 30], &[70, 30]),
            (7, &[0.0, 2.0, 1.0], &[0, 5, 2], &[0, 5, 2]),
            (1, &[1.0, 3.0], &[0, 1], &[1, 0]),
            (5, &[1.0; 4], &[2, 1, 1, 1], &[2, 2, 1, 0]),
        ] {
            assert_eq!(nearest(total, weights), expected, "{total} {weights:?}");
            assert_eq!(rounded_up(total, weights), compat, "{total} {weights:?}");
        }
    }

    #[test]
    fn weights_are_how_often_records_come_in() {
        let part = |records| Part {
            sources: 1,
            records,
            readings: 1,
            drawn: 0,
        };
        for (records, weight, expected) in [
            (100, 0.07, (0, 7)),
            (10, 2.3, (2, 3)),
            (10, 1.0, (1, 0)),
            (10, 0.0, (0, 0)),
            (10, 0.01, (0, 1)),
            (10, 0.99, (1, 0)),
            (0, 0.5, (0, 0)),
            (3, 0.5, (0, 2)),
        ] {
            let part = times(part(records), weight);
            assert_eq!(
                (part.readings, part.drawn),
                expected,
                "{weight} of {records}"
            );
        }
    }
}
