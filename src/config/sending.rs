//! How an account signs in and as whom it sends: `auth`, `sendmail`, `[[account.identity]]`.

use crate::config::options::{Part, keys};
use crate::config::paths::expand;
use crate::config::problem::Problems;
use crate::config::section::{Found, Section, wrong};
use crate::model::{Auth, Identity, SecretSource, is_mailbox};
use std::collections::BTreeSet;
use std::path::Path;
use toml::de::DeValue;

const WORDS: [(&str, Auth); 4] = [
    ("password", Auth::Password),
    ("xoauth2", Auth::XOauth2),
    ("oauthbearer", Auth::OAuthBearer),
    ("oauth", Auth::OAuth),
];

/// What is added for a sign-in with a browser.
const OAUTH: &str = "oauth = { provider = \"google\", client-id = \"…\" }";

/// The word for a way of signing in.
pub(super) fn auth_name(auth: Auth) -> &'static str {
    WORDS
        .iter()
        .find(|(_, a)| *a == auth)
        .map_or("password", |(name, _)| name)
}

/// How one signs in. A token runs out within the hour, so only a command or a provider can give it.
pub(super) fn auth(
    section: &Section<'_, '_>,
    secret: Option<&SecretSource>,
    problems: &mut Problems<'_>,
) -> Auth {
    let browser = section.raw("oauth").is_some();
    let Some(found) = section.word("auth", &WORDS, problems) else {
        return if browser { Auth::OAuth } else { Auth::Password };
    };
    if browser {
        if found.value == Auth::Password {
            let message = "`oauth` and `auth = \"password\"` exclude each other";
            problems.add(&found.span, message, None);
        }
        return found.value;
    }
    if found.value == Auth::OAuth {
        problems.add(
            &found.span,
            "`auth = \"oauth\"` and no `oauth`",
            Some(format!("add {OAUTH}; docs/oauth.md says how")),
        );
        return found.value;
    }
    if found.value != Auth::Password && matches!(secret, Some(s) if !is_command(s)) {
        let name = auth_name(found.value);
        problems.add(
            &found.span,
            format!("`auth = \"{name}\"` needs a password-command"),
            Some("a program that prints an access token, such as password-command = [\"oama\", \"access\", \"you@example.org\"]".to_owned()),
        );
    }
    found.value
}

fn is_command(secret: &SecretSource) -> bool {
    matches!(secret, SecretSource::Command(_))
}

/// A program and its arguments; `~/` before it is the home.
pub(super) fn argv(
    section: &Section<'_, '_>,
    key: &str,
    base: &Path,
    problems: &mut Problems<'_>,
) -> Option<Found<Vec<String>>> {
    let mut argv = section.list(key, "[\"program\", \"argument\"]", problems)?;
    let Some(program) = argv.value.first_mut().filter(|p| !p.is_empty()) else {
        problems.add(&argv.span, format!("`{key}` is empty"), None);
        return None;
    };
    if program.starts_with("~/") {
        *program = expand(program, base).to_string_lossy().into_owned();
    }
    if argv.value.iter().any(|word| word.contains('\0')) {
        problems.add(&argv.span, format!("`{key}` holds a NUL character"), None);
        return None;
    }
    Some(argv)
}

/// The program that takes messages in place of the submission server.
pub(super) fn sendmail(
    section: &Section<'_, '_>,
    base: &Path,
    problems: &mut Problems<'_>,
) -> Option<Vec<String>> {
    let argv = argv(section, "sendmail", base, problems)?;
    let options = argv.value.iter().skip(1);
    let mut options = options.take_while(|word| *word != "--");
    let reads = |word: &String| word == "-t" || word == "--read-recipients" || word == "-ti";
    if options.any(reads) {
        let hint = "the recipients follow as arguments; with -t those who have a message would get it again";
        problems.add(
            &argv.span,
            "`sendmail` must not read the recipients from the message",
            Some(hint.to_owned()),
        );
        return None;
    }
    Some(argv.value)
}

/// The further addresses that mail is sent from; `email` is the account's own.
pub(super) fn identities(
    section: &Section<'_, '_>,
    email: Option<&str>,
    problems: &mut Problems<'_>,
) -> Vec<Identity> {
    let mut out: Vec<Identity> = Vec::new();
    let Some(found) = section.raw("identity") else {
        return out;
    };
    let wanted = "a section for each address: [[account.identity]]";
    let DeValue::Array(tables) = found.get_ref() else {
        wrong("identity", found.get_ref(), wanted, found.span(), problems);
        return out;
    };
    let mut taken: BTreeSet<String> = email.map(str::to_ascii_lowercase).into_iter().collect();
    for item in tables {
        let DeValue::Table(table) = item.get_ref() else {
            wrong("identity", item.get_ref(), wanted, item.span(), problems);
            continue;
        };
        let one = Section::new(table, item.span(), &keys(Part::Identity), problems);
        let full_name = one.line("full-name", problems);
        let signature = one.text("signature", problems);
        let reply_to = reply_to(&one, problems);
        let Some(email) = address(&one, "email", problems) else {
            if one.raw("email").is_none() {
                let hint = "add email = \"sales@example.org\"".to_owned();
                problems.add(&one.span, "the identity has no `email`", Some(hint));
            }
            continue;
        };
        if !taken.insert(email.value.to_ascii_lowercase()) {
            problems.add(
                &email.span,
                "this address is the account's own or another identity's",
                Some(
                    "each address once; what the account itself has stands in its own keys"
                        .to_owned(),
                ),
            );
            continue;
        }
        out.push(Identity {
            email: email.value,
            full_name: full_name.map(|f| f.value).unwrap_or_default(),
            signature: signature.map(|f| f.value),
            reply_to,
        });
    }
    out
}

/// An address without a name.
pub(super) fn address(
    section: &Section<'_, '_>,
    key: &str,
    problems: &mut Problems<'_>,
) -> Option<Found<String>> {
    let found = section.line(key, problems)?;
    if is_mailbox(&found.value) {
        return Some(found);
    }
    let hint = "only the address, like you@example.org; your name goes into full-name";
    let message = format!("`{key}` is not a mail address");
    problems.add(&found.span, message, Some(hint.to_owned()));
    None
}

/// A line of addresses, with names or without.
fn reply_to(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<String> {
    let found = section.line("reply-to", problems)?;
    if found.value.contains('@') {
        return Some(found.value);
    }
    problems.add(
        &found.span,
        "`reply-to` holds no mail address",
        Some("such as reply-to = \"Sales <sales@example.org>\"".to_owned()),
    );
    None
}
