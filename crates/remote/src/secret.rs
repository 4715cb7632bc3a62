//! What may not be shown.

/// What is in the names of options, variables and parameters that hold secrets.
const SECRET: [&str; 6] = [
    "secret",
    "token",
    "key",
    "password",
    "sas",
    "service_account",
];

/// Whether what has this name is a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    // The numbers of keys are no secrets, but nobody needs them in a message either.
    SECRET.iter().any(|part| name.contains(part)) && !name.ends_with("_file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        let secrets = [
            "secret_access_key",
            "AWS_SESSION_TOKEN",
            "account_key",
            "sas_token",
            "client_secret",
        ];
        for name in secrets {
            assert!(is_secret(name), "{name}");
        }
        for name in ["region", "endpoint_url", "web_identity_token_file"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
