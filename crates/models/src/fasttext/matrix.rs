//! Matrices in the form that the file has: of floats, or quantised.

use std::ops::Range;

use crate::Fault;
use crate::cursor::Cursor;

/// The number of columns that are summed at a time, in registers.
const BLOCK: usize = 16;
/// The number of columns of the remainder that are summed at a time.
const SMALL_BLOCK: usize = 8;
/// The number of centroids of each part of a row.
const CENTROIDS: usize = 256;

/// A matrix whose values are in the model's bytes.
#[derive(Debug)]
pub(super) enum Matrix {
    Dense(Dense),
    Quantised(Quantised),
}

impl Matrix {
    /// Reads the `name` matrix, which must have `columns` columns, up to the beginning of its values, and skips these.
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        is_quantised: bool,
        columns: usize,
        name: &str,
    ) -> Result<Self, Fault> {
        let what = format!("the end of the {name} matrix");
        let has_norms = is_quantised && cursor.u8(&what)? != 0;
        let sizes = (cursor.i64(&what)?, cursor.i64(&what)?);
        let rows = usize::try_from(sizes.0).ok().filter(|rows| *rows > 0);
        let Some(rows) = rows.filter(|_| usize::try_from(sizes.1) == Ok(columns)) else {
            return Err(Fault::damaged(format!(
                "its {name} matrix has {} rows and {} columns, and its dimension is {columns}",
                sizes.0, sizes.1
            )));
        };
        if is_quantised {
            return Quantised::read(cursor, has_norms, rows, columns, &what).map(Self::Quantised);
        }
        let row_bytes = columns as u64 * 4;
        let values = cursor.range(rows as u64, row_bytes, &what)?;
        Ok(Self::Dense(Dense {
            rows,
            columns,
            values,
        }))
    }

    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Dense(dense) => dense.rows,
            Self::Quantised(quantised) => quantised.rows,
        }
    }

    /// Sets `mean` to the mean of these rows. They are summed in their order, so that rounding is the same as in the library.
    pub(super) fn mean(&self, bytes: &[u8], rows: &[u32], mean: &mut Vec<f32>) {
        mean.clear();
        match self {
            Self::Dense(dense) => dense.sum(bytes, rows, mean),
            Self::Quantised(quantised) => quantised.sum(bytes, rows, mean),
        }
        let share = (1.0 / rows.len() as f64) as f32;
        for value in mean {
            *value *= share;
        }
    }

    /// Returns the scalar product of a row and a vector.
    pub(super) fn dot(&self, bytes: &[u8], row: usize, vector: &[f32]) -> f32 {
        match self {
            Self::Dense(dense) => dense.dot(bytes, row, vector),
            Self::Quantised(quantised) => quantised.dot(bytes, row, vector),
        }
    }
}

/// Floats, row by row.
#[derive(Debug)]
pub(super) struct Dense {
    rows: usize,
    columns: usize,
    values: Range<usize>,
}

impl Dense {
    fn sum(&self, bytes: &[u8], rows: &[u32], sum: &mut Vec<f32>) {
        let values = &bytes[self.values.clone()];
        let row_bytes = self.columns * 4;
        sum.resize(self.columns, 0.0);
        // The columns of a block stay in registers over all rows. Each column is still summed in the order of the rows.
        let (blocks, rest) = sum.as_chunks_mut::<BLOCK>();
        let mut start = 0;
        for block in blocks {
            *block = sum_of_block(&values[start..], row_bytes, rows);
            start += BLOCK * 4;
        }
        let (blocks, rest) = rest.as_chunks_mut::<SMALL_BLOCK>();
        for block in blocks {
            *block = sum_of_block(&values[start..], row_bytes, rows);
            start += SMALL_BLOCK * 4;
        }
        for &row in rows {
            let at = row as usize * row_bytes + start;
            let (row, _) = values[at..at + rest.len() * 4].as_chunks::<4>();
            for (sum, value) in rest.iter_mut().zip(row) {
                *sum += f32::from_le_bytes(*value);
            }
        }
    }

    fn dot(&self, bytes: &[u8], row: usize, vector: &[f32]) -> f32 {
        let row_bytes = self.columns * 4;
        let start = self.values.start + row * row_bytes;
        let (row, _) = bytes[start..start + row_bytes].as_chunks::<4>();
        row.iter().zip(vector).fold(0.0, |sum, (value, factor)| {
            sum + f32::from_le_bytes(*value) * factor
        })
    }
}

fn sum_of_block<const BLOCK: usize>(values: &[u8], row_bytes: usize, rows: &[u32]) -> [f32; BLOCK] {
    let mut sums = [0.0; BLOCK];
    for &row in rows {
        let at = row as usize * row_bytes;
        let (block, _) = values[at..at + BLOCK * 4].as_chunks::<4>();
        for (sum, value) in sums.iter_mut().zip(block) {
            *sum += f32::from_le_bytes(*value);
        }
    }
    sums
}

/// Rows in which each part is the number of a centroid. If the norms are quantised separately, each norm is one too.
#[derive(Debug)]
pub(super) struct Quantised {
    rows: usize,
    parts: Parts,
    /// One byte for each part of each row.
    codes: Range<usize>,
    norms: Option<Norms>,
}

#[derive(Debug)]
struct Norms {
    /// One byte for each row.
    codes: Range<usize>,
    centroids: Vec<f32>,
}

/// The division of a row into parts, and the centroids of each.
#[derive(Debug)]
struct Parts {
    columns: usize,
    count: usize,
    /// The number of columns of each part except the last, which has the rest.
    width: usize,
    centroids: Vec<f32>,
}

impl Quantised {
    fn read(
        cursor: &mut Cursor<'_>,
        has_norms: bool,
        rows: usize,
        columns: usize,
        what: &str,
    ) -> Result<Self, Fault> {
        let size = cursor.i32(what)?;
        let codes = u64::try_from(size)
            .map_err(|_| Fault::damaged("a quantised matrix has a negative size"))?;
        let codes = cursor.range(codes, 1, what)?;
        let parts = Parts::read(cursor, columns, what)?;
        if rows.checked_mul(parts.count) != Some(codes.len()) {
            return Err(Fault::damaged(format!(
                "{rows} quantised rows of {} parts do not have {size} codes",
                parts.count
            )));
        }
        let norms = match has_norms {
            true => Some(Norms {
                codes: cursor.range(rows as u64, 1, what)?,
                centroids: Parts::read(cursor, 1, what)?.centroids,
            }),
            false => None,
        };
        Ok(Self {
            rows,
            parts,
            codes,
            norms,
        })
    }

    fn norm(&self, bytes: &[u8], row: usize) -> f32 {
        self.norms.as_ref().map_or(1.0, |norms| {
            norms.centroids[usize::from(bytes[norms.codes.start + row])]
        })
    }

    fn codes<'b>(&self, bytes: &'b [u8], row: usize) -> &'b [u8] {
        let start = self.codes.start + row * self.parts.count;
        &bytes[start..start + self.parts.count]
    }

    fn sum(&self, bytes: &[u8], rows: &[u32], sum: &mut Vec<f32>) {
        sum.resize(self.parts.columns, 0.0);
        for row in rows.iter().map(|&row| row as usize) {
            let norm = self.norm(bytes, row);
            let codes = self.codes(bytes, row);
            // Models usually have two columns per part, which is worth a loop of its own.
            if self.parts.width == 2 && self.parts.columns.is_multiple_of(2) {
                let (centroids, _) = self.parts.centroids.as_chunks::<{ 2 * CENTROIDS }>();
                let (sums, _) = sum.as_chunks_mut::<2>();
                for ((sum, centroids), &code) in sums.iter_mut().zip(centroids).zip(codes) {
                    let at = 2 * usize::from(code);
                    sum[0] += norm * centroids[at];
                    sum[1] += norm * centroids[at + 1];
                }
                continue;
            }
            for (part, &code) in codes.iter().enumerate() {
                let (first, centroid) = self.parts.centroid(part, code);
                for (sum, value) in sum[first..].iter_mut().zip(centroid) {
                    *sum += norm * value;
                }
            }
        }
    }

    fn dot(&self, bytes: &[u8], row: usize, vector: &[f32]) -> f32 {
        let mut sum = 0.0;
        for (part, &code) in self.codes(bytes, row).iter().enumerate() {
            let (first, centroid) = self.parts.centroid(part, code);
            for (factor, value) in vector[first..].iter().zip(centroid) {
                sum += factor * value;
            }
        }
        sum * self.norm(bytes, row)
    }
}

impl Parts {
    fn read(cursor: &mut Cursor<'_>, columns: usize, what: &str) -> Result<Self, Fault> {
        let mut number = || cursor.i32(what).map(|number| usize::try_from(number).ok());
        let (dimension, count, width, last) = (number()?, number()?, number()?, number()?);
        let is_cut_right = |count: usize, width: usize, last: usize| {
            let whole = count.checked_sub(1)?.checked_mul(width)?;
            (width > 0 && (1..=width).contains(&last)).then(|| whole.checked_add(last))?
        };
        let cut = count.zip(width).zip(last);
        let columns_cut = cut.and_then(|((count, width), last)| is_cut_right(count, width, last));
        let (Some(count), Some(width)) = (count, width) else {
            return Err(wrongly_cut(columns));
        };
        if dimension != Some(columns) || columns_cut != Some(columns) {
            return Err(wrongly_cut(columns));
        }
        let bytes = cursor.take(columns as u64 * 4 * CENTROIDS as u64, what)?;
        let (centroids, _) = bytes.as_chunks::<4>();
        Ok(Self {
            columns,
            count,
            width,
            centroids: centroids
                .iter()
                .map(|value| f32::from_le_bytes(*value))
                .collect(),
        })
    }

    /// Returns the first column of a part, and the values of one of its centroids.
    fn centroid(&self, part: usize, code: u8) -> (usize, &[f32]) {
        let first = part * self.width;
        let width = self.width.min(self.columns - first);
        let at = first * CENTROIDS + usize::from(code) * width;
        (first, &self.centroids[at..at + width])
    }
}

fn wrongly_cut(columns: usize) -> Fault {
    Fault::damaged(format!(
        "the parts of a quantised matrix do not add up to {columns} columns"
    ))
}
