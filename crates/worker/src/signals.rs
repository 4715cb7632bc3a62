//! Signals to a worker process: which a record can cause, and which come from outside.
//!
//! An operator that goes wrong raises a few signals, but any other process may send them too, and the driver only sees that
//! the worker died of one. Only the worker learns who sent it.

/// Makes the process die in another way of a signal that another process sent, and tells that; and turns the limit for the
/// size of files into an error.
#[cfg(target_os = "linux")]
pub(crate) fn watch() {
    linux::watch();
}

/// Nothing where it is not known how: then any such signal counts as the record's doing.
#[cfg(not(target_os = "linux"))]
pub(crate) fn watch() {}

#[cfg(target_os = "linux")]
#[allow(
    unsafe_code,
    reason = "only a handler of signals, set with the C library, learns who sent one"
)]
mod linux {
    use std::ffi::{c_int, c_void};
    use std::mem::zeroed;
    use std::ptr;
    use std::sync::OnceLock;

    use libc::{sigaction, siginfo_t};

    /// The signals that a record can cause, each with what was done about it before.
    static CAUSED: [(c_int, OnceLock<sigaction>); 5] = [
        (libc::SIGSEGV, OnceLock::new()),
        (libc::SIGBUS, OnceLock::new()),
        (libc::SIGILL, OnceLock::new()),
        (libc::SIGFPE, OnceLock::new()),
        (libc::SIGABRT, OnceLock::new()),
    ];

    pub(super) fn watch() {
        for (signal, before) in &CAUSED {
            // SAFETY: an action of zeros is one without flags, mask and handler; the handler that it gets takes these
            // arguments, runs on the alternative stack where there is one, and calls nothing that a handler may not.
            unsafe {
                let mut action: sigaction = zeroed();
                action.sa_sigaction = on_signal as *const () as usize;
                action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
                let mut previous: sigaction = zeroed();
                if sigaction_of(*signal, &action, &mut previous) {
                    let _ = before.set(previous);
                }
            }
        }
        // SAFETY: to ignore a signal touches no memory of ours.
        unsafe {
            libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        }
    }

    /// SAFETY: the pointers lead to actions.
    unsafe fn sigaction_of(
        signal: c_int,
        action: *const sigaction,
        before: *mut sigaction,
    ) -> bool {
        // SAFETY: as above.
        unsafe { libc::sigaction(signal, action, before) == 0 }
    }

    extern "C" fn on_signal(signal: c_int, info: *const siginfo_t, _: *mut c_void) {
        // SAFETY: the system hands out information that lives as long as this call. Those with a code that is not
        // positive were sent by a process, which is named then.
        unsafe {
            let is_sent = (*info).si_code <= 0;
            if is_sent && (*info).si_pid() != libc::getpid() {
                leave(signal, (*info).si_pid());
            }
            let before = CAUSED.iter().find(|(known, _)| *known == signal);
            match before.and_then(|(_, before)| before.get()) {
                // The instruction that failed does so again, and meets who was there first: the one who tells of a stack
                // that overflowed, for instance.
                Some(before) if !is_sent => {
                    sigaction_of(signal, before, ptr::null_mut());
                }
                // Sent to itself, as `abort` does. It comes once more when this call ends.
                _ => {
                    libc::signal(signal, libc::SIG_DFL);
                    libc::raise(signal);
                }
            }
        }
    }

    /// Ends the process so that the driver sees that it was somebody else's doing.
    ///
    /// SAFETY: calls only what a handler of signals may call.
    unsafe fn leave(signal: c_int, sender: c_int) -> ! {
        let mut text = Text::default();
        text.put(b"signal ");
        text.put_number(signal);
        text.put(b" was sent by process ");
        text.put_number(sender);
        text.put(b"\n");
        // SAFETY: the buffer is as long as said; the set is filled before it is used.
        unsafe {
            libc::write(2, text.bytes.as_ptr().cast(), text.length);
            libc::signal(libc::SIGTERM, libc::SIG_DFL);
            let mut set = zeroed();
            libc::sigemptyset(&mut set);
            libc::sigaddset(&mut set, libc::SIGTERM);
            libc::pthread_sigmask(libc::SIG_UNBLOCK, &set, ptr::null_mut());
            libc::raise(libc::SIGTERM);
            libc::_exit(1)
        }
    }

    /// A line that is written without taking memory.
    struct Text {
        bytes: [u8; 80],
        length: usize,
    }

    impl Default for Text {
        fn default() -> Self {
            Self {
                bytes: [0; 80],
                length: 0,
            }
        }
    }

    impl Text {
        fn put(&mut self, bytes: &[u8]) {
            for byte in bytes {
                if let Some(place) = self.bytes.get_mut(self.length) {
                    *place = *byte;
                    self.length += 1;
                }
            }
        }

        fn put_number(&mut self, number: c_int) {
            let mut digits = [0; 10];
            let mut rest = number.unsigned_abs();
            let mut first = digits.len();
            while rest > 0 || first == digits.len() {
                first -= 1;
                digits[first] = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
            self.put(&digits[first..]);
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn numbers_are_written_as_they_are() {
            for number in [0, 7, 10, 4711, c_int::MAX] {
                let mut text = Text::default();
                text.put_number(number);
                assert_eq!(&text.bytes[..text.length], number.to_string().as_bytes());
            }
        }
    }
}
