//! Functions that are compiled for several widths of vector registers. The widest that the machine has is used.
//!
//! Programs are built for every machine of an architecture, so the compiler may not use the wide registers that most of them have.
//! The kernels here are plain loops that it turns into vector code. Compiled again for wider registers, they are two to four times
//! as fast, with the same results.

/// A width of vector registers that this machine is known to have.
///
/// Maintains the following invariant: a value other than the base exists only if the machine has the width that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Width(pub(crate) Kind);

/// The kinds of [`Width`]. Only this file turns one of them into a width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "of x86-64"))]
pub(crate) enum Kind {
    /// The width that the program was compiled for.
    Base,
    /// 256 bits, with AVX2.
    Avx2,
    /// 512 bits, with the parts of AVX-512 that all processors except the first ones have.
    Avx512,
}

impl Width {
    /// Returns the widest width that this machine has.
    pub(crate) fn widest() -> Self {
        *Self::available().last().unwrap_or(&Self(Kind::Base))
    }

    /// Returns all widths that this machine has, the narrowest first.
    pub(crate) fn available() -> Vec<Self> {
        let mut widths = vec![Self(Kind::Base)];
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx2") {
                widths.push(Self(Kind::Avx2));
            }
            if std::arch::is_x86_feature_detected!("avx512f")
                && std::arch::is_x86_feature_detected!("avx512bw")
                && std::arch::is_x86_feature_detected!("avx512dq")
                && std::arch::is_x86_feature_detected!("avx512vl")
            {
                widths.push(Self(Kind::Avx512));
            }
        }
        widths
    }
}

/// Work that is compiled for each width. [`run`](Self::run) has to be `#[inline(always)]`, and so do the functions it calls that
/// are to profit from it.
pub(crate) trait Kernel {
    /// The result of the work.
    type Output;

    /// Does the work.
    fn run(self) -> Self::Output;
}

/// Runs a kernel with the widest registers that this machine has.
#[inline]
pub(crate) fn run_widest<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn avx2<K: Kernel>(kernel: K) -> K::Output {
        kernel.run()
    }

    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[allow(
            unsafe_code,
            reason = "only a check at run time shows what the machine has"
        )]
        // SAFETY: the machine has the features that the function was compiled for.
        return unsafe { avx2(kernel) };
    }
    kernel.run()
}

/// Defines a function that takes a [`Width`] first, and whose body is compiled once for each of them. It may be generic over one
/// number.
macro_rules! for_each_width {
    (
        $(#[$meta:meta])*
        fn $name:ident $(<const $number:ident: usize>)? ($($argument:ident: $type:ty),* $(,)?) $body:block
    ) => {
        $(#[$meta])*
        fn $name $(<const $number: usize>)? (
            width: $crate::width::Width,
            $($argument: $type),*
        ) {
            #[inline(always)]
            fn base $(<const $number: usize>)? ($($argument: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn avx2 $(<const $number: usize>)? ($($argument: $type),*) {
                base $(::<$number>)? ($($argument),*);
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            fn avx512 $(<const $number: usize>)? ($($argument: $type),*) {
                base $(::<$number>)? ($($argument),*);
            }

            match width.0 {
                #[cfg(target_arch = "x86_64")]
                #[allow(unsafe_code, reason = "only a check at run time shows what the machine has")]
                // SAFETY: a `Width` of this kind exists only if the machine has these features.
                $crate::width::Kind::Avx2 => unsafe { avx2 $(::<$number>)? ($($argument),*) },
                #[cfg(target_arch = "x86_64")]
                #[allow(unsafe_code, reason = "only a check at run time shows what the machine has")]
                // SAFETY: as above.
                $crate::width::Kind::Avx512 => unsafe { avx512 $(::<$number>)? ($($argument),*) },
                _ => base $(::<$number>)? ($($argument),*),
            }
        }
    };
}

pub(crate) use for_each_width;
