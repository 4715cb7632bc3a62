//! The records that deduplicators removed, as text: from which files, in which clusters, and which of them deserve a look.

use coldpress_executor::{Deduplication, DuplicateCluster, Loss, RecordPlace, RemovedFrom};

use crate::quantity::{counted, grouped, plain};
use crate::table::{Align, Table};

/// The most files, values and clusters that are shown for each deduplicator.
const LISTED: usize = 10;
const LARGEST: usize = 3;

/// Renders a section for each deduplicator that removed something, and warnings.
pub(crate) fn duplicates(deduplication: &[Deduplication], losses: &[Loss]) -> String {
    let removed = deduplication.iter().filter(|one| one.removed > 0);
    removed.map(section).collect::<String>() + &warnings(losses)
}

fn section(of: &Deduplication) -> String {
    let mut text = format!(
        "\nDuplicates: {} removed {} of {}\n",
        plain(&of.operator),
        grouped(of.removed),
        counted(of.records, "record")
    );
    // If there is a single file, the line above says it all.
    if of.by_file.len() > 1 {
        text.push_str(&removed_from("File", &of.by_file, 0));
    }
    if let Some(field) = &of.field {
        let others = of.other_values.map_or(0, |others| others.values);
        text.push_str(&removed_from(&plain(field), &of.by_field, others));
    }
    text.push_str(&sizes(of));
    // A pair says little about what is wrong, and there are many pairs.
    let clusters = of.largest.iter().filter(|cluster| cluster.records > 2);
    text.extend(clusters.take(LARGEST).map(cluster));
    text
}

fn removed_from(title: &str, all: &[RemovedFrom], others: u64) -> String {
    let mut table = Table::new([
        (title, Align::Left),
        ("Records", Align::Right),
        ("Removed", Align::Right),
        ("Share", Align::Right),
    ])
    .indent(2);
    for one in all.iter().take(LISTED) {
        table.row([
            plain(&one.source),
            grouped(one.records),
            grouped(one.removed),
            share(one),
        ]);
    }
    let left = all.len().saturating_sub(LISTED) as u64 + others;
    let more = match left {
        0 => String::new(),
        left => format!("  ... and {} more\n", grouped(left)),
    };
    table.render() + &more
}

fn share(of: &RemovedFrom) -> String {
    match of.records {
        0 => String::new(),
        records => format!("{:.1} %", 100.0 * of.removed as f64 / records as f64),
    }
}

fn sizes(of: &Deduplication) -> String {
    let mut table = Table::new([
        ("Records in a cluster", Align::Left),
        ("Clusters", Align::Right),
        ("Records", Align::Right),
    ])
    .indent(2);
    for class in &of.clusters {
        let size = match class.from == class.to {
            true => grouped(class.from),
            false => format!("{} to {}", grouped(class.from), grouped(class.to)),
        };
        table.row([size, grouped(class.clusters), grouped(class.records)]);
    }
    table.render()
}

fn cluster(of: &DuplicateCluster) -> String {
    let removed: Vec<String> = of.removed.iter().map(place).collect();
    format!(
        "  {}: kept is {}\n    removed: {}{}\n",
        counted(of.records, "record"),
        place(&of.kept),
        removed.join("; "),
        if of.records > of.removed.len() as u64 + 1 {
            "; ..."
        } else {
            ""
        }
    )
}

/// Formats a record: its id if it is known, and its place.
fn place(of: &RecordPlace) -> String {
    /// The most letters of an id. A longer one would fill the screen.
    const MOST_CHARS: usize = 40;
    let at = format!("{} of {}", of.place, plain(&of.source));
    match &of.id {
        None => at,
        Some(id) if id.chars().count() > MOST_CHARS => {
            let begin: String = id.chars().take(MOST_CHARS).collect();
            format!("{}… ({at})", plain(&begin))
        }
        Some(id) => format!("{} ({at})", plain(id)),
    }
}

/// Renders warnings about sources of which nearly all is gone.
fn warnings(losses: &[Loss]) -> String {
    let lost = losses.iter().take(LISTED);
    let lost: String = lost
        .map(|loss| format!("\nWarning: {}\n", plain(&loss.to_string())))
        .collect();
    let more = match losses.len().saturating_sub(LISTED) {
        0 => String::new(),
        left => format!("... and {left} more sources that lost nearly all\n"),
    };
    lost + &more
}
