//! `oauth = { … }`: at which provider an account is signed in to in a browser, and what that
//! provider knows this program as. What is usual at the large ones stands in `assets/providers.toml`;
//! no client id does. An organisation's own `providers.toml` may name one, and pages of its own.

use crate::config::options::{Part, keys};
use crate::config::problem::Problems;
use crate::config::section::{Found, Section, wrong};
use crate::config::sending::argv;
use crate::config::suggest::nearest;
use crate::model::{ClientSecret, OAuth};
use std::path::Path;
use toml::de::DeValue;
use toml::{Table, Value};

const PROVIDERS: &str = include_str!("../../assets/providers.toml");
/// What a table looks like.
const EXAMPLE: &str = "{ provider = \"google\", client-id = \"…\" }";
const PAPER: &str = "docs/oauth.md says how to get one";

/// The providers that are known, by their words in the configuration.
pub(super) fn known() -> Table {
    listed(PROVIDERS).unwrap_or_default()
}

/// The tables of sign-ins in a list of providers; what is wrong in plain words.
pub(super) fn listed(text: &str) -> Result<Table, String> {
    let mut all: Table = text.parse().map_err(|e: toml::de::Error| e.to_string())?;
    match all.remove("oauth") {
        None => Ok(Table::new()),
        Some(Value::Table(listed)) => Ok(listed),
        Some(_) => Err("`oauth` is no table of sign-ins: [oauth.NAME]".to_owned()),
    }
}

/// Whether it is an https address of some host, in plain letters.
pub(super) fn is_page(url: &str) -> bool {
    let host = url.strip_prefix("https://").unwrap_or_default();
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    !host.is_empty() && !host.contains('@') && url.bytes().all(|b| b.is_ascii_graphic())
}

/// Whether it is an organisation's domain or id, or one of the provider's own words for several.
pub(super) fn is_tenant(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    !text.is_empty() && text.chars().all(plain)
}

/// Reads the table of an account. `None` if there is none, or after a mistake, which is noted.
pub(super) fn oauth(
    account: &Section<'_, '_>,
    base: &Path,
    problems: &mut Problems<'_>,
) -> Option<OAuth> {
    let found = account.raw("oauth")?;
    let DeValue::Table(table) = found.get_ref() else {
        wrong("oauth", found.get_ref(), EXAMPLE, found.span(), problems);
        return None;
    };
    let before = problems.found.len();
    let section = Section::new(table, found.span(), &keys(Part::OAuth), problems);
    let known = known();
    let usual = provider(&section, &known, problems);
    let tenant = tenant(&section, usual, problems);
    let url = |key, problems: &mut Problems<'_>| url(&section, key, usual, &tenant, problems);
    let auth_url = url("auth-url", problems);
    let token_url = url("token-url", problems);
    let device_url = url("device-url", problems);
    let client_id = client_id(&section, problems);
    let client_secret = client_secret(&section, base, problems);
    let scopes = section.list("scopes", "[\"mail\", \"offline_access\"]", problems);
    let scopes = scopes.map_or_else(|| texts(usual, "scopes"), |found| found.value);
    for (key, value) in [("auth-url", &auth_url), ("token-url", &token_url)] {
        if value.is_none() && section.raw(key).is_none() && section.raw("provider").is_none() {
            let message = format!("`oauth` has no `{key}`");
            let hint = "name a provider, or give auth-url, token-url and scopes".to_owned();
            problems.add(&section.span, message, Some(hint));
            break;
        }
    }
    if problems.found.len() > before {
        return None;
    }
    let named = usual.and_then(|u| u.get("name")).and_then(Value::as_str);
    let word = section
        .line("provider", problems)
        .filter(|_| usual.is_some());
    let auth_url = auth_url?;
    let host = auth_url.split('/').nth(2).unwrap_or_default();
    Some(OAuth {
        provider: named.unwrap_or(host).to_owned(),
        word: word.map_or_else(String::new, |w| w.value),
        client_id: client_id?,
        client_secret,
        scopes,
        token_url: token_url?,
        device_url,
        extra: extra(usual),
        back_to: text(usual, "back-to").unwrap_or_else(|| "127.0.0.1".to_owned()),
        auth_url,
    })
}

/// What is usual at the provider that is named.
fn provider<'k>(
    section: &Section<'_, '_>,
    known: &'k Table,
    problems: &mut Problems<'_>,
) -> Option<&'k Table> {
    let named = section.line("provider", problems)?;
    let usual = known.get(&named.value).and_then(Value::as_table);
    let own = ["auth-url", "token-url"].map(|key| section.raw(key).is_some());
    if usual.is_none() && own != [true, true] {
        let words: Vec<&str> = known.keys().map(String::as_str).collect();
        let hint = match nearest(&named.value, &words) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!(
                "one of: {}; or give auth-url, token-url and scopes",
                words.join(", ")
            ),
        };
        let shown = named.value.escape_debug();
        let message = format!("nothing is known of the provider \"{shown}\"");
        problems.add(&named.span, message, Some(hint));
    }
    usual
}

fn tenant(section: &Section<'_, '_>, usual: Option<&Table>, problems: &mut Problems<'_>) -> String {
    let Some(found) = section.line("tenant", problems) else {
        return text(usual, "tenant").unwrap_or_default();
    };
    if !is_tenant(&found.value) {
        let hint = "the organisation's domain or id, or \"common\", \"consumers\"".to_owned();
        problems.add(&found.span, "`tenant` is no organisation", Some(hint));
    }
    found.value
}

/// An address of the user's, or the provider's usual one.
fn url(
    section: &Section<'_, '_>,
    key: &str,
    usual: Option<&Table>,
    tenant: &str,
    problems: &mut Problems<'_>,
) -> Option<String> {
    let Some(found) = section.line(key, problems) else {
        return text(usual, key).map(|url| url.replace("{tenant}", tenant));
    };
    let url = found.value;
    if !is_page(&url) {
        let hint = "such as https://id.example.org/authorize".to_owned();
        problems.add(
            &found.span,
            format!("`{key}` is no https address"),
            Some(hint),
        );
        return None;
    }
    Some(url)
}

fn client_id(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<String> {
    let found = section.line("client-id", problems);
    match found {
        Some(Found { value, .. }) if !value.trim().is_empty() => Some(value.trim().to_owned()),
        None if section.raw("client-id").is_some() => None,
        _ => {
            let span = found.map_or(section.span.clone(), |f| f.span);
            problems.add(&span, "`oauth` has no `client-id`", Some(PAPER.to_owned()));
            None
        }
    }
}

/// Never repeats what stands there: people write the secret into it.
fn client_secret(
    section: &Section<'_, '_>,
    base: &Path,
    problems: &mut Problems<'_>,
) -> ClientSecret {
    let Some(found) = section.raw("client-secret") else {
        return ClientSecret::None;
    };
    match found.get_ref() {
        DeValue::String(word) if word == "keyring" => ClientSecret::Kept,
        DeValue::Array(_) => {
            let argv = argv(section, "client-secret", base, problems);
            argv.map_or(ClientSecret::None, |a| ClientSecret::Command(a.value))
        }
        _ => {
            let message = "a client secret must not stand in this file";
            let hint = "write client-secret = \"keyring\" (it is asked for at the first sign-in), or a command: [\"pass\", \"show\", \"mail/client\"]";
            problems.add(&found.span(), message, Some(hint.to_owned()));
            ClientSecret::None
        }
    }
}

/// The table that [`oauth`] reads as this again.
pub(super) fn table(oauth: &OAuth) -> String {
    let quoted = |text: &str| Value::String(text.to_owned()).to_string();
    let list = |texts: &[String]| {
        let texts = texts.iter().map(|t| Value::String(t.clone()));
        Value::Array(texts.collect()).to_string()
    };
    let known = known();
    let usual = known.get(&oauth.word).and_then(Value::as_table);
    let mut pairs = Vec::new();
    let mut say = |key: &str, value: String| pairs.push(format!("{key} = {value}"));
    if usual.is_some() {
        say("provider", quoted(&oauth.word));
    }
    say("client-id", quoted(&oauth.client_id));
    match &oauth.client_secret {
        ClientSecret::None => {}
        ClientSecret::Kept => say("client-secret", quoted("keyring")),
        ClientSecret::Command(argv) => say("client-secret", list(argv)),
    }
    let urls = [
        ("auth-url", Some(&oauth.auth_url)),
        ("token-url", Some(&oauth.token_url)),
        ("device-url", oauth.device_url.as_ref()),
    ];
    let tenant = text(usual, "tenant").unwrap_or_default();
    for (key, url) in urls {
        let same = text(usual, key).map(|u| u.replace("{tenant}", &tenant));
        if let Some(url) = url.filter(|url| same.as_ref() != Some(url)) {
            say(key, quoted(url));
        }
    }
    if oauth.scopes != texts(usual, "scopes") {
        say("scopes", list(&oauth.scopes));
    }
    format!("{{ {} }}", pairs.join(", "))
}

pub(super) fn text(usual: Option<&Table>, key: &str) -> Option<String> {
    usual?.get(key)?.as_str().map(str::to_owned)
}

pub(super) fn texts(usual: Option<&Table>, key: &str) -> Vec<String> {
    let list = usual.and_then(|u| u.get(key)).and_then(Value::as_array);
    let list = list.into_iter().flatten().filter_map(Value::as_str);
    list.map(str::to_owned).collect()
}

pub(super) fn extra(usual: Option<&Table>) -> Vec<(String, String)> {
    let table = usual.and_then(|u| u.get("extra")).and_then(Value::as_table);
    let fields = table.into_iter().flatten();
    fields
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

#[cfg(test)]
mod unit {
    use super::*;
    use crate::config::load;
    use crate::model::{Account, Auth, SecretSource};

    #[test]
    fn every_provider_is_whole() {
        let known = known();
        assert!(known.len() >= 8);
        for (word, provider) in &known {
            let provider = provider.as_table();
            for key in ["auth-url", "token-url"] {
                let url = text(provider, key).unwrap();
                assert!(url.starts_with("https://"), "{word}");
                assert_eq!(url.contains("{tenant}"), text(provider, "tenant").is_some());
            }
            assert!(!texts(provider, "scopes").is_empty(), "{word}");
            assert!(
                provider.unwrap().keys().all(|k| !k.starts_with("client")),
                "{word}"
            );
        }
    }

    #[test]
    fn a_table_is_written_as_it_is_read() {
        for lines in [
            "oauth = { provider = \"microsoft\", client-id = \"i\", tenant = \"example.org\" }",
            "oauth = { provider = \"google\", client-id = \"i\\\"\", client-secret = \"keyring\", scopes = [] }",
            "oauth = { auth-url = \"https://a/b\", token-url = \"https://a/c\", device-url = \"https://a/d\", client-id = \"i\", client-secret = [\"a\", \"b c\"] }",
        ] {
            let SecretSource::OAuth(oauth) = read(lines).unwrap().secret else {
                panic!()
            };
            let again = format!("oauth = {}", table(&oauth));
            assert_eq!(
                read(&again).unwrap().secret,
                SecretSource::OAuth(oauth),
                "{again}"
            );
        }
    }

    fn read(lines: &str) -> Result<Account, Vec<String>> {
        let text = format!(
            "[[account]]\nname = \"a\"\nemail = \"a@example.org\"\nimap = {{ host = \"i.example.org\" }}\nsmtp = {{ host = \"s.example.org\" }}\n{lines}\n"
        );
        let loaded = load::parse(&text, Path::new("/"));
        let said = loaded.problems.iter().map(ToString::to_string).collect();
        loaded.config.accounts.into_iter().next().ok_or(said)
    }

    #[test]
    fn what_is_usual_is_taken_from_the_provider() {
        let account = read("auth = \"oauth\"\noauth = { provider = \"microsoft\", client-id = \"id\", tenant = \"example.org\" }").unwrap();
        assert_eq!(account.auth, Auth::OAuth);
        let SecretSource::OAuth(oauth) = account.secret else {
            panic!()
        };
        assert_eq!(
            oauth.token_url,
            "https://login.microsoftonline.com/example.org/oauth2/v2.0/token"
        );
        assert!(
            oauth
                .device_url
                .unwrap()
                .ends_with("/example.org/oauth2/v2.0/devicecode")
        );
        assert_eq!(
            (oauth.back_to.as_str(), oauth.provider.as_str()),
            ("localhost", "Microsoft")
        );
        assert_eq!(oauth.client_secret, ClientSecret::None);

        // The table alone says enough; a mechanism can be named.
        let account = read(
            "oauth = { provider = \"google\", client-id = \"id\", client-secret = \"keyring\" }",
        )
        .unwrap();
        assert_eq!(account.auth, Auth::OAuth);
        let account = read("auth = \"xoauth2\"\noauth = { auth-url = \"https://id.example.org/a\", token-url = \"https://id.example.org/t\", scopes = [\"mail\"], client-id = \"id\", client-secret = [\"pass\", \"x\"] }").unwrap();
        assert_eq!(account.auth, Auth::XOauth2);
        let SecretSource::OAuth(oauth) = account.secret else {
            panic!()
        };
        assert_eq!(
            (oauth.provider.as_str(), oauth.device_url),
            ("id.example.org", None)
        );
        assert!(matches!(oauth.client_secret, ClientSecret::Command(_)));
    }

    #[test]
    fn mistakes_are_said_and_secrets_are_not() {
        for (lines, words) in [
            ("auth = \"oauth\"", "no `oauth`"),
            ("oauth = \"google\"", "`oauth` is a text here"),
            (
                "oauth = { provider = \"gogle\", client-id = \"x\" }",
                "did you mean \"google\"?",
            ),
            ("oauth = { provider = \"google\" }", "no `client-id`"),
            ("oauth = { client-id = \"x\" }", "no `auth-url`"),
            (
                "oauth = { provider = \"google\", client-id = \"x\", scope = \"y\" }",
                "did you mean `scopes`?",
            ),
            (
                "oauth = { provider = \"google\", client-id = \"x\", client-secret = \"GOCSPX-CANARY\" }",
                "must not stand in this file",
            ),
            (
                "oauth = { provider = \"google\", client-id = \"x\", token-url = \"http://x/\" }",
                "`token-url` is no https address",
            ),
            (
                "oauth = { provider = \"microsoft\", client-id = \"x\", tenant = \"a/b\" }",
                "no organisation",
            ),
            (
                "auth = \"password\"\noauth = { provider = \"google\", client-id = \"x\" }",
                "exclude each other",
            ),
            (
                "password = \"keyring\"\noauth = { provider = \"google\", client-id = \"x\" }",
                "exclude each other",
            ),
            (
                "password-command = [\"x\"]\noauth = { provider = \"google\", client-id = \"x\" }",
                "exclude each other",
            ),
        ] {
            let said = read(lines).unwrap_err().join("\n");
            assert!(said.contains(words), "{lines}: {said}");
            assert!(!said.contains("CANARY"), "{said}");
        }
    }
}
