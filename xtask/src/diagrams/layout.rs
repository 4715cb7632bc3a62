//! Laying out a picture: widths are divided from the outside in, and heights add up from the inside out.

use std::collections::HashMap;

use anyhow::Result;

use super::geometry::Rect;
use super::route::{self, Arrow};
use super::source::{Diagram, Item, Kind, Link, Way};
use super::text::{self, Style};

/// The width of every picture; the docs show them at about 700.
const WIDTH: f64 = 720.0;

/// The space around the picture, and within a group.
const MARGIN: f64 = 12.0;

/// The space that arrows along a margin take.
const LANE: f64 = 22.0;

/// The space around the texts in a box.
const PADDING: f64 = 9.0;

/// The distance of rows and columns between which no arrow runs.
const GAP: f64 = 12.0;

/// A box or group in its place.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) id: String,
    pub(super) rect: Rect,
    pub(super) kind: Kind,
    pub(super) is_group: bool,
    pub(super) lines: Vec<Line>,
}

/// A line of text in its place.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) style: Style,
    /// The space that it takes.
    pub(super) rect: Rect,
}

/// The boxes of a picture in the order in which they are drawn, and its size.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) boxes: Vec<Placed>,
    pub(super) size: (f64, f64),
}

impl Places {
    pub(super) fn get(&self, id: &str) -> Option<&Placed> {
        self.boxes.iter().find(|placed| placed.id == id)
    }
}

/// Places the boxes of a picture and the arrows between them.
///
/// # Errors
/// Fails when there is no path for an arrow.
pub(super) fn lay_out(diagram: &Diagram) -> Result<(Places, Vec<Arrow>)> {
    let has = |way| diagram.links.iter().any(|link| link.way == way);
    let left = MARGIN + if has(Way::Left) { LANE } else { 0.0 };
    let right = MARGIN + if has(Way::Right) { LANE } else { 0.0 };
    let mut layout = Layout {
        links: &diagram.links,
        paths: paths(&diagram.rows),
        boxes: Vec::new(),
    };
    let place = Rect {
        x: left,
        y: MARGIN,
        width: WIDTH - left - right,
        height: 0.0,
    };
    let bottom = layout.rows(&diagram.rows, place);
    let places = Places {
        boxes: layout.boxes,
        size: (WIDTH, bottom + MARGIN),
    };
    let arrows = route::all(&diagram.links, &places)?;
    Ok((places, arrows))
}

struct Layout<'a> {
    links: &'a [Link],
    /// Each box with the enclosing groups, itself last.
    paths: HashMap<&'a str, Vec<&'a str>>,
    boxes: Vec<Placed>,
}

impl Layout<'_> {
    /// Places rows below one another from the top of `place` on. Returns where the last one ends.
    fn rows(&mut self, rows: &[Vec<Item>], place: Rect) -> f64 {
        let mut y = place.y;
        for (at, row) in rows.iter().enumerate() {
            if at > 0 {
                y += self.gap_between(&rows[at - 1], row);
            }
            let row_place = Rect { y, ..place };
            let widths = self.widths(row, place.width);
            let height = self.height(row, &widths);
            self.row(
                row,
                &widths,
                Rect {
                    height,
                    ..row_place
                },
            );
            y += height;
        }
        y
    }

    fn row(&mut self, row: &[Item], widths: &[f64], place: Rect) {
        let mut x = place.x;
        for (at, (item, &width)) in row.iter().zip(widths).enumerate() {
            if at > 0 {
                x += self.column_gap(&row[at - 1], item);
            }
            let rect = Rect { x, width, ..place };
            self.item(item, rect);
            x += width;
        }
    }

    fn item(&mut self, item: &Item, rect: Rect) {
        let is_group = !item.rows.is_empty();
        let texts = texts(item, rect.width);
        let mut lines = Vec::new();
        let mut y = match is_group {
            true => rect.y + PADDING,
            false => rect.y + (rect.height - height_of(&texts)) / 2.0,
        };
        for (text, style) in texts {
            let width = text::width(&text, style);
            // Titles of groups are at the left, where arrows that come from above miss them.
            let x = match is_group {
                true => rect.x + MARGIN,
                false => rect.x + (rect.width - width) / 2.0,
            };
            let height = style.line_height();
            let room = Rect {
                x,
                y,
                width,
                height,
            };
            lines.push(Line {
                text,
                style,
                rect: room,
            });
            y += height;
        }
        self.boxes.push(Placed {
            id: item.id.clone(),
            rect,
            kind: item.kind,
            is_group,
            lines,
        });
        if is_group {
            let inner = Rect {
                x: rect.x + MARGIN,
                y: y + 5.0,
                width: rect.width - 2.0 * MARGIN,
                height: 0.0,
            };
            self.rows(&item.rows, inner);
        }
    }

    /// Returns the widths of a row's items, which are their shares of the width without the gaps.
    fn widths(&self, row: &[Item], width: f64) -> Vec<f64> {
        let gaps: f64 = row
            .windows(2)
            .map(|pair| self.column_gap(&pair[0], &pair[1]))
            .sum();
        let shares: f64 = row.iter().map(|item| item.share).sum();
        row.iter()
            .map(|item| (width - gaps) * item.share / shares)
            .collect()
    }

    fn height(&self, row: &[Item], widths: &[f64]) -> f64 {
        let heights = row
            .iter()
            .zip(widths)
            .map(|(item, &width)| self.item_height(item, width));
        heights.fold(0.0, f64::max)
    }

    fn item_height(&self, item: &Item, width: f64) -> f64 {
        let text = height_of(&texts(item, width));
        if item.rows.is_empty() {
            return text + 2.0 * PADDING;
        }
        let mut height = PADDING + text + 5.0;
        for (at, row) in item.rows.iter().enumerate() {
            if at > 0 {
                height += self.gap_between(&item.rows[at - 1], row);
            }
            height += self.height(row, &self.widths(row, width - 2.0 * MARGIN));
        }
        height + MARGIN
    }

    /// Returns the space between two rows, which is enough for the arrows that run there, each in a lane of its own.
    fn gap_between(&self, above: &[Item], below: &[Item]) -> f64 {
        let through: Vec<&Link> = self
            .links
            .iter()
            .filter(|link| link.way == Way::Direct && self.joins(link, above, below))
            .collect();
        if through.is_empty() {
            return GAP;
        }
        let label = if through.iter().any(|link| !link.label.is_empty()) {
            14.0
        } else {
            0.0
        };
        26.0 + label
    }

    /// Returns the space between two neighbours in a row, which is enough for the longest label between them.
    fn column_gap(&self, left: &Item, right: &Item) -> f64 {
        let (left, right) = (std::slice::from_ref(left), std::slice::from_ref(right));
        let through = self
            .links
            .iter()
            .filter(|link| link.way == Way::Direct && self.joins(link, left, right));
        let room = through.map(|link| text::width(&link.label, Style::Label) + 24.0);
        room.fold(GAP, f64::max)
    }

    /// Returns whether an arrow leads from one of these items, or from inside it, to one of those.
    fn joins(&self, link: &Link, some: &[Item], others: &[Item]) -> bool {
        let is_in = |id: &str, items: &[Item]| {
            let path = self.paths.get(id).map(Vec::as_slice).unwrap_or_default();
            items.iter().any(|item| path.contains(&item.id.as_str()))
        };
        (is_in(&link.from, some) && is_in(&link.to, others))
            || (is_in(&link.from, others) && is_in(&link.to, some))
    }
}

/// Returns the lines of a box with their styles.
fn texts(item: &Item, width: f64) -> Vec<(String, Style)> {
    let most = width - 2.0 * PADDING;
    let lines = |text: &str, style| {
        text::wrap(text, style, most)
            .into_iter()
            .map(move |line| (line, style))
    };
    let title = lines(&item.title, Style::Title);
    title.chain(lines(&item.text, Style::Body)).collect()
}

fn height_of(texts: &[(String, Style)]) -> f64 {
    texts.iter().map(|(_, style)| style.line_height()).sum()
}

fn paths(rows: &[Vec<Item>]) -> HashMap<&str, Vec<&str>> {
    fn walk<'a>(
        rows: &'a [Vec<Item>],
        path: &mut Vec<&'a str>,
        paths: &mut HashMap<&'a str, Vec<&'a str>>,
    ) {
        for item in rows.iter().flatten() {
            path.push(&item.id);
            paths.insert(&item.id, path.clone());
            walk(&item.rows, path, paths);
            path.pop();
        }
    }
    let mut paths = HashMap::new();
    walk(rows, &mut Vec::new(), &mut paths);
    paths
}
