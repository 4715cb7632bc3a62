//! Making the output beside its place.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use coldpress_dataset::RowsForm;
use coldpress_storage::Digest;
use coldpress_table::MixedField;

use crate::arrow_file::Arrow;
use crate::csv::Csv;
use crate::error::{Error, Result};
use crate::form::{ExportForm, FileForm};
use crate::join::{Columns, PieceJoin};
use crate::lines::LinesOutput;
use crate::parquet_file::Parquet;
use crate::piece::Piece;
use crate::pipeline::check;
use crate::place::Place;
use crate::second_pass::second_pass;
use crate::staged::Staged;
use crate::target::ExportTarget;

/// Puts the rows of the partitions together, in order, in a temporary place beside the export path.
///
/// JSONL and JSON are written as the pieces come. Of Parquet, Arrow and CSV the pieces are remembered, because their
/// schema is that of all rows, and written in [`finish`](Self::finish) by several threads. The same pieces always give
/// the same bytes.
pub struct ExportWriter {
    target: ExportTarget,
    token: String,
    temporary: PathBuf,
    work: Work,
}

enum Work {
    Copied {
        output: Box<LinesOutput>,
        rows_form: RowsForm,
        buffer: Vec<u8>,
    },
    Remembered {
        pieces: Vec<Piece>,
        join: Box<PieceJoin>,
        form: FileForm,
        place: Place,
        threads: usize,
    },
}

/// An output in its temporary place, and what is to be told about it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finished {
    /// The output.
    pub staged: Staged,
    /// Fields whose values are of more than one type, so that they became JSON text; of outputs with columns.
    pub mixed: Vec<MixedField>,
    /// What else is odd about its columns, a sentence each.
    pub notes: Vec<String>,
}

const BUFFER_BYTES: usize = 1 << 20;

impl ExportWriter {
    /// Begins an output of `target`; `token` tells this attempt at it from others. What needs all rows is written by
    /// `threads` threads.
    ///
    /// # Errors
    /// When the temporary directory of shards cannot be made.
    pub fn create(target: &ExportTarget, token: &str, threads: usize) -> Result<Self> {
        let place = Place::create(target, token)?;
        let temporary = place.temporary().to_owned();
        let work = if target.needs_second_pass() {
            Work::Remembered {
                pieces: Vec::new(),
                join: Box::new(PieceJoin::default()),
                form: target.file_form(),
                place,
                threads,
            }
        } else {
            Work::Copied {
                output: Box::new(LinesOutput::new(target, place)),
                rows_form: target.rows_form(false),
                buffer: vec![0; BUFFER_BYTES],
            }
        };
        Ok(Self {
            target: target.clone(),
            token: token.to_owned(),
            temporary,
            work,
        })
    }

    /// Where the output is made.
    pub fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// Appends the rows of a partition.
    ///
    /// # Errors
    /// [`DamagedPiece`](crate::Error::DamagedPiece) when the rows cannot be read or are not what the piece's stamp says: they must be made
    /// again, and so must this output. Others when the output cannot be written.
    pub fn append(&mut self, piece: Piece) -> Result<()> {
        match &mut self.work {
            Work::Copied {
                output,
                rows_form,
                buffer,
            } if piece.form == *rows_form => copy(&piece, output, buffer),
            Work::Copied { .. } => Err(piece.damaged("its rows are of another form")),
            Work::Remembered { pieces, join, .. } => {
                join.add(&piece)?;
                pieces.push(piece);
                Ok(())
            }
        }
    }

    /// Makes the output complete and durable in its temporary place.
    ///
    /// # Errors
    /// [`DamagedPiece`](crate::Error::DamagedPiece) as [`append`](Self::append), as some outputs are written only now;
    /// [`Abandoned`](crate::Error::Abandoned) soon after `abandoned` is set; others when the output cannot be written or synced.
    pub fn finish(self, abandoned: &AtomicBool) -> Result<Finished> {
        check(abandoned)?;
        let mut notes = Vec::new();
        let (target, token) = (self.target, self.token);
        let again = || Place::create(&target, &token);
        let (written, mixed) = match self.work {
            Work::Copied { output, .. } => (output.finish()?, Vec::new()),
            Work::Remembered {
                pieces,
                join,
                form,
                place,
                threads,
            } => {
                let mut columns = join.finish(&pieces)?;
                notes.extend(columns.note());
                let mut place = Some(place);
                let written = loop {
                    let place = match place.take() {
                        Some(place) => place,
                        None => again()?,
                    };
                    let Columns {
                        schema, has_rest, ..
                    } = &columns;
                    let written = match form.form {
                        ExportForm::Parquet => {
                            let parquet = Parquet::new(schema, *has_rest, form.codec)?;
                            second_pass(&parquet, &pieces, place, threads, abandoned)
                        }
                        ExportForm::Arrow => {
                            let arrow = Arrow::new(schema, *has_rest);
                            second_pass(&arrow, &pieces, place, threads, abandoned)
                        }
                        ExportForm::Csv | ExportForm::Json | ExportForm::Jsonl => {
                            let names = schema.fields().iter().map(|field| field.name().as_str());
                            let csv = Csv::new(form, names, *has_rest);
                            second_pass(&csv, &pieces, place, threads, abandoned)
                        }
                    };
                    match written {
                        // No type tells in advance which of its values another type holds.
                        Err(Error::Misfit { field, reason }) if columns.become_json(&field) => {
                            notes.push(format!(
                                "the field `{field}` is exported as JSON text: {reason}"
                            ));
                        }
                        written => break written?,
                    }
                };
                // CSV has no types that could be mixed.
                let has_types = form.form != ExportForm::Csv;
                let mixed = if has_types { columns.mixed } else { Vec::new() };
                (written, mixed)
            }
        };
        let (length, digest): (u64, Digest) = written;
        let staged = Staged {
            temporary: self.temporary,
            length,
            digest,
        };
        Ok(Finished {
            staged,
            mixed,
            notes,
        })
    }
}

/// Copies the bytes of a piece and proves them on the way.
fn copy(piece: &Piece, output: &mut LinesOutput, buffer: &mut [u8]) -> Result<()> {
    let (mut file, proof) = piece.open()?;
    loop {
        let length = match file.read(buffer) {
            Ok(0) => return piece.prove(&proof.stamp()),
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(piece.unreadable(&error)),
        };
        output.write(&buffer[..length])?;
    }
}
