//! How what lies behind URLs is reached.

use crate::codec::{SecretOptions, UrlOptions};
use crate::section::{recipe_default, section};

section! {
    /// Addresses, regions and credentials of what lies behind URLs. They are never written down: neither in a job's folder nor in messages.
    pub struct RemoteSettings {
        /// Options for all URLs, such as `endpoint` and `region`, and maps of options for URLs that begin with a text, such as `"s3://bucket": {region: eu-central-1}`. They are secret; where they are left out, the environment says how stores are reached.
        options: UrlOptions as SecretOptions { "storage_options", Value("{}"), Run, Now }
        /// The same options for the bucket that `export_path` names, as Data-Juicer spells them: `aws_access_key_id`, `aws_secret_access_key`, `aws_region`, `endpoint_url`. They count before those of `storage_options` for that bucket, and are as secret.
        export: UrlOptions as SecretOptions { "export_aws_credentials", Value("{}"), Run, Now }
    }
}

recipe_default!(RemoteSettings);
