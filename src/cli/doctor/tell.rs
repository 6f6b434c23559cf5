//! What a doctor found, as lines and as JSON.

use super::visit::Offers;
use crate::model::checkup::{Progress, Step};
use crate::net::imap::extensions::{Extension, Offer};
use crate::text::{Clean, width, wrap};
use serde_json::{Value, json};
use std::io::{self, IsTerminal as _, Write as _};

/// Columns of a line where the terminal does not tell, and the most and the fewest that are used.
const USUAL: usize = 80;
const WIDEST: usize = 96;
const NARROWEST: usize = 30;
/// In fewer columns a step's name has a line of its own.
const BESIDE: usize = 60;
/// Columns for a step's name: the longest has as many.
const NAME: usize = 23;

/// The columns of standard output.
pub(super) fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
    let columns = size.map(|s| usize::from(s.ws_col)).filter(|n| *n > 0);
    columns.unwrap_or(USUAL).clamp(NARROWEST, WIDEST)
}

/// Says on a terminal what is being looked at, and takes it away again.
#[derive(Debug)]
pub(super) struct Teller {
    shown: bool,
    stands: bool,
}

impl Teller {
    /// Nothing is said unless `wanted` and standard error is a terminal.
    pub(super) fn new(wanted: bool) -> Teller {
        Teller {
            shown: wanted && io::stderr().is_terminal(),
            stands: false,
        }
    }

    /// Follows what happens.
    pub(super) fn follow(&mut self, progress: &Progress) {
        if !self.shown {
            return;
        }
        let mut out = String::new();
        if std::mem::take(&mut self.stands) {
            out.push_str("\r\x1b[K");
        }
        if let Progress::Begun(name) = progress {
            out.push_str(&format!("  … {name}"));
            self.stands = true;
        }
        let mut stderr = io::stderr().lock();
        // Nobody is helped by an error about a remark.
        let _ = stderr.write_all(out.as_bytes());
        let _ = stderr.flush();
    }
}

/// A step in lines of so many columns.
pub(super) fn lines(step: &Step, columns: usize) -> Vec<String> {
    let mark = step.level.mark();
    let beside = columns >= BESIDE;
    let mut lines = Vec::new();
    let head = match beside {
        true => format!("  {mark} {:<NAME$} ", step.name),
        false => {
            lines.push(format!("{mark} {}", step.name));
            "    ".to_owned()
        }
    };
    match &step.found {
        Ok(found) => {
            // What was only noted took no time.
            let text = match step.millis {
                0 => found.clone(),
                millis => format!("{found} ({millis} ms)"),
            };
            lines.extend(hung(&head, &text, columns));
        }
        Err(advice) => {
            lines.extend(hung(&head, &advice.what, columns));
            if !advice.why.is_empty() {
                lines.extend(hung("    probably: ", &advice.why, columns));
            }
            if !advice.todo.is_empty() {
                lines.extend(hung("    do: ", &advice.todo, columns));
            }
        }
    }
    for line in &step.said {
        let line = Clean::line(line);
        lines.extend(hung("      ", line.as_str(), columns));
    }
    lines
}

/// What the server offers and what we make of it.
pub(super) fn table(offers: &Offers, columns: usize) -> Vec<String> {
    let names = offers.iter().map(|(e, _)| width::width(e.name()));
    let column = match columns >= BESIDE {
        true => names.max().unwrap_or(0),
        false => 0,
    };
    let mut lines = hung(
        "  ",
        "what the IMAP server offers, and what is made of it:",
        columns,
    );
    for (extension, offer) in offers {
        let (mark, note, words) = match offer {
            Offer::Used => ("+", "", extension.used),
            Offer::Missing => ("-", "not offered: ", extension.without),
            Offer::SwitchedOff => ("x", "switched off: ", extension.without),
            Offer::Distrusted => ("x", "known to be wrong here: ", extension.without),
        };
        let head = format!("    {mark} {:<column$} ", extension.name());
        let words = format!("{note}{words}");
        match columns >= BESIDE {
            true => lines.extend(hung(&head, &words, columns)),
            false => {
                lines.push(head.trim_end().to_owned());
                lines.extend(hung("      ", &words, columns));
            }
        }
    }
    lines
}

/// A text in the columns behind its heading.
pub(super) fn hung(head: &str, text: &str, columns: usize) -> Vec<String> {
    let indent = width::width(head);
    let pieces = wrap::wrap(text, columns.saturating_sub(indent).max(16));
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces {
        let before = if lines.is_empty() {
            head.to_owned()
        } else {
            " ".repeat(indent)
        };
        lines.push(format!("{before}{}", Clean::line(&piece)));
    }
    lines
}

fn state(offer: Offer) -> &'static str {
    match offer {
        Offer::Used => "used",
        Offer::Missing => "missing",
        Offer::SwitchedOff => "switched off",
        Offer::Distrusted => "distrusted",
    }
}

/// An extension for programs.
pub(super) fn offered((extension, offer): &(Extension, Offer)) -> Value {
    json!({
        "name": extension.name(), "rfc": extension.rfc, "state": state(*offer),
        "used_for": extension.used, "without": extension.without,
    })
}

/// A step for programs.
pub(super) fn value(step: &Step) -> Value {
    let (ok, level) = (!step.is_wrong(), step.level.name());
    match &step.found {
        Ok(found) => json!({
            "step": step.name, "ok": ok, "level": level, "ms": step.millis, "found": found,
        }),
        Err(advice) => json!({
            "step": step.name, "ok": ok, "level": level, "ms": step.millis,
            "what": advice.what, "why": advice.why, "todo": advice.todo, "said": step.said,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::checkup::Advice;
    use crate::net::imap::extensions::EXTENSIONS;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_fits_its_column_and_long_lists_are_wrapped() {
        let mut step = Step::fine("submission port and TLS", "port 465");
        step.millis = 12;
        let short = lines(&step, 80);
        assert_eq!(short, ["  ✓ submission port and TLS port 465 (12 ms)"]);
        let long = Step::fine("IMAP capabilities", "CONDSTORE ".repeat(40));
        let at = |line: &str| line.chars().count() - line.trim_start().chars().count();
        let told = lines(&long, 80);
        assert!(told.len() > 3, "{told:#?}");
        assert!(told[1..].iter().all(|l| at(l) == NAME + 5), "{told:#?}");
        let offers: Offers = EXTENSIONS.iter().map(|e| (*e, Offer::Used)).collect();
        let mut bad = Step::wrong(
            "IMAP port and TLS",
            Advice::new("a ".repeat(99), "b ".repeat(99), "c ".repeat(99)),
        );
        bad.said = vec!["S: * OK ".repeat(30)];
        for columns in [30, 40, 60, 80, 96] {
            for line in [
                lines(&long, columns),
                lines(&bad, columns),
                table(&offers, columns),
            ]
            .concat()
            {
                assert!(width::width(&line) <= columns, "{columns}: {line}");
            }
        }
        let table = table(&offers, 80);
        assert!(table.len() > EXTENSIONS.len());
    }

    #[test]
    fn whatever_is_used_can_be_switched_off_and_nothing_else() {
        let used: BTreeSet<&str> = EXTENSIONS.iter().flat_map(|e| e.names).copied().collect();
        let mut known: BTreeSet<&str> = crate::config::policy::EXTENSIONS.into();
        // Part of another row: a server that takes nothing but UTF-8.
        known.remove("UTF8=ONLY");
        assert_eq!(used, known);
    }
}
