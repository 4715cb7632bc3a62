//! The paths of a dataset, and how much of each is taken.

use serde_json::{Value as Json, json};

use crate::codec::{Codec, Mismatch, Path};
use crate::keys::Kind;
use crate::node::Node;

/// A path of the dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// A file, a directory, a glob, or a URL of one of them.
    pub path: String,
    /// How often each of its records is taken, or its share of `dataset.max_sample_num`; 1 where the recipe does not say.
    pub weight: f64,
}

impl Input {
    /// All records of a path, once.
    pub fn whole(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            weight: 1.0,
        }
    }
}

/// Paths and URLs, from text, a list of texts, or Data-Juicer's list of maps.
pub(super) struct Inputs;

impl Codec<Vec<Input>> for Inputs {
    const KIND: Kind = Kind::Sources;

    fn read(node: &Node) -> Result<Vec<Input>, Mismatch> {
        let inputs = match node.as_list() {
            Some(items) => items
                .iter()
                .map(read_input)
                .collect::<Result<Vec<_>, _>>()?,
            None => vec![read_input(node)?],
        };
        if inputs.is_empty() {
            return Err(Mismatch::out_of_range(node));
        }
        Ok(inputs)
    }

    fn write(inputs: &Vec<Input>) -> Json {
        match inputs.as_slice() {
            [one] if one.weight == 1.0 => one.path.as_str().into(),
            inputs => inputs.iter().map(written).collect(),
        }
    }
}

fn written(input: &Input) -> Json {
    match input.weight {
        1.0 => input.path.as_str().into(),
        weight => json!({"path": input.path, "weight": weight}),
    }
}

fn read_input(node: &Node) -> Result<Input, Mismatch> {
    let Some(entries) = node.as_map() else {
        return Path::read(node).map(Input::whole);
    };
    let (mut path, mut weight) = (None, 1.0);
    // What another type has is no mistake in a key.
    if let Some((_, value)) = entries.iter().find(|(key, _)| key.name == "type") {
        check_type(value)?;
    }
    for (key, value) in entries {
        match key.name.as_str() {
            "path" => path = Some(Path::read(value)?),
            "type" => {}
            "weight" => weight = read_weight(value)?,
            // Data-Juicer takes it for the form of the files, which shows here in what they hold.
            "source" => {}
            _ => return Err(Mismatch::unknown_part(key, &["path", "weight", "type"])),
        }
    }
    let path = path.ok_or_else(|| Mismatch::without_part("path", node))?;
    Ok(Input { path, weight })
}

fn check_type(node: &Node) -> Result<(), Mismatch> {
    match node.as_str() {
        Some("local") => Ok(()),
        Some(remote @ ("remote" | "huggingface")) => Err(Mismatch::not_available(
            node,
            format!("{{type: {remote}}}"),
            "only local files can be read",
        )),
        _ => Err(Mismatch::out_of_range(node)),
    }
}

fn read_weight(node: &Node) -> Result<f64, Mismatch> {
    // Nobody means more, and sums of such weights stay finite.
    const MOST: f64 = 1e9;
    let expected = match node.as_f64() {
        // Adding zero turns -0.0 into 0.0.
        Some(weight) if (0.0..=MOST).contains(&weight) => return Ok(weight + 0.0),
        Some(weight) if weight > MOST => "a number of at most 1,000,000,000",
        _ => "a number of 0 or more",
    };
    Err(Mismatch::wrong_part("weight", expected, node))
}
