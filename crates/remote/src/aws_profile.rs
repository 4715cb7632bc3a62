//! Profiles of the AWS command line, which `object_store` does not read.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::PathBuf;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};

/// How a profile can get credentials that this crate cannot get for it.
const UNSUPPORTED: [&str; 4] = [
    "credential_process",
    "sso_session",
    "sso_start_url",
    "role_arn",
];

/// What a profile says that the environment does not: credentials, region, endpoint. `named` is the one that an option
/// names; else it is the one of `AWS_PROFILE`, or `default`.
///
/// # Errors
/// When a profile was named that is not there, or that gets its credentials in a way that is not supported.
pub(crate) fn load(
    named: Option<&str>,
    environment: &AmazonS3Builder,
) -> Result<Vec<(AmazonS3ConfigKey, String)>, String> {
    let asked = named.map(str::to_owned).or_else(|| variable("AWS_PROFILE"));
    if asked.is_none() && has_credentials(environment) {
        return Ok(Vec::new());
    }
    let name = asked.clone().unwrap_or_else(|| "default".to_owned());
    let files = [
        ("AWS_CONFIG_FILE", ".aws/config"),
        ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"),
    ];
    let mut profile = BTreeMap::new();
    let mut looked_in = Vec::new();
    for (variable, default) in files {
        if let Some(path) = file(variable, default) {
            // A file that is not there has no profiles.
            profile.extend(section(
                &fs::read_to_string(&path).unwrap_or_default(),
                &name,
            ));
            looked_in.push(format!("`{}`", path.display()));
        }
    }
    if profile.is_empty() {
        return match asked {
            Some(name) => Err(format!(
                "there is no profile `{name}` in {}",
                looked_in.join(" or ")
            )),
            None => Ok(Vec::new()),
        };
    }
    settings(&name, asked.is_some(), &profile, environment)
}

fn settings(
    name: &str,
    is_asked_for: bool,
    profile: &BTreeMap<String, String>,
    environment: &AmazonS3Builder,
) -> Result<Vec<(AmazonS3ConfigKey, String)>, String> {
    let has_key = profile.contains_key("aws_access_key_id");
    let other_way = UNSUPPORTED.iter().find(|way| profile.contains_key(**way));
    if let (false, true, Some(way)) = (has_key, is_asked_for, other_way) {
        return Err(format!(
            "the profile `{name}` gets its credentials by `{way}`, which is not supported: run \
             `aws configure export-credentials --profile {name} --format env` and give what it prints to this program's \
             environment"
        ));
    }
    // A profile that was asked for counts more than credentials of the environment, as with the AWS command line.
    let credentials = is_asked_for || !has_credentials(environment);
    let keys = [
        (
            AmazonS3ConfigKey::AccessKeyId,
            "aws_access_key_id",
            credentials,
        ),
        (
            AmazonS3ConfigKey::SecretAccessKey,
            "aws_secret_access_key",
            credentials,
        ),
        (AmazonS3ConfigKey::Token, "aws_session_token", credentials),
        (
            AmazonS3ConfigKey::Region,
            "region",
            is_unset(environment, AmazonS3ConfigKey::Region),
        ),
        (
            AmazonS3ConfigKey::Endpoint,
            "endpoint_url",
            is_unset(environment, AmazonS3ConfigKey::Endpoint),
        ),
    ];
    let taken = keys.into_iter().filter(|(.., is_taken)| *is_taken);
    Ok(taken
        .filter_map(|(key, name, _)| Some((key, profile.get(name)?.clone())))
        .collect())
}

fn is_unset(builder: &AmazonS3Builder, key: AmazonS3ConfigKey) -> bool {
    builder.get_config_value(&key).is_none()
}

fn has_credentials(builder: &AmazonS3Builder) -> bool {
    use AmazonS3ConfigKey::{
        AccessKeyId, ContainerCredentialsFullUri, ContainerCredentialsRelativeUri,
        WebIdentityTokenFile,
    };
    let ways = [
        AccessKeyId,
        WebIdentityTokenFile,
        ContainerCredentialsRelativeUri,
        ContainerCredentialsFullUri,
    ];
    ways.into_iter().any(|key| !is_unset(builder, key))
}

fn file(name: &str, default: &str) -> Option<PathBuf> {
    let of_home = || env::home_dir().map(|home| home.join(default));
    variable(name).map(PathBuf::from).or_else(of_home)
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The settings of a profile in a file. Lines that are indented belong to the setting above them and are passed over.
fn section(text: &str, profile: &str) -> BTreeMap<String, String> {
    let headings = [format!("[{profile}]"), format!("[profile {profile}]")];
    let mut settings = BTreeMap::new();
    let mut is_ours = false;
    for line in text
        .lines()
        .filter(|line| !line.starts_with([' ', '\t', '#', ';']))
    {
        let line = line.trim_end();
        if line.starts_with('[') {
            let words: Vec<&str> = line
                .split(['#', ';'])
                .next()
                .unwrap_or_default()
                .split_whitespace()
                .collect();
            is_ours = headings.contains(&words.join(" "));
        } else if let (true, Some((key, value))) = (is_ours, line.split_once('=')) {
            settings.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "[default]\nregion = eu-1\n[profile  work] # ours\nregion=us-2\ns3 =\n  endpoint_url = http://not.this\n\
                          endpoint_url = http://localhost:9000\n; x = y\n[profile sso]\nsso_session = corp\n";

    #[test]
    fn a_profile_is_one_section_of_its_file() {
        let work = section(CONFIG, "work");
        assert_eq!(work["region"], "us-2");
        assert_eq!(work["endpoint_url"], "http://localhost:9000");
        assert_eq!(work.len(), 3);
        assert_eq!(section(CONFIG, "default").len(), 1);
        assert!(section(CONFIG, "wor").is_empty());
    }

    #[test]
    fn credentials_of_the_environment_stay_unless_a_profile_is_asked_for() {
        let profile = section(
            "[a]\naws_access_key_id = A\naws_secret_access_key = B\nregion = r",
            "a",
        );
        let environment = AmazonS3Builder::new()
            .with_access_key_id("E")
            .with_secret_access_key("F");
        let keys = |is_asked_for| settings("a", is_asked_for, &profile, &environment).unwrap();
        assert_eq!(keys(false), [(AmazonS3ConfigKey::Region, "r".to_owned())]);
        assert_eq!(keys(true).len(), 3);
    }

    #[test]
    fn a_way_to_credentials_that_is_not_supported_is_named() {
        let refused = settings(
            "sso",
            true,
            &section(CONFIG, "sso"),
            &AmazonS3Builder::new(),
        );
        assert!(
            refused
                .unwrap_err()
                .contains("export-credentials --profile sso")
        );
    }
}
