//! Options of object stores: which there are, and where else what they say may come from.

use std::collections::BTreeMap;
use std::env;
use std::time::Duration;

use coldpress_storage::{Error, Result};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};

use crate::address::{Address, Provider};
use crate::aws_profile;
use crate::failure::Failure;
use crate::patience::Patience;
use crate::secret::is_secret;

/// The options of `http://`, `https://` and `hf://`.
const WEB: [&str; 5] = ["bearer_token", "password", "query", "token", "username"];

/// Options of all stores.
const COMMON: [&str; 3] = ["allow_http", "max_retries", "retry_timeout"];

/// Options that are web addresses.
const ADDRESSES: [&str; 7] = [
    "authority_host",
    "base_url",
    "endpoint",
    "endpoint_url",
    "endpoint_url_sts",
    "metadata_endpoint",
    "msi_endpoint",
];

/// Options that are true or false.
const SWITCHES: [&str; 12] = [
    "allow_http",
    "disable_bulk_delete",
    "disable_tagging",
    "imdsv1_fallback",
    "s3_express",
    "skip_signature",
    "sse_bucket_key_enabled",
    "unsigned_payload",
    "use_azure_cli",
    "use_emulator",
    "use_fabric_endpoint",
    "virtual_hosted_style_request",
];
const TRUE: &[&str] = &["1", "true", "on", "yes", "y"];
const FALSE: &[&str] = &["0", "false", "off", "no", "n"];

/// Options by the stores that they are for, as errors list them. Each may also have the prefix `aws_`, `google_` or `azure_`.
const KNOWN: [(Provider, &str, &[&str]); 3] = [
    (
        Provider::S3,
        "s3",
        &[
            "access_key_id",
            "secret_access_key",
            "session_token",
            "region",
            "endpoint",
            "endpoint_url",
            "profile",
            "skip_signature",
            "virtual_hosted_style_request",
            "unsigned_payload",
            "checksum_algorithm",
            "request_payer",
            "server_side_encryption",
            "sse_kms_key_id",
            "sse_bucket_key_enabled",
            "sse_customer_key_base64",
            "s3_express",
            "disable_bulk_delete",
            "disable_tagging",
            "imdsv1_fallback",
            "metadata_endpoint",
            "role_arn",
            "role_session_name",
            "web_identity_token_file",
            "endpoint_url_sts",
            "container_credentials_relative_uri",
            "container_credentials_full_uri",
            "container_authorization_token_file",
        ],
    ),
    (
        Provider::Google,
        "gs",
        &[
            "service_account",
            "service_account_key",
            "application_credentials",
            "bearer_token",
            "base_url",
            "endpoint",
            "endpoint_url",
            "skip_signature",
        ],
    ),
    (
        Provider::Azure,
        "az",
        &[
            "account_name",
            "account_key",
            "sas_token",
            "bearer_token",
            "client_id",
            "client_secret",
            "tenant_id",
            "authority_host",
            "endpoint",
            "endpoint_url",
            "use_emulator",
            "skip_signature",
            "msi_endpoint",
            "object_id",
            "msi_resource_id",
            "federated_token_file",
            "use_azure_cli",
            "use_fabric_endpoint",
            "encryption_key",
        ],
    ),
];

/// A shorter text is no secret, and would be found everywhere.
const MIN_SECRET_BYTES: usize = 6;

/// The options of one bucket.
#[derive(Clone)]
pub(crate) struct BucketOptions<'a> {
    options: BTreeMap<&'a str, &'a str>,
}

impl<'a> BucketOptions<'a> {
    /// Checks the options of a URL.
    ///
    /// # Errors
    /// [`Error::Store`] for an option that no store has.
    pub(crate) fn new(address: &Address, options: BTreeMap<&'a str, &'a str>) -> Result<Self> {
        if let Some(key) = options.keys().find(|key| !is_known(key)) {
            return Err(invalid(address, &unknown(address.provider, key)));
        }
        for (key, value) in &options {
            check_value(key, value).map_err(|text| invalid(address, &text))?;
        }
        Ok(Self { options })
    }

    /// How long requests are made again.
    pub(crate) fn patience(&self, address: &Address) -> Result<Patience> {
        patience(&self.options).map_err(|text| invalid(address, &text))
    }

    /// What no message may show.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let ours = self
            .options
            .iter()
            .map(|(key, value)| (key.to_string(), value.to_string()));
        let environment = env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
        let of_clouds = environment.filter(|(key, _)| {
            ["AWS_", "GOOGLE_", "AZURE_", "HF_"]
                .iter()
                .any(|prefix| key.starts_with(prefix))
        });
        let secrets = ours
            .chain(of_clouds)
            .filter(|(key, value)| is_secret(key) && value.len() >= MIN_SECRET_BYTES);
        secrets.map(|(_, value)| value).collect()
    }

    pub(crate) fn s3(&self, address: &Address) -> Result<AmazonS3Builder> {
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(&address.bucket);
        let profile = self
            .options
            .get("profile")
            .or(self.options.get("aws_profile"))
            .copied();
        let has_key = |key: AmazonS3ConfigKey| self.has(&key);
        if !has_key(AmazonS3ConfigKey::AccessKeyId) {
            let found =
                aws_profile::load(profile, &builder).map_err(|text| invalid(address, &text))?;
            for (key, value) in found {
                builder = builder.with_config(key, value);
            }
        }
        for (key, value) in self.of::<AmazonS3ConfigKey>() {
            builder = builder.with_config(key, value);
        }
        // Those of options are good: this one is of the environment or of a profile.
        let endpoint = builder.get_config_value(&AmazonS3ConfigKey::Endpoint);
        if endpoint.is_some_and(|endpoint| !is_address(&endpoint)) {
            let from = "`AWS_ENDPOINT_URL` in the environment, or `endpoint_url` in the profile,";
            return Err(invalid(address, &format!("{from} {AN_ADDRESS}")));
        }
        Ok(builder)
    }

    pub(crate) fn google(&self, address: &Address) -> GoogleCloudStorageBuilder {
        let mut builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(&address.bucket);
        // Emulators take any token; `object_store` does not write without one.
        let emulator = env::var("STORAGE_EMULATOR_HOST")
            .ok()
            .filter(|host| !host.is_empty());
        if let Some(host) = emulator {
            let host = if host.contains("://") {
                host
            } else {
                format!("http://{host}")
            };
            builder = builder
                .with_config(GoogleConfigKey::BaseUrl, host)
                .with_bearer_token("emulator");
        }
        for (key, value) in self.of::<GoogleConfigKey>() {
            builder = builder.with_config(key, value);
        }
        for alias in ["endpoint", "endpoint_url"] {
            if let Some(url) = self.options.get(alias) {
                builder = builder.with_config(GoogleConfigKey::BaseUrl, *url);
            }
        }
        builder
    }

    pub(crate) fn azure(&self, address: &Address) -> MicrosoftAzureBuilder {
        let mut builder = MicrosoftAzureBuilder::from_env();
        builder = match address.server {
            Some(_) => builder.with_url(&address.root),
            None => builder.with_container_name(&address.bucket),
        };
        for (key, value) in self.of::<AzureConfigKey>() {
            builder = builder.with_config(key, value);
        }
        if let Some(url) = self.options.get("endpoint_url") {
            builder = builder.with_config(AzureConfigKey::Endpoint, *url);
        }
        builder
    }

    /// The options that `object_store` knows for one of its stores.
    fn of<K: std::str::FromStr>(&self) -> impl Iterator<Item = (K, &'a str)> {
        let ours = self.options.iter().filter(|(key, _)| !COMMON.contains(key));
        ours.filter_map(|(key, value)| Some((key.to_ascii_lowercase().parse().ok()?, *value)))
    }

    fn has<K: std::str::FromStr + PartialEq>(&self, wanted: &K) -> bool {
        self.of::<K>().any(|(key, _)| key == *wanted)
    }
}

/// How long requests to web servers and the hub are made again.
///
/// # Errors
/// When an option is wrong, or there is none of that name.
pub(crate) fn of_web(options: &BTreeMap<&str, &str>) -> Result<Patience, String> {
    if let Some(key) = options.keys().find(|key| !is_known(key)) {
        let mut known: Vec<&str> = WEB.into_iter().chain(COMMON).chain(["endpoint"]).collect();
        known.sort_unstable();
        let known = known.join(", ");
        return Err(format!(
            "there is no option `{key}`; those of the web and the hub are: {known}"
        ));
    }
    patience(options)
}

fn patience(options: &BTreeMap<&str, &str>) -> Result<Patience, String> {
    let number = |key: &str| {
        let value = options.get(key);
        let parsed = value.map(|value| value.parse::<u32>()).transpose();
        parsed.map_err(|_| format!("`{key}` must be a whole number"))
    };
    let mut patience = Patience::default();
    if let Some(retries) = number("max_retries")? {
        patience.retries = retries;
    }
    if let Some(seconds) = number("retry_timeout")? {
        patience.limit = Duration::from_secs(seconds.into());
    }
    Ok(patience)
}

/// An error of these options.
pub(crate) fn invalid(address: &Address, text: &str) -> Error {
    let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, Failure::other(text));
    Error::store(&format!("`{}`", address.root), "open", "", source)
}

const AN_ADDRESS: &str = "must be an address with http:// or https://";

/// Makes sure that addresses and switches are some: `object_store` would panic at the first request, or name no option.
fn check_value(key: &str, value: &str) -> Result<(), String> {
    let bare = bare(key);
    if ADDRESSES.contains(&bare.as_str()) && !is_address(value) {
        return Err(format!("the option `{key}` {AN_ADDRESS}"));
    }
    let is_switch = SWITCHES.contains(&bare.as_str());
    if is_switch && !is_one_of(value, &[TRUE, FALSE].concat()) {
        return Err(format!("the option `{key}` must be true or false"));
    }
    Ok(())
}

fn is_one_of(value: &str, known: &[&str]) -> bool {
    known.iter().any(|one| one.eq_ignore_ascii_case(value))
}

fn is_address(text: &str) -> bool {
    let url = text.parse::<reqwest::Url>();
    url.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// The name of an option without the store that it may begin with.
fn bare(key: &str) -> String {
    let key = key.to_ascii_lowercase();
    let stores = ["aws_", "google_", "azure_storage_", "azure_"];
    let bare = stores.iter().find_map(|prefix| key.strip_prefix(prefix));
    bare.map_or(key.clone(), str::to_owned)
}

/// Whether any store knows this option. Options may be given for several stores at once, which do not know each other's.
fn is_known(key: &str) -> bool {
    let bare = bare(key);
    let key = key.to_ascii_lowercase();
    COMMON.contains(&bare.as_str())
        || KNOWN
            .iter()
            .any(|(_, _, keys)| keys.contains(&bare.as_str()))
        || WEB.contains(&key.as_str())
        || is_of_object_store(&key)
}

/// Whether `object_store` has this option, but for those of connections, which are this crate's own.
fn is_of_object_store(key: &str) -> bool {
    let s3 = key
        .parse::<AmazonS3ConfigKey>()
        .is_ok_and(|key| !matches!(key, AmazonS3ConfigKey::Client(_)));
    let google = key
        .parse::<GoogleConfigKey>()
        .is_ok_and(|key| !matches!(key, GoogleConfigKey::Client(_)));
    let azure = key
        .parse::<AzureConfigKey>()
        .is_ok_and(|key| !matches!(key, AzureConfigKey::Client(_)));
    s3 || google || azure
}

fn unknown(provider: Provider, key: &str) -> String {
    let ours = KNOWN.iter().filter(|(other, ..)| *other == provider);
    let mut known: Vec<&str> = ours
        .flat_map(|(_, _, keys)| keys.iter().copied())
        .chain(COMMON)
        .collect();
    known.sort_unstable();
    let scheme = KNOWN
        .iter()
        .find(|(other, ..)| *other == provider)
        .map_or("", |(_, scheme, _)| scheme);
    format!(
        "there is no option `{key}`; those of `{scheme}://` are: {}",
        known.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options<'a>(url: &str, options: &[(&'a str, &'a str)]) -> Result<BucketOptions<'a>> {
        BucketOptions::new(
            &Address::parse(url).unwrap(),
            options.iter().copied().collect(),
        )
    }

    #[test]
    fn every_listed_option_is_one() {
        for (provider, _, keys) in KNOWN {
            for key in keys {
                let of_object_store = match provider {
                    Provider::S3 => key.parse::<AmazonS3ConfigKey>().is_ok(),
                    Provider::Google => key.parse::<GoogleConfigKey>().is_ok(),
                    Provider::Azure => key.parse::<AzureConfigKey>().is_ok(),
                };
                let is_ours = ["profile", "endpoint", "endpoint_url"].contains(key);
                assert!(of_object_store || is_ours, "{key}");
            }
        }
    }

    #[test]
    fn addresses_have_a_scheme_and_switches_are_true_or_false() {
        let told = |key, value| {
            let error = options("s3://b", &[(key, value)]).err()?;
            Some(std::error::Error::source(&error)?.to_string())
        };
        for (key, value, expected) in [
            ("endpoint", "127.0.0.1:9000", Some(AN_ADDRESS)),
            ("AWS_ENDPOINT_URL", "localhost", Some(AN_ADDRESS)),
            ("endpoint_url", "ftp://h", Some(AN_ADDRESS)),
            ("endpoint", "http://", Some(AN_ADDRESS)),
            ("endpoint", "http://127.0.0.1:9000", None),
            ("skip_signature", "maybe", Some("must be true or false")),
            ("aws_skip_signature", "True", None),
            ("allow_http", "yes", None),
        ] {
            let told = told(key, value);
            match expected {
                None => assert_eq!(told, None),
                Some(expected) => {
                    let expected = format!("the option `{key}` {expected}");
                    assert_eq!(told, Some(expected));
                }
            }
        }
    }

    #[test]
    fn an_unknown_option_lists_the_known_ones() {
        let known = [
            "aws_access_key_id",
            "endpoint_url",
            "AWS_REGION",
            "account_key",
            "azure_storage_account_name",
        ];
        for key in known {
            assert!(options("s3://b", &[(key, "http://x")]).is_ok(), "{key}");
        }
        let error = options("s3://b", &[("zone", "x")]).err().unwrap();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(
            source.contains("`zone`") && source.contains("region, "),
            "{source}"
        );
        assert!(!source.contains("account_key"), "{source}");
        assert!(options("s3://b", &[("pool_idle_timeout", "x")]).is_err());
    }
}
