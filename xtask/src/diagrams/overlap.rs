//! Finding things that cover each other.

use super::geometry::{Point, Rect};
use super::layout::{Placed, Places};
use super::route::Arrow;

/// Returns a sentence for each text that leaves its box and each arrow or label that covers anything.
pub(super) fn faults(places: &Places, arrows: &[Arrow]) -> Vec<String> {
    let mut faults = Vec::new();
    for placed in &places.boxes {
        let inside = placed.rect.inside(2.0);
        for line in &placed.lines {
            if line.rect.x < inside.x || line.rect.right() > inside.right() {
                faults.push(format!(
                    "`{}` is wider than the box `{}`",
                    line.text, placed.id
                ));
            }
        }
    }
    for (at, arrow) in arrows.iter().enumerate() {
        faults.extend(crossings(arrow, places));
        faults.extend(
            arrows[..at]
                .iter()
                .filter_map(|other| meeting(arrow, other)),
        );
        let others = arrows.iter().enumerate().filter(|&(other, _)| other != at);
        faults.extend(label_faults(arrow, places, others.map(|(_, other)| other)));
    }
    faults
}

fn crossings(arrow: &Arrow, places: &Places) -> Vec<String> {
    let mut faults = Vec::new();
    for placed in &places.boxes {
        let is_in_the_way = if placed.is_group {
            placed
                .lines
                .iter()
                .any(|line| crosses(arrow, |from, to| line.rect.is_crossed_by(from, to)))
        } else {
            crosses(arrow, |from, to| {
                placed.rect.inside(1.0).is_crossed_by(from, to)
            })
        };
        if is_in_the_way {
            let what = if placed.is_group {
                "the title of"
            } else {
                "the box"
            };
            faults.push(format!(
                "the arrow `{}` crosses {what} `{}`",
                arrow.link.written, placed.id
            ));
        }
    }
    faults
}

/// Returns a fault if two arrows meet. They may share their ends, but where others meet, nobody can say which goes where.
fn meeting(arrow: &Arrow, other: &Arrow) -> Option<String> {
    let ends = |arrow: &Arrow| [arrow.link.from.clone(), arrow.link.to.clone()];
    let is_related = ends(arrow).iter().any(|end| ends(other).contains(end));
    let meet = crosses(arrow, |from, to| {
        let room = Rect::around(from, to, 2.0);
        crosses(other, |from, to| room.is_crossed_by(from, to))
    });
    let (one, two) = (&other.link.written, &arrow.link.written);
    (meet && !is_related).then(|| format!("the arrows `{one}` and `{two}` meet"))
}

fn label_faults<'a>(
    arrow: &Arrow,
    places: &Places,
    others: impl Iterator<Item = &'a Arrow>,
) -> Vec<String> {
    let Some(label) = &arrow.label else {
        return Vec::new();
    };
    let written = &arrow.link.written;
    let mut faults = Vec::new();
    for placed in places
        .boxes
        .iter()
        .filter(|placed| is_covered(placed, label))
    {
        faults.push(format!("the label of `{written}` covers `{}`", placed.id));
    }
    for other in others {
        let is_touched = other.label.is_some_and(|other| other.overlaps(label));
        if is_touched || crosses(other, |from, to| label.is_crossed_by(from, to)) {
            faults.push(format!(
                "the label of `{written}` is in the way of `{}`",
                other.link.written
            ));
        }
    }
    let (width, height) = places.size;
    if label.x < 0.0 || label.right() > width || label.y < 0.0 || label.bottom() > height {
        faults.push(format!("the label of `{written}` leaves the picture"));
    }
    faults
}

fn is_covered(placed: &Placed, label: &Rect) -> bool {
    match placed.is_group {
        true => placed.lines.iter().any(|line| line.rect.overlaps(label)),
        false => placed.rect.overlaps(label),
    }
}

fn crosses(arrow: &Arrow, is_crossed: impl Fn(Point, Point) -> bool) -> bool {
    arrow
        .points
        .windows(2)
        .any(|piece| is_crossed(piece[0], piece[1]))
}
