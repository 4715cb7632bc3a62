//! The files of `data/`: records, quarantined and exit code of each.

use serde_json::Value;

use crate::bench::{Bench, EXPORT, data};

/// What must become of a file. Worked out from what the file holds, by hand.
struct Case {
    file: &'static str,
    records: u64,
    code: i32,
    kept: Kept,
    /// Line (from 0), operator ("" = reading) and error of each record in quarantine.
    quarantined: &'static [(usize, &'static str, &'static str)],
    /// Position, length and the beginning of the reason of each part that cannot be read.
    unreadable: &'static [(u64, u64, &'static str)],
    /// A part of the only warning.
    warning: Option<&'static str>,
}

/// The records that must come out, byte for byte and in order.
enum Kept {
    /// These lines of the file, without line end, byte order mark and outer blanks.
    Lines(&'static [usize]),
    /// Every line of the file.
    All,
    /// The first lines of `good.jsonl`.
    Good(usize),
    /// The first of the records "Record number n of many.".
    Numbered(usize),
}

/// A case without quarantine, unreadable parts and warnings.
const fn fine(file: &'static str, records: u64, kept: Kept) -> Case {
    Case {
        file,
        records,
        code: 0,
        kept,
        quarantined: &[],
        unreadable: &[],
        warning: None,
    }
}

const LENGTH: &str = "text_length_filter";
const CONTROL: &str =
    "not valid JSON: control character (\\u0000-\\u001F) found while parsing a string";
const SURROGATE: &str = "field `text` holds a lone surrogate escape, which no text can have";

const LINES: &[Case] = &[
    fine("good.jsonl", 40, Kept::All),
    fine("no-final-newline.jsonl", 5, Kept::All),
    fine("changing-types.jsonl", 36, Kept::All),
    fine("late-field.jsonl", 1600, Kept::All),
    fine("many-keys.jsonl", 20, Kept::All),
    Case {
        code: 3,
        unreadable: &[(8811, 262, "the last line breaks off: not valid JSON: EOF")],
        ..fine("truncated-last-line.jsonl", 10, Kept::Good(10))
    },
    Case {
        quarantined: &[
            (1, "", "not valid UTF-8 at byte 29"),
            (3, "", "not valid UTF-8 at byte 30"),
            (4, "", "not valid UTF-8 at byte 26"),
            (5, "", "not valid UTF-8 at byte 26"),
        ],
        ..fine("invalid-utf8.jsonl", 7, Kept::Lines(&[0, 2, 6]))
    },
    Case {
        quarantined: &[
            (1, "", "not valid JSON: expected ident at column 2"),
            (3, "", "not valid JSON: key must be a string at column 2"),
            (5, "", "not valid JSON: trailing comma at column 38"),
            (7, "", "not valid JSON: trailing characters at column 28"),
        ],
        ..fine("not-json-line.jsonl", 9, Kept::Lines(&[0, 2, 4, 6, 8]))
    },
    Case {
        quarantined: &[
            (1, "", "a record must be a JSON object, this line is a list"),
            (
                2,
                "",
                "a record must be a JSON object, this line is a number",
            ),
            (3, "", "a record must be a JSON object, this line is text"),
            (4, "", "a record must be a JSON object, this line is null"),
            (
                5,
                "",
                "a record must be a JSON object, this line is a boolean",
            ),
            (6, "", "a record must be a JSON object, this line is a list"),
        ],
        ..fine("array-line.jsonl", 8, Kept::Lines(&[0, 7]))
    },
    Case {
        // The last of two equal keys counts: `text` is "second" in the first record and null in the second.
        quarantined: &[(1, LENGTH, "field `text` is null, not text")],
        ..fine("duplicate-keys.jsonl", 3, Kept::Lines(&[0, 2]))
    },
    Case {
        quarantined: &[(
            3,
            "",
            "not valid JSON: EOF while parsing a list at column 3040",
        )],
        ..fine("deep-nesting.jsonl", 6, Kept::Lines(&[0, 1, 2, 4, 5]))
    },
    Case {
        quarantined: &[
            (1, "", CONTROL),
            (3, "", "not valid JSON: expected value at column 1"),
        ],
        ..fine("nul-bytes.jsonl", 5, Kept::Lines(&[0, 2, 4]))
    },
    Case {
        quarantined: &[(0, "", CONTROL), (1, "", CONTROL)],
        ..fine("control-chars.jsonl", 3, Kept::Lines(&[2]))
    },
    Case {
        quarantined: &[
            (5, "", "NaN at column 46 is not valid JSON, although"),
            (6, "", "Infinity at column 46 is not valid JSON, although"),
            (7, "", "-Infinity at column 46 is not valid JSON, although"),
            (17, "", "not valid JSON: invalid number"),
            (18, "", "not valid JSON: expected value"),
            (19, "", "not valid JSON: expected value"),
            (20, "", "not valid JSON: invalid number"),
            (21, "", "not valid JSON: expected `,` or `}`"),
            (22, "", "not valid JSON: expected `,` or `}`"),
        ],
        ..fine(
            "numbers.jsonl",
            23,
            Kept::Lines(&[0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
        )
    },
    Case {
        quarantined: &[
            (0, LENGTH, SURROGATE),
            (1, LENGTH, SURROGATE),
            (2, LENGTH, SURROGATE),
            (5, "", "not valid JSON: invalid escape"),
        ],
        ..fine("surrogates.jsonl", 7, Kept::Lines(&[3, 4, 6]))
    },
    Case {
        quarantined: &[
            (0, LENGTH, "field `text` is a number, not text"),
            (1, LENGTH, "field `text` is null, not text"),
            (2, LENGTH, "field `text` is missing"),
            (3, LENGTH, "field `text` is missing"),
            (4, LENGTH, "field `text` is a list, not text"),
            (5, LENGTH, "field `text` is an object, not text"),
            (6, LENGTH, "field `text` is a boolean, not text"),
        ],
        ..fine("wrong-types.jsonl", 11, Kept::Lines(&[7, 8, 9, 10]))
    },
];

const ENCODINGS: &[Case] = &[
    fine("bom.jsonl", 5, Kept::Good(5)),
    fine("bom-mid-file.jsonl", 5, Kept::Good(5)),
    fine("crlf.jsonl", 8, Kept::Good(8)),
    fine("mixed-newlines.jsonl", 4, Kept::Good(4)),
    Case {
        warning: Some("cr-only.jsonl` end in CR alone; they are read so"),
        ..fine("cr-only.jsonl", 4, Kept::Good(4))
    },
    Case {
        warning: Some("utf16le.jsonl` is UTF-16; the output is UTF-8"),
        ..fine("utf16le.jsonl", 4, Kept::Good(4))
    },
];

const COMPRESSED: &[Case] = &[
    fine("two-members.jsonl.gz", 40, Kept::Good(40)),
    Case {
        warning: Some("is not compressed, not what its suffix says"),
        ..fine("not-gzip.jsonl.gz", 3, Kept::Good(3))
    },
    Case {
        code: 3,
        unreadable: &[(
            36572,
            0,
            "corrupt gzip stream does not have a matching checksum",
        )],
        warning: Some("bad-crc.jsonl.gz` cannot be read from byte 36572 "),
        ..fine("bad-crc.jsonl.gz", 40, Kept::Good(40))
    },
    Case {
        code: 3,
        unreadable: &[(36572, 0, "invalid gzip header")],
        warning: Some("trailing-garbage.jsonl.gz` cannot be read from byte 36572"),
        ..fine("trailing-garbage.jsonl.gz", 40, Kept::Good(40))
    },
    Case {
        // What another decoder gets out of it: 26 whole lines that end at byte 23195.
        code: 3,
        unreadable: &[(23195, 0, "")],
        warning: Some("truncated.jsonl.gz` cannot be read from byte 23195"),
        ..fine("truncated.jsonl.gz", 26, Kept::Good(26))
    },
    Case {
        // Two whole blocks of 128 KiB: 5083 lines that end at byte 262096.
        code: 3,
        unreadable: &[(262_096, 0, "")],
        warning: Some("truncated-blocks.jsonl.zst` cannot be read from byte 262096"),
        ..fine("truncated-blocks.jsonl.zst", 5083, Kept::Numbered(5083))
    },
    Case {
        // The fourth block is damaged: of the first three come 240 lines that end at byte 11780.
        code: 3,
        unreadable: &[(11_780, 0, "")],
        warning: Some("bad-block.jsonl.zst` cannot be read from byte 11780"),
        ..fine("bad-block.jsonl.zst", 240, Kept::Numbered(240))
    },
];

/// Not lines, but read all the same.
const DOCUMENTS: &[Case] = &[
    fine("pretty-printed.json", 1, Kept::Good(1)),
    fine("whole-file-array.json", 8, Kept::Good(8)),
];

#[test]
fn records_over_many_lines_come_out_as_lines() {
    DOCUMENTS.iter().for_each(check_cuts);
}

#[test]
fn bad_lines_go_to_quarantine_and_good_ones_come_out_as_they_came_in() {
    LINES.iter().for_each(check_cuts);
}

#[test]
fn marks_line_ends_and_encodings_change_no_record() {
    ENCODINGS.iter().for_each(check_cuts);
}

#[test]
fn of_a_damaged_stream_every_whole_line_counts() {
    COMPRESSED.iter().for_each(check_cuts);
}

/// Checks a case in one partition, in partitions of three records and of one.
fn check_cuts(case: &Case) {
    // A partition per record of the long files would take a while and show no more.
    let is_long = case.records > 1000;
    check(
        case,
        if is_long {
            &[10_000, 777]
        } else {
            &[10_000, 3, 1]
        },
    );
}

/// As of gzip: the checksum says that something is wrong, and every line was decoded.
#[test]
fn a_wrong_checksum_of_zstd_takes_no_line_away() {
    let case = Case {
        code: 3,
        unreadable: &[(413_780, 0, "")],
        warning: Some("bad-checksum.jsonl.zst` cannot be read from byte 413780"),
        ..fine("bad-checksum.jsonl.zst", 8000, Kept::Numbered(8000))
    };
    check(&case, &[10_000, 777]);
}

fn check(case: &Case, sizes: &[u32]) {
    for size in sizes {
        let bench = Bench::new();
        let path = data(case.file).display().to_string();
        let ran = bench.process(&format!("--dataset_path {path} --partition.size {size}"));
        let about = format!("{} in partitions of {size}", case.file);
        assert_eq!(ran.code, case.code, "{about}: {}", ran.stderr);
        let report = ran.json();
        let records = report["ledger"]["records"].as_u64().unwrap();
        let quarantined = case.quarantined.len() as u64;
        assert_eq!(records, case.records, "{about}");
        assert_eq!(quarantined_of(&report), quarantined, "{about}");
        let kept = case.kept.of(case.file);
        assert_eq!(kept.len() as u64 + quarantined, case.records, "{about}");
        let expected: Vec<u8> = kept
            .iter()
            .flat_map(|line| [line, &b"\n"[..]].concat())
            .collect();
        assert!(
            bench.bytes(EXPORT) == expected,
            "{about}: the export differs"
        );
        check_quarantine(case, &bench, &path, &about);
        check_unreadable(case, &report, &path, &about);
        let (errors, warnings): (Vec<&str>, Vec<&str>) = ran
            .stderr
            .lines()
            .partition(|line| line.starts_with("error: "));
        assert_eq!(
            errors.len(),
            usize::from(case.code == 3),
            "{about}: {errors:?}"
        );
        assert_eq!(
            warnings.len(),
            usize::from(case.warning.is_some()),
            "{about}: {warnings:?}"
        );
        assert!(
            case.warning.is_none_or(|part| warnings[0].contains(part)),
            "{about}: {warnings:?}"
        );
    }
}

fn check_quarantine(case: &Case, bench: &Bench, path: &str, about: &str) {
    let entries = bench.quarantine();
    assert_eq!(
        entries.len(),
        case.quarantined.len(),
        "{about}: {entries:?}"
    );
    let bytes = std::fs::read(path).unwrap();
    for (entry, (line, operator, error)) in entries.iter().zip(case.quarantined) {
        let (position, record) = line_at(&bytes, *line);
        assert_eq!(
            (&entry["path"], &entry["source"]),
            (&path.into(), &0.into()),
            "{about}"
        );
        assert_eq!(entry["position"], position, "{about}: line {line}");
        assert_eq!(entry["length"], record.len(), "{about}: line {line}");
        let text = entry["error"].as_str().unwrap();
        assert!(text.starts_with(error), "{about}: line {line}: {text}");
        assert_eq!(
            entry["operator"].as_str().unwrap_or_default(),
            *operator,
            "{about}"
        );
        match std::str::from_utf8(record) {
            Ok(record) => assert_eq!(entry["record"], record, "{about}: line {line}"),
            Err(_) => {
                let hex: String = record.iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(entry["record_hex"], hex, "{about}: line {line}");
            }
        }
    }
}

fn check_unreadable(case: &Case, report: &Value, path: &str, about: &str) {
    let parts = report["unreadable"].as_array().unwrap();
    assert_eq!(parts.len(), case.unreadable.len(), "{about}: {parts:?}");
    for (part, (start, length, reason)) in parts.iter().zip(case.unreadable) {
        assert_eq!(
            (&part["start"], &part["length"]),
            (&(*start).into(), &(*length).into()),
            "{about}"
        );
        assert_eq!(part["source"], path, "{about}");
        let text = part["reason"].as_str().unwrap();
        assert!(
            !text.is_empty() && text.starts_with(reason),
            "{about}: {text}"
        );
    }
}

fn quarantined_of(report: &Value) -> u64 {
    let operators = report["ledger"]["operators"].as_array().unwrap();
    let failed: u64 = operators
        .iter()
        .map(|operator| operator["quarantined"].as_u64().unwrap())
        .sum();
    report["ledger"]["rejected"].as_u64().unwrap() + failed
}

impl Kept {
    fn of(&self, file: &str) -> Vec<Vec<u8>> {
        let lines_of = |file: &str| -> Vec<Vec<u8>> {
            let bytes = std::fs::read(data(file)).unwrap();
            let lines = bytes.split(|byte| *byte == b'\n');
            lines
                .filter(|line| !line.is_empty())
                .map(<[u8]>::to_vec)
                .collect()
        };
        match self {
            Self::Lines(numbers) => {
                let lines = lines_of(file);
                numbers
                    .iter()
                    .map(|number| lines[*number].clone())
                    .collect()
            }
            Self::All => lines_of(file),
            Self::Good(count) => lines_of("good.jsonl")[..*count].to_vec(),
            Self::Numbered(count) => (0..*count)
                .map(|id| {
                    format!("{{\"id\": {id}, \"text\": \"Record number {id} of many.\"}}")
                        .into_bytes()
                })
                .collect(),
        }
    }
}

/// Position and bytes of a line that LF ends.
fn line_at(bytes: &[u8], number: usize) -> (usize, &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let before: usize = lines.by_ref().take(number).map(|line| line.len() + 1).sum();
    (before, lines.next().unwrap())
}

/// The dataset is refused because it has no record; returns what was told.
#[track_caller]
fn check_no_record(file: &str) -> String {
    let bench = Bench::new();
    let path = data(file).display().to_string();
    let ran = bench.process(&format!("--dataset_path {path}"));
    let ran = ran
        .expect(1)
        .tells(&["error: the dataset `", &path, "` has no records"]);
    assert!(ran.stdout.is_empty() && !bench.has_exported(), "{file}");
    ran.stderr
}

#[test]
fn without_a_record_there_is_no_dataset() {
    for file in [
        "empty.jsonl",
        "blank-lines.jsonl",
        "empty.jsonl.gz",
        "truncated.jsonl.zst",
        "bit-flip.jsonl.zst",
    ] {
        check_no_record(file);
    }
}

#[test]
fn half_a_record_is_no_dataset_either() {
    let told = check_no_record("torn-only.jsonl");
    assert!(told.contains("breaks off"), "no reason in {told}");
}

#[test]
fn a_dataset_lost_to_damage_says_so() {
    // One block, which the damage makes unreadable as a whole.
    for file in ["truncated.jsonl.zst", "bit-flip.jsonl.zst"] {
        let told = check_no_record(file);
        assert!(told.contains("` cannot be read: "), "no reason in {told}");
    }
}

#[test]
fn damage_in_one_file_takes_nothing_from_the_next() {
    let files = [
        "truncated.jsonl.gz",
        "no-final-newline.jsonl",
        "truncated-last-line.jsonl",
        "utf16le.jsonl",
        "bad-crc.jsonl.gz",
        "bom.jsonl",
    ];
    let counts = [26, 5, 10, 4, 40, 5];
    let expected: Vec<u8> = counts
        .iter()
        .flat_map(|count| Kept::Good(*count).of(""))
        .flat_map(|line| [&line[..], b"\n"].concat())
        .collect();
    for size in [10_000, 7, 1] {
        let bench = Bench::new();
        let paths: Vec<String> = files
            .iter()
            .map(|file| format!("  - {}\n", data(file).display()))
            .collect();
        let recipe =
            crate::bench::RECIPE.replace("in.jsonl", &format!("\n{}", paths.concat().trim_end()));
        bench.write("recipe.yaml", recipe);
        let report = bench
            .process(&format!("--partition.size {size}"))
            .expect(3)
            .json();
        assert!(bench.bytes(EXPORT) == expected, "in partitions of {size}");
        assert_eq!(report["ledger"]["records"], 90);
        let mut parts: Vec<(&str, u64)> = report["unreadable"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| {
                (
                    part["source"].as_str().unwrap(),
                    part["start"].as_u64().unwrap(),
                )
            })
            .map(|(path, start)| (path.rsplit('/').next().unwrap(), start))
            .collect();
        parts.sort_unstable();
        let expected = [
            ("bad-crc.jsonl.gz", 36572),
            ("truncated-last-line.jsonl", 8811),
            ("truncated.jsonl.gz", 23195),
        ];
        assert_eq!(parts, expected, "in partitions of {size}");
    }
}
