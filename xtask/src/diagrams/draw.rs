//! The SVG of a picture. It needs no special font, no script and no other file.

use std::fmt::Write as _;

use super::geometry::Point;
use super::layout::{Line, Placed, Places};
use super::route::Arrow;
use super::source::{Diagram, Kind};
use super::text::Style;

/// The colours by day and by night. A picture has its own background, because it cannot know the colour of the page around it.
const STYLE: &str = "\
svg{--ground:#fff;--ink:#1b2430;--faint:#56616f;--line:#6b7787;--group:#f6f8fa;--edge:#cdd5df;\
--plain:#fff;--input:#e3effc;--work:#e2f4e8;--store:#fdf1d8;--output:#eee6fb;--trouble:#fde5e3;\
--input-edge:#4a8fd8;--work-edge:#3d9a5f;--store-edge:#c48a1c;--output-edge:#8458cc;--trouble-edge:#d0574e}\
@media (prefers-color-scheme: dark){svg{--ground:#12171e;--ink:#e7ecf2;--faint:#a9b4c1;--line:#8996a6;--group:#1a212b;\
--edge:#364152;--plain:#212a36;--input:#17304c;--work:#17382a;--store:#3d3015;--output:#31264d;--trouble:#47201e;\
--input-edge:#5a9be0;--work-edge:#52b077;--store-edge:#d8a03a;--output-edge:#a07fe0;--trouble-edge:#e0746b}}\
text{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:var(--faint);text-anchor:middle}\
.title{font-weight:600;fill:var(--ink)}.left{text-anchor:start}\
.code{font-family:ui-monospace,'Cascadia Mono','Liberation Mono',Menlo,Consolas,monospace;font-size:94%}\
.label{fill:var(--faint);font-style:italic}\
rect{stroke-width:1.2}.group{fill:var(--group);stroke:var(--edge)}.plain{fill:var(--plain);stroke:var(--line)}\
.input{fill:var(--input);stroke:var(--input-edge)}.work{fill:var(--work);stroke:var(--work-edge)}\
.store{fill:var(--store);stroke:var(--store-edge)}.output{fill:var(--output);stroke:var(--output-edge)}\
.trouble{fill:var(--trouble);stroke:var(--trouble-edge)}\
.arrow{fill:none;stroke:var(--line);stroke-width:1.4;stroke-linejoin:round}.broken{stroke-dasharray:5 4}\
.head{fill:var(--line)}.ground{fill:var(--ground)}";

/// The length of an arrow's head.
const HEAD: f64 = 8.0;

/// The radius of the corners of arrows.
const BEND: f64 = 6.0;

/// Writes a picture.
pub(super) fn svg(diagram: &Diagram, places: &Places, arrows: &[Arrow]) -> String {
    let (width, height) = places.size;
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\" aria-labelledby=\"title desc\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{width:.0}\" height=\"{height:.0}\" rx=\"8\"/>",
        escaped(&diagram.title),
        escaped(diagram.description.trim()),
    );
    for placed in &places.boxes {
        write_box(&mut svg, placed);
    }
    for arrow in arrows {
        write_arrow(&mut svg, arrow);
    }
    svg.push_str("</svg>\n");
    svg
}

fn write_box(svg: &mut String, placed: &Placed) {
    let rect = &placed.rect;
    let class = if placed.is_group {
        "group"
    } else {
        class_of(placed.kind)
    };
    let (x, y, width, height) = (rect.x, rect.y, rect.width, rect.height);
    let _ = writeln!(
        svg,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"6\"/>"
    );
    for line in &placed.lines {
        write_line(svg, line, placed.is_group);
    }
}

fn class_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Plain => "plain",
        Kind::Input => "input",
        Kind::Work => "work",
        Kind::Store => "store",
        Kind::Output => "output",
        Kind::Trouble => "trouble",
    }
}

fn write_line(svg: &mut String, line: &Line, is_at_left: bool) {
    let mut classes = Vec::new();
    match line.style {
        Style::Title => classes.push("title"),
        Style::Label => classes.push("label"),
        Style::Body => {}
    }
    let x = if is_at_left {
        classes.push("left");
        line.rect.x
    } else {
        line.rect.centre().0
    };
    // The baseline of the letters is about three quarters down.
    let y = line.rect.y + line.rect.height * 0.76;
    let class = match classes.is_empty() {
        true => String::new(),
        false => format!(" class=\"{}\"", classes.join(" ")),
    };
    let size = line.style.size();
    let text = marked_up(&line.text);
    let _ = writeln!(
        svg,
        "<text{class} x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\">{text}</text>"
    );
}

/// Returns a text with the parts between backticks as code.
fn marked_up(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(at, part)| match at % 2 {
        0 => escaped(part),
        _ => format!("<tspan class=\"code\">{}</tspan>", escaped(part)),
    });
    parts.collect()
}

fn write_arrow(svg: &mut String, arrow: &Arrow) {
    let broken = if arrow.link.is_broken { " broken" } else { "" };
    let mut points = arrow.points.clone();
    let tips = [arrow.link.is_both_ways, true];
    let mut heads = String::new();
    for (has_head, is_end) in tips.into_iter().zip([false, true]) {
        if has_head {
            heads.push_str(&head(&mut points, is_end));
        }
    }
    let _ = writeln!(
        svg,
        "<path class=\"arrow{broken}\" d=\"{}\"/>{heads}",
        path(&points)
    );
    if let Some(rect) = arrow.label {
        let text = arrow.link.label.clone();
        write_line(
            svg,
            &Line {
                text,
                style: Style::Label,
                rect,
            },
            false,
        );
    }
}

/// Draws the head at one end, and shortens the line to where it begins.
fn head(points: &mut [Point], is_end: bool) -> String {
    let (tip, before) = match (is_end, &*points) {
        (true, [.., before, tip]) | (false, [tip, before, ..]) => (*tip, *before),
        _ => return String::new(),
    };
    let (dx, dy) = direction(before, tip);
    let base = (tip.0 - dx * HEAD, tip.1 - dy * HEAD);
    let (wide_x, wide_y) = (dy * HEAD / 2.0, dx * HEAD / 2.0);
    let place = if is_end { points.len() - 1 } else { 0 };
    points[place] = base;
    format!(
        "<path class=\"head\" d=\"M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z\"/>",
        tip.0,
        tip.1,
        base.0 + wide_x,
        base.1 + wide_y,
        base.0 - wide_x,
        base.1 - wide_y
    )
}

/// Returns the direction from one point to another, which is directly above, below or beside it.
fn direction(from: Point, to: Point) -> (f64, f64) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    match dx.abs() > dy.abs() {
        true => (dx.signum(), 0.0),
        false => (0.0, dy.signum()),
    }
}

/// Draws a line with round corners.
fn path(points: &[Point]) -> String {
    let mut path = String::new();
    for (at, point) in points.iter().enumerate() {
        match (
            at.checked_sub(1).map(|before| points[before]),
            points.get(at + 1),
        ) {
            (None, _) => {
                let _ = write!(path, "M{:.1} {:.1}", point.0, point.1);
            }
            (Some(before), Some(&after)) => {
                let (into, out) = (direction(before, *point), direction(*point, after));
                let length = |a: Point, b: Point| (a.0 - b.0).abs() + (a.1 - b.1).abs();
                let bend = BEND
                    .min(length(before, *point) / 2.0)
                    .min(length(*point, after) / 2.0);
                let _ = write!(
                    path,
                    "L{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}",
                    point.0 - into.0 * bend,
                    point.1 - into.1 * bend,
                    point.0,
                    point.1,
                    point.0 + out.0 * bend,
                    point.1 + out.1 * bend
                );
            }
            (Some(_), None) => {
                let _ = write!(path, "L{:.1} {:.1}", point.0, point.1);
            }
        }
    }
    path
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
