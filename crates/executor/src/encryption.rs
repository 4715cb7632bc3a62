//! Encrypted inputs and outputs: where their key is, and what must hold before work begins.

use coldpress_config::{EncryptionSettings, Recipe};
use coldpress_job::Layout;
use coldpress_storage::KeyPlace;

use crate::error::{Error, Result};

/// Where the key is: in the file that the recipe names, or in the environment.
pub(crate) fn key_place(asked: &EncryptionSettings) -> KeyPlace {
    match &asked.key_path {
        // Worker processes may have another current directory.
        Some(path) => KeyPlace::File(std::path::absolute(path).unwrap_or_else(|_| path.into())),
        None => KeyPlace::Environment,
    }
}

/// Where the key of the dataset is; none if the recipe doesn't say that it is encrypted.
pub(crate) fn key_of_inputs(recipe: &Recipe) -> Option<KeyPlace> {
    let asked = &recipe.encryption;
    asked.decrypt.then(|| key_place(asked))
}

/// Where the key of the outputs is; none if they are not to be encrypted. What an analysis writes is in the job's folder, whose
/// files are not.
pub(crate) fn key_of_outputs(recipe: &Recipe) -> Option<KeyPlace> {
    let asked = &recipe.encryption;
    let encrypts = asked.encrypt && !recipe.analysis.analyze;
    encrypts.then(|| key_place(asked))
}

/// What a user of encryption must know about this job's own files; none where nothing is encrypted.
pub(crate) fn note(recipe: &Recipe, layout: &Layout) -> Option<String> {
    let asked = &recipe.encryption;
    (asked.decrypt || asked.encrypt).then(|| {
        let advice = match layout.url() {
            Some(_) => "let the store encrypt them",
            None => "keep `work_dir` on an encrypted disk or in memory",
        };
        format!(
            "the job's own files in `{}` hold records in clear text; {advice}",
            layout.shown()
        )
    })
}

/// Makes sure that there is a key where one is needed: nobody wants to learn at the end of a job that there is none.
pub(crate) fn check_key(recipe: &Recipe) -> Result<()> {
    let Some(place) = key_of_inputs(recipe).or_else(|| key_of_outputs(recipe)) else {
        return Ok(());
    };
    match place.load() {
        Ok(_) => Ok(()),
        Err(error) => {
            let key = match recipe.encryption.decrypt {
                true => "decrypt_after_reading",
                false => "encrypt_before_export",
            };
            let key = match place {
                KeyPlace::File(_) => "encryption_key_path",
                KeyPlace::Environment => key,
            };
            Err(Error::of_key(recipe, key, error))
        }
    }
}
