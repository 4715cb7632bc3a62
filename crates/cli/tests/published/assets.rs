//! Models and word lists: what is missing is listed, refused and fetched, and damage to it is found.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;

use crate::bench::Bench;
use crate::shared::{Ran, repository};

/// Asks for four files, of which no digest is known beforehand.
const RECIPE: &str = "\
dataset_path: chinese.jsonl
export_path: out/clean.jsonl
work_dir: jobs
compat: data_juicer
assets_dir: fetched
process:
  - perplexity_filter:
      lang: zh
      max_ppl: 100000
  - flagged_words_filter:
      lang: zh
      max_ratio: 1.0
  - alphanumeric_filter:
      tokenization: true
      min_ratio: 0.0
";

const NAMES: [&str; 4] = [
    "zh.sp.model",
    "zh.arpa.bin",
    "flagged_words.json",
    "EleutherAI/pythia-6.9b-deduped/tokenizer.json",
];

/// A server for the files of these folders. It ends with the process.
fn serve(folders: Vec<PathBuf>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            answer(&mut stream.unwrap(), &folders);
        }
    });
    address
}

fn answer(stream: &mut TcpStream, folders: &[PathBuf]) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let request = lines.next().unwrap().unwrap();
    let path = request.split(' ').nth(1).unwrap().trim_start_matches('/');
    while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
    let mut files = folders.iter().map(|folder| folder.join(path));
    let body = files.find_map(|file| fs::read(file).ok());
    let status = if body.is_some() {
        "200 OK"
    } else {
        "404 Not Found"
    };
    let body = body.unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // A client may hang up as soon as it has seen the status.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&body));
}

fn mirror() -> String {
    let assets = repository().join("crates/ops/testdata/assets");
    serve(vec![assets.join("models"), assets.join("words")])
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("recipe.yaml", RECIPE);
    bench
}

#[test]
fn a_place_may_have_any_name() {
    use std::os::unix::ffi::OsStrExt;
    let bench = bench();
    bench.write("recipe.yaml", RECIPE.replace("assets_dir: fetched\n", ""));
    let mut command = bench.command("assets list --config recipe.yaml --json");
    command.env("COLDPRESS_ASSETS", std::ffi::OsStr::from_bytes(b"/no/\xff"));
    let told = Ran::of(command.output().unwrap()).expect(1).json();
    let looked = told["assets"][0]["looked"].to_string();
    assert!(looked.contains("/no/\u{fffd}/"), "{looked}");
}

#[test]
fn what_is_missing_is_listed_with_its_places() {
    let bench = bench();
    let listed = bench.run("assets list --config recipe.yaml").expect(1);
    for name in NAMES {
        let place = format!("fetched/{name}\n");
        let told = format!("Looked for {name} at\n");
        assert!(listed.stdout.contains(&told), "{}", listed.stdout);
        assert!(listed.stdout.contains(&place), "{}", listed.stdout);
    }
    listed.prints(&["perplexity_filter", "coldpress assets fetch"]);
    let json = bench
        .run("assets list --config recipe.yaml --json")
        .expect(1);
    let json = json.json();
    let assets = json["assets"].as_array().unwrap();
    let names: Vec<&str> = assets
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, NAMES);
    for asset in assets {
        assert!(asset["found"].is_null(), "{asset}");
        assert!(!asset["looked"].as_array().unwrap().is_empty(), "{asset}");
    }
    assert_eq!(assets[0]["operator"], "perplexity_filter");
    bench
        .run("assets verify --config recipe.yaml")
        .expect(1)
        .prints(&["zh.sp.model: missing\n"]);
    assert!(!bench.exists("fetched"), "nothing is written");
}

/// Without `compat`, lists are built in. It is said that they are used, and with a file they are not.
#[test]
fn what_is_built_in_is_said() {
    let bench = bench();
    let recipe = RECIPE
        .replace("compat: data_juicer\n", "")
        .replace("lang: zh", "lang: en");
    let filters = recipe.find("  - perplexity_filter").unwrap();
    let call = "  - flagged_words_filter:\n      lang: en\n";
    bench.write("recipe.yaml", format!("{}{call}", &recipe[..filters]));
    bench
        .run("assets list --config recipe.yaml")
        .expect(0)
        .prints(&["the recipe needs no assets\nNote: ", "flagged_words"]);
    bench.write("fetched/flagged_words.json", "{\"en\": [\"ugh\"]}");
    let listed = bench.run("assets list --config recipe.yaml").expect(0);
    assert!(!listed.stdout.contains("Note: "), "{}", listed.stdout);
    listed.prints(&["flagged_words.json  flagged_words_filter"]);
}

#[test]
fn what_is_built_in_is_no_missing_file() {
    let bench = bench();
    let begin = &RECIPE[..RECIPE.find("  - perplexity_filter").unwrap()];
    let begin = begin.replace("compat: data_juicer\n", "");
    let recipe = format!("{begin}  - language_id_score_filter:\n      lang: en\n");
    bench.write("recipe.yaml", recipe);
    bench
        .run("assets list --config recipe.yaml")
        .expect(0)
        .prints(&[
            "lid.176.bin",
            "language_id_score_filter",
            "missing; what is built in is used instead",
            "Note: ",
            "Looked for lid.176.bin at\n",
        ]);
    let json = bench
        .run("assets list --config recipe.yaml --json")
        .expect(0);
    assert_eq!(json.json()["assets"][0]["optional"], true);
    bench
        .run("assets verify --config recipe.yaml")
        .expect(0)
        .prints(&["lid.176.bin: missing; what is built in is used instead\n"]);
    // It may be there, so nothing else is used in its place.
    fs::create_dir(bench.path("fetched")).unwrap();
    let model = bench.path("fetched/lid.176.bin");
    std::os::unix::fs::symlink(&model, &model).unwrap();
    bench
        .run("assets list --config recipe.yaml")
        .expect(1)
        .prints(&["cannot be looked at", "symbolic links"]);
    bench
        .run("check --config recipe.yaml")
        .expect(2)
        .tells(&["`fetched/lid.176.bin` cannot be looked at"]);
}

#[test]
fn an_archive_of_other_bytes_is_refused() {
    let bench = bench();
    let begin = &RECIPE[..RECIPE.find("  - perplexity_filter").unwrap()];
    bench.write(
        "recipe.yaml",
        format!("{begin}  - sentence_split_mapper:\n"),
    );
    bench
        .run("assets list --config recipe.yaml")
        .expect(1)
        .prints(&[
            "punkt_tab/english",
            "nltk_data/tokenizers/punkt_tab/english\n",
        ]);
    fs::create_dir(bench.path("served")).unwrap();
    bench.write("served/punkt_tab.zip", "PK");
    let mirror = serve(vec![bench.path("served")]);
    bench
        .run(&format!(
            "assets fetch --config recipe.yaml --mirror {mirror}"
        ))
        .expect(1)
        .tells(&["punkt_tab.zip", "SHA-256", "e57f6418"]);
    assert!(!bench.exists("fetched/nltk_data/tokenizers/punkt_tab"));
}

#[test]
fn a_job_without_its_assets_is_refused_before_it_begins() {
    let bench = bench();
    for command in ["check", "plan", "process"] {
        bench
            .run(&format!("{command} --config recipe.yaml"))
            .expect(2)
            .tells(&[
                "needs `zh.sp.model`, which is not in `fetched`; ",
                "coldpress assets fetch --config",
            ]);
    }
    assert!(!bench.exists("jobs") && !bench.exists("out"));
}

#[test]
fn what_is_missing_is_fetched_from_a_mirror_and_used() {
    let (bench, mirror) = (bench(), mirror());
    let fetch = format!("assets fetch --config recipe.yaml --mirror {mirror}");
    let fetched = bench.run(&fetch).expect(0);
    for name in NAMES {
        let told = format!("from {mirror}/{name}\n");
        assert!(fetched.stdout.contains(&told), "{}", fetched.stdout);
        assert!(bench.exists(&format!("fetched/{name}")), "{name}");
    }
    bench
        .run(&fetch)
        .expect(0)
        .prints(&["nothing is missing\n"]);
    let listed = bench
        .run("assets list --config recipe.yaml --json")
        .expect(0);
    let listed = listed.json();
    let assets = listed["assets"].as_array().unwrap();
    let found: Vec<&str> = assets
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(found, NAMES);
    assert!(
        assets.iter().all(|one| one["found"].is_string()),
        "{listed}"
    );
    let verified = bench.run("assets verify --config recipe.yaml").expect(0);
    assert_eq!(
        verified.stdout.matches(" is as it should be\n").count(),
        NAMES.len(),
        "{}",
        verified.stdout
    );
    bench.run("process --config recipe.yaml").expect(0);
}

#[test]
fn a_file_that_changed_since_it_was_fetched_is_found() {
    let (bench, mirror) = (bench(), mirror());
    bench
        .run(&format!(
            "assets fetch --config recipe.yaml --mirror {mirror}"
        ))
        .expect(0);
    // The list of digests and the file itself, one after the other.
    let sums = bench.read("fetched/SHA256SUMS");
    let wrong: String = sums
        .lines()
        .map(|line| match line.ends_with("  zh.arpa.bin") {
            true => format!("{}  zh.arpa.bin\n", "0".repeat(64)),
            false => format!("{line}\n"),
        })
        .collect();
    bench.write("fetched/SHA256SUMS", wrong);
    bench.write("fetched/flagged_words.json", "{\"zh\": []}");
    let verified = bench.run("assets verify --config recipe.yaml").expect(1);
    let is_wrong = |name: &str| {
        let mut lines = verified.stdout.lines();
        lines.any(|line| line.starts_with(name) && line.contains("should have"))
    };
    let found = NAMES.map(is_wrong);
    assert_eq!(found, [false, true, true, false], "{}", verified.stdout);
}

#[test]
fn a_download_that_is_not_the_known_file_is_refused() {
    let (bench, mirror) = (bench(), mirror());
    // The small model of the tests is not the published one, of which the digest is known.
    let recipe = RECIPE.replace(
        "  - perplexity_filter:\n      lang: zh",
        "  - perplexity_filter:\n      lang: en",
    );
    bench.write("recipe.yaml", recipe);
    bench
        .run(&format!(
            "assets fetch --config recipe.yaml --mirror {mirror}"
        ))
        .expect(1)
        .tells(&[
            "error: 2 of 4 files could not be fetched\n  ",
            "en.sp.model",
            "en.arpa.bin",
            "SHA-256",
        ]);
    assert!(!bench.exists("fetched/en.sp.model"));
    // The others are there all the same.
    assert!(bench.exists("fetched/flagged_words.json"));
}

#[test]
fn a_mirror_without_the_file_is_named() {
    let (bench, mirror) = (bench(), serve(Vec::new()));
    bench
        .run(&format!(
            "assets fetch --config recipe.yaml --mirror {mirror}"
        ))
        .expect(1)
        .tells(&[&format!("{mirror}/zh.sp.model"), "404"]);
}
