//! Intermediate data: the records after each operator, for people. Nobody cites it.

mod file;

use coldpress_checkpoint::Manifest;
use coldpress_operator::Chain;
use coldpress_record::Batch;
use coldpress_storage::{AttemptName, ObjectKey, Place};

use crate::attempt::Assignment;
use crate::error::AttemptError;
use crate::spec::IntermediateForm;
use crate::tee::at_point;
use file::IntermediateFile;

/// The files of an attempt, one per operator that it applies.
pub(crate) struct Intermediate {
    first: usize,
    files: Vec<(IntermediateFile, AttemptName)>,
}

impl Intermediate {
    /// The files of the operators from `first` to before `last`.
    pub(crate) fn create(
        work: Assignment<'_>,
        form: IntermediateForm,
        (first, last): (usize, usize),
        chain: &Chain,
    ) -> Result<Self, AttemptError> {
        let names = chain.names().enumerate().take(last).skip(first);
        let file = |(operation, operator): (usize, &str)| {
            let name = work.attempt.name().of_operator(operation as u32, operator);
            let name = name.suffix(form.format.suffix(form.compression));
            let key = ObjectKey::new(Place::Intermediate, name.object()?);
            let out = work.stores.put_new(Place::Intermediate, &key.name)?;
            let path = work.stores.path_of(&key);
            let folder = path.as_deref().and_then(std::path::Path::parent);
            Ok((IntermediateFile::create(out, form, folder)?, name))
        };
        let files = names.map(file).collect::<Result<_, AttemptError>>()?;
        Ok(Self { first, files })
    }

    /// Adds the records after an operator.
    pub(crate) fn write(
        &mut self,
        operation: usize,
        batch: &Batch,
        chain: &Chain,
    ) -> Result<(), AttemptError> {
        match self.files.get_mut(operation.saturating_sub(self.first)) {
            Some((file, ..)) => file.write(batch, chain.fields()),
            None => Ok(()),
        }
    }

    /// Completes the files, which take the place of those of earlier attempts. `whole` is what is true of the whole attempt.
    pub(crate) fn finish(self, work: Assignment<'_>, whole: &Manifest) -> Result<(), AttemptError> {
        let mut names = Vec::new();
        for (place, (file, name)) in self.files.into_iter().enumerate() {
            let manifest = Manifest {
                operation: (self.first + place + 1) as u32,
                rows: file.rows(),
                types: None,
                ..whole.clone()
            };
            file.finish(&at_point(work, manifest)?)?;
            names.push(name);
        }
        remove_earlier(work, &names)
    }
}

/// Removes what earlier attempts kept of the same operators.
fn remove_earlier(work: Assignment<'_>, made: &[AttemptName]) -> Result<(), AttemptError> {
    let is_replaced = |found: &AttemptName| {
        let same = |one: &&AttemptName| {
            (one.stage(), one.partition(), one.label())
                == (found.stage(), found.partition(), found.label())
        };
        made.iter().find(same).is_some_and(|one| one != found)
    };
    let prefix = format!("partition_{:06}_", work.attempt.task.partition);
    for object in work.stores.list(Place::Intermediate, &prefix)? {
        let name = object.name.as_str().parse();
        if name.is_ok_and(|name| is_replaced(&name)) {
            let key = ObjectKey::new(Place::Intermediate, object.name);
            work.stores.delete(&key)?;
        }
    }
    Ok(())
}
