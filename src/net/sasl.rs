//! What a client says to prove who it is, the same for IMAP and SMTP: PLAIN (RFC 4616), XOAUTH2
//! (Google's and Microsoft's) and OAUTHBEARER (RFC 7628).
//!
//! A server refuses a token with a challenge that holds its reasons; it has to be answered before
//! the refusal itself comes (RFC 7628 §3.2.3).

use crate::lang::{kept, tr};
use crate::model::{Auth, Endpoint, Secret};
use crate::net::error::{NetError, Refusal};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// The way that the account leaves open, of those that a server offers: never a password where it
/// says tokens.
pub(super) fn chosen(auth: Auth, offers: impl Fn(&str) -> bool) -> Auth {
    match auth {
        Auth::OAuth if offers("OAUTHBEARER") && !offers("XOAUTH2") => Auth::OAuthBearer,
        Auth::OAuth if offers("XOAUTH2") => Auth::XOauth2,
        other => other,
    }
}

/// The mechanism's name; for a password the one to begin with.
pub(super) fn name(auth: Auth) -> &'static str {
    match auth {
        Auth::Password => "PLAIN",
        // Providers speak it first, and the largest of them nothing else.
        Auth::XOauth2 | Auth::OAuth => "XOAUTH2",
        Auth::OAuthBearer => "OAUTHBEARER",
    }
}

/// The first message of the client, not encoded yet.
///
/// # Errors
/// [`NetError::Unsendable`] for a name or secret with characters that none can have.
pub(super) fn first(
    auth: Auth,
    user: &str,
    secret: &Secret,
    server: &Endpoint,
) -> Result<Zeroizing<String>, NetError> {
    let word = secret.reveal();
    let odd = match auth {
        Auth::Password => |c: char| c == '\0',
        Auth::XOauth2 | Auth::OAuthBearer | Auth::OAuth => |c: char| c.is_control(),
    };
    if user.contains(odd) || word.contains(odd) {
        let what = kept(|| {
            let what = match auth {
                Auth::Password => tr!("the user name or password holds a NUL character"),
                _ => tr!("the user name or access token holds a control character"),
            };
            what.to_owned()
        });
        return Err(NetError::Unsendable(what));
    }
    Ok(Zeroizing::new(match auth {
        Auth::Password => format!("\0{user}\0{word}"),
        Auth::XOauth2 | Auth::OAuth => format!("user={user}\x01auth=Bearer {word}\x01\x01"),
        Auth::OAuthBearer => {
            let user = user.replace('=', "=3D").replace(',', "=2C");
            let Endpoint { host, port, .. } = server;
            format!("n,a={user},\x01host={host}\x01port={port}\x01auth=Bearer {word}\x01\x01")
        }
    }))
}

/// The answer to a challenge that comes after everything was said, not encoded yet.
pub(super) fn again(auth: Auth) -> &'static str {
    match auth {
        Auth::OAuthBearer => "\x01",
        Auth::Password | Auth::XOauth2 | Auth::OAuth => "",
    }
}

/// Base64 of something secret.
pub(super) fn encoded(text: &str) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(text))
}

/// The refusal of a server that does not offer the account's mechanism but `others`.
pub(super) fn not_offered(auth: Auth, others: &[&str]) -> NetError {
    let offered = match others {
        [] => "offers no way to sign in".to_owned(),
        others => format!("signs in by {} only", others.join(", ")),
    };
    let wanted = match auth {
        Auth::Password => "by password",
        Auth::XOauth2 => "by XOAUTH2",
        Auth::OAuthBearer => "by OAUTHBEARER",
        Auth::OAuth => "by XOAUTH2 or OAUTHBEARER",
    };
    NetError::Auth(Refusal {
        text: format!("the server {offered}, not {wanted}"),
        ..Refusal::default()
    })
}

/// The error without anything secret, should the server have said a line back.
pub(super) fn hidden(
    error: NetError,
    auth: Auth,
    user: &str,
    secret: &Secret,
    server: &Endpoint,
) -> NetError {
    let word = secret.reveal();
    let whole = |auth| {
        let whole = first(auth, user, secret, server).map(|first| encoded(&first));
        whole.unwrap_or_default()
    };
    let said = match auth {
        Auth::OAuth => [whole(Auth::XOauth2), whole(Auth::OAuthBearer)],
        one => [whole(one), Zeroizing::default()],
    };
    error.without(&[&said[0], &said[1], &encoded(word), word])
}

#[cfg(test)]
mod unit {
    use super::*;
    use crate::model::Security;

    fn server() -> Endpoint {
        Endpoint {
            host: "mail.example.test".into(),
            port: 587,
            security: Security::StartTls,
            pin_sha256: None,
        }
    }

    fn said(auth: Auth, user: &str, word: &str) -> Result<String, NetError> {
        let secret = Secret::new(word.to_owned());
        first(auth, user, &secret, &server()).map(|s| s.to_string())
    }

    #[test]
    fn each_mechanism_says_what_its_document_says() {
        assert_eq!(said(Auth::Password, "me", "pw").unwrap(), "\0me\0pw");
        assert_eq!(
            said(Auth::XOauth2, "me@x.test", "tok").unwrap(),
            "user=me@x.test\x01auth=Bearer tok\x01\x01"
        );
        assert_eq!(
            said(Auth::OAuthBearer, "a,b=c@x.test", "tok").unwrap(),
            "n,a=a=2Cb=3Dc@x.test,\x01host=mail.example.test\x01port=587\x01auth=Bearer tok\x01\x01"
        );
    }

    #[test]
    fn nothing_is_smuggled_into_a_message() {
        assert!(said(Auth::Password, "me", "a\0b").is_err());
        for auth in [Auth::XOauth2, Auth::OAuthBearer] {
            assert!(said(auth, "me\x01auth=Bearer x", "tok").is_err());
            assert!(said(auth, "me", "tok\x01").is_err());
            assert!(said(auth, "me", "tok\n").is_err());
        }
    }
}
