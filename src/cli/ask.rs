//! Questions on standard error, answers from standard input: at a terminal or through a pipe.

use super::exit::{self, Failure};
use super::say::aside;
use crate::config::is_loopback;
use crate::model::{Endpoint, Security};
use crate::net::discover::usual;
use crate::text::Clean;
use anyhow::Result;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

/// Asks, with what is meant by an empty answer.
///
/// # Errors
/// The input ends.
pub fn question(text: &str, suggestion: &str) -> Result<String> {
    let text = Clean::line(text);
    let mut err = io::stderr();
    let _ = match suggestion {
        "" => write!(err, "{text}: "),
        suggestion => write!(err, "{text} [{}]: ", Clean::line(suggestion)),
    };
    let answer = line()?;
    let answer = answer.trim();
    Ok(if answer.is_empty() {
        suggestion.to_owned()
    } else {
        answer.to_owned()
    })
}

/// Asks something that is not so unless the answer is yes.
///
/// # Errors
/// The input ends.
pub fn agrees(text: &str) -> Result<bool> {
    let _ = write!(io::stderr(), "{} [y/N]: ", Clean::line(text));
    let answer = line()?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "Yes"))
}

fn line() -> Result<String> {
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line)? == 0 {
        aside!();
        return Err(Failure::new(exit::DATA, "the input ended before everything was asked").into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Whether somebody sits there who can be asked again.
pub fn is_somebody_there() -> bool {
    io::stdin().is_terminal()
}

/// Asks for one server.
///
/// # Errors
/// The input ends.
pub fn server(what: &str, host: &str, port: u16) -> Result<Endpoint> {
    let host = question(&format!("{what} server"), host)?;
    loop {
        let port = question(&format!("{what} port"), &port.to_string())?;
        let Ok(port) = port.parse::<u16>() else {
            aside!("  a port is a number below 65536");
            continue;
        };
        if port == 25 {
            aside!("  port 25 is for servers among themselves; use 465 or 587");
            continue;
        }
        let word = match usual(port) {
            Some(Security::StartTls) => "starttls",
            _ => "tls",
        };
        let security = match question("  tls or starttls", word)?.as_str() {
            "tls" => Security::Tls,
            "starttls" => Security::StartTls,
            "none" if is_loopback(&host) => Security::None,
            _ => {
                aside!("  tls: from the first byte; starttls: after a greeting in the clear");
                continue;
            }
        };
        return Ok(Endpoint {
            host,
            port,
            security,
            pin_sha256: None,
        });
    }
}
