//! A provider's token endpoint (RFC 6749 §3.2, §5, §6): a form goes there, and a small answer in
//! JSON comes back, bounded in octets and time.
//!
//! Written out, although there is a crate: it would bring seventeen others, among them second
//! versions of those for randomness and base64, keeps tokens in strings that nobody wipes, and polls
//! for a device without a way to stop. What is used of it are three forms.

use crate::model::{OAuth, Secret};
use crate::net::http::{Answer, Client, Url};
use crate::net::oauth::error::OAuthError;
use crate::net::oauth::fields;
use serde_json::{Map, Value};
use std::time::{Duration, Instant};
use zeroize::{Zeroize as _, Zeroizing};

/// Octets of an answer. Tokens of the largest provider have some 3 KB.
const MOST: usize = 64 << 10;
/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a token is good for where nothing is said: what most providers give.
const USUAL: Duration = Duration::from_secs(3600);
/// The longest that a token is believed to be good for.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// What a provider gave.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// What signs in at the servers.
    pub access: Secret,
    /// What gets the next one; `None` after a refresh: the one that was used stays good.
    pub refresh: Option<Secret>,
    /// How long `access` is good for, counted from when it was asked for.
    pub lasts: Duration,
}

/// A provider, and what asks it.
#[derive(Clone, Copy, Debug)]
pub struct Provider<'a> {
    /// Who asks.
    pub web: &'a Client,
    /// What the configuration says.
    pub says: &'a OAuth,
    /// The program's own secret, where there is one.
    pub secret: Option<&'a Secret>,
}

impl Provider<'_> {
    /// Gets an access token for a refresh token (RFC 6749 §6).
    ///
    /// # Errors
    /// As [`OAuthError`] says; [`OAuthError::is_signed_out`] if the refresh token is good no more.
    pub fn refresh(&self, refresh: &Secret) -> Result<Tokens, OAuthError> {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.reveal()),
        ];
        self.tokens(&fields, &[refresh.reveal()])
    }

    /// Asks for tokens; none of `secrets` is in an error.
    pub(super) fn tokens(
        &self,
        fields: &[(&str, &str)],
        secrets: &[&str],
    ) -> Result<Tokens, OAuthError> {
        let mut told = self.ask("token-url", &self.says.token_url, fields, secrets)?;
        let access = take(&mut told, "access_token");
        let access = access.ok_or(OAuthError::Malformed("an answer without an access token"))?;
        let kind = told.get("token_type").and_then(Value::as_str);
        if kind.is_some_and(|k| !k.eq_ignore_ascii_case("bearer")) {
            return Err(OAuthError::Malformed("a token of an unknown type"));
        }
        let lasts = seconds(&told, "expires_in").map_or(USUAL, Duration::from_secs);
        Ok(Tokens {
            access,
            refresh: take(&mut told, "refresh_token"),
            lasts: lasts.min(LONGEST),
        })
    }

    /// Posts a form with the program's own name and reads the answer.
    pub(super) fn ask(
        &self,
        key: &'static str,
        url: &str,
        fields: &[(&str, &str)],
        secrets: &[&str],
    ) -> Result<Map<String, Value>, OAuthError> {
        let url = Url::parse(url).map_err(|_| OAuthError::Url(key))?;
        let mut all = fields.to_vec();
        all.push(("client_id", &self.says.client_id));
        let secret = self.secret.map(Secret::reveal);
        all.extend(secret.map(|s| ("client_secret", s)));
        let form = fields::form(&all);
        let answer = self
            .web
            .post(&url, &form, MOST, Instant::now() + PATIENCE)?;
        let mut hidden = secrets.to_vec();
        hidden.extend(secret);
        judge(answer, &hidden)
    }
}

/// What an answer says.
fn judge(mut answer: Answer, secrets: &[&str]) -> Result<Map<String, Value>, OAuthError> {
    let body = Zeroizing::new(std::mem::take(&mut answer.body));
    let status = answer.status;
    if status == 429 || status >= 500 {
        return Err(OAuthError::Busy {
            why: format!("status {status}"),
            wait: answer.retry_after,
        });
    }
    let told = match serde_json::from_slice(&body) {
        Ok(Value::Object(told)) => told,
        _ if (200..300).contains(&status) => {
            return Err(OAuthError::Malformed("an answer that is no JSON"));
        }
        // Something between us and the provider, or an address that is not its.
        _ => {
            return Err(OAuthError::Busy {
                why: format!("status {status}, and no reason"),
                wait: answer.retry_after,
            });
        }
    };
    // Some say with status 200 that they refuse.
    if let Some(code) = told.get("error") {
        let code = code.as_str().unwrap_or("no code");
        let words = told.get("error_description").and_then(Value::as_str);
        let error = OAuthError::refusal(code, words.unwrap_or_default(), secrets);
        return Err(error);
    }
    match (200..300).contains(&status) {
        true => Ok(told),
        false => Err(OAuthError::Busy {
            why: format!("status {status}, and no reason"),
            wait: answer.retry_after,
        }),
    }
}

/// A text of the answer, moved out of it; none that no server would take.
pub(super) fn take(told: &mut Map<String, Value>, name: &str) -> Option<Secret> {
    match told.get_mut(name).map(Value::take) {
        Some(Value::String(mut text)) => {
            // RFC 6749 §A.12: visible ASCII.
            if !text.is_empty() && text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
                return Some(Secret::new(text));
            }
            text.zeroize();
            None
        }
        _ => None,
    }
}

/// A number of seconds; some providers write it in quotes.
pub(super) fn seconds(told: &Map<String, Value>, name: &str) -> Option<u64> {
    let value = told.get(name)?;
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    // A number with a fraction is one, too.
    number.or_else(|| value.as_f64().filter(|f| *f >= 0.0).map(|f| f as u64))
}
