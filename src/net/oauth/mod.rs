//! Signing in at a provider's own page (OAuth 2.0, RFC 6749, RFC 6750): authorization code with PKCE
//! (RFC 7636) that comes back to this machine (RFC 8252), device code (RFC 8628), and fresh access
//! tokens ever after.

pub mod error;
mod fields;
pub mod token;
mod door;
pub mod browser;
pub mod device;

pub use error::OAuthError;
pub use token::{Provider, Tokens};
