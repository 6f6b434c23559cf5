//! What a failure means to somebody who is setting an account up: the words that every part of the
//! program has for it, with what can be done on the spot in place of what stands in a file. Pure.

use crate::lang::tr;
use crate::model::Account;
use crate::model::setup::{Mend, State};
use crate::net::diagnose::{Service, explain_here};
use crate::net::discover::Providers;
use crate::net::error::NetError;

/// How a step stands after this error.
pub fn failed(error: &NetError, account: &Account, service: Service) -> State {
    // What can be done on the spot, not what stands in a file.
    let advice = explain_here(error, account, service);
    let mend = mend(error);
    let host = &service.endpoint(account).host;
    let todo = match error {
        NetError::Lookup { .. } => {
            tr!("check the network, then the server's name: another one may be right").to_owned()
        }
        NetError::Auth(_) => match page(host) {
            Some(page) if !advice.todo.contains("https://") => {
                tr!(
                    "{todo}; the provider's page for that is {page}",
                    todo = advice.todo,
                    page
                )
            }
            _ => advice.todo,
        },
        _ => advice.todo,
    };
    State::Failed {
        what: advice.what,
        why: advice.why,
        todo,
        mend,
    }
}

/// Where the provider of this server has app passwords made, if it wants them.
fn page(host: &str) -> Option<String> {
    let known = Providers::built_in();
    let provider = known.of_host(host)?;
    provider.app_password_page().map(str::to_owned)
}

/// What the user can change about it.
fn mend(error: &NetError) -> Mend {
    match error {
        NetError::Auth(_) => Mend::SignIn,
        NetError::AuthLater(_) | NetError::Busy(_) | NetError::Later(_) => Mend::Again,
        NetError::Cut(_) | NetError::Woken | NetError::Web => Mend::Again,
        _ => Mend::Server,
    }
}

/// Whether another server or port may do better. Where a server let us come as far as saying who
/// we are, its word counts, and the password goes to nobody else: whoever asks looks at the step, too.
pub fn tries_next(error: &NetError) -> bool {
    matches!(
        error,
        NetError::Lookup { .. }
            | NetError::Connect { .. }
            | NetError::Timeout
            | NetError::Cut(_)
            | NetError::Tls { .. }
            | NetError::Web
            | NetError::TurnedAway(_)
            | NetError::Protocol(_)
    )
}

/// How much an error tells, of several tries: the one that came furthest.
pub fn tells(error: &NetError) -> u8 {
    match error {
        NetError::Lookup { .. } => 0,
        NetError::Connect { refused: false, .. } | NetError::Timeout => 1,
        NetError::Connect { .. } => 2,
        NetError::Cut(_) | NetError::Protocol(_) => 3,
        NetError::Web | NetError::TurnedAway(_) => 4,
        _ => 5,
    }
}
