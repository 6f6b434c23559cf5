//! Signing in with a browser on this machine: authorization code with PKCE (RFC 6749 §4.1, RFC 7636,
//! RFC 8252).

use crate::model::{SignInStep, SignInWord};
use crate::net::oauth::door::{Door, Expected};
use crate::net::oauth::error::OAuthError;
use crate::net::oauth::fields;
use crate::net::oauth::token::{Provider, Tokens};
use crossbeam_channel::Receiver;
use std::time::{Duration, Instant};

/// How long the user may take.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Signs in. `open` starts a browser for an address and says whether it did; `tell` hears what is
/// asked of the user; `words` says what the user wants, and who lets go of its other end cancels.
///
/// # Errors
/// As [`OAuthError`] says.
pub fn sign_in(
    provider: Provider<'_>,
    user: &str,
    open: &dyn Fn(&str) -> bool,
    tell: &dyn Fn(SignInStep),
    words: &Receiver<SignInWord>,
) -> Result<Tokens, OAuthError> {
    let door = Door::open()?;
    let verifier = fields::random()?;
    let expected = Expected {
        state: fields::random()?,
    };
    let back = door.way_back(&provider.says.back_to);
    let url = address(&provider, user, &back, &verifier, &expected);
    let opened = open(&url);
    tell(SignInStep::Page {
        url,
        opened,
        port: door.port(),
    });
    let code = door.wait(&expected, Instant::now() + PATIENCE, words)?;
    drop(door);
    tell(SignInStep::Fetching);
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.reveal()),
        ("redirect_uri", back.as_str()),
        ("code_verifier", verifier.as_str()),
    ];
    let tokens = provider.tokens(&fields, &[code.reveal(), &verifier])?;
    match tokens.refresh {
        Some(_) => Ok(tokens),
        None => Err(OAuthError::NoRefresh),
    }
}

/// The page's address. What is in it is no secret: the browser's history keeps it.
fn address(
    provider: &Provider<'_>,
    user: &str,
    back: &str,
    verifier: &str,
    expected: &Expected,
) -> String {
    let says = provider.says;
    let scopes = says.scopes.join(" ");
    let challenge = fields::challenge(verifier);
    let mut all = vec![
        ("response_type", "code"),
        ("client_id", says.client_id.as_str()),
        ("redirect_uri", back),
        ("scope", scopes.as_str()),
        ("state", expected.state.as_str()),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    if user.contains('@') {
        all.push(("login_hint", user));
    }
    let extra = says.extra.iter();
    all.extend(extra.map(|(name, value)| (name.as_str(), value.as_str())));
    let query = fields::form(&all);
    let joint = if says.auth_url.contains('?') {
        "&"
    } else {
        "?"
    };
    format!("{}{joint}{}", says.auth_url, *query)
}

#[cfg(test)]
mod unit {
    use super::*;
    use crate::model::OAuth;
    use crate::net::http::Client;
    use zeroize::Zeroizing;

    #[test]
    fn the_address_says_who_asks_for_what_and_no_secret() {
        let says = OAuth {
            client_id: "me&you".into(),
            scopes: vec!["https://mail.example/".into(), "offline_access".into()],
            auth_url: "https://id.example/auth?p=1".into(),
            extra: vec![("access_type".into(), "offline".into())],
            ..OAuth::default()
        };
        let provider = Provider {
            web: &Client::default(),
            says: &says,
            secret: None,
        };
        let expected = Expected {
            state: Zeroizing::new("st".into()),
        };
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let url = address(
            &provider,
            "ada@example.test",
            "http://127.0.0.1:5/",
            verifier,
            &expected,
        );
        assert_eq!(
            url,
            "https://id.example/auth?p=1&response_type=code&client_id=me%26you\
             &redirect_uri=http%3A%2F%2F127.0.0.1%3A5%2F\
             &scope=https%3A%2F%2Fmail.example%2F%20offline_access&state=st\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
             &code_challenge_method=S256&login_hint=ada%40example.test&access_type=offline"
        );
        let nameless = address(&provider, "ada", "http://127.0.0.1:5/", verifier, &expected);
        assert!(!nameless.contains("login_hint"));
    }
}
