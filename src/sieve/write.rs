//! Trees as text: what is printed reads as the same tree, but for its lines. Line ends are CRLF
//! (RFC 5228 §2.2).

use crate::sieve::tree::{Arg, Command, Script, Test};
use std::fmt::{self, Display, Formatter};

impl Display for Script {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.commands
            .iter()
            .try_for_each(|command| put(f, command, 0))
    }
}

fn put(f: &mut Formatter<'_>, command: &Command, deep: usize) -> fmt::Result {
    let indent = "    ".repeat(deep);
    if let Some(note) = &command.note {
        write!(f, "{indent}# {note}\r\n")?;
    }
    write!(f, "{indent}{}", command.name)?;
    arguments(f, &command.args, &command.tests)?;
    let Some(block) = &command.block else {
        return f.write_str(";\r\n");
    };
    f.write_str(" {\r\n")?;
    for inner in block {
        put(f, inner, deep + 1)?;
    }
    write!(f, "{indent}}}\r\n")
}

fn arguments(f: &mut Formatter<'_>, args: &[Arg], tests: &[Test]) -> fmt::Result {
    for arg in args {
        f.write_str(" ")?;
        match arg {
            Arg::Tag(name) => write!(f, ":{name}")?,
            Arg::Number(n) => number(f, *n)?,
            Arg::Text(t) => text(f, t)?,
            Arg::List(texts) => {
                f.write_str("[")?;
                for (n, t) in texts.iter().enumerate() {
                    f.write_str(if n > 0 { ", " } else { "" })?;
                    text(f, t)?;
                }
                f.write_str("]")?;
            }
        }
    }
    match tests {
        [] => Ok(()),
        [only] => {
            f.write_str(" ")?;
            test(f, only)
        }
        several => {
            f.write_str(" (")?;
            for (n, one) in several.iter().enumerate() {
                f.write_str(if n > 0 { ", " } else { "" })?;
                test(f, one)?;
            }
            f.write_str(")")
        }
    }
}

fn test(f: &mut Formatter<'_>, test: &Test) -> fmt::Result {
    f.write_str(&test.name)?;
    // These want their parentheses even around one.
    if let (true, [only]) = (
        matches!(test.name.as_str(), "allof" | "anyof"),
        test.tests.as_slice(),
    ) {
        f.write_str(" (")?;
        self::test(f, only)?;
        return f.write_str(")");
    }
    arguments(f, &test.args, &test.tests)
}

fn number(f: &mut Formatter<'_>, n: u64) -> fmt::Result {
    for (letter, shift) in [('G', 30u32), ('M', 20), ('K', 10)] {
        if n > 0 && n.is_multiple_of(1 << shift) {
            return write!(f, "{}{letter}", n >> shift);
        }
    }
    write!(f, "{n}")
}

/// In quotes; one of whole lines as such, with dots doubled at their beginnings (§2.4.2).
fn text(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    if let Some(lines) = text.strip_suffix('\n') {
        f.write_str("text:\r\n")?;
        for line in lines.split('\n') {
            let dot = if line.starts_with('.') { "." } else { "" };
            write!(f, "{dot}{line}\r\n")?;
        }
        return f.write_str(".\r\n");
    }
    let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
    write!(f, "\"{}\"", quoted.replace('\n', "\r\n"))
}
