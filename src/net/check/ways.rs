//! Which of the ways to sign in that a server offers is taken.

use crate::model::Auth;
use crate::net::sasl;

/// The name of the way that an account takes where `offers` says what a server has.
pub fn used(auth: Auth, offers: impl Fn(&str) -> bool) -> &'static str {
    match auth {
        Auth::Password if offers("PLAIN") => "PLAIN",
        Auth::Password => "LOGIN",
        token => sasl::name(sasl::chosen(token, offers)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s09_a_token_is_never_followed_by_a_password() {
        let only_plain = |name: &str| name == "PLAIN";
        assert_eq!(used(Auth::Password, only_plain), "PLAIN");
        assert_eq!(used(Auth::Password, |_| false), "LOGIN");
        for token in [Auth::OAuth, Auth::XOauth2, Auth::OAuthBearer] {
            assert!(!["PLAIN", "LOGIN"].contains(&used(token, only_plain)));
        }
        let bearer = |name: &str| name == "OAUTHBEARER";
        assert_eq!(used(Auth::OAuth, bearer), "OAUTHBEARER");
    }
}
