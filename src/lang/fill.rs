//! A template and its arguments.

use std::fmt::{Display, Write as _};

/// The template with each `{name}` replaced by the argument of that name. What names no argument
/// stays as it is; an argument is never read as a template.
pub fn fill(template: &str, arguments: &[(&str, &dyn Display)]) -> String {
    let mut out = String::with_capacity(template.len() + 16 * arguments.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let named = after.split_once('}').and_then(|(name, behind)| {
            let mut all = arguments.iter();
            let (_, value) = all.find(|(known, _)| *known == name)?;
            Some((value, behind))
        });
        match named {
            Some((value, behind)) => {
                // Writing into a string does not fail; a Display that says it did has written what it could.
                let _ = write!(out, "{value}");
                rest = behind;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::fill;
    use proptest::prelude::*;

    #[test]
    fn names_are_replaced_and_nothing_else() {
        assert_eq!(
            fill("{a} von {b}", &[("b", &2), ("a", &"{b}")]),
            "{b} von 2"
        );
        assert_eq!(fill("{c} {a", &[("a", &1)]), "{c} {a");
        assert_eq!(fill("}{a}{", &[("a", &1)]), "}1{");
    }

    proptest! {
        #[test]
        fn any_template_can_be_filled(template in "[a-c{} é]{0,30}", value in ".{0,9}") {
            let out = fill(&template, &[("a", &value), ("b", &7)]);
            let has_place = template.contains("{a}");
            prop_assert!(!has_place || out.contains(&value));
        }
    }
}
