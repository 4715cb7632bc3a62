//! Checks that the sources that are found are those that the job was planned over.

use std::collections::HashSet;

use coldpress_dataset::{Source, SourceIdentity, Touched};
use coldpress_job::{JobPlan, JobState};
use coldpress_partition::{Mixing, verify_slices};

use crate::error::{Error, ErrorKind, Result};
use crate::prepare::Prepared;
use crate::reading::change;
use crate::spelled::{counted, grouped};

/// What is known of the sources of a plan, in its order.
pub(crate) struct MatchedSources {
    /// The time of the last change of each, as it was found.
    pub(crate) modified: Vec<u64>,
    /// Whether each lies elsewhere than it was planned.
    pub(crate) moved: Vec<bool>,
}

/// Makes sure that the recipe mixes the paths of the dataset as the plan does.
///
/// # Errors
/// [`ErrorKind::Refused`] when it does not.
pub(crate) fn match_mixing(prepared: &Prepared, plan: &JobPlan, of_paths: &[usize]) -> Result<()> {
    let now = prepared.mixing_like(plan.mixing.as_ref(), of_paths)?;
    if now.as_ref() == Some(&plan.mixing) {
        return Ok(());
    }
    // Other files are told of as such, where they are compared.
    let sources =
        |mixing: &Mixing| -> Vec<u32> { mixing.parts.iter().map(|part| part.sources).collect() };
    let now = now.flatten();
    if let (Some(now), Some(planned)) = (&now, &plan.mixing)
        && sources(now) != sources(planned)
    {
        return Ok(());
    }
    let message = "the weights of `dataset.configs` or `dataset.max_sample_num` changed after the job was planned; undo the \
                   change, or run with `--fresh`";
    Err(Error::new(ErrorKind::Refused, message))
}

/// Makes sure that these sources are those of the plan: same files, same lengths, same samples, read in the same way. They
/// get the identities of the plan, as a touched file has the same content.
///
/// # Errors
/// [`ErrorKind::Refused`] with what changed.
pub(crate) fn match_plan(
    prepared: &Prepared,
    plan: &JobPlan,
    sources: &mut [Source],
) -> Result<MatchedSources> {
    let refused = |what: String| {
        let message = format!(
            "{what} after the job was planned; run with `--fresh` to process the new content"
        );
        Err(Error::new(ErrorKind::Refused, message))
    };
    if plan.sources.len() != sources.len() {
        let (had, has) = (plan.sources.len(), sources.len());
        let by_suffix = prepared.pipeline.suffix_field().is_some();
        if by_suffix || sources.iter().any(Source::is_joined) {
            return refused(format!(
                "the dataset was read as {had} sources and is read as {has} (files were added or removed, or \
                 `suffix_filter` was: with it, small files of different suffixes are not read as one)"
            ));
        }
        // A file that is repeated is several sources.
        let now = sources.iter().map(|source| &source.identity);
        let (had, has) = (different(&plan.sources), different(now));
        return refused(match had == has {
            true => "the files of the dataset changed, or how often they are read,".to_owned(),
            false => format!(
                "the dataset had {} and has {}",
                counted(had as u64, "file"),
                grouped(has as u64)
            ),
        });
    }
    if plan.limit != prepared.recipe.limit {
        return refused("`limit` changed".to_owned());
    }
    for (planned, now) in plan.sources.iter().zip(&*sources) {
        // The location of the input is not part of its identity; a source at the same place is compared more closely below.
        if planned.path != now.identity.path && !planned.looks_like(&now.identity) {
            return refused(format!("`{}` became `{}`", planned.path, now.identity.path));
        }
    }
    let reading = prepared.reading(sources);
    // The identities of the plan stay: a touched file has the same content.
    let (mut modified, mut moved) = (Vec::new(), Vec::new());
    for (source, planned) in sources.iter_mut().zip(&plan.sources) {
        modified.push(source.identity.modified_nanos);
        moved.push(source.stand_for(planned));
    }
    if let Some(planned) = plan.reading.as_ref()
        && let Some(change) = change(planned, &reading)
    {
        // A file that changed may be read in another way too, and then that is the reason.
        for source in sources.iter() {
            source.check_unchanged()?;
        }
        let message = format!(
            "{change} after the job was planned, and its files would be read differently now; \
             undo the change, or run with `--fresh`"
        );
        return Err(Error::new(ErrorKind::Refused, message));
    }
    Ok(MatchedSources { modified, moved })
}

/// Counts the files among these sources, of which a mixture names some several times.
fn different<'s>(sources: impl IntoIterator<Item = &'s SourceIdentity>) -> usize {
    let paths: HashSet<&str> = sources.into_iter().map(|one| one.path.as_str()).collect();
    paths.len()
}

/// Makes sure that a source is what was planned; the slices of one that was touched are hashed again.
///
/// # Errors
/// [`ErrorKind::Refused`] when it changed.
pub(crate) fn check_source(
    source: &Source,
    index: usize,
    state: &JobState,
    max_record_bytes: u64,
) -> Result<()> {
    if source.check_unchanged()? == Touched::Touched {
        let slices = state.partitions().map(|partition| &partition.slice);
        let slices: Vec<_> = slices
            .filter(|slice| slice.source as usize == index)
            .collect();
        verify_slices(source, &slices, max_record_bytes)?;
    }
    Ok(())
}
