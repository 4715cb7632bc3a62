//! The access to stores behind URLs.

use crate::codec::{SecretOptions, UrlOptions};
use crate::section::{recipe_default, section};

section! {
    /// Addresses, regions and credentials of stores behind URLs. They are never written down, neither in a job's folder nor in
    /// messages.
    pub struct RemoteSettings {
        /// Options for all URLs, such as `endpoint` and `region`, and maps of options for URLs with a given prefix, such as
        /// `"s3://bucket": {region: eu-central-1}`. They are secret. If they are left out, the environment decides how stores are
        /// reached.
        options: UrlOptions as SecretOptions { "storage_options", Value("{}"), Run, Now }
        /// The same options for the bucket of `export_path`, in Data-Juicer's spelling: `aws_access_key_id`,
        /// `aws_secret_access_key`, `aws_region`, `endpoint_url`. For that bucket, they take precedence over `storage_options`, and
        /// they are just as secret.
        export: UrlOptions as SecretOptions { "export_aws_credentials", Value("{}"), Run, Now }
    }
}

recipe_default!(RemoteSettings);
