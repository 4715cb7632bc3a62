//! Why nothing can be served.

use std::io;
use std::net::SocketAddr;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why nothing can be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another program listens there.
    #[error(
        "cannot listen on {address}: another program does; name another port, or port 0 for any that is free"
    )]
    InUse {
        /// The address.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn of_listening(address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { address },
            _ => Self::Listen { address, source },
        }
    }
}
