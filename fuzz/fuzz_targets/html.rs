#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| coldpress_fuzz::read_html(bytes));
