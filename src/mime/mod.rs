//! Bytes to structure and back: pure, total, fuzzable.
