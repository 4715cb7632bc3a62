//! The settings of a plan, as stored in a journal.

use coldpress_partition::CutSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Error, Result};

/// The settings that a plan was made with.
///
/// In JSON they are the [`CutSettings`] and nothing else. Settings in a form that this release does not know are kept unchanged.
/// The job can still be listed, monitored and verified; only a driver that has to cut the dataset by them refuses it.
///
/// ```
/// use coldpress_job::PlanSettings;
/// use coldpress_partition::CutSettings;
///
/// let settings = PlanSettings::from(CutSettings::default());
/// let json = serde_json::to_value(&settings)?;
/// assert_eq!(json, serde_json::to_value(CutSettings::default())?);
/// assert_eq!(serde_json::from_value::<PlanSettings>(json)?, settings);
///
/// let other: PlanSettings = serde_json::from_str(r#"{"max_records": "many"}"#)?;
/// assert!(other.cut().is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanSettings(Form);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Cut(CutSettings),
    Other(Value),
}

impl PlanSettings {
    /// Returns the settings by which the dataset is cut.
    ///
    /// # Errors
    ///
    /// [`Error::UnreadablePlan`] if the settings are in a form that this release does not know. Other settings must not
    /// be used in their place: the partitions planned so far would not fit those that follow.
    pub fn cut(&self) -> Result<&CutSettings> {
        match &self.0 {
            Form::Cut(settings) => Ok(settings),
            Form::Other(value) => Err(Error::UnreadablePlan {
                reason: match CutSettings::deserialize(value) {
                    Ok(_) => "its settings have another form".to_owned(),
                    Err(error) => error.to_string(),
                },
            }),
        }
    }
}

impl From<CutSettings> for PlanSettings {
    fn from(settings: CutSettings) -> Self {
        Self(Form::Cut(settings))
    }
}
