//! Posting a message to an address.

use std::time::Duration;

use ureq::Agent;

/// The time that a request may take, from its first to its last byte.
const PATIENCE: Duration = Duration::from_secs(15);

/// The time that a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// The reason why a message did not arrive.
pub(crate) struct Refused {
    pub(crate) reason: String,
    /// True if another try may help.
    pub(crate) may_pass: bool,
}

/// Posts a message as JSON.
pub(crate) fn post(address: &str, message: &str) -> Result<(), Refused> {
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(CONNECT))
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    let request = agent
        .post(address)
        .header("content-type", "application/json");
    let answer = request.send(message).map_err(|error| Refused {
        may_pass: !matches!(error, ureq::Error::BadUri(_) | ureq::Error::Http(_)),
        reason: error.to_string(),
    })?;
    let status = answer.status();
    match status.as_u16() {
        200..300 => Ok(()),
        code => Err(Refused {
            reason: format!("the server answered {status}"),
            may_pass: code == 429 || code >= 500,
        }),
    }
}
