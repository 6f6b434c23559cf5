//! `[oauth.NAME]` in an organisation's own `providers.toml`: pages of its own, or only the client that
//! it registered at a provider that is known. What stands there is held to what the configuration of
//! an account is held to.

use crate::config::oauth::{extra, is_page, is_tenant, known, listed, text, texts};
use crate::config::paths::expand;
use crate::model::{ClientSecret, OAuth};
use std::path::Path;
use toml::Value;

const KEYS: [&str; 7] = [
    "auth-url",
    "token-url",
    "device-url",
    "scopes",
    "tenant",
    "client-id",
    "client-secret",
];

/// What is known of signing in at a provider.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its pages; the client id is empty where nobody named one.
    pub says: OAuth,
    /// Whether a client of this provider has a secret that it wants to hear, and nobody said where
    /// that is.
    pub gives_secret: bool,
}

/// What is known of signing in at the provider of this word: what is built in, and laid over it what
/// the text of an organisation's own `providers.toml` says. Its client id is empty where neither
/// names one: the user has to.
///
/// # Errors
/// What is wrong with that text, in plain words; or that nothing is known of the provider.
pub fn of_provider(word: &str, own: Option<&str>) -> Result<Listed, String> {
    let wrong = |why: String| format!("oauth.{word}: {why}");
    let own = own.map(listed).transpose()?.unwrap_or_default();
    let own = match own.get(word) {
        None => None,
        Some(Value::Table(own)) => Some(own),
        Some(_) => return Err(wrong("it is no table".to_owned())),
    };
    let built_in = known();
    let usual = built_in.get(word).and_then(Value::as_table);
    let mut all = usual.cloned().unwrap_or_default();
    for (key, value) in own.into_iter().flatten() {
        is_right(key, value).map_err(wrong)?;
        all.insert(key.clone(), value.clone());
    }
    let (client_secret, kept) = client_secret(all.get("client-secret"));
    let gives = all.get("gives-secret").and_then(Value::as_bool);
    let all = Some(&all).filter(|all| !all.is_empty());
    let tenant = text(all, "tenant").unwrap_or_default();
    let page = |key: &str| -> Result<Option<String>, String> {
        let page = text(all, key).map(|url| url.replace("{tenant}", &tenant));
        match page {
            Some(page) if !is_page(&page) => Err(wrong(format!("`{key}` is no https address"))),
            page => Ok(page),
        }
    };
    let none = || format!("nothing is known of signing in with a browser at `{word}`");
    let auth_url = page("auth-url")?.ok_or_else(none)?;
    let host = auth_url.split('/').nth(2).unwrap_or_default().to_owned();
    let client_id = text(all, "client-id").unwrap_or_default();
    let says = OAuth {
        // Whoever reads the configuration knows the built-in ones alone.
        provider: text(usual, "name").unwrap_or(host),
        word: usual.map_or_else(String::new, |_| word.to_owned()),
        client_id: client_id.trim().to_owned(),
        scopes: texts(all, "scopes"),
        token_url: page("token-url")?.ok_or_else(none)?,
        device_url: page("device-url")?,
        extra: extra(all),
        back_to: text(all, "back-to").unwrap_or_else(|| "127.0.0.1".to_owned()),
        auth_url,
        client_secret,
    };
    let told = matches!(says.client_secret, ClientSecret::Command(_));
    Ok(Listed {
        says,
        gives_secret: !told && (kept || gives == Some(true)),
    })
}

/// Whether this key may say this; what is wrong otherwise. Never repeats a value: people write the
/// secret into it.
fn is_right(key: &str, value: &Value) -> Result<(), String> {
    match (key, value) {
        ("client-secret", Value::String(word)) if word == "keyring" => Ok(()),
        ("client-secret", Value::Array(argv)) => {
            let word = |v: &Value| v.as_str().is_some_and(|w| !w.contains('\0'));
            let program = argv.first().and_then(Value::as_str);
            match program.is_some_and(|p| !p.is_empty()) && argv.iter().all(word) {
                true => Ok(()),
                false => Err("`client-secret` is no command".to_owned()),
            }
        }
        ("client-secret", _) => Err(
            "a client secret must not stand in this file: write client-secret = \"keyring\" (it is asked for), or a command: [\"pass\", \"show\", \"mail/client\"]"
                .to_owned(),
        ),
        ("scopes", Value::Array(all)) if all.iter().all(Value::is_str) => Ok(()),
        ("scopes", _) => Err("`scopes` must be a list of texts".to_owned()),
        ("tenant", Value::String(tenant)) if !is_tenant(tenant) => {
            Err("`tenant` is no organisation: its domain or id, or \"common\", \"consumers\"".to_owned())
        }
        ("client-id", Value::String(id)) if id.trim().is_empty() => {
            Err("`client-id` is empty".to_owned())
        }
        (key, Value::String(_)) if KEYS.contains(&key) => Ok(()),
        (key, _) if KEYS.contains(&key) => Err(format!("`{key}` must be a text")),
        (key, _) => Err(format!("there is no `{key}`; there are {}", KEYS.join(", "))),
    }
}

/// Where the client's secret comes from, and whether somebody has to type it.
fn client_secret(said: Option<&Value>) -> (ClientSecret, bool) {
    let argv = match said {
        Some(Value::Array(argv)) => argv.iter().filter_map(Value::as_str),
        said => return (ClientSecret::None, said.is_some()),
    };
    let mut argv: Vec<String> = argv.map(str::to_owned).collect();
    if let Some(program) = argv.first_mut().filter(|p| p.starts_with("~/")) {
        *program = expand(program, Path::new(""))
            .to_string_lossy()
            .into_owned();
    }
    (ClientSecret::Command(argv), false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load;
    use crate::config::oauth::table;
    use crate::model::SecretSource;

    #[test]
    fn an_organisation_names_pages_of_its_own_and_clients_of_known_ones() {
        let own = "[oauth.firm]\nauth-url = \"https://id.firm.test/a\"\ntoken-url = \"https://id.firm.test/t\"\nscopes = [\"mail\"]\nclient-id = \"ours\"\nclient-secret = [\"pass\", \"x y\"]\n[oauth.microsoft]\nclient-id = \"app\"\ntenant = \"firm.test\"\n[oauth.google]\nclient-id = \"app\"\n";
        let firm = of_provider("firm", Some(own)).unwrap().says;
        assert_eq!((firm.client_id.as_str(), firm.word.as_str()), ("ours", ""));
        let microsoft = of_provider("microsoft", Some(own)).unwrap();
        assert!(!microsoft.gives_secret);
        let microsoft = microsoft.says;
        assert_eq!(microsoft.client_id, "app");
        assert!(
            microsoft.token_url.contains("/firm.test/"),
            "{}",
            microsoft.token_url
        );
        // What comes of either is read back from the configuration as it is.
        for says in [firm, microsoft] {
            let text = format!(
                "[[account]]\nname = \"a\"\nemail = \"a@example.org\"\nimap = {{ host = \"i.example.org\" }}\nsmtp = {{ host = \"s.example.org\" }}\noauth = {}\n",
                table(&says)
            );
            let loaded = load::parse(&text, Path::new("/"));
            let again = loaded.config.accounts.into_iter().next().unwrap();
            assert_eq!(again.secret, SecretSource::OAuth(Box::new(says)));
        }
        // A client of Google's has a secret, which this file may not name.
        let google = of_provider("google", Some(own)).unwrap();
        assert_eq!(
            (google.says.client_id.as_str(), google.gives_secret),
            ("app", true)
        );
        let google = of_provider("google", None).unwrap().says;
        assert_eq!(
            (google.client_id.as_str(), google.provider.as_str()),
            ("", "Google")
        );
    }

    #[test]
    fn mistakes_are_said_and_none_is_passed_over() {
        for (lines, said) in [
            ("[oauth.firm]\nauth = \"x\"\n", "there is no `auth`"),
            (
                "[oauth.firm]\nauth-url = \"http://x/\"\n",
                "no https address",
            ),
            ("[oauth]\nfirm = 7\n", "it is no table"),
            (
                "[oauth.firm]\nclient-id = 7\n",
                "`client-id` must be a text",
            ),
            ("[oauth.firm]\nclient-id = \" \"\n", "`client-id` is empty"),
            (
                "[oauth.firm]\ndevice-url = [\"https://x/\"]\n",
                "`device-url` must be a text",
            ),
            ("[oauth.firm]\nscopes = \"mail\"\n", "a list of texts"),
            ("[oauth.firm]\nscopes = [1]\n", "a list of texts"),
            ("[oauth.firm]\ntenant = \"a/b\"\n", "no organisation"),
            (
                "[oauth.firm]\nclient-secret = \"CANARY\"\n",
                "must not stand in this file",
            ),
            ("[oauth.firm]\nclient-secret = []\n", "no command"),
            ("oauth = 7\n", "[oauth.NAME]"),
            ("", "nothing is known"),
        ] {
            let why = of_provider("firm", Some(lines)).unwrap_err();
            assert!(why.contains(said), "{lines}: {why}");
            assert!(!why.contains("CANARY"), "{why}");
        }
    }
}
