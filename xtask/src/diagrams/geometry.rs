//! Rectangles and lines. The unit is the pixel of a picture that is shown at its own size.

/// A rectangle; `y` grows downwards.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A place.
pub(super) type Point = (f64, f64);

impl Rect {
    /// Returns the rectangle around a horizontal or vertical line, with a margin on each side.
    pub(super) fn around(from: Point, to: Point, margin: f64) -> Self {
        let line = Self {
            x: from.0.min(to.0),
            y: from.1.min(to.1),
            width: (from.0 - to.0).abs(),
            height: (from.1 - to.1).abs(),
        };
        line.inside(-margin)
    }

    pub(super) fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.y + self.height
    }

    pub(super) fn centre(&self) -> Point {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.x < other.right()
            && other.x < self.right()
            && self.y < other.bottom()
            && other.y < self.bottom()
    }

    /// Returns whether a horizontal or vertical line touches the inside.
    pub(super) fn is_crossed_by(&self, from: Point, to: Point) -> bool {
        let line = Self::around(from, to, 0.0);
        line.x < self.right()
            && self.x < line.right()
            && line.y < self.bottom()
            && self.y < line.bottom()
    }

    /// Returns the rectangle without a margin on each side.
    pub(super) fn inside(&self, margin: f64) -> Self {
        Self {
            x: self.x + margin,
            y: self.y + margin,
            width: self.width - 2.0 * margin,
            height: self.height - 2.0 * margin,
        }
    }
}
