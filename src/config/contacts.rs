//! `[contacts]`, `[groups]` and `[compose]`: where people are kept besides the mail, names for
//! several of them, and what is looked at before a message goes.

use crate::config::options::{Part, keys};
use crate::config::paths::expand;
use crate::config::problem::Problems;
use crate::config::section::Section;
use crate::config::sending::argv;
use crate::model::{Address, Group, is_mailbox};
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// Members of one group at most.
const MEMBERS: usize = 1_000;

/// Where people are kept besides the mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contacts {
    /// vCard files, and folders of them.
    pub vcards: Vec<PathBuf>,
    /// A program that prints people, and its arguments; `%s` in one stands for what is typed.
    pub command: Option<Vec<String>>,
}

/// What is looked at before a message goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// Whether the recipients' domains are looked up.
    pub domains: bool,
    /// Who is asked for them; `None`: whom the system asks.
    pub name_server: Option<SocketAddr>,
}

/// Reads `[contacts]`.
pub(super) fn contacts(
    table: &DeTable<'_>,
    span: Range<usize>,
    base: &Path,
    problems: &mut Problems<'_>,
) -> Contacts {
    let section = Section::new(table, span, &keys(Part::Contacts), problems);
    let vcards = section.list("vcards", "[\"~/contacts\", \"friends.vcf\"]", problems);
    let vcards = vcards.map(|v| v.value).unwrap_or_default();
    Contacts {
        vcards: vcards.iter().map(|p| expand(p, base)).collect(),
        command: argv(&section, "command", base, problems).map(|c| c.value),
    }
}

/// Reads `[groups]`.
pub(super) fn groups(
    table: &DeTable<'_>,
    span: Range<usize>,
    problems: &mut Problems<'_>,
) -> Vec<Group> {
    let section = Section::of_any(table, span);
    let mut out: Vec<Group> = Vec::new();
    for key in table.keys() {
        let name: &str = key.get_ref();
        let odd = |c: char| c.is_control() || "@,;:<>\"()".contains(c);
        let same = |g: &Group| g.name.to_lowercase() == name.to_lowercase();
        if name.trim() != name || name.is_empty() || name.contains(odd) || out.iter().any(same) {
            let message = format!("a group can't be called \"{}\"", name.escape_debug());
            let hint = "words without @ , ; : and brackets, and each name once".to_owned();
            problems.add(&key.span(), message, Some(hint));
            continue;
        }
        let example = "[\"ada@example.org\", \"Bo <bo@example.org>\"]";
        let Some(list) = section.list(name, example, problems) else {
            continue;
        };
        let members: Option<Vec<Address>> = list.value.iter().map(|m| member(m)).collect();
        match members {
            Some(members) if !members.is_empty() && members.len() <= MEMBERS => out.push(Group {
                name: name.to_owned(),
                members,
            }),
            Some(_) => {
                let message = format!("`{name}` has no members, or more than {MEMBERS}");
                problems.add(&list.span, message, None);
            }
            None => {
                let message = format!("`{name}` holds something that is no mail address");
                let hint = format!("each member is an address, with a name or without: {example}");
                problems.add(&list.span, message, Some(hint));
            }
        }
    }
    out
}

/// `ada@example.org` or `Ada <ada@example.org>`.
fn member(text: &str) -> Option<Address> {
    let text = text.trim();
    let (name, addr) = match text.strip_suffix('>').and_then(|t| t.rsplit_once('<')) {
        Some((name, addr)) => (name.trim().trim_matches('"'), addr.trim()),
        None => ("", text),
    };
    let odd = |c: char| c.is_control();
    let fits = is_mailbox(addr) && !name.contains(odd) && !addr.contains(odd);
    fits.then(|| Address::new(name, addr))
}

/// Reads `[compose]`.
pub(super) fn checks(
    table: &DeTable<'_>,
    span: Range<usize>,
    problems: &mut Problems<'_>,
) -> Checks {
    let section = Section::new(table, span, &keys(Part::Compose), problems);
    let server = section.line("name-server", problems).and_then(|found| {
        let ip = |text: &str| Some(SocketAddr::new(text.parse::<IpAddr>().ok()?, 53));
        let server = found.value.parse().ok().or_else(|| ip(&found.value));
        if server.is_none() {
            let hint = "such as \"9.9.9.9\" or \"127.0.0.1:5353\"".to_owned();
            problems.add(&found.span, "`name-server` is no address", Some(hint));
        }
        server
    });
    Checks {
        domains: section.flag("check-domains", problems).unwrap_or(false),
        name_server: server,
    }
}

#[cfg(test)]
mod tests {
    use crate::config::load::parse;
    use crate::model::Address;
    use std::path::Path;

    #[test]
    fn books_groups_and_checks_are_read() {
        let text = "[contacts]\nvcards = [\"/c/all\", \"x.vcf\"]\ncommand = [\"khard\", \"%s\"]\n\
            [groups]\nteam = [\"a@x.test\", \"Bo \\\"B\\\" <b@x.test>\"]\n\"book club\" = [\"c@x.test\"]\n\
            [compose]\ncheck-domains = true\nname-server = \"::1\"\n";
        let loaded = parse(text, Path::new("/h"));
        assert_eq!(loaded.problems, []);
        let config = loaded.config;
        assert_eq!(
            config.contacts.vcards,
            [Path::new("/c/all"), Path::new("/h/x.vcf")]
        );
        assert_eq!(config.contacts.command.unwrap(), ["khard", "%s"]);
        let names: Vec<&str> = config.groups.iter().map(|g| g.name.as_str()).collect();
        assert_eq!(names, ["book club", "team"]);
        let team = &config.groups[1].members;
        assert_eq!(team[1], Address::new("Bo \"B", "b@x.test"));
        assert!(config.checks.domains);
        assert_eq!(config.checks.name_server, "[::1]:53".parse().ok());
    }

    #[test]
    fn what_is_wrong_is_told_and_the_rest_counts() {
        for (text, said) in [
            ("[contacts]\nvcard = []\n", "unknown key `vcard`"),
            ("[contacts]\ncommand = []\n", "`command` is empty"),
            ("contacts = 1\n", "`contacts` is a number"),
            ("[groups]\nteam = \"a@x.test\"\n", "`team` is a text"),
            ("[groups]\nteam = []\n", "`team` has no members"),
            ("[groups]\nteam = [\"ada\"]\n", "no mail address"),
            (
                "[groups]\nteam = [\"a@x.test, b@x.test\"]\n",
                "no mail address",
            ),
            ("[groups]\n\"a@b\" = [\"a@x.test\"]\n", "can't be called"),
            (
                "[groups]\nT = [\"a@x.test\"]\nt = [\"a@x.test\"]\n",
                "can't be called",
            ),
            ("[compose]\nname-server = \"dns.test\"\n", "no address"),
        ] {
            let loaded = parse(text, Path::new("/h"));
            let told: Vec<&str> = loaded.problems.iter().map(|p| p.message.as_str()).collect();
            assert!(
                told.len() == 1 && told[0].contains(said),
                "{text}: {told:?}"
            );
        }
    }
}
