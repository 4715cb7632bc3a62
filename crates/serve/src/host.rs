//! Which names a request may call the server by.
//!
//! A page of another site can have its own name lead to 127.0.0.1 (DNS rebinding); then its scripts could read what is
//! served here, as if it were theirs. Such a request names that other site as its host. So a server that only this machine can
//! reach answers only to names of this machine.

use std::net::IpAddr;

/// Returns whether a `Host` header names this machine, with any port: the port of a tunnel may be another.
pub(crate) fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let is_loopback = |address: IpAddr| address.is_loopback();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(is_loopback)
}

#[cfg(test)]
mod tests {
    use super::is_this_machine;

    #[test]
    fn only_names_of_this_machine_pass() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1",
            "127.0.0.1:80",
            "127.8.8.8:1",
            "[::1]",
            "[::1]:8080",
            "localhost.",
            "jobs.localhost:8080",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            "example.org",
            "example.org:8080",
            "127.0.0.1.example.org",
            "10.0.0.1",
            "localhost.example.org",
            "[::2]:1",
            "0.0.0.0",
            "notlocalhost",
            "127.0.0.1:80:80",
            "localhost:port",
            "127.0.0.1@example.org",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
