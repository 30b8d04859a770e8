#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::ready(), |bytes: &[u8]| fuzz::package::holds(bytes));
