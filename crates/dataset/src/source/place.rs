//! The place of a record in a source of several files.

/// The place of a record: the number of its file, and its position in that file's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemberPlace {
    pub(crate) member: usize,
    pub(crate) position: u64,
}

impl MemberPlace {
    /// The bits for the position, which leaves 24 for the number of the file.
    const POSITION_BITS: u32 = 40;

    /// Returns the place as one number; `None` if the text of the file is too long for that.
    pub(crate) fn pack(self) -> Option<u64> {
        let fits = self.position >> Self::POSITION_BITS == 0;
        fits.then_some((self.member as u64) << Self::POSITION_BITS | self.position)
    }

    pub(crate) fn unpack(place: u64) -> Self {
        Self {
            member: (place >> Self::POSITION_BITS) as usize,
            position: place & ((1 << Self::POSITION_BITS) - 1),
        }
    }
}
