//! The macros that mark a text as one that is said to people, and what they check while compiling:
//! that the names in a text are those of its arguments.

#![allow(
    clippy::indexing_slicing,
    reason = "while compiling there is no other way to look into a text, and a panic is an error there"
)]

/// A text in the language of the screen. `tr!("text")` is a `&'static str`;
/// `tr!("{a} of {b}", a, b = expression)` is a `String`.
#[macro_export]
macro_rules! tr {
    ($text:literal) => {{
        const { $crate::lang::plain($text) };
        $crate::lang::of($text)
    }};
    ($text:literal, $($name:ident $(= $value:expr)?),+ $(,)?) => {{
        const { $crate::lang::takes($text, &[$(stringify!($name)),+]) };
        match ($(&$crate::tr_value!($name $(, $value)?),)+) {
            ($($name,)+) => match $crate::lang::other("", $text) {
                None => ::std::format!($text),
                Some(text) => $crate::lang::fill(
                    text,
                    &[$((stringify!($name), $name as &dyn ::std::fmt::Display)),+],
                ),
            },
        }
    }};
}

/// A text in the language of the screen whose English also means something else: `trc!("key", "open")`.
#[macro_export]
macro_rules! trc {
    ($context:literal, $text:literal) => {{
        const { $crate::lang::plain($text) };
        $crate::lang::of_in($context, $text)
    }};
}

/// A text about a number of things: `trn!(n, "{n} message", "{n} messages")`, or `n = expression`,
/// and further arguments behind. The first is said of one.
#[macro_export]
macro_rules! trn {
    ($n:ident $(= $count:expr)?, $one:literal, $many:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {{
        const { $crate::lang::counts($one, $many, &[stringify!($n) $(, stringify!($name))*]) };
        match (&$crate::tr_value!($n $(, $count)?), $(&$crate::tr_value!($name $(, $value)?),)*) {
            ($n, $($name,)*) => {
                let how_many = $crate::lang::Count::count($n);
                let text = $crate::lang::other_of($one, how_many)
                    .unwrap_or(if how_many == 1 { $one } else { $many });
                $crate::lang::fill(
                    text,
                    &[
                        (stringify!($n), $n as &dyn ::std::fmt::Display),
                        $((stringify!($name), $name as &dyn ::std::fmt::Display)),*
                    ],
                )
            }
        }
    }};
}

/// Marks a text of a table; [`of`](crate::lang::of) says it where it is drawn. With two literals the
/// first is a context, for [`of_in`](crate::lang::of_in).
#[macro_export]
macro_rules! mark {
    ($text:literal) => {
        $text
    };
    ($context:literal, $text:literal) => {
        $text
    };
}

/// The value of a named argument.
#[doc(hidden)]
#[macro_export]
macro_rules! tr_value {
    ($name:ident) => {
        $name
    };
    ($name:ident, $value:expr) => {
        $value
    };
}

/// How many things a text is about.
#[doc(hidden)]
pub trait Count {
    /// The number.
    fn count(&self) -> u64;
}

macro_rules! count {
    ($($kind:ty),*) => {$(
        impl Count for $kind {
            fn count(&self) -> u64 {
                u64::try_from(*self).unwrap_or(u64::MAX)
            }
        }
    )*};
}
count!(u8, u16, u32, u64, usize, i32, i64);

impl<T: Count> Count for &T {
    fn count(&self) -> u64 {
        (**self).count()
    }
}

/// Refuses to compile a text without arguments that has places for some.
#[doc(hidden)]
pub const fn plain(text: &str) {
    let text = text.as_bytes();
    let mut at = 0;
    while at < text.len() {
        assert!(
            text[at] != b'{' && text[at] != b'}',
            "a text without arguments has no braces"
        );
        at += 1;
    }
}

/// Refuses to compile a text whose `{names}` are not exactly these.
#[doc(hidden)]
pub const fn takes(text: &str, names: &[&str]) {
    only(text, names);
    let mut at = 0;
    while at < names.len() {
        assert!(names_one(text, names[at]), "an argument is not in the text");
        at += 1;
    }
}

/// Refuses to compile texts whose names are not among these, or, but for the number, not all.
#[doc(hidden)]
pub const fn counts(one: &str, many: &str, names: &[&str]) {
    only(one, names);
    only(many, names);
    let mut at = 1;
    while at < names.len() {
        assert!(
            names_one(one, names[at]) || names_one(many, names[at]),
            "an argument is in neither text"
        );
        at += 1;
    }
}

/// Every `{…}` of the text is one of these names.
const fn only(text: &str, names: &[&str]) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'{' {
            let mut end = at + 1;
            while end < bytes.len() && bytes[end] != b'}' {
                end += 1;
            }
            assert!(end < bytes.len(), "a brace is left open");
            let mut known = false;
            let mut name = 0;
            while name < names.len() {
                known |= is(bytes, at + 1, end, names[name].as_bytes());
                name += 1;
            }
            assert!(known, "the text has a place for no argument: only {{name}}");
            at = end;
        } else {
            assert!(bytes[at] != b'}', "a brace is not opened");
        }
        at += 1;
    }
}

/// Whether `{name}` is in the text.
const fn names_one(text: &str, name: &str) -> bool {
    let bytes = text.as_bytes();
    let name = name.as_bytes();
    let mut at = 0;
    while at + name.len() + 1 < bytes.len() {
        let end = at + 1 + name.len();
        if bytes[at] == b'{' && bytes[end] == b'}' && is(bytes, at + 1, end, name) {
            return true;
        }
        at += 1;
    }
    false
}

const fn is(text: &[u8], from: usize, to: usize, name: &[u8]) -> bool {
    if to - from != name.len() {
        return false;
    }
    let mut at = 0;
    while at < name.len() {
        if text[from + at] != name[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{counts, names_one, plain, takes};

    #[test]
    fn names_are_those_of_the_arguments() {
        plain("no places");
        takes("{a} of {b}, {a}", &["a", "b"]);
        counts("one of {all}", "{n} of {all}", &["n", "all"]);
        counts("one", "some", &["n"]);
        assert!(names_one("{n}", "n"));
        assert!(!names_one("{number}", "n"));
        let refused: [fn(); 6] = [
            || plain("{a}"),
            || takes("{a}", &["a", "b"]),
            || takes("{a} {c}", &["a"]),
            || takes("{a:>3}", &["a"]),
            || takes("{a", &["a"]),
            || counts("{n}", "{m}", &["n"]),
        ];
        for (number, text) in refused.into_iter().enumerate() {
            assert!(std::panic::catch_unwind(text).is_err(), "{number}");
        }
    }
}
