//! Runs the vectors of Data-Juicer's deduplicators, from the signatures to the records that come out.
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use coldpress_assets::AssetFolders;
use coldpress_barrier::{Room, SignatureReader, SignatureWriter, judge};
use coldpress_operator::{
    ChainHash, ChainSettings, Guard, Key, Node, OperatorCall, OperatorKind, Pipeline, Shared, Span,
};
use coldpress_record::{Batch, Lines};
use serde_json::{Map, Value};

type Row = Map<String, Value>;

fn call(op: &str, params: &Row) -> OperatorCall {
    let mut call = OperatorCall::new(op);
    for (name, value) in params {
        let name = name.clone();
        let span = Span::default();
        call.params
            .push((Key { name, span }, Node::from_json(value)));
    }
    call
}

fn pipeline(call: OperatorCall, compat: bool) -> Result<Pipeline, String> {
    let settings = ChainSettings {
        text_key: "text".into(),
        seed: 42,
        skip_op_error: false,
        compat,
        keep_all: false,
        labels: Vec::new(),
        needs: Vec::new(),
        python: Default::default(),
    };
    // The models of the vectors are in subfolders.
    let testdata = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata");
    let registry = coldpress_ops::builtin().with_assets(AssetFolders::new([testdata]));
    Pipeline::resolve(&registry, &[call], &settings).map_err(|error| error.to_string())
}

/// Returns the output of an operator that gets these rows in partitions of the given size.
fn run(
    call: OperatorCall,
    compat: bool,
    rows: &[Row],
    partition: usize,
) -> Result<Vec<Row>, String> {
    let pipeline = pipeline(call, compat)?;
    let barrier = pipeline.operators()[0].barrier().cloned().unwrap();
    let mut chain = pipeline.instantiate(&Shared::default()).unwrap();
    let mut batches = Vec::new();
    let mut files = Vec::new();
    for rows in rows.chunks(partition) {
        let mut lines = Lines::new(0);
        for (at, row) in rows.iter().enumerate() {
            lines.push(at as u64, Value::Object(row.clone()).to_string().as_bytes());
        }
        let mut batch = Batch::default();
        batch.fill(&mut lines, chain.fields(), &mut Vec::new());
        chain.begin(&mut batch);
        let mut writer = SignatureWriter::new(barrier.form);
        let signed = chain.sign(&batch, 0, &Guard::default(), |signature| {
            writer.push(signature)
        });
        signed.map_err(|failure| failure.to_string())?;
        let mut file = Vec::new();
        writer.finish(&mut file).unwrap();
        batches.push(batch);
        files.push(file);
    }
    let readers: Vec<_> = files
        .iter()
        .map(|file| SignatureReader::open(&file[..]).unwrap())
        .collect();
    let stop = AtomicBool::new(false);
    let folder = tempfile::tempdir().unwrap();
    let room = Room::new(0, folder.path(), &stop);
    let mut judgement = judge(&readers, &barrier.rule, &room).unwrap();
    let mut out = Vec::new();
    for mut batch in batches {
        let verdict = judgement.next_verdict().unwrap().unwrap();
        chain.decide(&[Some(Arc::new(verdict.decision))]);
        let mut tally = chain.tally();
        tally.ledger.records = batch.rows() as u64;
        let applied = chain.run(&mut batch, 0..1, &mut tally);
        applied.map_err(|failure| failure.to_string())?;
        chain.check_decided(0..1)?;
        tally.ledger.check().unwrap();
        for row in batch.selection() {
            batch.write_record(*row as usize, chain.fields(), &mut out);
        }
    }
    let out = String::from_utf8(out).unwrap();
    Ok(out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect())
}

/// Checks the results for the rows of a vector, in partitions of several sizes.
pub(super) fn check(case: &Row) {
    let id = case["id"].as_str().unwrap();
    let rows = |key: &str| -> Vec<Row> {
        let rows = case[key].as_array().unwrap().iter();
        rows.map(|row| row.as_object().unwrap().clone()).collect()
    };
    let (op, params) = (
        case["op"].as_str().unwrap(),
        case["params"].as_object().unwrap(),
    );
    let input = rows("input");
    for partition in [1, 3, 1000] {
        let out = run(call(op, params), true, &input, partition);
        if !case["error"].is_null() {
            assert!(out.is_err(), "{id} should fail");
            continue;
        }
        let out = out.unwrap_or_else(|error| panic!("{id}: {error}"));
        let texts = |rows: &[Row]| -> Vec<(Value, Value)> {
            let texts = rows.iter().map(|row| {
                let text = row.get("text").cloned().unwrap_or_default();
                (row["id"].clone(), text)
            });
            texts.collect()
        };
        assert_eq!(
            texts(&out),
            texts(&rows("output")),
            "{id} in partitions of {partition}"
        );
    }
}

#[test]
fn short_texts_are_duplicates_only_if_they_are_the_same() {
    let row = |text: &str| -> Row { Map::from_iter([("text".to_owned(), Value::from(text))]) };
    let rows = ["short", "other", "short", " short", ""].map(row);
    for op in QUIRKY {
        let texts = |compat: bool| -> Vec<String> {
            let rows = run(call(op, &Map::new()), compat, &rows, 2).unwrap();
            let text = |row: &Row| row["text"].as_str().unwrap().to_owned();
            rows.iter().map(text).collect()
        };
        assert_eq!(texts(false), ["short", "other", ""], "{op}");
        assert_eq!(texts(true), ["short"], "{op}");
    }
}

/// Operators that behave differently under `compat`.
const QUIRKY: [&str; 2] = [
    "document_minhash_deduplicator",
    "document_simhash_deduplicator",
];

/// Signatures and results that were made with Data-Juicer's quirks must not be used again without them.
#[test]
fn quirks_are_part_of_what_signatures_and_results_are() {
    for op in QUIRKY {
        let identity = |compat: bool, threshold: u64| {
            let params = [("hamming_distance", threshold), ("num_bands", threshold)];
            let known = if op.contains("simhash") {
                params[0]
            } else {
                params[1]
            };
            let params = Map::from_iter([(known.0.to_owned(), Value::from(known.1))]);
            let pipeline = pipeline(call(op, &params), compat).unwrap();
            let signatures = pipeline.operators()[0].signature_identity().to_owned();
            let base = ChainHash::base("");
            (signatures, pipeline.hashes_after(0, base, "decision")[0])
        };
        let (quirky, plain) = (identity(true, 3), identity(false, 3));
        assert_ne!(quirky.0, plain.0, "{op}");
        assert_ne!(quirky.1, plain.1, "{op}");
        // Another threshold gives another result from the same signatures.
        let other = identity(false, 4);
        assert_eq!(other.0, plain.0, "{op}");
        assert_ne!(other.1, plain.1, "{op}");
    }
}

fn rows_of<const N: usize>(texts: [&str; N]) -> [Row; N] {
    texts.map(|text| Map::from_iter([("text".to_owned(), Value::from(text))]))
}

fn with(params: &[(&str, Value)]) -> Row {
    let params = params.iter();
    params
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

/// Checks the examples in the manuals.
#[test]
fn the_manuals_are_right() {
    let window = with(&[("window_size", 1.into())]);
    for (op, params, texts, kept) in [
        (
            "document_minhash_deduplicator",
            window.clone(),
            ["to be or not to be", "be not or to be", "to be or to have"],
            2,
        ),
        (
            "document_simhash_deduplicator",
            window,
            [
                "to be or not to be",
                "not to be or To be",
                "that is the question",
            ],
            2,
        ),
        (
            "document_deduplicator",
            with(&[("lowercase", true.into())]),
            ["a b", "A b", "a b "],
            1,
        ),
    ] {
        let out = run(call(op, &params), false, &rows_of(texts), 2).unwrap();
        assert_eq!(out.len(), kept, "{op}: {out:?}");
    }
}

/// Texts without shingles are compared after the parameters have been applied to them.
#[test]
fn parameters_count_for_short_texts_too() {
    let params = with(&[("ignore_pattern", ",".into())]);
    let rows = rows_of(["One two", "one  two", "one, two", "two one"]);
    for op in QUIRKY {
        let out = run(call(op, &params), false, &rows, 2).unwrap();
        assert_eq!(out.len(), 2, "{op}: {out:?}");
    }
}

#[test]
fn no_parameter_asks_for_what_cannot_be() {
    let rows = rows_of(["a", "a text that is long enough for a shingle"]);
    let refused =
        |op: &str, params: &[(&str, Value)]| run(call(op, &with(params)), false, &rows, 2);
    let wide = [("hamming_distance", 64.into()), ("num_blocks", 70.into())];
    let error = refused("document_simhash_deduplicator", &wide).unwrap_err();
    assert!(error.contains("must be less than 64"), "{error}");
    // With Data-Juicer's quirks, bands may have any size: they then have no hashes.
    for rows_per_band in [10_000_000_000_u64, u64::MAX] {
        let params = [
            ("num_bands", 3.into()),
            ("num_rows_per_band", rows_per_band.into()),
        ];
        let call = call("document_minhash_deduplicator", &with(&params));
        assert_eq!(run(call, true, &rows, 2).unwrap().len(), 1);
    }
    let lines = with(&[
        ("frequency_threshold", 0.into()),
        ("min_line_length", (1_u64 << 62).into()),
    ]);
    let out = run(call("document_line_deduplicator", &lines), false, &rows, 2).unwrap();
    assert_eq!(out[1], rows[1]);
}

/// Data-Juicer's `min` takes anything that can be compared. Here an invalid number only affects its own record.
#[test]
fn records_without_a_whole_number_are_left_to_the_next_stage() {
    let op = "document_minhash_deduplicator_with_uid";
    let bad = ["null", "1.5", "true", "\"7\"", "[1]", "9223372036854775808"];
    for uid in bad {
        let row = format!(r#"{{"text": "a", "__dj__uid": {uid}}}"#);
        let row: Row = serde_json::from_str(&row).unwrap();
        let error = run(call(op, &Map::new()), false, &[row], 1).unwrap_err();
        assert!(
            error.contains("field `__dj__uid` must be an integer"),
            "{error}"
        );
    }
    let rows = ["9223372036854775807", "-9223372036854775808", " 0 ", "-1"].map(|uid| {
        let row = format!(r#"{{"text": "a", "__dj__uid":{uid}}}"#);
        serde_json::from_str::<Row>(&row).unwrap()
    });
    let out = run(call(op, &Map::new()), false, &rows, 2).unwrap();
    assert_eq!(out, [rows[1].clone()]);
}

/// A recipe for a cluster runs unchanged, and its parameters about the cluster have no effect on signatures.
#[test]
fn what_ray_recipes_say_about_the_cluster_changes_nothing() {
    let rows = rows_of(["a b", "a b", "c"]);
    let cluster = with(&[
        ("union_find_parallel_num", "auto".into()),
        ("memory_per_sample", 0.1.into()),
        ("merge_batch_size", Value::Null),
        ("tmp_file_name", "./outputs/ray-dedup-tmp/".into()),
    ]);
    let redis = with(&[
        ("backend", "redis".into()),
        ("redis_address", "redis://localhost:6379".into()),
        ("dedup_set_num", 4.into()),
    ]);
    for (op, params) in [
        ("ray_bts_minhash_deduplicator", &cluster),
        ("ray_bts_minhash_cpp_deduplicator", &cluster),
        ("ray_document_deduplicator", &redis),
    ] {
        let out = run(call(op, params), false, &rows, 2).unwrap();
        assert_eq!(out.len(), 2, "{op}");
        let identity = |params: &Row| {
            let pipeline = pipeline(call(op, params), false).unwrap();
            pipeline.hashes_after(0, ChainHash::base(""), "decision")[0]
        };
        assert_eq!(identity(params), identity(&Map::new()), "{op}");
        // Only the operator for clusters has these parameters.
        let plain = op.replace("ray_bts", "document").replace("_cpp", "");
        let plain = plain.replace("ray_document", "document");
        let error = run(call(&plain, params), false, &rows, 2).unwrap_err();
        assert!(error.contains("unknown parameter"), "{plain}: {error}");
    }
}

/// Returns texts of a few families, with words exchanged here and there, so that there are pairs of any similarity.
fn families(seed: u64, texts: usize) -> Vec<String> {
    let mut state = seed;
    let mut random = |below: u64| {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 33) % below
    };
    let text = |_| {
        let (family, changes) = (random(3), random(14));
        let mut words: Vec<String> = (0..40).map(|at| format!("f{family}w{at}")).collect();
        for _ in 0..changes {
            let at = random(40) as usize;
            words[at] = format!("x{}", random(1000));
        }
        words.truncate(if random(12) == 0 { 1 } else { 40 });
        words.join(" ")
    };
    (0..texts).map(text).collect()
}

/// Returns the share of pairs of words that two texts have in common.
fn jaccard(one: &str, other: &str) -> f64 {
    let pairs = |text: &str| -> std::collections::BTreeSet<Vec<String>> {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        words.windows(2).map(<[String]>::to_vec).collect()
    };
    let (first, second) = (pairs(one), pairs(other));
    match first.union(&second).count() {
        // Texts without a pair of words are similar only if they are the same.
        0 => f64::from(u8::from(one == other)),
        either => first.intersection(&second).count() as f64 / either as f64,
    }
}

/// With `verify`, every text that goes is similar to one that stays. Of two similar texts, one goes, as long as they are certain to
/// be candidates and neither is similar to a text that went.
#[test]
fn verified_duplicates_are_those_of_comparing_all_texts() {
    let sure = [("window_size", 2.into()), ("verify", true.into())];
    let minhash = [
        ("num_permutations", 128.into()),
        ("num_bands", 128.into()),
        ("num_rows_per_band", 1.into()),
    ];
    let simhash = [("hamming_distance", 40.into()), ("num_blocks", 41.into())];
    let mut gone = 0;
    for seed in 0..6 {
        let texts = families(seed, 24);
        let rows: Vec<Row> = texts
            .iter()
            .zip(0..)
            .map(|(text, id)| with(&[("text", text.clone().into()), ("id", id.into())]))
            .collect();
        for threshold in [0.3, 0.6, 0.85] {
            let of_minhash = minhash
                .iter()
                .cloned()
                .chain([("jaccard_threshold", threshold.into())]);
            let of_simhash = simhash
                .iter()
                .cloned()
                .chain([("verify_threshold", threshold.into())]);
            let cases: [(&str, Vec<(&str, Value)>); 2] = [
                ("document_minhash_deduplicator", of_minhash.collect()),
                ("document_simhash_deduplicator", of_simhash.collect()),
            ];
            for (op, params) in cases {
                let params = with(&[&sure[..], &params].concat());
                let kept = |partition: usize| -> Vec<usize> {
                    let out = run(call(op, &params), true, &rows, partition).unwrap();
                    out.iter()
                        .map(|row| row["id"].as_u64().unwrap() as usize)
                        .collect()
                };
                let stays = kept(7);
                assert_eq!(kept(24), stays, "{op}");
                assert_eq!(kept(1), stays, "{op}");
                let alike = |a: usize, b: usize| jaccard(&texts[a], &texts[b]) >= threshold;
                let goes: Vec<usize> = (0..24).filter(|at| !stays.contains(at)).collect();
                for at in &goes {
                    let reason = stays.iter().find(|kept| *kept < at && alike(**kept, *at));
                    assert!(
                        reason.is_some(),
                        "{op} {threshold}: {at} of {seed} went for nothing"
                    );
                }
                for (at, later) in stays
                    .iter()
                    .zip(1..)
                    .flat_map(|(at, next)| stays[next..].iter().map(move |later| (*at, *later)))
                {
                    let excused = goes
                        .iter()
                        .any(|gone| alike(*gone, at) || alike(*gone, later));
                    assert!(
                        excused || !alike(at, later),
                        "{op} {threshold}: {later} of {seed} stays"
                    );
                }
                gone += goes.len();
            }
        }
    }
    assert!(gone > 200, "{gone} went");
}

#[test]
fn a_threshold_without_verify_is_refused() {
    let params = with(&[("verify_threshold", 0.5.into())]);
    let error = run(
        call("document_simhash_deduplicator", &params),
        false,
        &rows_of(["a"]),
        1,
    );
    assert!(error.unwrap_err().contains("without `verify: true`"));
}

/// Two texts that were made to have the same MD5 digest, by which Data-Juicer compares them.
const SAME_MD5: [&str; 2] = [
    "TEXTCOLLBYfGiJUETHQ4hAcKSMd5zYpgqf1YRDhkmxHkhPWptrkoyz28wnI9V0aHeAuaKnak",
    "TEXTCOLLBYfGiJUETHQ4hEcKSMd5zYpgqf1YRDhkmxHkhPWptrkoyz28wnI9V0aHeAuaKnak",
];

#[test]
fn different_texts_with_the_same_md5_digest_are_both_kept() {
    let [one, other] =
        SAME_MD5.map(|text| coldpress_ops::fingerprint::digest::md5(text.as_bytes()));
    assert_eq!(one, other);
    let often = with(&[("frequency_threshold", 1.into())]);
    for (op, params) in [
        ("document_deduplicator", Row::new()),
        ("document_line_deduplicator", often),
    ] {
        for compat in [false, true] {
            let out = run(call(op, &params), compat, &rows_of(SAME_MD5), 1).unwrap();
            assert_eq!(out, rows_of(SAME_MD5), "{op}");
        }
    }
}

/// Signatures that earlier releases made with MD5 have another identity, and are not compared with today's.
#[test]
fn signatures_of_texts_and_lines_say_by_which_digest_they_compare() {
    for op in ["document_deduplicator", "document_line_deduplicator"] {
        let pipeline = pipeline(call(op, &Row::new()), false).unwrap();
        let identity = pipeline.operators()[0].signature_identity();
        assert!(identity.contains("sha256/16"), "{identity}");
    }
}

/// Signatures with sets differ from those without, but a threshold has no effect on them.
#[test]
fn a_changed_threshold_uses_verified_signatures_again() {
    let identity = |verify: bool, threshold: f64| {
        let params = with(&[
            ("verify", verify.into()),
            ("num_bands", 20.into()),
            ("num_rows_per_band", 5.into()),
            ("jaccard_threshold", threshold.into()),
        ]);
        let pipeline = pipeline(call("document_minhash_deduplicator", &params), false).unwrap();
        let operator = &pipeline.operators()[0];
        (
            operator.signature_identity().to_owned(),
            operator.barrier().unwrap().rule.clone(),
        )
    };
    assert_ne!(identity(true, 0.5).0, identity(false, 0.5).0);
    assert_eq!(identity(true, 0.5).0, identity(true, 0.6).0);
    assert_ne!(identity(true, 0.5).1, identity(true, 0.6).1);
}

/// Most of these texts have a few changed copies, from nearly the same to half of it. Hashes alone remove some that aren't similar
/// enough; verified results are right.
#[test]
fn planted_duplicates_are_found_and_verified_ones_are_right() {
    let mut state = 7_u64;
    let mut random = |below: u64| {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 33) % below
    };
    let mut texts: Vec<String> = Vec::new();
    for base in 0..60 {
        let words: Vec<String> = (0..60).map(|at| format!("b{base}w{at}")).collect();
        texts.push(words.join(" "));
        for _ in 0..random(5) {
            let mut copy = words.clone();
            for _ in 0..random(16) {
                copy[random(60) as usize] = format!("x{}", random(100_000));
            }
            texts.push(copy.join(" "));
        }
    }
    let threshold = 0.7;
    let alike = |a: usize, b: usize| jaccard(&texts[a], &texts[b]) >= threshold;
    // The texts that should go: each one that is similar to an earlier one that stays.
    let mut should_stay: Vec<usize> = Vec::new();
    for at in 0..texts.len() {
        if !should_stay.iter().any(|earlier| alike(*earlier, at)) {
            should_stay.push(at);
        }
    }
    let rows: Vec<Row> = texts
        .iter()
        .zip(0..)
        .map(|(text, id)| with(&[("text", text.clone().into()), ("id", id.into())]))
        .collect();
    // The number of texts that went, the number of these that should have, and the number that should go.
    let counts = |verify: bool| {
        let params = with(&[
            ("window_size", 2.into()),
            ("num_bands", 50.into()),
            ("num_rows_per_band", 5.into()),
            ("jaccard_threshold", threshold.into()),
            ("verify", verify.into()),
        ]);
        let op = "document_minhash_deduplicator";
        let out = run(call(op, &params), false, &rows, 50).unwrap();
        let stays: Vec<usize> = out
            .iter()
            .map(|row| row["id"].as_u64().unwrap() as usize)
            .collect();
        let goes: Vec<usize> = (0..texts.len()).filter(|at| !stays.contains(at)).collect();
        let right = goes.iter().filter(|at| !should_stay.contains(at)).count();
        (goes.len(), right, texts.len() - should_stay.len())
    };
    let (plain, verified) = (counts(false), counts(true));
    assert_eq!(verified.0, verified.1, "{verified:?}");
    assert!(plain.0 > plain.1, "{plain:?}");
    assert!(
        10 * verified.1 >= 9 * verified.2 && verified.2 > 20,
        "{verified:?}"
    );
    assert!(10 * plain.1 >= 9 * plain.2, "{plain:?}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    /// Tests every deduplicator of the registry, so that a new one is tested without being named here.
    #[test]
    fn partitions_change_nothing(
        texts in proptest::collection::vec("(the cat |the dog |a b c d e f g |\\PC{0,3}|\n|[ab]{0,2}){0,5}", 0..12),
        partition in 1..6_usize,
    ) {
        let row = |(at, text): (usize, &String)| {
            let row = serde_json::json!({"id": at, "text": text, "__dj__uid": (at * 7) % 13});
            row.as_object().unwrap().clone()
        };
        let rows: Vec<Row> = texts.iter().enumerate().map(row).collect();
        let registry = coldpress_ops::builtin();
        let deduplicators = registry.iter().filter(|spec| spec.kind() == OperatorKind::Deduplicator);
        for spec in deduplicators {
            let mut params = Row::new();
            if spec.name().contains("minhash") || spec.name().contains("simhash") {
                params.insert("window_size".to_owned(), 2.into());
            }
            if spec.name() == "document_line_deduplicator" {
                params.insert("frequency_threshold".to_owned(), 1.into());
            }
            for compat in [false, true] {
                let run = |partition| run(call(spec.name(), &params), compat, &rows, partition);
                proptest::prop_assert_eq!(run(partition), run(1000), "{}", spec.name());
            }
        }
    }
}
