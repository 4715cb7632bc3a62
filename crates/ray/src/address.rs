//! Which cluster.

use std::fmt;

/// A Ray cluster, as the key `ray_address` of a recipe names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RayAddress {
    /// The one that runs on this machine or that the environment names; without one, processes of this machine do the work.
    Auto,
    /// A new one on this machine, for the job alone.
    Local,
    /// This one: `host:port` or `ray://host:port`.
    At(String),
}

impl From<&str> for RayAddress {
    fn from(address: &str) -> Self {
        match address {
            "auto" => Self::Auto,
            "local" => Self::Local,
            address => Self::At(address.to_owned()),
        }
    }
}

impl fmt::Display for RayAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Local => "local",
            Self::At(address) => address,
        })
    }
}
