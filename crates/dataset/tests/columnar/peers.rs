use std::fs;

use serde_json::Value;

use crate::tables::{open, read, rendered, testdata};

/// Files that are too deep or too odd to compare line by line: `doubtful_floats` spells numbers as Python does.
const AS_VALUES: [&str; 1] = ["doubtful_floats"];

#[test]
fn files_of_other_programs_give_the_rows_that_they_hold() {
    let mut compared = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(testdata()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let is_table = ["parquet", "arrow", "arrows", "feather"]
            .iter()
            .any(|suffix| path.extension().is_some_and(|found| found == *suffix));
        if !is_table {
            continue;
        }
        let stem = name.split('.').next().unwrap();
        let expected = testdata().join(format!("{stem}.expected.jsonl"));
        let expected = fs::read_to_string(expected).unwrap();
        let expected: Vec<&str> = expected.lines().collect();
        let table = open(&path);
        let groups = table.groups();
        assert_eq!(
            groups.iter().map(|group| group.rows).sum::<u64>(),
            table.rows()
        );
        let lines = match read(&table, 0..table.rows()) {
            Ok(batches) => rendered(&batches),
            Err(error) => vec![error.to_string()],
        };
        let is_same = match AS_VALUES.contains(&stem) {
            true => values(lines.iter().map(String::as_str)) == values(expected.iter().copied()),
            false => lines == expected,
        };
        compared += 1;
        if !is_same {
            let at = lines
                .iter()
                .zip(&expected)
                .position(|(line, wanted)| line != wanted);
            let at = at.unwrap_or(lines.len().min(expected.len()));
            wrong.push(format!(
                "{name}: {} rows of {}, row {at}:\n  {:?}\n  {:?}",
                lines.len(),
                expected.len(),
                lines.get(at),
                expected.get(at)
            ));
        }
    }
    assert!(compared > 50, "{compared} files");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn values<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Value> {
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// In files of all layouts, every range of rows is that part of the whole.
#[test]
fn ranges_of_rows_are_parts_of_the_whole() {
    for name in [
        "all_types.parquet",
        "many_pages.parquet",
        "many_pages.v2.parquet",
        "many_pages.dictionary_given_up.parquet",
        "many_row_groups.parquet",
        "book.duckdb.parquet",
        "huggingface.cache.arrow",
        "words.changing.arrows",
        "words.growing.arrows",
        "words.growing.arrow",
        "records.zstd.arrow",
    ] {
        let table = open(&testdata().join(name));
        let rows = table.rows();
        let all = rendered(&read(&table, 0..rows).unwrap());
        let step = (rows / 23).max(1);
        for start in (0..=rows).step_by(step as usize) {
            for length in [0, 1, 2, 7, step, rows / 2] {
                let range = start..(start + length).min(rows);
                let part = rendered(&read(&table, range.clone()).unwrap());
                let (from, to) = (range.start as usize, range.end as usize);
                assert_eq!(part, all[from..to], "{name} {range:?}");
            }
        }
    }
}
