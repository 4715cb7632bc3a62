//! Routing arrows: straight if possible, or else with two corners in the space between two rows.

use std::cmp::Ordering;

use anyhow::{Context, Result};

use super::geometry::{Point, Rect};
use super::layout::Places;
use super::source::{Link, Way};
use super::text::{self, Style};

/// The distance of an arrow along a margin from the box that it leaves.
const LANE: f64 = 13.0;

/// The distance of corners from the box that an arrow ends at.
const CORNER: f64 = 13.0;

/// The least distance of an arrow from a corner of a box.
const INSET: f64 = 12.0;

/// An arrow in its place.
#[derive(Debug)]
pub(super) struct Arrow {
    pub(super) link: Link,
    pub(super) points: Vec<Point>,
    /// The space that its label takes.
    pub(super) label: Option<Rect>,
}

/// The side of a box at which an arrow leaves or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Top,
    Bottom,
    Left,
    Right,
}

/// An end of an arrow.
#[derive(Clone, Copy, Debug)]
struct End<'a> {
    id: &'a str,
    rect: Rect,
    side: Side,
    /// The other end, which determines the order of several arrows at a side.
    towards: Point,
}

/// Finds the path of every arrow.
///
/// # Errors
/// Fails when an arrow ends nowhere.
pub(super) fn all(links: &[Link], places: &Places) -> Result<Vec<Arrow>> {
    let mut ends = Vec::new();
    for link in links {
        let rect = |id: &str| places.get(id).map(|placed| placed.rect);
        let from = rect(&link.from).context("an arrow begins nowhere")?;
        let to = rect(&link.to).context("an arrow ends nowhere")?;
        let (leaves, arrives) = sides(link.way, &from, &to);
        ends.push(End {
            id: &link.from,
            rect: from,
            side: leaves,
            towards: to.centre(),
        });
        ends.push(End {
            id: &link.to,
            rect: to,
            side: arrives,
            towards: from.centre(),
        });
    }
    let arrows = links.iter().enumerate().map(|(at, link)| {
        let points = points(link.way, 2 * at, &ends, places.size.0);
        let label = (!link.label.is_empty()).then(|| label(&link.label, &points));
        Arrow {
            link: link.clone(),
            points,
            label,
        }
    });
    Ok(arrows.collect())
}

fn sides(way: Way, from: &Rect, to: &Rect) -> (Side, Side) {
    match way {
        Way::Left => (Side::Left, Side::Left),
        Way::Right => (Side::Right, Side::Right),
        Way::Direct if from.bottom() <= to.y => (Side::Bottom, Side::Top),
        Way::Direct if to.bottom() <= from.y => (Side::Top, Side::Bottom),
        Way::Direct if from.right() <= to.x => (Side::Right, Side::Left),
        Way::Direct => (Side::Left, Side::Right),
    }
}

fn points(way: Way, at: usize, ends: &[End<'_>], width: f64) -> Vec<Point> {
    let (from, to) = (&ends[at], &ends[at + 1]);
    let (mut start, mut end) = (port(at, ends), port(at + 1, ends));
    match (way, from.side) {
        (Way::Left | Way::Right, side) => {
            let x = if side == Side::Left {
                LANE
            } else {
                width - LANE
            };
            vec![start, (x, start.1), (x, end.1), end]
        }
        (Way::Direct, Side::Top | Side::Bottom) => {
            let across = |rect: &Rect| (rect.x, rect.right());
            if let Some(x) = aligned(
                start.0,
                end.0,
                across(&from.rect),
                across(&to.rect),
                (alone(at, ends), alone(at + 1, ends)),
            ) {
                (start.0, end.0) = (x, x);
                return vec![start, end];
            }
            // It is close to the end, so that arrows from several boxes to one share their last piece.
            let y = if from.side == Side::Bottom {
                end.1 - CORNER
            } else {
                end.1 + CORNER
            };
            vec![start, (start.0, y), (end.0, y), end]
        }
        (Way::Direct, Side::Left | Side::Right) => {
            let across = |rect: &Rect| (rect.y, rect.bottom());
            if let Some(y) = aligned(
                start.1,
                end.1,
                across(&from.rect),
                across(&to.rect),
                (true, true),
            ) {
                (start.1, end.1) = (y, y);
                return vec![start, end];
            }
            let x = f64::midpoint(start.0, end.0);
            vec![start, (x, start.1), (x, end.1), end]
        }
    }
}

/// Returns where both ends of a straight arrow can be: where one of them is, if the other one can be moved there.
fn aligned(
    start: f64,
    end: f64,
    from: (f64, f64),
    to: (f64, f64),
    is_alone: (bool, bool),
) -> Option<f64> {
    let fits = |at: f64, span: (f64, f64)| span.0 + INSET <= at && at <= span.1 - INSET;
    // A smaller bend would look like a mistake, and such a small shift does not change the order.
    if (start - end).abs() < INSET / 2.0 {
        return Some(end);
    }
    // The narrower box has its arrow in the middle.
    let narrow_first = (to.1 - to.0) < (from.1 - from.0);
    let to_end = (is_alone.0 && fits(end, from)).then_some(end);
    let to_start = (is_alone.1 && fits(start, to)).then_some(start);
    if narrow_first {
        to_end.or(to_start)
    } else {
        to_start.or(to_end)
    }
}

/// Returns the ends at the same side of the same box, in order.
fn neighbours(at: usize, ends: &[End<'_>]) -> Vec<usize> {
    let own = &ends[at];
    let mut there: Vec<usize> = (0..ends.len())
        .filter(|&other| ends[other].id == own.id && ends[other].side == own.side)
        .collect();
    let place = |end: usize| match own.side {
        Side::Top | Side::Bottom => ends[end].towards.0,
        Side::Left | Side::Right => ends[end].towards.1,
    };
    there.sort_by(|&a, &b| place(a).partial_cmp(&place(b)).unwrap_or(Ordering::Equal));
    there
}

fn alone(at: usize, ends: &[End<'_>]) -> bool {
    neighbours(at, ends).len() == 1
}

/// Returns where an end touches its box. Several at a side are spread over it.
fn port(at: usize, ends: &[End<'_>]) -> Point {
    let there = neighbours(at, ends);
    let place = there.iter().position(|&other| other == at).unwrap_or(0);
    let share = (place as f64 + 1.0) / (there.len() as f64 + 1.0);
    let rect = &ends[at].rect;
    match ends[at].side {
        Side::Top => (rect.x + rect.width * share, rect.y),
        Side::Bottom => (rect.x + rect.width * share, rect.bottom()),
        Side::Left => (rect.x, rect.y + rect.height * share),
        Side::Right => (rect.right(), rect.y + rect.height * share),
    }
}

/// Returns the space of a label: beside a vertical arrow, above the middle of a horizontal one.
fn label(text: &str, points: &[Point]) -> Rect {
    let (width, height) = (text::width(text, Style::Label), Style::Label.line_height());
    let (from, to) = match points {
        [_, from, to, _] if (from.1 - to.1).abs() < 1.0 => (from, to),
        [from, .., to] => (from, to),
        _ => return Rect::default(),
    };
    let (x, y) = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
    let is_vertical = (from.0 - to.0).abs() < 1.0;
    match is_vertical {
        true => Rect {
            x: x + 6.0,
            y: y - height / 2.0,
            width,
            height,
        },
        false => Rect {
            x: x - width / 2.0,
            y: y - height - 2.0,
            width,
            height,
        },
    }
}
