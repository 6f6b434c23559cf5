//! Why things go wrong between us and a server, and what to do: one table for what the program
//! says ([`crate::net::diagnose`]) and for `docs/troubleshooting.md`, which holds every row of it.

use crate::lang::{self, fill};
pub use crate::model::Service;
use crate::model::checkup::Advice;

/// One cause. The texts are parts of sentences, in English.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// How it shows.
    pub seen: &'static str,
    /// Why it usually happens; may be empty.
    pub why: &'static str,
    /// What to do; may be empty. `{ports}` stands for the usual ports of the kind of server.
    pub todo: &'static str,
    /// What to do where nothing is tried again by itself; empty where that is the same.
    pub here: &'static str,
}

impl Cause {
    /// Why it usually happens, in the language of the screen.
    pub fn why(&self) -> &'static str {
        lang::of(self.why)
    }

    /// What to do about a server of this kind, in the language of the screen.
    pub fn todo(&self, service: Service) -> String {
        fill(lang::of(self.todo), &[("ports", &service.usual_ports())])
    }

    /// What to tell where `what` was found and the todo names no ports.
    pub fn advice(&self, what: impl Into<String>) -> Advice {
        Advice::new(what, self.why(), lang::of(self.todo))
    }

    /// What to do while an account is set up: what is tried there is tried once.
    pub fn here(&self, service: Service) -> String {
        match self.here {
            "" => self.todo(service),
            here => lang::of(here).to_owned(),
        }
    }
}

macro_rules! causes {
    ($($name:ident: $seen:literal, $why:literal, $todo:literal $(, here: $here:literal)?;)*) => {
        $(
            #[doc = concat!("Shows so: ", $seen, ".")]
            pub(crate) const $name: Cause = Cause {
                seen: $seen,
                why: $why,
                todo: $todo,
                here: concat!("" $(, $here)?),
            };
        )*
        /// All of them, in the order of the documentation.
        pub const CAUSES: &[Cause] = &[$($name),*];
    };
}

causes! {
    NO_NAME: "the server's name can't be found",
        "the network is down, or the name is misspelt",
        "check the network, then `host` in config.toml";
    REFUSED: "nothing listens at the port",
        "the port is wrong, or the server is down",
        "check `port`: {ports}";
    PORT_25: "port 25 does not answer",
        "port 25 is for servers among themselves, and most networks block it",
        "set another `port`: {ports}";
    UNREACHABLE: "the server can't be reached",
        "the network is down, or a firewall swallows the connection",
        "check the network; some networks block mail ports";
    BLACK_HOLE: "IPv6 leads nowhere, IPv4 works",
        "the network hands IPv6 addresses out and carries nothing for them",
        "each connection begins a quarter of a second later for it; mend IPv6 at the router, or turn it off there";
    TLS_FIRST: "the server is silent on port 993 or 465",
        "this port speaks TLS from the first byte: `security` should be \"tls\"",
        "it is tried again; if it goes on, check `port` and `security`",
        here: "check `port` and `security`";
    CLEAR_FIRST: "no TLS on port 143, 587 or 25",
        "this port begins in the clear: `security` should be \"starttls\"",
        "it is tried again; if it goes on, check `port` and `security`",
        here: "check `port` and `security`";
    SILENT: "the server does not answer",
        "the server or the network is slow or down",
        "it is tried again; if it goes on, check `port` and `security`",
        here: "check `port` and `security`";
    CUT: "the connection is cut",
        "",
        "it is tried again",
        here: "try again in a moment";
    OTHER_PORT: "another port of the server answers",
        "`port` and `security` do not fit each other, or the network blocks this port only",
        "set `port` and `security` to what answers";
    PORTAL: "a web page answers in the mail server's place",
        "this network wants to be signed in to first, or the port is not for mail",
        "open a web page in a browser and sign in to the network, then try again; if it goes on, check `port`: {ports}";
    NOT_MAIL: "what answers is no mail server",
        "another kind of server listens there, or `security` does not fit the port",
        "check `port` and `security`: {ports}";
    LIAR: "the name server finds names that do not exist",
        "the name server answers with an address of its own: a provider's search page, or a network that wants to be signed in to first",
        "sign in to the network if it asks for it; else set another name server for this machine";
    DEAF: "a name server of this machine does not answer",
        "it is down, or the network changed and the system did not hear of it",
        "check the name servers in /etc/resolv.conf, or connect to the network anew";
    NAME: "the certificate is for another name",
        "`host` is not the name that the server is known by, or this network answers in its place until one has signed in to it, or somebody is in between",
        "sign in to the network if it asks for it; use the name that the provider gives; if the server is your own, get it a certificate with this name in its SAN";
    UNTRUSTED: "the certificate's issuer is not known",
        "the server is private, or this network answers in its place until one has signed in to it, or somebody is in between",
        "for a private authority set `ca-file`; for a single key set `pin-sha256` on the endpoint";
    SELF_SIGNED: "the certificate is signed by itself",
        "the server is private and vouches for itself, or somebody is in between",
        "for a private authority set `ca-file`; for a single key set `pin-sha256` on the endpoint";
    HALF_CHAIN: "the server leaves certificates out of its chain",
        "the certificate between the server's and the authority's is missing, or the authority is private",
        "ask the server's owner to send the whole chain; for a private authority set `ca-file`";
    PURPOSE: "the certificate is not made for servers",
        "it was issued for something else, such as signing in or mail",
        "the server's owner must get one for servers";
    WEAK: "the certificate is too weak",
        "its key is too short or its signature too old to be worth anything",
        "the server's owner must renew it";
    REVOKED: "the certificate was revoked",
        "its authority took it back",
        "the server's owner must renew it";
    EXPIRED: "the certificate has expired, or does not count yet",
        "",
        "check this machine's clock; otherwise the server's owner must renew it";
    EXPIRES_SOON: "the certificate expires within two weeks",
        "whoever runs the server has not renewed it yet",
        "if the server is your own, renew it; after that day no connection is made";
    INSPECTED: "a program opens what is secure",
        "an antivirus program or the network's firewall stands between this machine and the server and shows certificates of its own",
        "switch off its looking into mail connections (\"SSL scanning\"), or set `ca-file` to its authority if you trust it with the password";
    PIN: "the server shows another key than the pinned one",
        "the server got a new key, or somebody is in between",
        "ask the server's owner; only then change `pin-sha256`";
    HANDSHAKE: "TLS can't be agreed on",
        "the port does not speak TLS from the first byte, or only versions before TLS 1.2",
        "check `port` and `security`";
    NO_STARTTLS: "the server offers no STARTTLS",
        "the server can't do TLS on this port, or somebody took the offer out",
        "use the port with TLS from the first byte (993 for IMAP, 465 for sending)";
    INJECTED: "something spoke in the clear after STARTTLS",
        "somebody is in between, or the server is broken",
        "use the port with TLS from the first byte";
    MASKED: "a firewall rewrites what the mail server says",
        "a firewall that \"inspects\" SMTP stands in between and takes out what it does not know, STARTTLS among it",
        "use port 465 with TLS from the first byte, or have the inspection switched off";
    CLEAR_TEXT: "the connection would be in the clear",
        "`security = \"none\"` is for this machine only",
        "use \"tls\" or \"starttls\"";
    ANCHOR: "`ca-file` can't be read",
        "",
        "check `ca-file`";
    CLOCK: "this machine's clock is wrong",
        "servers tell another time than this machine",
        "set the clock by the network (`timedatectl set-ntp true`); certificates and one-time codes depend on it";
    PASSWORD: "the password is refused",
        "the password is wrong or was changed, or the provider wants an app password",
        "check `user` and the password; with two-step sign-in, make an app password at the provider";
    USER_SHORT: "`user` is only a part of the address",
        "most servers want the whole address as the user name",
        "set `user` to the whole address";
    USER_WHOLE: "`user` is the whole address",
        "some servers want only the part before the @, or a name of their own",
        "if the password is right, try `user` without what follows the @";
    APP_PASSWORD: "the account's own password is refused",
        "the provider takes no account password from mail programs",
        "make an app password at the provider and use that";
    OAUTH: "the provider wants a sign-in through the browser",
        "the provider wants a sign-in through the browser (OAuth), not a password",
        "set `auth = \"oauth\"` and sign in through the browser, or see whether the provider offers app passwords";
    TOKEN: "the access token is refused",
        "the access token has run out, is somebody else's, or was not made for mail",
        "check `user`, and what `password-command` prints: if it is a fresh token, sign in anew with the program that makes it";
    BROWSER: "the sign-in in the browser is refused",
        "the sign-in in the browser was somebody else's, or does not hold for mail",
        "check `user` and `scopes`, allow IMAP at the provider's web site, then sign in anew (:sign-in) as that user";
    NO_TOKENS: "the server takes no access tokens",
        "the server takes no access tokens of this kind here",
        "check `auth` in config.toml, then `port` and `security`";
    WEB_FIRST: "the provider asks for its web site",
        "the provider wants something done on its web site first, such as allowing IMAP",
        "sign in there once, look for its settings for mail programs";
    PASSWORD_EXPIRED: "the password has expired",
        "the password has expired",
        "set a new one at the provider, then give it here";
    LOCKED: "the account is locked",
        "the account is locked or closed",
        "ask who runs the server; trying again may make it worse";
    SENDING_OFF: "sending by this server is turned off",
        "the organisation allows no mail program to send by this server (authenticated SMTP); the password may be right",
        "ask who runs the organisation to allow authenticated SMTP for this mailbox";
    TOO_OFTEN: "too many failed sign-ins",
        "the server refuses everybody from here for a while, or the account, after too many wrong passwords",
        "put the password right, wait half an hour, then try once";
    NO_PASSWORDS: "no password is taken on this port",
        "the server does not sign in by password here",
        "check `port` and `security`, or ask who runs the server";
    SIGN_IN_LATER: "nobody can sign in just now",
        "the server is busy or being mended",
        "it is tried again",
        here: "try again in a moment";
    CONNECTIONS: "no more connections are allowed",
        "other mail programs hold the rest",
        "close one of them; it is tried again",
        here: "close one of them; try again in a moment";
    BUSY: "the server is busy",
        "",
        "it is tried again",
        here: "try again in a moment";
    TURNED_AWAY: "the server turns us away",
        "it serves nobody from this network, whose addresses are on a list of senders of spam, or it is not the server for mail programs",
        "try another network; check `port` and `security`: {ports}";
    FULL: "the server puts it off: full",
        "the mailbox is full",
        "it is tried again",
        here: "try again in a moment";
    RATE: "the server puts it off: too much",
        "so much at once, or in a day, is not allowed",
        "it is tried again",
        here: "try again in a moment";
    GREY: "the server puts it off: 450, 451",
        "many servers put unknown senders off once (greylisting)",
        "it is tried again",
        here: "try again in a moment";
    LATER: "the server puts it off",
        "",
        "it is tried again",
        here: "try again in a moment";
    SENDER: "the sender's address is not accepted",
        "the sender's address is not accepted",
        "check `email` of the account";
    WRONG_SERVER: "the message fails the receivers' checks",
        "receivers can't tell that this server may send for your address",
        "check that `smtp` is the server that the address's provider gives";
    ACCOUNT_FULL: "the account is full",
        "the account is full",
        "delete something, then try again";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_holds_every_cause() {
        let docs = include_str!("../../docs/troubleshooting.md");
        let mut lacking = String::new();
        for cause in CAUSES {
            let todo = cause.todo.replace("{ports}", "see [ports](#ports)");
            let row = format!("| {} | {} | {todo} |", cause.seen, cause.why);
            if !docs.contains(&row) {
                lacking.push_str(&format!("{row}\n"));
            }
        }
        for service in [Service::Imap, Service::Smtp] {
            if !docs.contains(service.usual_ports()) {
                lacking.push_str(service.usual_ports());
            }
        }
        assert!(
            lacking.is_empty(),
            "docs/troubleshooting.md lacks\n{lacking}"
        );
    }
}
