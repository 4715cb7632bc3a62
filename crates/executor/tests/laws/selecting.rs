//! What selectors and groupers make of all records, by its plain definition, in memory.

use coldpress_operator::{Amount, Chain, Reading, Selection, Signature};
use coldpress_record::{Batch, Lines, Origin, StatValue};
use serde_json::Value;
use serde_json::value::RawValue;

/// The rows that a selection keeps, in its order.
pub(crate) fn order(selection: &Selection, signatures: &[Option<Signature>]) -> Vec<usize> {
    let rows: Vec<usize> = (0..signatures.len())
        .filter(|row| signatures[*row].is_some())
        .collect();
    let value = |row: usize| -> Value {
        serde_json::from_slice(&signatures[row].as_ref().unwrap().value).unwrap_or_default()
    };
    let number = |row: &usize| -> Option<f64> {
        let raw = str::from_utf8(&signatures[*row].as_ref().unwrap().value).unwrap();
        raw.parse().ok().or_else(|| float(&value(*row)))
    };
    let all = rows.len();
    match selection {
        Selection::Top {
            amount,
            largest,
            reading,
        } => {
            let Some(wanted) = fewer(*amount, all) else {
                return rows;
            };
            let missing = if *largest {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            };
            let float = |row: &usize| match reading {
                Reading::Exact => number(row).unwrap(),
                Reading::Float => number(row).unwrap_or(missing),
            };
            let mut sorted = rows;
            sorted.sort_by(|a, b| match largest {
                true => float(b).partial_cmp(&float(a)).unwrap(),
                false => float(a).partial_cmp(&float(b)).unwrap(),
            });
            sorted.truncate(wanted);
            sorted
        }
        Selection::Range { lower, upper } => {
            let lower = [lower.share.map(|share| part(all, share)), lower.count];
            let lower = lower.into_iter().flatten().max().unwrap() as usize;
            let upper = (fewer(*upper, all).unwrap()).min(all);
            let float = |row: &usize| number(row).unwrap_or(f64::NEG_INFINITY);
            let mut sorted = rows;
            sorted.sort_by(|a, b| float(a).partial_cmp(&float(b)).unwrap());
            sorted.truncate(upper);
            sorted.sort_by(|a, b| float(b).partial_cmp(&float(a)).unwrap());
            sorted.truncate(upper.saturating_sub(lower));
            sorted
        }
        Selection::Frequent { amount, most } => {
            let mut groups: Vec<(Value, Vec<usize>)> = Vec::new();
            for row in rows {
                let value = value(row);
                match groups.iter_mut().find(|(known, _)| same(known, &value)) {
                    Some((_, rows)) => rows.push(row),
                    None => groups.push((value, vec![row])),
                }
            }
            let wanted = fewer(*amount, groups.len()).unwrap();
            groups.sort_by_key(|(_, rows)| match most {
                true => usize::MAX - rows.len(),
                false => rows.len(),
            });
            groups.truncate(wanted);
            groups.into_iter().flat_map(|(_, rows)| rows).collect()
        }
        Selection::Among { tags } => {
            let tags: Vec<Value> = tags
                .iter()
                .map(|tag| serde_json::from_str(tag).unwrap())
                .collect();
            let is_wanted = |row: &usize| tags.iter().any(|tag| same(tag, &value(*row)));
            rows.into_iter().filter(is_wanted).collect()
        }
        Selection::Random { amount, seed } => {
            let wanted = fewer(*amount, all).filter(|wanted| *wanted < all);
            let Some(wanted) = wanted else { return rows };
            // Another shuffle would be as good; this one is what a seed stands for.
            let hash = |row: &usize| xxhash(&(*row as u64).to_le_bytes(), *seed);
            let mut shuffled = rows;
            shuffled.sort_by_key(hash);
            shuffled.truncate(wanted);
            shuffled
        }
    }
}

fn xxhash(bytes: &[u8], seed: u64) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(bytes, seed)
}

fn part(all: usize, share: f64) -> u64 {
    (all as f64 * share) as u64
}

fn fewer(amount: Amount, all: usize) -> Option<usize> {
    let amounts = [amount.share.map(|share| part(all, share)), amount.count];
    let fewer = amounts.into_iter().flatten().min();
    fewer.map(|count| count.min(all as u64) as usize)
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text
            .trim()
            .parse()
            .ok()
            .filter(|float: &f64| !float.is_nan()),
        Value::Array(items) if !items.is_empty() => {
            let numbers: Option<Vec<f64>> = items.iter().map(Value::as_f64).collect();
            numbers.map(|numbers| numbers.iter().sum::<f64>() / items.len() as f64)
        }
        Value::Bool(boolean) => Some(f64::from(u8::from(*boolean))),
        _ => None,
    }
}

/// Numbers are the same by their value.
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// The rows of each group.
pub(crate) fn groups(signatures: &[Option<Signature>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(u128, Vec<usize>)> = Vec::new();
    for (row, signature) in signatures.iter().enumerate() {
        let Some(signature) = signature else { continue };
        let digest = signature.digests[0];
        match groups.iter_mut().find(|(known, _)| *known == digest) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((digest, vec![row])),
        }
    }
    groups.into_iter().map(|(_, rows)| rows).collect()
}

/// A record by itself.
struct One {
    line: String,
    origin: Origin,
    stats: Vec<(String, StatValue)>,
}

/// A batch for each record that comes out, made of the records that are left: those of these rows, one or a group.
pub(crate) fn arranged(
    chain: &Chain,
    batches: &[Batch],
    signatures: &[Option<Signature>],
    order: &[Vec<usize>],
    is_grouped: bool,
) -> Vec<Batch> {
    let mut left = batches.iter().flat_map(|batch| ones(chain, batch));
    let mut rows: Vec<Option<One>> = Vec::new();
    for (row, signature) in signatures.iter().enumerate() {
        let stays = signature.is_some() && order.iter().any(|rows| rows.contains(&row));
        rows.push(stays.then(|| left.next().unwrap()));
    }
    assert!(left.next().is_none());
    let mut out = Vec::new();
    for members in order {
        let members: Vec<One> = members
            .iter()
            .map(|row| rows[*row].take().unwrap())
            .collect();
        out.push(match (is_grouped, members) {
            (false, mut members) => batch_of(chain, members.remove(0)),
            (true, members) => batch_of(chain, grouped(members)),
        });
    }
    out
}

fn ones(chain: &Chain, batch: &Batch) -> Vec<One> {
    let rows = batch.selection().iter().map(|row| *row as usize);
    let one = |row| {
        let mut line = Vec::new();
        batch.write_record(row, chain.fields(), &mut line);
        line.pop();
        let names = batch.stats().names().iter().enumerate();
        let stats = names.filter_map(|(column, name)| {
            let value = batch.stats().get(column, row)?;
            Some((name.clone(), value.clone()))
        });
        One {
            line: String::from_utf8(line).unwrap(),
            origin: batch.origin(row).clone(),
            stats: stats.collect(),
        }
    };
    rows.map(one).collect()
}

fn batch_of(chain: &Chain, one: One) -> Batch {
    let (mut batch, mut lines) = (Batch::default(), Lines::new(0));
    lines.push(0, one.line.as_bytes());
    let mut rejects = Vec::new();
    batch.fill(&mut lines, chain.fields(), &mut rejects);
    assert!(rejects.is_empty(), "{}", one.line);
    batch.set_origins([one.origin]);
    chain.begin(&mut batch);
    for (name, value) in one.stats {
        let column = batch.stats().column(&name).unwrap();
        batch.stats_mut().set(column, 0, value);
    }
    batch
}

/// The record that a group becomes.
fn grouped(members: Vec<One>) -> One {
    let mut fields: Vec<(String, String, Vec<Option<String>>)> = Vec::new();
    let count = members.len();
    for (nth, member) in members.iter().enumerate() {
        for (name, value) in fields_of(&member.line) {
            let text: String = serde_json::from_str(&name).unwrap_or_else(|_| name.clone());
            let known = fields.iter().position(|(known, ..)| *known == text);
            let at = known.unwrap_or_else(|| {
                fields.push((text, name, vec![None; count]));
                fields.len() - 1
            });
            fields[at].2[nth] = Some(value);
        }
    }
    let lists = fields.iter().map(|(_, name, values)| {
        let values = values
            .iter()
            .map(|value| value.as_deref().unwrap_or("null"));
        format!("{name}: [{}]", values.collect::<Vec<_>>().join(", "))
    });
    One {
        line: format!("{{{}}}", lists.collect::<Vec<_>>().join(", ")),
        origin: members.into_iter().next().unwrap().origin,
        stats: Vec::new(),
    }
}

/// The names of a record's fields in quotes, and their values, as they are written.
fn fields_of(line: &str) -> Vec<(String, String)> {
    let mut rest = line.trim().strip_prefix('{').unwrap().trim_start();
    let mut fields = Vec::new();
    let take = |rest: &mut &str| -> String {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        let value = values.next().unwrap().unwrap();
        let end = values.byte_offset();
        *rest = rest[end..].trim_start();
        value.get().to_owned()
    };
    while !rest.starts_with('}') {
        let name = take(&mut rest);
        rest = rest.strip_prefix(':').unwrap().trim_start();
        let value = take(&mut rest);
        fields.push((name, value));
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    fields
}
