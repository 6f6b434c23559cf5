//! Signing in with a browser anywhere: a short code that is typed there (RFC 8628). For use over SSH
//! and where there is no browser.

use crate::model::{SignInStep, SignInWord};
use crate::net::oauth::error::OAuthError;
use crate::net::oauth::token::{Provider, Tokens, seconds, take};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use serde_json::{Map, Value};
use std::time::{Duration, Instant};

/// Seconds between questions where the provider names none (RFC 8628 §3.2).
const USUAL_PAUSE: u64 = 5;
/// Seconds that each `slow_down` adds (RFC 8628 §3.5).
const SLOWER: u64 = 5;
/// The longest pause between questions, in seconds.
const LONGEST_PAUSE: u64 = 120;
/// Seconds that a code is good for where the provider does not say, and at most.
const USUAL_LIFE: u64 = 15 * 60;
const LONGEST_LIFE: u64 = 60 * 60;
/// Characters of a code that somebody has to type, and of an address that somebody has to read.
const LONGEST_CODE: usize = 40;
const LONGEST_URL: usize = 500;
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Signs in. `tell` hears the address and the code; `words` says what the user wants, and who lets go
/// of its other end cancels. `second`: how long a second lasts (tests are in a hurry).
///
/// # Errors
/// As [`OAuthError`] says.
pub fn sign_in(
    provider: Provider<'_>,
    tell: &dyn Fn(SignInStep),
    words: &Receiver<SignInWord>,
    second: Duration,
) -> Result<Tokens, OAuthError> {
    let times = |n: u64| second.saturating_mul(u32::try_from(n).unwrap_or(u32::MAX));
    let url = provider.says.device_url.as_deref();
    let url = url.ok_or(OAuthError::NoDevice)?;
    let scopes = provider.says.scopes.join(" ");
    let mut told = provider.ask("device-url", url, &[("scope", &scopes)], &[])?;
    let device = take(&mut told, "device_code");
    let device = device.ok_or(OAuthError::Malformed("an answer without a device code"))?;
    let asked = asked(&told)?;
    let SignInStep::Code { lasts, .. } = asked else {
        return Err(OAuthError::Malformed("an answer without a code"));
    };
    let until = Instant::now() + times(lasts);
    let mut pause = seconds(&told, "interval").unwrap_or(USUAL_PAUSE);
    pause = pause.clamp(1, LONGEST_PAUSE);
    tell(asked);
    let fields = [("grant_type", GRANT), ("device_code", device.reveal())];
    loop {
        wait(words, times(pause))?;
        if Instant::now() >= until {
            return Err(OAuthError::Expired);
        }
        match provider.tokens(&fields, &[device.reveal()]) {
            Ok(tokens) if tokens.refresh.is_some() => return Ok(tokens),
            Ok(_) => return Err(OAuthError::NoRefresh),
            Err(OAuthError::Refused { code, .. }) if code == "authorization_pending" => {}
            Err(OAuthError::Refused { code, .. }) if code == "slow_down" => {
                pause = (pause + SLOWER).min(LONGEST_PAUSE);
            }
            Err(OAuthError::Refused { code, .. }) if code == "expired_token" => {
                return Err(OAuthError::Expired);
            }
            // RFC 8628 §3.5: who gets no answer asks less often.
            Err(error) if error.passes() => pause = (pause * 2).min(LONGEST_PAUSE),
            Err(error) => return Err(error),
        }
    }
}

/// Waits, unless the user leaves.
fn wait(words: &Receiver<SignInWord>, pause: Duration) -> Result<(), OAuthError> {
    let until = Instant::now() + pause;
    loop {
        match words.recv_deadline(until) {
            Err(RecvTimeoutError::Timeout) => return Ok(()),
            // Nothing can be pasted here.
            Ok(SignInWord::Pasted(_)) => {}
            Ok(SignInWord::Cancel) | Err(RecvTimeoutError::Disconnected) => {
                return Err(OAuthError::Cancelled);
            }
        }
    }
}

/// What the user is asked to do (RFC 8628 §3.2). Google called the address otherwise.
fn asked(told: &Map<String, Value>) -> Result<SignInStep, OAuthError> {
    let text = |name: &str| told.get(name).and_then(Value::as_str);
    let page = |name: &str| text(name).filter(|t| is_page(t)).map(str::to_owned);
    let url = page("verification_uri").or_else(|| page("verification_url"));
    let url = url.ok_or(OAuthError::Malformed("an answer without an https address"))?;
    let code = text("user_code").filter(|c| {
        !c.is_empty() && c.len() <= LONGEST_CODE && c.bytes().all(|b| (b' '..=b'~').contains(&b))
    });
    let code = code.ok_or(OAuthError::Malformed("an answer without a code to type"))?;
    let whole = page("verification_uri_complete").unwrap_or_else(|| url.clone());
    let lasts = seconds(told, "expires_in").unwrap_or(USUAL_LIFE);
    Ok(SignInStep::Code {
        url,
        code: code.to_owned(),
        whole,
        lasts: lasts.clamp(1, LONGEST_LIFE),
    })
}

/// Whether it is an address to open: https, plain, of a length that can be read.
fn is_page(text: &str) -> bool {
    let https = text
        .get(..8)
        .is_some_and(|s| s.eq_ignore_ascii_case("https://"));
    https && text.len() <= LONGEST_URL && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod unit {
    use super::*;
    use serde_json::json;

    fn told(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn only_plain_https_pages_and_codes_are_shown() {
        let good = told(json!({
            "user_code": "WDJB-MJHT", "verification_uri": "https://id.example/device",
            "verification_uri_complete": "https://id.example/device?user_code=WDJB-MJHT", "expires_in": "900",
        }));
        let SignInStep::Code {
            url,
            code,
            whole,
            lasts,
        } = asked(&good).unwrap()
        else {
            panic!()
        };
        assert_eq!(
            (url.as_str(), code.as_str(), lasts),
            ("https://id.example/device", "WDJB-MJHT", 900)
        );
        assert!(whole.ends_with("?user_code=WDJB-MJHT"));
        for (name, bad) in [
            ("verification_uri", json!("http://id.example/")),
            ("verification_uri", json!("javascript:alert(1)")),
            ("verification_uri", json!("https://id.example/\u{1b}[2J")),
            (
                "verification_uri",
                json!(format!("https://id.example/{}", "x".repeat(500))),
            ),
            ("verification_uri", json!(7)),
            ("user_code", json!("")),
            ("user_code", json!("A\u{202e}B")),
            ("user_code", json!("A\nB")),
            ("user_code", json!("X".repeat(41))),
        ] {
            let mut told = good.clone();
            told.insert(name.to_owned(), bad);
            assert!(asked(&told).is_err(), "{told:?}");
        }
        let mut odd = good;
        odd.insert(
            "verification_uri_complete".into(),
            json!("file:///etc/passwd"),
        );
        let SignInStep::Code { url, whole, .. } = asked(&odd).unwrap() else {
            panic!()
        };
        assert_eq!(url, whole);
    }
}
