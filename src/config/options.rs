//! The one table of options: where each stands, what it means, what it can be, what it is when
//! nobody says it, and whether a change of it acts at once.
//!
//! The loader takes the keys that it knows from here, the settings screen its rows, and
//! docs/configuration.md its tables; tests hold the sample and the defaults against it. To add an
//! option, add its row.

use crate::lang::{mark, tr};

/// A section of `config.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// `[ui]`.
    Ui,
    /// `[list]`.
    List,
    /// `[tags.NAME]`: any tag is a key.
    Tags,
    /// `[compose]`.
    Compose,
    /// `[contacts]`.
    Contacts,
    /// `[open]`: any media type is a key.
    Open,
    /// `[groups]`: any name is a key.
    Groups,
    /// `[[account]]`.
    Account,
    /// `imap` and `smtp` of an account.
    Server,
    /// `oauth` of an account.
    OAuth,
    /// `[[account.identity]]`.
    Identity,
    /// `[[account.mailbox]]`.
    Mailbox,
    /// `[[view]]`.
    View,
    /// `[[split]]`.
    Split,
    /// `[[notify]]`.
    Notify,
    /// `[[rule]]`.
    Rule,
}

impl Part {
    /// Every section in the order of the documentation: how its heading is written, and what it is
    /// about.
    pub const ALL: [(Part, &'static str, &'static str); 16] = [
        (Part::Ui, "[ui]", "How the screen looks and behaves."),
        (
            Part::List,
            "[list]",
            "What a list tells of each message, in columns that may have a width: \"from 20\", \"from 10-26\" or \"from 20%\".",
        ),
        (
            Part::Tags,
            "[tags.NAME]",
            "What a tag is called and its colour; NAME is its keyword, or its own name (for the five the English one).",
        ),
        (
            Part::Compose,
            "[compose]",
            "What is looked at before a message goes.",
        ),
        (
            Part::Contacts,
            "[contacts]",
            "Where people to write to are kept, besides the mail.",
        ),
        (
            Part::Open,
            "[open]",
            "Programs that show attachments; others are opened as the desktop does.",
        ),
        (
            Part::Groups,
            "[groups]",
            "Names for several people, in the fields of a message.",
        ),
        (
            Part::Account,
            "[[account]]",
            "An account; one with a mistake is left out and the others work.",
        ),
        (
            Part::Server,
            "imap = { … }, smtp = { … }",
            "A server of an account.",
        ),
        (
            Part::OAuth,
            "oauth = { … }",
            "Where an account is signed in to in a browser: docs/oauth.md.",
        ),
        (
            Part::Identity,
            "[[account.identity]]",
            "A further address that mail is sent from.",
        ),
        (
            Part::Mailbox,
            "[[account.mailbox]]",
            "What differs for some mailboxes: the first that names one counts.",
        ),
        (
            Part::View,
            "[[view]]",
            "A search kept under a name, for the sidebar.",
        ),
        (
            Part::Split,
            "[[split]]",
            "A tab over the inbox: a message is in the first that takes it.",
        ),
        (
            Part::Notify,
            "[[notify]]",
            "Of which new mail you are told, and how.",
        ),
        (
            Part::Rule,
            "[[rule]]",
            "What is done to mail that answers a query.",
        ),
    ];

    /// The key that leads to it from the top of the file; those within an account have none.
    pub fn key(self) -> Option<&'static str> {
        match self {
            Part::Ui => Some("ui"),
            Part::List => Some("list"),
            Part::Tags => Some("tags"),
            Part::Compose => Some("compose"),
            Part::Contacts => Some("contacts"),
            Part::Open => Some("open"),
            Part::Groups => Some("groups"),
            Part::Account => Some("account"),
            Part::View => Some("view"),
            Part::Split => Some("split"),
            Part::Notify => Some("notify"),
            Part::Rule => Some("rule"),
            Part::Server | Part::OAuth | Part::Identity | Part::Mailbox => None,
        }
    }

    /// How its heading is written.
    pub fn heading(self) -> &'static str {
        let mut all = Part::ALL.iter();
        all.find(|(part, ..)| *part == self)
            .map_or("", |(_, h, _)| h)
    }

    /// Whether there can be several of it.
    pub fn repeats(self) -> bool {
        self.heading().starts_with("[[")
    }
}

/// What an option can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number of this range.
    Number(u32, u32),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A text of one line.
    Line,
    /// A text of any number of lines.
    Text,
    /// A list of texts.
    Texts,
    /// A program and its arguments.
    Program,
    /// The name of a theme.
    Theme,
    /// A table, or sections of its own.
    Table,
    /// How a password is come by: never shown.
    Secret,
}

impl Kind {
    /// What it can be, for people.
    pub fn words(self) -> String {
        match self {
            Kind::Flag => "true, false".to_owned(),
            Kind::Number(from, to) => tr!("{from} to {to}", from, to),
            Kind::Word(words) => words.join(", "),
            Kind::Line => tr!("a text").to_owned(),
            Kind::Text => tr!("a text").to_owned(),
            Kind::Texts => tr!("a list of texts").to_owned(),
            Kind::Program => tr!("a program and its arguments").to_owned(),
            Kind::Theme => tr!("auto, or a theme's name").to_owned(),
            Kind::Table => tr!("a section").to_owned(),
            Kind::Secret => tr!("never a password itself").to_owned(),
        }
    }
}

/// What holds when nobody says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usual {
    /// This value, as the file would write it.
    Is(&'static str),
    /// What these words say.
    Else(&'static str),
    /// It must be said.
    Needed,
}

impl Usual {
    /// The default, for people, in English.
    pub fn words(self) -> &'static str {
        match self {
            Usual::Is(value) => value,
            Usual::Else(words) => words,
            Usual::Needed => mark!("must be given"),
        }
    }
}

/// When a change acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acts {
    /// At once.
    Now,
    /// When the program begins anew by itself, in place: connections are opened again.
    Anew,
}

/// An option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its section.
    pub part: Part,
    /// Its name in the file.
    pub key: &'static str,
    /// What it can be.
    pub kind: Kind,
    /// What holds when nobody says it.
    pub usual: Usual,
    /// When a change of it acts.
    pub acts: Acts,
    /// What it means, in a sentence without a full stop.
    pub about: &'static str,
}

macro_rules! options {
    ($($part:ident, $key:literal, $kind:expr, $usual:expr, $acts:ident, $about:literal;)*) => {
        /// Every option, in the order of the documentation.
        pub const OPTIONS: &[Choice] = &[
            $(Choice {
                part: Part::$part,
                key: $key,
                kind: { use Kind::*; $kind },
                usual: { use Usual::*; $usual },
                acts: Acts::$acts,
                about: $about,
            },)*
        ];
    };
}

options! {
    Ui, "theme", Theme, Is("\"auto\""), Now, "The colours; auto follows the terminal's light or dark";
    Ui, "threads", Flag, Is("true"), Now, "Whether lists show conversations, or each message by itself";
    Ui, "threads-by-subject", Flag, Is("false"), Anew, "Whether an answer that names nothing known joins the conversation of its subject";
    Ui, "layout", Word(&["auto", "three", "two", "stacked", "single"]), Is("\"auto\""), Now, "How mailboxes, list and message stand; a key changes it, and that is kept";
    Ui, "undo-send", Number(0, 600), Is("10"), Anew, "Seconds in which sending can be undone; 0: it goes at once";
    Ui, "mouse", Flag, Is("true"), Now, "Whether the mouse is used";
    Ui, "editor-keys", Word(&["plain", "vi"]), Is("\"plain\""), Now, "How the text of a message is edited, from the next one on";
    Ui, "spell", Texts, Else("the environment's language"), Anew, "Hunspell dictionaries, such as en_US; an empty list: no spelling";
    Ui, "images", Word(&["auto", "off", "blocks", "kitty", "sixel", "iterm2"]), Is("\"auto\""), Anew, "How pictures are shown; auto: as well as the terminal can";
    Ui, "hyperlinks", Word(&["auto", "on", "off"]), Is("\"auto\""), Now, "Whether the terminal itself can open links (OSC 8)";
    Ui, "bidi", Word(&["auto", "cells", "words", "rows"]), Is("\"auto\""), Anew, "What the terminal itself puts in order of letters from right to left";
    Ui, "language", Word(&["auto", "en", "de", "ja"]), Is("\"auto\""), Anew, "The language of the screen; auto: the one of the locale (LC_ALL, LC_MESSAGES, LANG)";
    Ui, "linear", Flag, Is("false"), Now, "For a screen reader: one pane, everything in words, the cursor on the chosen line";
    Ui, "icons", Word(&["auto", "unicode", "nerd", "ascii"]), Is("\"auto\""), Anew, "The signs; nerd needs a Nerd Font, auto is ASCII where the locale is not UTF-8";
    Ui, "scrollbar", Word(&["auto", "off"]), Is("\"auto\""), Now, "A slim bar beside what is longer than its room; auto: where there is room for it";
    Ui, "window-title", Flag, Is("true"), Now, "Whether the window's title tells the mailbox and what is unread in it";

    List, "columns", Texts, Is("[\"flags\", \"from\", \"subject\", \"attachment\", \"date\"]"), Now, "Of flags, from, to, subject, attachment, count, tags, mailbox, account, date";
    List, "density", Word(&["compact", "comfortable"]), Is("\"compact\""), Now, "Whether a message has one line or two";
    List, "dates", Word(&["short", "relative", "iso"]), Is("\"short\""), Now, "How it is told when a message came: 14:05, 5 min, or 2024-03-02";

    Tags, "name", Line, Else("its own"), Now, "What it is called, also in searches and rules";
    Tags, "colour", Line, Else("the theme's"), Now, "red, orange, yellow, green, cyan, blue, purple, grey, or one as #rrggbb";

    Compose, "check-domains", Flag, Is("false"), Anew, "Look the recipients' domains up before sending; who answers for names learns them";
    Compose, "name-server", Line, Else("the system's"), Anew, "Who is asked for them: an address, with a port or without";

    Contacts, "vcards", Texts, Is("[]"), Anew, "Files of vCards, and folders of them";
    Contacts, "command", Program, Else("none"), Anew, "A program that prints people; %s stands for what is typed";

    Open, "TYPE", Program, Else("the desktop's program"), Anew, "The program for a media type: \"application/pdf\", \"image/*\", \"*\"; {} is the file";
    Groups, "NAME", Texts, Else("none"), Anew, "The members: addresses, with names or without";

    Account, "name", Line, Needed, Anew, "What the sidebar calls it; mail is kept by this name";
    Account, "email", Line, Needed, Anew, "The address";
    Account, "full-name", Line, Is("\"\""), Anew, "Your name, as others see it";
    Account, "user", Line, Else("the address"), Anew, "The name to sign in with";
    Account, "password", Secret, Else("keyring"), Anew, "Where the password is: keyring, file (secrets.age), or prompt to be asked at each start";
    Account, "password-command", Secret, Else("none"), Anew, "A program that prints the password, or an access token";
    Account, "auth", Word(&["password", "xoauth2", "oauthbearer", "oauth"]), Else("password, or oauth where there is such a table"), Anew, "How one signs in; xoauth2 and oauthbearer need a password-command that prints a token";
    Account, "oauth", Table, Else("none"), Anew, "A sign-in with a browser: a provider or a client of your own (docs/oauth.md)";
    Account, "imap", Table, Needed, Anew, "The server that has the mail";
    Account, "smtp", Table, Needed, Anew, "The server that sends; not needed with sendmail";
    Account, "sendmail", Program, Else("none"), Anew, "A program that sends, in place of smtp; recipients follow as arguments";
    Account, "identity", Table, Else("none"), Anew, "Further addresses that mail is sent from";
    Account, "signature", Text, Else("none"), Anew, "What stands below a message";
    Account, "save-sent", Flag, Else("unless the provider does it"), Anew, "Whether a copy of what is sent is filed in Sent";
    Account, "mirror-drafts", Flag, Is("true"), Anew, "Whether drafts are copied to the Drafts mailbox";
    Account, "archive", Word(&["flat", "year", "month"]), Is("\"flat\""), Anew, "How the archive is divided: Archive, Archive/2024, Archive/2024/2024-03";
    Account, "future-release", Flag, Is("false"), Anew, "Whether the server holds back mail for later, if it can: it can't be undone";
    Account, "headers", Line, Is("\"all\""), Anew, "How far back lists go: all, days like 365d, a size like 2 GB";
    Account, "bodies", Line, Is("\"30d\""), Anew, "Texts fetched unasked: none, all, days like 30d, the newest 500 MB a mailbox";
    Account, "read-pdf", Flag, Is("true"), Anew, "Whether PDF documents are read for the search, where `pdftotext` is installed";
    Account, "attachments", Word(&["opened", "all"]), Is("\"opened\""), Anew, "Which attachments stay here: those that were opened or asked for, or all";
    Account, "exclude", Texts, Is("[]"), Anew, "Mailboxes that are neither listed nor fetched; * stands for anything";
    Account, "mailbox", Table, Else("none"), Anew, "What differs for some mailboxes";
    Account, "connections", Number(2, 15), Is("4"), Anew, "At most so many connections to the IMAP server";
    Account, "daily-budget", Line, Else("unlimited, but 2.2 GB at Gmail"), Anew, "Received a day unasked, at most: a size like 2 GB, or unlimited";
    Account, "compress", Flag, Else("unless the server is this machine"), Anew, "Whether the connection is compressed";
    Account, "without-extensions", Texts, Is("[]"), Anew, "What the server offers and does wrong (docs/imap.md)";
    Account, "ca-file", Line, Else("the system's only"), Anew, "Further trusted certificates, in PEM; relative to this file's folder";
    Account, "authserv-id", Texts, Is("[]"), Anew, "Whose Authentication-Results are believed besides the server's own";

    Server, "host", Line, Needed, Anew, "The server's name";
    Server, "port", Number(1, 65535), Else("by security: 993, 143; 465, 587"), Anew, "The port";
    Server, "security", Word(&["tls", "starttls", "none"]), Else("by port, else tls"), Anew, "How the connection is protected; none only to this machine";
    Server, "pin-sha256", Line, Else("none"), Anew, "The one key that the server may have: 64 hexadecimal digits";

    OAuth, "provider", Line, Else("by the server's name"), Anew, "A provider that is known, such as google or microsoft";
    OAuth, "client-id", Line, Needed, Anew, "What the provider knows this program as: yours, registered there";
    OAuth, "client-secret", Secret, Else("none"), Anew, "The client's secret, where the provider wants one: keyring, or a program that prints it";
    OAuth, "tenant", Line, Else("the provider's usual"), Anew, "The organisation, at Microsoft";
    OAuth, "scopes", Texts, Else("the provider's usual"), Anew, "What is asked to be allowed";
    OAuth, "auth-url", Line, Else("the provider's"), Anew, "Where one signs in";
    OAuth, "token-url", Line, Else("the provider's"), Anew, "Where tokens come from";
    OAuth, "device-url", Line, Else("the provider's"), Anew, "Where codes come from for signing in on another device";

    Identity, "email", Line, Needed, Anew, "The address";
    Identity, "full-name", Line, Else("the account's"), Anew, "The name with it";
    Identity, "reply-to", Line, Else("none"), Anew, "Where answers are to go";
    Identity, "signature", Text, Else("the account's"), Anew, "What stands below a message";

    Mailbox, "name", Line, Needed, Anew, "The mailbox; * stands for anything, levels are divided by /";
    Mailbox, "headers", Line, Else("the account's"), Anew, "As the account's";
    Mailbox, "bodies", Line, Else("the account's"), Anew, "As the account's";
    Mailbox, "exclude", Flag, Is("false"), Anew, "Whether it is neither listed nor fetched";

    View, "name", Line, Needed, Now, "What it is called";
    View, "query", Line, Needed, Now, "What is looked for (docs/searching.md)";
    View, "key", Line, Else("none"), Now, "The keys that open it";
    View, "icon", Line, Else("none"), Now, "A sign before its name";
    View, "account", Line, Else("every account"), Now, "The account that is looked through";

    Split, "name", Line, Needed, Now, "What the tab is called";
    Split, "query", Line, Needed, Now, "What belongs into it (docs/searching.md)";

    Notify, "query", Line, Else("whatever comes into an inbox"), Anew, "What the mail must be (docs/searching.md)";
    Notify, "account", Line, Else("every account"), Anew, "Whose mail";
    Notify, "quiet", Line, Else("never"), Anew, "Hours in which nothing is told, such as 22:00-07:00";
    Notify, "how", Word(&["desktop", "terminal", "bell", "command"]), Else("command, where there is one"), Anew, "How you are told";
    Notify, "command", Program, Else("none"), Anew, "The program that is run";

    Rule, "name", Line, Needed, Anew, "What it is called; what it did is kept by its name";
    Rule, "query", Line, Needed, Anew, "Which mail (docs/searching.md)";
    Rule, "do", Texts, Needed, Anew, "What is done to it, in order (docs/rules.md)";
    Rule, "on-arrival", Flag, Is("true"), Anew, "Whether when it comes; false: only when asked";
}

/// The options of a section.
pub fn of(part: Part) -> impl Iterator<Item = &'static Choice> {
    OPTIONS.iter().filter(move |o| o.part == part)
}

/// The keys that a section can have.
pub fn keys(part: Part) -> Vec<&'static str> {
    of(part).map(|o| o.key).collect()
}

/// The option of that key.
pub fn option(part: Part, key: &str) -> Option<&'static Choice> {
    of(part).find(|o| o.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load::parse;
    use proptest::prelude::*;
    use std::path::Path;

    const SAMPLE: &str = include_str!("../../assets/config.sample.toml");

    /// A configuration whose section of this kind has these further lines.
    fn with(part: Part, lines: &str) -> String {
        let account = |more: &str| {
            format!(
                "[[account]]\nname = \"a\"\nemail = \"a@b.test\"\nimap = {{ host = \"i.b.test\" }}\nsmtp = {{ host = \"s.b.test\" }}\n{more}\n"
            )
        };
        match part {
            Part::Account => account(lines),
            Part::Mailbox => account(&format!("[[account.mailbox]]\nname = \"x\"\n{lines}")),
            Part::Rule => {
                format!("[[rule]]\nname = \"x\"\nquery = \"x\"\ndo = [\"flag\"]\n{lines}\n")
            }
            other => format!("{}\n{lines}\n", other.heading()),
        }
    }

    #[test]
    fn what_is_said_to_be_usual_is() {
        for option in OPTIONS {
            let Usual::Is(value) = option.usual else {
                continue;
            };
            let said = parse(
                &with(option.part, &format!("{} = {value}", option.key)),
                Path::new("/c"),
            );
            let silent = parse(&with(option.part, ""), Path::new("/c"));
            assert_eq!(said.problems, [], "{option:?}");
            assert_eq!(said.config, silent.config, "{option:?}");
        }
    }

    #[test]
    fn what_is_said_to_be_possible_is_and_nothing_else() {
        let loaded = |part, line: String| parse(&with(part, &line), Path::new("/c"));
        for o in OPTIONS
            .iter()
            .filter(|o| matches!(o.part, Part::Ui | Part::Compose | Part::Account))
        {
            let set = |value: &str| loaded(o.part, format!("{} = {value}", o.key)).problems;
            match o.kind {
                Kind::Flag => {
                    assert_eq!((set("true"), set("false")), (vec![], vec![]), "{o:?}");
                    assert_eq!(set("1").len(), 1, "{o:?}");
                }
                Kind::Number(from, to) => {
                    assert_eq!(set(&from.to_string()), [], "{o:?}");
                    assert_eq!(set(&to.to_string()), [], "{o:?}");
                    assert_eq!(set(&(to + 1).to_string()).len(), 1, "{o:?}");
                }
                Kind::Word(words) => {
                    for word in words {
                        let value = format!("\"{word}\"");
                        let text = match o.key {
                            // A token needs a program that prints it.
                            "auth" if *word == "oauth" => continue,
                            "auth" => format!("auth = {value}\npassword-command = [\"x\"]"),
                            key => format!("{key} = {value}"),
                        };
                        assert_eq!(loaded(o.part, text).problems, [], "{o:?}");
                    }
                    let wrong = set("\"qqqqqqqqqqqqqqq\"");
                    assert_eq!(wrong.len(), 1, "{o:?}");
                    for word in words {
                        assert!(wrong[0].hint.contains(word), "{word}: {:?}", wrong[0]);
                    }
                }
                _ => {}
            }
        }
    }

    #[test]
    fn every_option_stands_in_the_sample_and_says_what_it_means() {
        for o in OPTIONS {
            assert!(
                !o.about.ends_with('.') && (5..=96).contains(&o.about.len()),
                "{o:?}"
            );
            if matches!(o.part, Part::Open | Part::Groups | Part::OAuth) {
                continue;
            }
            let forms = [format!("{} = ", o.key), format!(".{}]]", o.key)];
            assert!(
                forms.iter().any(|f| SAMPLE.contains(f)),
                "{o:?} is not in the sample"
            );
        }
    }

    proptest! {
        #[test]
        fn any_edit_of_the_sample_is_read_or_refused_with_its_place(
            cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..40, ".{0,8}|\\[\\[|\\]|=|\"|\\{|true|9999999999|\n"), 1..8)
        ) {
            let mut text: Vec<char> = SAMPLE.chars().collect();
            for (at, gone, new) in cuts {
                let at = at.index(text.len().max(1)).min(text.len());
                let end = (at + gone).min(text.len());
                text.splice(at..end, new.chars());
            }
            let text: String = text.into_iter().collect();
            for text in [text.clone(), text.replace("\n# ", "\n")] {
                let lines = text.matches('\n').count() + 1;
                let loaded = parse(&text, Path::new("/c"));
                for problem in &loaded.problems {
                    prop_assert!((1..=lines).contains(&problem.line) && problem.column > 0);
                    prop_assert!(!problem.written("config.toml").is_empty());
                }
            }
        }
    }

    #[test]
    fn the_documentation_tells_of_each() {
        let mut wanted = String::new();
        for (part, heading, about) in Part::ALL {
            wanted.push_str(&format!("\n## `{heading}`\n\n{about}\n\n| key | what it means | what it can be | default | a change acts |\n| --- | --- | --- | --- | --- |\n"));
            for o in of(part) {
                let usual = match o.usual {
                    Usual::Is(value) => format!("`{value}`"),
                    other => other.words().to_owned(),
                };
                let acts = match o.acts {
                    Acts::Now => "at once",
                    Acts::Anew => "anew",
                };
                wanted.push_str(&format!(
                    "| `{}` | {} | {} | {usual} | {acts} |\n",
                    o.key,
                    o.about,
                    o.kind.words()
                ));
            }
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
        let there = std::fs::read_to_string(path).unwrap();
        let (before, rest) = there.split_once("<!-- options -->\n").unwrap();
        let (tables, after) = rest.split_once("\n<!-- end -->").unwrap();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            let new = format!("{before}<!-- options -->\n{wanted}\n<!-- end -->{after}");
            return std::fs::write(path, new).unwrap();
        }
        assert!(
            tables == wanted,
            "docs/configuration.md: UPDATE_GOLDEN=1 makes its tables anew"
        );
    }
}
