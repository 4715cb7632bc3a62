//! Where the records come from, and which fields of them are meant.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::input::Input;
use super::inputs::Inputs;
use super::validators::{Validator, Validators};
use crate::codec::{
    AtLeast, Codec, Fields, Flag, Mismatch, OneOf, Optional, Suffixes, Text, Texts, choice,
};
use crate::keys::Kind;
use crate::node::Node;
use crate::section::{recipe_default, section};

section! {
    /// The input.
    pub struct DatasetSettings {
        /// A file, a directory, a glob, a URL of one of them (`s3://`, `gs://`, `az://`, `abfss://`, `hf://`, `http://`, `https://`, `file://`), or a list of them; in a list also `{path: …, weight: …}`. A text `0.5 a.jsonl 2 b.jsonl` is a list with weights; a path with a space that exists is a path. Several files keep the order they are given in, else the order of their names. What the files hold is part of a result's identity; where they lie is not. A weight of 0.5 takes half of the records of a path, 2 each twice, 0 none; with `dataset.max_sample_num` weights are shares of it.
        inputs: Vec<Input> as Inputs {
            "dataset_path" | "dataset.configs", Required, Run, Now
        }
        /// How many records come in altogether, drawn from each path by its weight. Where a path has fewer than its share, its records are repeated; a single path is never repeated. Which records are drawn depends on `seed`. None given: all, or what the weights say.
        max_sample_num: Option<u64> as Optional<AtLeast<1>> { "dataset.max_sample_num", Value("null"), Result, Now }
        /// Which files of a directory are read; none given: all that can be read.
        suffixes: Vec<String> as Suffixes { "suffixes", Value("[]"), Result, Now }
        /// True: lines that cannot be read are put in quarantine. False: the first one fails the job.
        lenient: bool as Flag { "load_jsonl_lenient", Value("true"), Result, Now }
        /// Only these columns of CSV, Parquet and Arrow files; none given: all.
        columns: Vec<String> as Texts {
            "load_dataset_kwargs.columns", Value("[]"), Result, Now
        }
        /// What separates the fields of CSV files, one ASCII character; none given: what the first lines of each show.
        delimiter: Option<String> as Optional<Text> { "load_dataset_kwargs.delimiter", Value("null"), Result, Now }
        /// Whether the cells of CSV files may be quoted: `minimal` (cells that begin with a quote are), `none` (a quote is a character), or the numbers of Python's csv module; none given: what the first lines of each show.
        quoting: Option<Quoting> as Optional<OneOf> { "load_dataset_kwargs.quoting", Value("null"), Result, Now }
        /// The escape character before a quote in a quoted cell of CSV files, as in `\"`; none given: what the first lines of each show. A doubled quote always counts as one.
        escape: Option<String> as Optional<Text> { "load_dataset_kwargs.escape" | "load_dataset_kwargs.escapechar", Value("null"), Result, Now }
        /// True: the first row of a CSV file names its columns. False: it is data, and they are called `column_1`, `column_2` and so on. A list: it is data, and these are the names.
        header: Header as HeaderCodec { "load_dataset_kwargs.header", Value("true"), Result, Now }
        /// The field that holds the records, for JSON files that are one object with a list of records in it, as in `{"data": [...]}`; none given: files are read as records directly.
        field: Option<String> as Optional<Text> { "load_dataset_kwargs.field", Value("null"), Result, Now }
        /// Checks of the records before work begins, each with a `type`: `required_fields` (with `required_fields`, `field_types`, `allow_missing`), `swift_messages` or `dj_conversation` (with `min_turns`, `max_turns`). Up to `sample_size` (100) records of each source are checked; if they do not pass, the job is refused.
        validators: Vec<Validator> as Validators { "validators", Value("[]"), Run, Now }
    }
}

section! {
    /// Which fields of a record operators work on where their own parameters do not say.
    pub struct FieldSettings {
        /// The fields with text; dots lead into nested fields.
        text_keys: Vec<String> as Fields { "text_keys" | "text_key", Value("[text]"), Result, Partly("operators work on the first; the others count where sizes are chosen") }
        /// The field with image paths.
        image_key: String as Text { "image_key", Value("images"), Result, Partly("`partition.auto_configure` looks at it; no operator of this release works on it") }
        /// The field with audio paths.
        audio_key: String as Text { "audio_key", Value("audios"), Result, Partly("`partition.auto_configure` looks at it; no operator of this release works on it") }
        /// The field with video paths.
        video_key: String as Text { "video_key", Value("videos"), Result, Partly("`partition.auto_configure` looks at it; no operator of this release works on it") }
    }
}

recipe_default!(FieldSettings);

choice! {
    /// Whether cells of CSV files may be quoted.
    pub enum Quoting {
        /// Those that begin with a quote are.
        Minimal = "minimal" | "0" | "1" | "2" | "all" | "nonnumeric",
        /// None is; a quote is a character.
        None = "none" | "3",
    }
}

/// Where the columns of CSV files get their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Header {
    /// From the first row, or nowhere.
    First(bool),
    /// From this list.
    Names(Vec<String>),
}

/// `true`, `false`, or a list of names.
struct HeaderCodec;

impl Codec<Header> for HeaderCodec {
    const KIND: Kind = Kind::FlagOrTexts;

    fn read(node: &Node) -> Result<Header, Mismatch> {
        if node.as_list().is_none() {
            return Flag::read(node).map(Header::First);
        }
        let names = Fields::read(node)?;
        let mut unique = names.clone();
        unique.sort_unstable();
        unique.dedup();
        if unique.len() < names.len() {
            return Err(Mismatch::out_of_range(node));
        }
        Ok(Header::Names(names))
    }

    fn write(value: &Header) -> Json {
        match value {
            Header::First(is_first) => (*is_first).into(),
            Header::Names(names) => names.as_slice().into(),
        }
    }
}

impl DatasetSettings {
    /// The paths of the dataset.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().map(|input| input.path.as_str())
    }

    /// The paths of the dataset as they may be shown and written down: without what is secret in web addresses.
    pub fn shown_paths(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.inputs.iter().map(Input::shown_path)
    }

    /// The escape character before a quote, where the recipe says so.
    pub fn escape_byte(&self) -> Option<u8> {
        self.escape.as_deref().and_then(delimiter)
    }

    /// The byte that separates the fields of CSV files, where the recipe says so.
    pub fn delimiter_byte(&self) -> Option<u8> {
        self.delimiter.as_deref().and_then(delimiter)
    }
}

/// The byte that a delimiter means; `\\t` as two characters is a tab too.
fn delimiter(text: &str) -> Option<u8> {
    match text.as_bytes() {
        b"\\t" => Some(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n') => Some(*byte),
        _ => None,
    }
}
