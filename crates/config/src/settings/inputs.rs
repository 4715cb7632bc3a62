//! The paths of a dataset with their weights.

use serde_json::{Value as Json, json};

use super::input::{Input, read_weight};
use super::weighted::weighted;
use crate::codec::{Codec, Mismatch, Path};
use crate::keys::Kind;
use crate::location::Location;
use crate::node::Node;

/// The names of the options of a bucket in Data-Juicer's recipes.
const BUCKET_OPTIONS: [&str; 5] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "aws_region",
    "endpoint_url",
];

/// Paths and URLs: from a text, from [several in one text](weighted), from a list of texts, or from Data-Juicer's list of maps.
pub(super) struct Inputs;

impl Codec<Vec<Input>> for Inputs {
    const KIND: Kind = Kind::Sources;

    fn read(node: &Node) -> Result<Vec<Input>, Mismatch> {
        let inputs = match node.as_list() {
            Some(items) => items
                .iter()
                .map(read_input)
                .collect::<Result<Vec<_>, _>>()?,
            None => match node.as_str().map(|text| weighted(text, node)).transpose()? {
                Some(Some(inputs)) => inputs,
                _ => vec![read_input(node)?],
            },
        };
        if inputs.is_empty() {
            return Err(Mismatch::out_of_range(node));
        }
        Ok(inputs)
    }

    fn write(inputs: &Vec<Input>) -> Json {
        match inputs.as_slice() {
            [one] if one.weight == 1.0 => one.shown_path().into(),
            inputs => inputs.iter().map(written).collect(),
        }
    }
}

fn written(input: &Input) -> Json {
    match input.weight {
        1.0 => input.shown_path().into(),
        weight => json!({"path": input.shown_path(), "weight": weight}),
    }
}

fn read_input(node: &Node) -> Result<Input, Mismatch> {
    let Some(entries) = node.as_map() else {
        return Path::read(node).map(Input::whole);
    };
    let part = |name: &str| entries.iter().find(|(key, _)| key.name == name);
    // The parts of an entry of another type are not unknown keys.
    let place = match part("type") {
        Some((_, node)) => Place::read(node, part("source").map(|(_, node)| node))?,
        None => Place::Named,
    };
    let (mut path, mut weight, mut options) = (None, 1.0, Vec::new());
    for (key, value) in entries {
        match key.name.as_str() {
            "path" => path = Some((Path::read(value)?, value)),
            "weight" => weight = read_weight(value)?,
            // Data-Juicer uses it for the format of the files, which is detected from their content here.
            "type" | "source" => {}
            name if place == Place::Bucket && BUCKET_OPTIONS.contains(&name) => {
                options.push((name, value));
            }
            name @ ("split" | "name" | "data_files" | "limit") if place == Place::Hub => {
                return Err(Mismatch::not_available(
                    value,
                    format!("{{{name}: …}}"),
                    "name the files, as in `dataset_path: hf://datasets/OWNER/NAME/data/train-*.parquet`",
                ));
            }
            "data_dir" if place == Place::Hub => options.push(("data_dir", value)),
            _ => return Err(Mismatch::unknown_part(key, place.parts())),
        }
    }
    let (path, node) = path.ok_or_else(|| Mismatch::without_part("path", node))?;
    let path = place.path(path, node)?;
    let mut input = Input {
        weight,
        ..Input::whole(path)
    };
    for (name, value) in options {
        match name {
            "data_dir" => {
                let folder = Path::read(value)?;
                input.path = format!("{}/{}", input.path, folder.trim_matches('/'));
            }
            name => input.options.add(&input.path, name, value)?,
        }
    }
    Ok(input)
}

/// The kind of place that an entry of Data-Juicer's list names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A path or a URL.
    Named,
    /// A URL of a bucket, with options for reaching it.
    Bucket,
    /// A dataset on the Hugging Face hub, by its name.
    Hub,
}

impl Place {
    fn read(node: &Node, source: Option<&Node>) -> Result<Self, Mismatch> {
        let is_remote = match node.as_str() {
            Some("local") => return Ok(Self::Named),
            Some("huggingface") => return Ok(Self::Hub),
            Some("remote") => true,
            _ => false,
        };
        match source.and_then(Node::as_str) {
            _ if !is_remote => Err(Mismatch::out_of_range(node)),
            None | Some("s3") => Ok(Self::Bucket),
            Some("huggingface") => Ok(Self::Hub),
            Some(other) => Err(Mismatch::not_available(
                node,
                format!("{{type: remote, source: {other}}}"),
                "URLs, and the sources `s3` and `huggingface` can be read",
            )),
        }
    }

    /// Returns the parts that an entry may have.
    fn parts(self) -> &'static [&'static str] {
        match self {
            Self::Named => &["path", "weight", "type"],
            Self::Hub => &["path", "data_dir", "weight", "type", "source"],
            Self::Bucket => &[
                "path",
                "weight",
                "type",
                "source",
                "aws_access_key_id",
                "aws_secret_access_key",
                "aws_session_token",
                "aws_region",
                "endpoint_url",
            ],
        }
    }

    fn path(self, path: String, node: &Node) -> Result<String, Mismatch> {
        let is_url = Location::of(&path).url().is_some();
        match self {
            Self::Hub if !is_url => Ok(format!("hf://datasets/{}", path.trim_matches('/'))),
            Self::Bucket if !is_url => Err(Mismatch::wrong_part(
                "path",
                "a URL such as `s3://bucket/data.jsonl`",
                node,
            )),
            _ => Ok(path),
        }
    }
}
