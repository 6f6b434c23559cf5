//! How a list is left: what a message says of that, found aside, for the question that is asked.

use crate::lang::tr;
use crate::mime::answer::{self, Hints};
use crate::mime::authres::{self, Receiver};
use crate::mime::link;
use crate::mime::list::{self, Way};
use crate::mime::{field, lookalike};
use crate::model::{Account, Draft, Envelope, Leave};
use crate::text::Clean;

/// One way to leave a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// A web server is told so (RFC 8058).
    Telling {
        /// What is recorded.
        leave: Leave,
        /// Who is told.
        host: Clean,
    },
    /// A message.
    Writing {
        /// It.
        draft: Box<Draft>,
        /// To whom.
        to: Clean,
    },
    /// A page, opened in the user's browser.
    Page {
        /// Where it is, for opening: http or https.
        url: String,
    },
}

/// A list, and how it is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parting {
    /// What it is called.
    pub list: Clean,
    /// The ways, the best first; never empty.
    pub ways: Vec<By>,
}

impl Parting {
    /// Reads it from a message that came to this account.
    ///
    /// # Errors
    /// In plain words: it does not say how it is left.
    pub fn find(raw: &[u8], envelope: &Envelope, account: &Account) -> Result<Parting, String> {
        let (fields, _) = field::split(raw);
        let checks = authres::believed(&fields, &Receiver::of(account));
        let ways = list::ways(&fields, checks.as_ref());
        if ways.is_empty() {
            return Err(tr!("this message does not say how its list is left").to_owned());
        }
        let own = list::of(&fields).map(|l| l.name).unwrap_or_default();
        let sender = envelope.from.first();
        let list = match (own.is_empty(), sender) {
            (true, Some(from)) => Clean::line(from.display()),
            (true, None) => Clean::lit(tr!("this list")),
            (false, _) => own,
        };
        let from = answer::identity(envelope, &Hints::read(raw), account);
        let way = |way: Way| match way {
            Way::OneClick(url) => By::Telling {
                host: host(&url),
                leave: Leave {
                    account: account.name.clone(),
                    list: list.to_string(),
                    url,
                },
            },
            Way::Mail(mail) => By::Writing {
                to: Clean::line(&lookalike::shown_addr(&mail.to.addr)),
                draft: Box::new(Draft {
                    from: from.to_string(),
                    to: mail.to.addr,
                    subject: mail.subject,
                    body: mail.body,
                    ..Draft::new(account.name.clone())
                }),
            },
            Way::Page(url) => By::Page { url },
        };
        let ways = ways.into_iter().map(way).collect();
        Ok(Parting { list, ways })
    }
}

/// The host of an address, for showing.
pub fn host(url: &str) -> Clean {
    let host = link::host(url).unwrap_or_default();
    Clean::line(&lookalike::shown(&host))
}
