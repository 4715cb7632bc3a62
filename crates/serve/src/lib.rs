//! Serves the pages of the jobs of a folder over HTTP. The pages follow the jobs while they run.
//!
//! [`Server::bind`] takes an address and [`Server::run`] answers until a [`StopHandle`] says otherwise.
//!
//! | path | |
//! | --- | --- |
//! | `/` | the list of jobs |
//! | `/jobs/ID` | the page of a job, as `coldpress report --html` writes it |
//! | `/live`, `/jobs/ID/live` | what changes, as server-sent events |
//! | `/jobs/ID/report.json` | the report of a job |
//! | `/metrics` | the counts of all jobs for Prometheus |
//! | `/healthz` | `ok` |
//!
//! ```
//! use std::io::{Read as _, Write as _};
//! use std::net::TcpStream;
//!
//! use coldpress_operator::Registry;
//! use coldpress_serve::{ServeOptions, Server};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let options = ServeOptions::new(folder.path(), "127.0.0.1:0".parse()?, Registry::default());
//! let server = Server::bind(options)?;
//! let (address, stop) = (server.address(), server.stop_handle());
//! let answering = std::thread::spawn(move || server.run());
//!
//! let mut client = TcpStream::connect(address)?;
//! client.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
//! let mut answer = String::new();
//! client.read_to_string(&mut answer)?;
//! assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok\n"));
//!
//! stop.stop();
//! answering.join().unwrap();
//! # Ok(())
//! # }
//! ```
//!
//! # What it does not do
//!
//! It changes nothing, and has neither passwords nor TLS. The path of a request reaches the file system only as a checked
//! [`JobId`](coldpress_job::JobId). The number of connections is bounded, and a client that asks or reads too slowly is cut
//! off. However many clients look at a job, it is read once for all of them, at most every second, and takes at most a tenth of
//! a core.

mod error;
mod options;
mod server;

mod connections;
mod host;
mod request;
mod response;
mod route;

mod answer;
mod live;
mod metrics;

mod jobs;
mod listing;
mod pace;
mod version;
mod watched;

pub use error::{Error, Result};
pub use options::ServeOptions;
pub use server::{Server, StopHandle};
