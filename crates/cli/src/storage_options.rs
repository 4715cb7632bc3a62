//! The options with which commands that have no recipe reach buckets.

use coldpress::storage::StoreSchemes;

use crate::failure::Failure;

/// Parts of the names of secret options. Anyone who can list processes can see a command line.
const SECRETS: [&str; 6] = [
    "secret",
    "token",
    "password",
    "account_key",
    "service_account_key",
    "query",
];

/// Returns the schemes with these options added, each `KEY=VALUE`.
pub(crate) fn with_options(
    schemes: &StoreSchemes,
    given: &[String],
) -> Result<StoreSchemes, Failure> {
    let mut options = schemes.options().clone();
    for pair in given {
        let Some((key, value)) = pair.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            // Nothing of it is shown: it may be a secret.
            return Err(Failure::usage(
                "--storage-options takes KEY=VALUE, such as region=eu-central-1",
            ));
        };
        if SECRETS
            .iter()
            .any(|secret| key.to_ascii_lowercase().contains(secret))
        {
            return Err(Failure::usage(format!(
                "--storage-options: `{key}` is a secret, which others can see on a command line: give it in the environment, \
                 as AWS_SECRET_ACCESS_KEY and the like"
            )));
        }
        options = options.with("", key, value);
    }
    Ok(schemes.clone().with_options(options))
}
