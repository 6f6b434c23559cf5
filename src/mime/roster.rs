//! People as lines of text: what a program prints that keeps addresses (`khard email --parsable`,
//! `notmuch address`, `abook --mutt-query`), and groups named in a line of recipients.

use super::recipients::{entries, format_list, parse_list};
use crate::model::{Address, Contact, Group};

/// People taken of one program's output.
const MOST: usize = 20_000;
/// Characters of a name or address that are worth offering.
const LONGEST: usize = 254;

/// The people in a program's output, a line each: address TAB name TAB anything, or `Name <addr>`.
/// Lines that are neither (khard begins with one) are passed over.
pub fn people(output: &str) -> Vec<Contact> {
    let one = |line: &str| -> Option<Contact> {
        let line = line.trim_end();
        if line.len() > 4 * LONGEST {
            return None;
        }
        let address = match line.split_once('\t') {
            Some((addr, rest)) => {
                let name = rest.split('\t').next().unwrap_or("");
                let addr = only(parse_list(addr).ok()?)?.addr;
                Address::new(name.trim(), addr)
            }
            None => only(parse_list(line).ok()?)?,
        };
        let fits = address.addr.len() <= LONGEST && address.name.len() <= LONGEST;
        fits.then(|| Contact {
            address,
            also: String::new(),
        })
    };
    output.lines().filter_map(one).take(MOST).collect()
}

fn only(mut list: Vec<Address>) -> Option<Address> {
    let one = list.pop()?;
    (list.is_empty() && one.addr.contains('@')).then_some(one)
}

/// A line of recipients with the members of each group in place of its name; `None` if it names
/// no group, or can't be read. Case does not count.
pub fn expand(line: &str, groups: &[Group]) -> Option<String> {
    let entries = entries(line).ok()?;
    let named = |entry: &str| {
        let entry = entry.trim().to_lowercase();
        groups.iter().find(|g| g.name.to_lowercase() == entry)
    };
    if !entries.iter().any(|(_, entry)| named(entry).is_some()) {
        return None;
    }
    let all = entries.iter().filter(|(_, e)| !e.trim().is_empty());
    let all: Vec<String> = all
        .map(|(_, entry)| match named(entry) {
            Some(group) => format_list(&group.members),
            None => entry.trim().to_owned(),
        })
        .filter(|e| !e.is_empty())
        .collect();
    Some(all.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_ways_of_printing_people_are_read() {
        let output = "searching for 'a'...\nada@x.example\tAda, Lovelace\twork\nbo@x.example\t\n\
            \"Cy, D\" <cy@x.example>\ndee@x.example\nno address\n, \na@x.example, b@x.example\n\t\n@\tx\n";
        let found: Vec<String> = people(output)
            .iter()
            .map(|p| p.address.to_string())
            .collect();
        assert_eq!(
            found,
            [
                "\"Ada, Lovelace\" <ada@x.example>",
                "bo@x.example",
                "\"Cy, D\" <cy@x.example>",
                "dee@x.example"
            ]
        );
    }

    #[test]
    fn a_group_stands_for_its_members() {
        let groups = [Group {
            name: "Team".into(),
            members: vec![
                Address::new("Ada, L", "a@x.example"),
                Address::new("", "b@x.example"),
            ],
        }];
        let expanded = |line: &str| expand(line, &groups);
        assert_eq!(
            expanded("c@x.example; team, ").as_deref(),
            Some("c@x.example, \"Ada, L\" <a@x.example>, b@x.example")
        );
        for other in [
            "",
            "a@x.example",
            "teams",
            "\"team\" <t@x.example>",
            "team <t@x",
            "team@x",
        ] {
            assert_eq!(expanded(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_output_is_taken(output in "(\\PC|\t|\n|@|<|>|,){0,60}") {
            for person in people(&output) {
                prop_assert!(person.address.addr.contains('@'));
            }
        }

        #[test]
        fn what_is_expanded_can_be_read(before in "[a-c@. ,]{0,8}", after in "[a-c@. ,;]{0,8}") {
            let members = vec![Address::new("A \"q\" \\", "a@x.example")];
            let groups = [Group { name: "team".into(), members }];
            let line = format!("{before},team,{after}");
            let (was, is) = (line.replace("team", "a@x.example"), expand(&line, &groups));
            let count = |l: &str| parse_list(l).map(|l| l.len()).ok();
            prop_assert_eq!(count(&is.unwrap()), count(&was));
        }
    }
}
