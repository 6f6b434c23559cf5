//! `targets::sieve` without an end.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| postrider_fuzz::targets::sieve(octets));
