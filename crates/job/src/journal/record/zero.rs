//! Numbers that are not written down.

/// Returns whether a number carries no information: the first stage, or an unknown time.
pub(super) fn is_zero<T: Default + PartialEq>(number: &T) -> bool {
    *number == T::default()
}
