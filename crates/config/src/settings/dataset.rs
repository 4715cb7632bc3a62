//! The source of the records, and the fields that operators use.

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
        /// A file, a directory, a glob, a URL of one of them (`s3://`, `gs://`, `az://`, `abfss://`, `hf://`, `http://`,
        /// `https://`, `file://`), or a list of them; a list may also have entries `{path: …, weight: …}`. A text
        /// `0.5 a.jsonl 2 b.jsonl` is a list with weights; a path with a space that exists is a path. Listed files keep the given
        /// order, others the order of their names. The content of the files is part of a result's identity; their location is not.
        /// A weight of 0.5 takes half of the records of a path, 2 each record twice, 0 none; with `dataset.max_sample_num`, weights
        /// are shares of it.
        inputs: Vec<Input> as Inputs {
            "dataset_path" | "dataset.configs", Required, Run, Now
        }
        /// The total number of records to read, drawn from each path by its weight. If a path has fewer records than its share,
        /// they are repeated; a single path is never repeated. `seed` decides which records are drawn. If not given, all records
        /// are read, or as many as the weights say.
        max_sample_num: Option<u64> as Optional<AtLeast<1>> { "dataset.max_sample_num", Value("null"), Result, Now }
        /// The suffixes of the files of a directory that are read; if not given, all readable files.
        suffixes: Vec<String> as Suffixes { "suffixes", Value("[]"), Result, Now }
        /// If true, lines that cannot be read are put in quarantine. If false, the first one fails the job.
        lenient: bool as Flag { "load_jsonl_lenient", Value("true"), Result, Now }
        /// The columns to read from CSV, Parquet and Arrow files; if not given, all.
        columns: Vec<String> as Texts {
            "load_dataset_kwargs.columns", Value("[]"), Result, Now
        }
        /// The separator of the fields of CSV files, one ASCII character; if not given, it is detected from the first lines of each
        /// file.
        delimiter: Option<String> as Optional<Text> { "load_dataset_kwargs.delimiter", Value("null"), Result, Now }
        /// The quoting of cells in CSV files: `minimal` (cells that begin with a quote are quoted), `none` (a quote is a
        /// character), or the numbers of Python's csv module; if not given, it is detected from the first lines of each file.
        quoting: Option<Quoting> as Optional<OneOf> { "load_dataset_kwargs.quoting", Value("null"), Result, Now }
        /// The escape character before a quote in a quoted cell of CSV files, as in `\"`; if not given, it is detected from the
        /// first lines of each file. A doubled quote always counts as one.
        escape: Option<String> as Optional<Text> { "load_dataset_kwargs.escape" | "load_dataset_kwargs.escapechar", Value("null"), Result, Now }
        /// If true, the first row of a CSV file names its columns. If false, it is data, and the columns are called `column_1`,
        /// `column_2` and so on. If a list, the row is data, and the list has the names.
        header: Header as HeaderCodec { "load_dataset_kwargs.header", Value("true"), Result, Now }
        /// The field that holds the records, for JSON files that are one object with a list of records in it, as in
        /// `{"data": [...]}`; if not given, files consist of records.
        field: Option<String> as Optional<Text> { "load_dataset_kwargs.field", Value("null"), Result, Now }
        /// Checks of the records before work begins, each with a `type`: `required_fields` (with `required_fields`, `field_types`,
        /// `allow_missing`), `swift_messages` or `dj_conversation` (with `min_turns`, `max_turns`). Up to `sample_size` (100)
        /// records of each source are checked; if they do not pass, the job is refused.
        validators: Vec<Validator> as Validators { "validators", Value("[]"), Run, Now }
    }
}

section! {
    /// The fields of a record that operators work on unless their own parameters name others.
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
    /// The quoting of cells in CSV files.
    pub enum Quoting {
        /// Cells that begin with a quote are quoted.
        Minimal = "minimal" | "0" | "1" | "2" | "all" | "nonnumeric",
        /// No cell is quoted; a quote is a character.
        None = "none" | "3",
    }
}

/// The source of the names of CSV columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Header {
    /// The first row, or none.
    First(bool),
    /// This list.
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
    /// Returns the paths of the dataset.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().map(|input| input.path.as_str())
    }

    /// Returns the paths of the dataset in the form that may be shown and written down, without secrets in web addresses.
    pub fn shown_paths(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.inputs.iter().map(Input::shown_path)
    }

    /// Returns the escape character before a quote, if the recipe gives it.
    pub fn escape_byte(&self) -> Option<u8> {
        self.escape.as_deref().and_then(delimiter)
    }

    /// Returns the byte that separates the fields of CSV files, if the recipe gives it.
    pub fn delimiter_byte(&self) -> Option<u8> {
        self.delimiter.as_deref().and_then(delimiter)
    }
}

/// Returns the byte that a delimiter means. `\\t` as two characters is a tab too.
fn delimiter(text: &str) -> Option<u8> {
    match text.as_bytes() {
        b"\\t" => Some(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n') => Some(*byte),
        _ => None,
    }
}
