//! What the system says of an error, as people read it.

use std::borrow::Cow;

/// What the standard library puts behind the system's words.
const BEGINS: &str = " (os error ";

/// Without the number that only programmers know: `No such file or directory (os error 2)`.
pub fn numberless(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    while let Some((before, rest)) = out.split_once(BEGINS)
        && let Some((number, after)) = rest.split_once(')')
        && !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit())
    {
        out = Cow::Owned(format!("{before}{after}"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_number_goes() {
        let error = std::io::Error::from_raw_os_error(2);
        assert_eq!(
            numberless(&format!("/x: {error}; {error}.")),
            "/x: No such file or directory; No such file or directory."
        );
        for other in [
            "nothing (os error",
            " (os error x) y",
            " (os error )",
            "(os error 2)",
        ] {
            assert_eq!(numberless(other), other);
        }
    }
}
