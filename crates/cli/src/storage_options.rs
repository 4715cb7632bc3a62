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

/// Refuses an option that holds a secret.
pub(crate) fn refuse_secret(key: &str) -> Result<(), Failure> {
    match is_secret(key) {
        false => Ok(()),
        true => Err(Failure::usage(format!(
            "--storage-options: `{key}` is a secret, which others can see on a command line: give it in the environment, \
             as AWS_SECRET_ACCESS_KEY and the like"
        ))),
    }
}

/// Returns whether an option of this name holds a secret.
fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    SECRETS.iter().any(|secret| key.contains(secret))
}

/// The name and the value of an option that is given as `KEY=VALUE`; none for any other way to give options.
pub(crate) fn pair(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.split_once('=')?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    (!key.is_empty() && key.bytes().all(is_name)).then_some((key, value))
}

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
        refuse_secret(key)?;
        options = options.with("", key, value);
    }
    Ok(schemes.clone().with_options(options))
}
