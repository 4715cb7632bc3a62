//! A node that the network is cut off from, in namespaces of a real Linux. It takes root, so it runs only if
//! `COLDPRESS_NETWORK_TESTS` is set.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::bench::{self, Bench, is_alive, wait_for};
use crate::install;

pub(crate) const ALL: &[(&str, fn())] = &[(
    "a_node_that_the_network_is_cut_off_from_changes_nothing",
    a_cut_node,
)];

/// Returns whether these tests are asked for.
pub(crate) fn are_asked_for() -> bool {
    env::var_os("COLDPRESS_NETWORK_TESTS").is_some()
}

/// Ray says nothing for a minute, and the node's worker still sees the job's folder, as it would see an object store.
fn a_cut_node() {
    install::ray();
    let mut cluster = Namespaces::start();
    let bench = Bench::new();
    let expected = bench.expected();
    bench.hold_once();
    let mut driver = cluster.driver(&bench, "cut");
    let worker = bench.held_worker(&|| false);
    cluster.cut(&namespace_of(worker));
    assert!(driver.wait().unwrap().success());
    assert_eq!(bench.exported("cut"), expected);
    let events = bench.events("cut");
    assert!(bench::is_done_elsewhere(&events), "{events}");
    let results = contents(&bench.path("jobs/cut/results"));
    assert!(results.len() > 20);
    wait_for("the end of the worker that is cut off", || {
        (!is_alive(worker)).then_some(())
    });
    assert_eq!(contents(&bench.path("jobs/cut/results")), results);
}

/// The bytes of all files of a folder by their names.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let named = files.map(|file| {
        let name = file.file_name().into_string().unwrap();
        (name, fs::read(file.path()).unwrap())
    });
    named.collect()
}

/// The namespace that a process is in.
fn namespace_of(process: u32) -> String {
    let mut identify = Command::new("ip");
    let identify = identify.args(["netns", "identify", &process.to_string()]);
    let said = String::from_utf8(identify.output().unwrap().stdout).unwrap();
    said.trim().to_owned()
}

/// A cluster with each node in a namespace of its own, which ends with this value.
struct Namespaces {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    address: String,
    /// What the head sees as the folder of Ray.
    ray: String,
}

impl Namespaces {
    fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ray/namespaces.py");
        let mut process = Command::new(install::interpreter())
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let said = lines.next().expect("the cluster says its address").unwrap();
        let (address, ray) = said.split_once(' ').unwrap();
        Self {
            address: address.to_owned(),
            ray: ray.to_owned(),
            process,
            lines,
        }
    }

    /// Starts a driver on the head.
    fn driver(&self, bench: &Bench, job: &str) -> Child {
        let own = env::current_exe().unwrap();
        let driver = bench.driver(&own, job, &self.address);
        let mount = format!("mount --bind {} /tmp/ray && exec \"$@\"", self.ray);
        let mut command = Command::new("ip");
        command.args(["netns", "exec", "coldpress-0", "sh", "-c", &mount, "sh"]);
        command.arg(driver.get_program()).args(driver.get_args());
        command.env("RAY_AUTH_MODE", "disabled").spawn().unwrap()
    }

    /// Takes the network away from a namespace.
    fn cut(&mut self, namespace: &str) {
        let input = self.process.stdin.as_mut().unwrap();
        writeln!(input, "cut {namespace}").unwrap();
        assert_eq!(self.lines.next().unwrap().unwrap(), "done");
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
