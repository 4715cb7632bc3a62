//! `coldpress serve`: the pages of all jobs, which follow the jobs while they run.

use std::net::{SocketAddr, ToSocketAddrs};

use coldpress::report::quantity::plain;
use coldpress::serve::{ServeOptions, Server};
use coldpress::storage::{StoreSchemes, StoreSpec};

use crate::failure::{Failure, chain, code};
use crate::jobs::{BaseDir, url_of};
use crate::output;
use crate::signals;

/// Show all jobs in a browser: pages that follow the jobs while they run
///
/// The first page lists the jobs. The page of a job is the one that `coldpress report --html` writes, and updates itself.
/// Nothing can be changed through it. /metrics has the counts of all jobs for Prometheus. It runs until Ctrl-C or SIGTERM.
///
/// Only this machine can reach it, unless --listen names another address. From elsewhere, use a tunnel:
/// ssh -L 8080:localhost:8080 HOST
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    base: BaseDir,
    /// The address and port to listen on; port 0 takes any free port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    listen: SocketAddr,
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    args.base.refuse_slips()?;
    let folder = &args.base.base_dir;
    let options = ServeOptions::new(folder, args.listen, coldpress::ops::builtin());
    let server = Server::bind(options.schemes(schemes.clone()))
        .map_err(|error| Failure::failed(chain(&error)))?;
    let address = server.address();
    let stop = server.stop_handle();
    signals::at_first(move || stop.stop())?;
    if !address.ip().is_loopback() {
        output::tell(&format!(
            "warning: anyone who can reach {address} can read the recipes, paths and sample texts of all jobs; there is no password"
        ));
    }
    if let Some(url) = url_of(folder) {
        let store = schemes.open(&StoreSpec::Url(url.to_owned()));
        let found = store.and_then(|store| {
            store.check_place()?;
            store.folders()
        });
        let found = found.map_err(|error| Failure::failed(chain(&error)))?;
        if found.is_empty() {
            let url = plain(url);
            output::tell(&format!(
                "warning: there is nothing in {url} yet; --base-dir says where jobs are"
            ));
        }
    } else if !folder.is_dir() {
        let folder = plain(&folder.display().to_string());
        output::tell(&format!(
            "warning: there is no folder {folder} yet; --base-dir says where jobs are"
        ));
    }
    output::print(&format!("Listening on http://{address}\n"))?;
    server.run();
    Ok(code::DONE)
}

/// Reads an address with a port, or a name of one, such as `localhost:8080`.
fn address(text: &str) -> Result<SocketAddr, String> {
    let wanted = "must be an address and a port, such as 127.0.0.1:8080 or localhost:0";
    let mut found = text
        .to_socket_addrs()
        .map_err(|error| format!("{wanted} ({error})"))?;
    found.next().ok_or_else(|| wanted.to_owned())
}
