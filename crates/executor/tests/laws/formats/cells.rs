//! Cells of delimited text: as they are written, and as they must be read.

/// What the cells of a column become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellKind {
    Number,
    Bool,
    Text,
}

impl CellKind {
    pub(crate) fn of(content: &str) -> Option<Self> {
        match content.trim_matches([' ', '\t']) {
            "" => None,
            "true" | "false" => Some(Self::Bool),
            other if serde_json::from_str::<serde_json::Number>(other).is_ok() => {
                Some(Self::Number)
            }
            _ => Some(Self::Text),
        }
    }
}

/// A cell of delimited text.
pub(crate) struct Cell {
    pub(crate) content: String,
    pub(crate) is_quoted: bool,
}

impl Cell {
    pub(crate) fn json(&self, kind: CellKind) -> String {
        let trimmed = self.content.trim_matches([' ', '\t']);
        match kind {
            _ if self.content.is_empty() && !self.is_quoted => "null".to_owned(),
            CellKind::Text => serde_json::to_string(&self.content).unwrap(),
            _ if trimmed.is_empty() => "null".to_owned(),
            _ => trimmed.to_owned(),
        }
    }

    pub(crate) fn write(&self, out: &mut String) {
        if self.is_quoted {
            out.push('"');
            out.push_str(&self.content.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&self.content);
        }
    }
}
