//! Why a provider gave no tokens: whether it passes by itself, whether the user is signed out, and in
//! words. What a provider writes is cleaned and short, and no secret that was said to it stands there.

use crate::net::http::HttpError;
use crate::text::Clean;
use std::time::Duration;

/// Characters of a provider's own words.
const LONGEST: usize = 240;
/// The longest wait that a provider is believed about.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// Why there are no tokens.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    /// The provider can't be reached, or something else answers in its place.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The provider can't answer just now: its words or its status.
    #[error("the provider can't answer now ({why})")]
    Busy {
        /// In words, cleaned.
        why: String,
        /// How long it asks to wait.
        wait: Option<Duration>,
    },
    /// What answers is no provider of tokens.
    #[error("the provider sent something that can't be understood: {0}")]
    Malformed(&'static str),
    /// The provider refuses (RFC 6749 §5.2).
    #[error("{}", refused(.code, .why))]
    Refused {
        /// The error's code, cleaned.
        code: String,
        /// The provider's words, cleaned; may be empty.
        why: String,
    },
    /// There is a token for an hour and nothing to get the next one with.
    #[error(
        "the provider gave no token to stay signed in with (refresh token): ask for it by `scopes` (offline_access at many providers)"
    )]
    NoRefresh,
    /// The user did not finish in time.
    #[error("the time for signing in is over; begin again")]
    Expired,
    /// The user left it.
    #[error("signing in was cancelled")]
    Cancelled,
    /// What was pasted is not where the browser ended.
    #[error("that is not the address at which the browser ended after signing in")]
    Pasted,
    /// The provider offers no codes for other devices.
    #[error(
        "this provider gives no codes for other devices (no `device-url`); sign in with a browser"
    )]
    NoDevice,
    /// The system gives no port to listen on, or no randomness.
    #[error("the system has no port or no random number to give: {0}")]
    System(std::io::Error),
    /// The configuration's addresses are none.
    #[error("`{0}` is no https address")]
    Url(&'static str),
}

impl OAuthError {
    /// Whether the same question may be answered later.
    pub fn passes(&self) -> bool {
        matches!(
            self,
            OAuthError::Http(_) | OAuthError::Busy { .. } | OAuthError::Malformed(_)
        )
    }

    /// Whether the provider says that the user has to sign in again: what was granted ran out, was
    /// taken back or replaced (RFC 6749 §5.2), or wants the user to be seen again (OpenID Connect
    /// Core §3.1.2.6, as Microsoft answers).
    pub fn is_signed_out(&self) -> bool {
        const OUT: [&str; 4] = [
            "invalid_grant",
            "interaction_required",
            "login_required",
            "consent_required",
        ];
        matches!(self, OAuthError::Refused { code, .. } if OUT.contains(&code.as_str()))
    }

    /// How long the provider asks to wait; 15 minutes at most.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            OAuthError::Busy { wait, .. } => wait.map(|w| w.min(LONGEST_WAIT)),
            _ => None,
        }
    }

    /// A refusal with its code and words, of which these secrets are taken out.
    pub(super) fn refusal(code: &str, words: &str, secrets: &[&str]) -> OAuthError {
        let mut words = words.to_owned();
        let mut code = code.to_owned();
        for secret in secrets.iter().filter(|s| !s.is_empty()) {
            words = words.replace(secret, "***");
            code = code.replace(secret, "***");
        }
        // Providers add tracing numbers, line after line.
        let first = words.lines().next().unwrap_or_default();
        let short: String = first.chars().take(LONGEST).collect();
        let code: String = code.chars().take(60).collect();
        let (code, why) = (
            Clean::line(&code).to_string(),
            Clean::line(&short).to_string(),
        );
        match code.as_str() {
            "server_error" | "temporarily_unavailable" => {
                let why = if why.is_empty() { code } else { why };
                OAuthError::Busy { why, wait: None }
            }
            _ => OAuthError::Refused { code, why },
        }
    }
}

/// A refusal in words, with what to do about it.
fn refused(code: &str, why: &str) -> String {
    let meant = match code {
        "invalid_grant" | "interaction_required" | "login_required" | "consent_required" => {
            "the sign-in has run out or was taken back"
        }
        "access_denied" => "the sign-in was refused in the browser",
        "expired_token" => "the code has run out",
        "invalid_client" => {
            "the provider does not take the client id or its secret: check `client-id` and `client-secret` (a secret that is kept is asked for anew by `postrider account sign-in` in a terminal), and whether the client is one for desktop programs"
        }
        "unauthorized_client" => {
            "the client may not sign in this way: allow it where it is registered (at Microsoft: public client flows)"
        }
        "invalid_scope" => "the provider does not grant what was asked for: check `scopes`",
        "redirect_uri_mismatch" => {
            "the way back is not registered: register the client as one for desktop programs"
        }
        "unsupported_grant_type" => "the provider does not know this way of signing in",
        _ => "the provider refuses",
    };
    match why {
        "" => format!("{meant} ({code})"),
        why => format!("{meant} ({code}: {why})"),
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn words_are_short_clean_and_hold_no_secret() {
        let long = format!("bad \u{1b}[2Jtoken CANARY {}\nsecond line", "x".repeat(400));
        let error = OAuthError::refusal("invalid_grant", &long, &["CANARY", ""]);
        let said = error.to_string();
        assert!(error.is_signed_out() && !error.passes());
        assert!(said.starts_with("the sign-in has run out or was taken back (invalid_grant: bad"));
        assert!(!said.contains("CANARY") && said.contains("***"), "{said}");
        assert!(!said.contains(char::is_control) && !said.contains("second"));
        assert!(said.chars().count() < 330);
    }

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        for (code, passes, out) in [
            ("server_error", true, false),
            ("temporarily_unavailable", true, false),
            ("invalid_grant", false, true),
            ("interaction_required", false, true),
            ("invalid_client", false, false),
            ("whatever", false, false),
        ] {
            let error = OAuthError::refusal(code, "", &[]);
            assert_eq!(
                (error.passes(), error.is_signed_out()),
                (passes, out),
                "{code}"
            );
        }
        assert!(OAuthError::Malformed("x").passes());
    }
}
