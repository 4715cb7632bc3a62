//! What holds on clusters of a real Ray.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::bench::{Bench, is_alive, kill, parent_of, wait_for};
use crate::install;

pub(crate) const ALL: &[(&str, fn())] = &[
    (
        "a_cluster_for_the_job_alone_gives_the_same_bytes",
        a_cluster_of_its_own,
    ),
    (
        "a_cluster_of_two_nodes_gives_the_same_bytes_whatever_dies",
        two_nodes,
    ),
];

fn a_cluster_of_its_own() {
    install::ray();
    let bench = Bench::new();
    let expected = bench.expected();
    bench.on_ray("own", "local").run().unwrap();
    assert_eq!(bench.exported("own"), expected);
}

/// Starting a cluster takes long, so everything that needs one of two nodes is in this test.
fn two_nodes() {
    install::ray();
    let cluster = Cluster::start();
    let bench = Bench::new();
    let expected = bench.expected();
    bench
        .builder("process", "process")
        .build()
        .unwrap()
        .run()
        .unwrap();
    assert_eq!(bench.exported("process"), expected);

    bench.on_ray("quiet", &cluster.address).run().unwrap();
    assert_eq!(bench.exported("quiet"), expected);

    bench.disturb("worker", &cluster.address, kill);
    assert_eq!(
        bench.exported("worker"),
        expected,
        "after the death of a worker"
    );

    bench.disturb("python", &cluster.address, |worker| {
        kill(parent_of(worker));
        gone(worker);
    });
    assert_eq!(
        bench.exported("python"),
        expected,
        "after the death of a process of Ray"
    );

    bench.disturb("bridge", &cluster.address, |worker| {
        kill(bridge());
        gone(worker);
    });
    assert_eq!(
        bench.exported("bridge"),
        expected,
        "after the death of the bridge"
    );

    bench.hold();
    let mut driver = bench.driver(&cluster.address);
    let worker = bench.held_worker(&|| false);
    driver.kill().unwrap();
    driver.wait().unwrap();
    gone(worker);
    bench.release();
    // It goes on where the other driver was, and on another backend.
    bench
        .builder("driver", "process")
        .build()
        .unwrap()
        .run()
        .unwrap();
    assert_eq!(
        bench.exported("driver"),
        expected,
        "after the death of the driver"
    );
}

#[track_caller]
fn gone(worker: u32) {
    wait_for("the end of the worker", || {
        (!is_alive(worker)).then_some(())
    });
}

/// The process of the bridge that this process has started.
fn bridge() -> u32 {
    let own = std::process::id();
    let processes = fs::read_dir("/proc").unwrap();
    let processes = processes.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    let is_bridge = |process: &u32| {
        let command = fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
        command.contains("coldpress-ray-bridge") && is_alive(*process) && parent_of(*process) == own
    };
    processes.into_iter().find(is_bridge).unwrap()
}

/// A cluster of two nodes, which ends with this value.
struct Cluster {
    process: Child,
    address: String,
}

impl Cluster {
    fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ray/cluster.py");
        let mut process = Command::new(install::interpreter())
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines.by_ref().map_while(Result::ok).find(|line| {
            let port = line.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
            matches!(port, Some(Ok(_)))
        });
        Self {
            address: address.expect("the cluster says its address"),
            process,
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
