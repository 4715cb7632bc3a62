//! What holds on clusters of a real Ray.

use std::cell::RefCell;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;

use coldpress_remote::testing::Server;
use rustix::process::Signal;
use tempfile::TempDir;

use crate::bench::{self, Bench, is_alive, kill, parent_of, signal, wait_for};
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
    let scene = Scene {
        cluster: Cluster::start(),
        bench: Bench::new(),
        expected: Vec::new(),
    };
    let expected = scene.bench.expected();
    let mut scene = Scene { expected, ..scene };
    scene.nothing_dies();
    scene.processes_die();
    scene.the_driver_dies();
    scene.the_job_is_stopped();
    scene.everything_is_in_a_bucket();
    scene.the_program_is_not_on_the_nodes();
    scene.a_node_dies();
    scene.a_node_is_cut_off();
    scene.the_head_dies();
}

/// A cluster, and a dataset with what one machine makes of it.
struct Scene {
    cluster: Cluster,
    bench: Bench,
    expected: Vec<u8>,
}

impl Scene {
    fn nothing_dies(&self) {
        let on_processes = self.bench.builder("process", "process").build();
        on_processes.unwrap().run().unwrap();
        self.check("process");
        for (job, address) in [
            ("inside", &self.cluster.address),
            ("outside", &self.cluster.outside),
        ] {
            self.bench.on_ray(job, address).run().unwrap();
            self.check(job);
        }
    }

    fn processes_die(&self) {
        let address = &self.cluster.address;
        self.bench.disturb("worker", address, kill);
        self.check("worker");
        self.bench.disturb("python", address, |worker| {
            kill(parent_of(worker));
            gone(worker);
        });
        self.check("python");
        self.bench.disturb("bridge", address, |worker| {
            kill(bridge());
            gone(worker);
        });
        self.check("bridge");
        // Ray tells clients nothing before an attempt ends.
        self.bench
            .disturb("outside_worker", &self.cluster.outside, kill);
        self.check("outside_worker");
    }

    fn the_driver_dies(&self) {
        self.bench.hold();
        let mut driver = self.driver("driver").spawn().unwrap();
        let worker = self.bench.held_worker(&|| false);
        driver.kill().unwrap();
        driver.wait().unwrap();
        gone(worker);
        self.bench.release();
        // It goes on where the other driver was, and on another backend.
        let resumed = self.bench.builder("driver", "process").build();
        resumed.unwrap().run().unwrap();
        self.check("driver");
    }

    fn the_job_is_stopped(&self) {
        self.bench.hold();
        let executor = self.bench.on_ray("stopped", &self.cluster.address);
        let report = thread::scope(|scope| {
            let run = scope.spawn(|| executor.run());
            let worker = self.bench.held_worker(&|| run.is_finished());
            executor.stop_handle().stop();
            let report = run.join().unwrap().unwrap();
            gone(worker);
            report
        });
        assert_eq!(format!("{:?}", report.status), "Stopped");
        self.bench.release();
        let resumed = self.bench.on_ray("stopped", &self.cluster.address);
        resumed.run().unwrap();
        self.check("stopped");
    }

    fn everything_is_in_a_bucket(&self) {
        let server = Server::s3();
        let executor = self
            .bench
            .in_bucket(&server, "bucket", &self.cluster.address);
        self.bench.disturb_run(&executor, kill);
        let answer = server.request("GET", "/data/bucket.jsonl", &[]);
        let (_, exported) = answer.split_once("\r\n\r\n").unwrap();
        assert_eq!(exported.as_bytes(), self.expected);
        let leases = server.request("GET", "/data?list-type=2&prefix=jobs/bucket/results", &[]);
        assert!(!leases.contains("lease.json"), "{leases}");
    }

    /// As where another program takes the place of a driver's while it runs, or only the driver's machine has it.
    fn the_program_is_not_on_the_nodes(&self) {
        let program = self.bench.path("program");
        fs::copy(env::current_exe().unwrap(), &program).unwrap();
        let address = &self.cluster.address;
        let mut driver = self.bench.driver(&program, "shipped", address);
        let mut driver = driver.spawn().unwrap();
        fs::remove_file(&program).unwrap();
        assert!(driver.wait().unwrap().success());
        self.check("shipped");
        let shipped = self.cluster.folder.path();
        let folders = fs::read_dir(shipped).unwrap().map(Result::unwrap);
        let is_ours = |entry: &fs::DirEntry| {
            entry
                .file_name()
                .to_string_lossy()
                .contains("coldpress-programs")
        };
        let ours: Vec<_> = folders.filter(is_ours).collect();
        assert_eq!(ours.len(), 1, "{ours:?}");
        assert_eq!(fs::read_dir(ours[0].path()).unwrap().count(), 1);
    }

    fn a_node_dies(&mut self) {
        let address = self.cluster.address.clone();
        self.bench.disturb("node", &address, |worker| {
            kill(raylet_of(worker));
            gone(worker);
        });
        self.check("node");
        let events = self.bench.events("node");
        let messages = ["the worker's node died", "lost the worker's node"];
        assert!(
            messages.iter().any(|message| events.contains(message)),
            "{events}"
        );
        self.cluster.order("add");
    }

    /// The node's Ray does not answer any more, and its worker works on.
    fn a_node_is_cut_off(&mut self) {
        self.bench.hold_once();
        let executor = self.bench.on_ray("cut_off", &self.cluster.address);
        let (worker, stopped) = thread::scope(|scope| {
            let run = scope.spawn(|| executor.run().map(|_| ()));
            let worker = self.bench.held_worker(&|| run.is_finished());
            let stopped = [parent_of(worker), raylet_of(worker)];
            for process in stopped {
                signal(process, Signal::STOP);
            }
            run.join().unwrap().unwrap();
            (worker, stopped)
        });
        self.check("cut_off");
        let events = self.bench.events("cut_off");
        assert!(bench::is_done_elsewhere(&events), "{events}");
        // It has been told by way of the storage.
        gone(worker);
        stopped.into_iter().for_each(kill);
        self.bench.release();
        self.cluster.order("add");
    }

    fn the_head_dies(&mut self) {
        self.bench.hold();
        let mut driver = self.driver("head");
        let driver = RefCell::new(driver.stderr(Stdio::piped()).spawn().unwrap());
        let has_ended = || driver.borrow_mut().try_wait().unwrap().is_some();
        let worker = self.bench.held_worker(&has_ended);
        self.cluster.order("head");
        let ended = driver.into_inner().wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success());
        assert!(said.contains("the Ray cluster is gone"), "{said}");
        gone(worker);
        self.bench.release();
        let resumed = self.bench.builder("head", "process").build();
        resumed.unwrap().run().unwrap();
        self.check("head");
    }

    fn driver(&self, job: &str) -> Command {
        let own = env::current_exe().unwrap();
        let mut driver = self.bench.driver(&own, job, &self.cluster.address);
        driver.envs(NOTICES_SOON);
        driver
    }

    #[track_caller]
    fn check(&self, job: &str) {
        let exported = self.bench.exported(job);
        assert_eq!(exported, self.expected, "the job `{job}`");
    }
}

/// The raylet that a worker's Python process was started by.
fn raylet_of(worker: u32) -> u32 {
    parent_of(parent_of(worker))
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

/// A cluster of a head and two nodes, which ends with this value.
struct Cluster {
    process: Child,
    address: String,
    /// The address for drivers that are on none of its nodes.
    outside: String,
    lines: Lines<BufReader<ChildStdout>>,
    /// The folder for temporary files of its nodes.
    folder: TempDir,
}

/// How long Ray waits for a head that is gone, which is a minute by default.
const NOTICES_SOON: [(&str, &str); 1] = [("RAY_gcs_rpc_server_reconnect_timeout_s", "5")];

impl Cluster {
    fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ray/cluster.py");
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new(install::interpreter())
            .arg(script)
            .env("TMPDIR", folder.path())
            // The paths of its sockets must be short.
            .env("RAY_TMPDIR", "/tmp")
            .envs(NOTICES_SOON)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut addresses = lines.by_ref().map_while(Result::ok).filter(|line| {
            let port = line.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
            matches!(port, Some(Ok(_)))
        });
        let address = addresses.next().expect("the cluster says its address");
        let outside = addresses.next().expect("and that of the head for clients");
        Self {
            address,
            outside,
            process,
            lines,
            folder,
        }
    }

    /// Has something done to the cluster, and waits for that.
    fn order(&mut self, order: &str) {
        let input = self.process.stdin.as_mut().unwrap();
        writeln!(input, "{order}").unwrap();
        let mut lines = self.lines.by_ref().map_while(Result::ok);
        assert!(lines.any(|line| line == "done"));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
