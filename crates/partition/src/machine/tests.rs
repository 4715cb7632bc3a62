use proptest::prelude::*;

use super::*;

const MOUNTS_TWO: &str = "\
24 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate
";
const MOUNTS_ONE: &str = "\
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw,relatime master:3 - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

/// Creates a file system with these files, and returns the limit that is found in it.
fn limit_of_files(files: &[(&str, &str)]) -> (u64, MemoryLimitFrom) {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let limit = limit_under(root.path());
    (limit.bytes, limit.from)
}

#[test]
fn the_total_is_found_in_meminfo() {
    let cases = [
        (
            "MemTotal:       24731708 kB\nMemFree: 1 kB\n",
            Some(24_731_708 * 1024),
        ),
        ("MemFree: 1 kB\nMemTotal: 2 kB", Some(2048)),
        ("", None),
        ("MemTotal:", None),
        ("MemTotal: 5", None),
        ("MemTotal: 0 kB", None),
        ("MemTotal: many kB", None),
        ("MemTotal: 18446744073709551615 kB", None),
    ];
    for (text, expected) in cases {
        assert_eq!(total_of(text), expected, "{text:?}");
    }
}

#[test]
fn a_limit_is_a_number() {
    let cases = [
        ("max\n", None),
        ("1073741824\n", Some(1 << 30)),
        ("0", Some(0)),
        ("-1", None),
        ("", None),
        ("99999999999999999999", None),
    ];
    for (text, expected) in cases {
        assert_eq!(limit_of(text), expected, "{text:?}");
    }
}

#[test]
fn limit_files_are_those_from_the_group_to_the_outermost() {
    #[track_caller]
    fn check(cgroup: &str, mounts: &str, expected: &[&str]) {
        let found = limit_files(cgroup, mounts);
        let expected: Vec<PathBuf> = expected.iter().map(PathBuf::from).collect();
        assert_eq!(found, expected, "{cgroup:?}");
    }
    check(
        "0::/system.slice/job.service\n",
        MOUNTS_TWO,
        &[
            "/sys/fs/cgroup/system.slice/job.service/memory.max",
            "/sys/fs/cgroup/system.slice/memory.max",
            "/sys/fs/cgroup/memory.max",
        ],
    );
    check("0::/\n", MOUNTS_TWO, &["/sys/fs/cgroup/memory.max"]);
    check("0::/../other\n", MOUNTS_TWO, &["/sys/fs/cgroup/memory.max"]);
    // The mount shows only the container's group, and the path is the host's.
    check(
        "5:devices:/docker/abc\n4:cpuacct,memory:/docker/abc/inner\n",
        MOUNTS_ONE,
        &[
            "/sys/fs/cgroup/memory/inner/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        ],
    );
    check(
        "4:memory:/kubepods/x\n",
        MOUNTS_ONE,
        &["/sys/fs/cgroup/memory/memory.limit_in_bytes"],
    );
    check(
        "0::/a\n",
        "1 2 0:3 / /odd\\040place rw - cgroup2 c rw",
        &["/odd place/a/memory.max", "/odd place/memory.max"],
    );
    check("1:name=systemd:/\n", MOUNTS_TWO, &[]);
    check("0::/x", "", &[]);
    check("", "", &[]);
    check("nonsense\n0:\n", MOUNTS_TWO, &[]);
}

#[test]
fn the_least_limit_counts() {
    use MemoryLimitFrom::{Assumed, Container, Machine};
    let machine = ("proc/meminfo", "MemTotal: 1048576 kB\n");
    let group = ("proc/self/cgroup", "0::/a/b\n");
    let mounts = ("proc/self/mountinfo", MOUNTS_TWO);
    let inner = |text| ("sys/fs/cgroup/a/b/memory.max", text);
    let outer = |text| ("sys/fs/cgroup/a/memory.max", text);
    let gib = 1 << 30;

    let found = limit_of_files(&[machine, group, mounts, inner("max"), outer("4096\n")]);
    assert_eq!(found, (4096, Container));
    let found = limit_of_files(&[machine, group, mounts, inner("2048"), outer("4096")]);
    assert_eq!(found, (2048, Container));
    let found = limit_of_files(&[machine, group, mounts, inner("max"), outer("max")]);
    assert_eq!(found, (gib, Machine));
    let found = limit_of_files(&[machine, group, mounts, inner("9999999999999")]);
    assert_eq!(found, (gib, Machine));
    let found = limit_of_files(&[machine, group, mounts, inner("0")]);
    assert_eq!(found, (1, Container), "a limit of nothing is still a limit");
    assert_eq!(limit_of_files(&[machine]), (gib, Machine));
    let found = limit_of_files(&[group, mounts, inner("5000")]);
    assert_eq!(found, (5000, Container));
    assert_eq!(limit_of_files(&[]), (ASSUMED_MEMORY_BYTES, Assumed));
}

#[test]
fn no_limit_of_version_one_is_a_large_number() {
    let group = ("proc/self/cgroup", "4:memory:/docker/abc\n");
    let mounts = ("proc/self/mountinfo", MOUNTS_ONE);
    let file = "sys/fs/cgroup/memory/memory.limit_in_bytes";
    let found = limit_of_files(&[group, mounts, (file, "9223372036854771712\n")]);
    assert_eq!(found, (ASSUMED_MEMORY_BYTES, MemoryLimitFrom::Assumed));
    let found = limit_of_files(&[group, mounts, (file, "700\n")]);
    assert_eq!(found, (700, MemoryLimitFrom::Container));
}

#[test]
fn this_machine_has_memory() {
    assert!(memory_limit().bytes > 1 << 20);
}

proptest! {
    #[test]
    fn any_text_is_parsed_without_a_panic(cgroup in "[ -~\n]{0,80}", mounts in "[ -~\n]{0,120}") {
        limit_files(&cgroup, &mounts);
        total_of(&cgroup);
        limit_of(&mounts);
    }
}
