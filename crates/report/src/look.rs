//! The look of a text: plain, or with marks and colours for a terminal.

use coldpress_job::PartitionStatus;

/// The look of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// Only words, for files and other programs.
    #[default]
    Plain,
    /// With marks that catch the eye.
    Marks,
    /// With marks, in colours.
    Colours,
}

/// The colours, as terminals name them.
const GREEN: u8 = 32;
const RED: u8 = 31;
const CYAN: u8 = 36;
const YELLOW: u8 = 33;
const DIM: u8 = 2;

impl Look {
    /// Writes the status of a partition.
    pub(crate) fn partition(self, status: PartitionStatus) -> String {
        let (mark, colour) = match status {
            PartitionStatus::Completed => ('✔', GREEN),
            PartitionStatus::Processing => ('▶', CYAN),
            PartitionStatus::Failed => ('✘', RED),
            _ => ('·', DIM),
        };
        self.marked(mark, colour, &status.to_string().to_uppercase())
    }

    /// Writes the status of a job.
    pub(crate) fn job(self, status: &str) -> String {
        let (mark, colour) = match status {
            "completed" => ('✔', GREEN),
            "completed_with_failures" | "stopped" | "interrupted" => ('!', YELLOW),
            "failed" => ('✘', RED),
            _ => ('▶', CYAN),
        };
        self.marked(mark, colour, &status.to_uppercase())
    }

    /// Writes a share of the whole as a bar; nothing in plain text.
    pub(crate) fn bar(self, percent: f64) -> String {
        const WIDTH: usize = 30;
        if self == Self::Plain {
            return String::new();
        }
        let full = ((percent / 100.0).clamp(0.0, 1.0) * WIDTH as f64) as usize;
        let bar = format!("{}{}", "█".repeat(full), "░".repeat(WIDTH - full));
        format!("   {}\n", self.coloured(GREEN, &bar))
    }

    fn marked(self, mark: char, colour: u8, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Marks | Self::Colours => self.coloured(colour, &format!("{mark} {text}")),
        }
    }

    fn coloured(self, colour: u8, text: &str) -> String {
        match self {
            Self::Colours => format!("\x1b[{colour}m{text}\x1b[0m"),
            Self::Plain | Self::Marks => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_alone() {
        let failed = PartitionStatus::Failed;
        assert_eq!(Look::Plain.partition(failed), "FAILED");
        assert_eq!(Look::Marks.partition(failed), "✘ FAILED");
        assert_eq!(Look::Colours.partition(failed), "\x1b[31m✘ FAILED\x1b[0m");
        assert_eq!(Look::Plain.bar(50.0), "");
        let half = format!("   {}{}\n", "█".repeat(15), "░".repeat(15));
        assert_eq!(Look::Marks.bar(50.0), half);
        assert_eq!(Look::Marks.bar(f64::NAN).matches('░').count(), 30);
    }
}
