//! Numbers that are not written down.

/// Whether a number says nothing: the first stage, or a time that is not known.
pub(super) fn is_zero<T: Default + PartialEq>(number: &T) -> bool {
    *number == T::default()
}
