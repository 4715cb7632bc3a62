//! The schema that all rows of an output have together.

use std::io::{BufRead, BufReader};

use arrow::datatypes::SchemaRef;
use coldpress_record::Origin;
use coldpress_table::{Joined, MixedField, SchemaJoin, Types};

use super::encode::decode_rows;
use super::piece::Piece;
use super::rows::RowsForm;
use super::table_rows::TableRowsReader;
use crate::error::Result;
use crate::sniff::Compression;

/// Joins what the rows of pieces are.
#[derive(Default)]
pub(super) struct PieceJoin(SchemaJoin);

impl PieceJoin {
    /// Adds a piece; of its file no more is read than the schema, if what its lines hold is known. A schema is believed
    /// before the file is proven: that happens as its rows are read.
    pub(super) fn add(&mut self, piece: &Piece) -> Result<()> {
        if let Some(schema) = &piece.schema {
            self.0.add_schema(schema);
        }
        match (piece.form, &piece.types) {
            (_, Some(types)) => self.0.add_types(types),
            (RowsForm::Table, None) => self.0.add_schema(schema_of(piece)?.as_ref()),
            (RowsForm::Lines(_), None) if piece.schema.is_some() => {}
            (RowsForm::Lines(packing), None) => self.0.add_types(&types_of(piece, packing)?),
        }
        Ok(())
    }

    /// The schema, and the fields whose values are of more than one type.
    pub(super) fn finish(self) -> (SchemaRef, Vec<MixedField>) {
        let Joined { schema, mixed } = self.0.finish();
        (schema, mixed)
    }
}

fn schema_of(piece: &Piece) -> Result<SchemaRef> {
    let reader = piece.open_file().and_then(TableRowsReader::open);
    Ok(reader.map_err(|error| piece.unreadable(&error))?.schema())
}

/// What lines hold, read from the lines themselves.
fn types_of(piece: &Piece, packing: Compression) -> Result<Types> {
    let (file, proof) = piece.open()?;
    let text = decode_rows(file, packing).map_err(|error| piece.unreadable(&error))?;
    let mut types = Types::default();
    let mut lines = BufReader::new(text);
    let (mut line, mut position) = (String::new(), 0);
    loop {
        line.clear();
        let length = lines.read_line(&mut line);
        let length = length.map_err(|error| piece.unreadable(&error))? as u64;
        if length == 0 {
            break;
        }
        types.observe(line.trim_end(), &Origin::new(0, position));
        position += length;
    }
    piece.prove(&proof.stamp())?;
    Ok(types)
}
