//! IMAP4rev1 and the extensions that we use, on the `imap` crate and a wire of our own.

pub mod role;
pub mod caps;
pub mod quirks;
pub mod extensions;
pub mod wire;
pub mod token;
pub mod code;
pub mod gmail;
pub mod item;
pub mod decode;
pub mod command;
mod fail;
mod shim;
mod halves;
mod asked;
mod unasked;
mod session;
mod enable;
mod login;
mod mailbox;
mod select;
mod seek;
mod search;
mod fetch;
mod headers;
mod windows;
mod body;
mod change;
mod append;
mod stay;
mod idle;
mod notify;
mod quota;

pub use append::{Added, Addition};
pub use asked::FetchReport;
pub use body::{Body, LARGEST};
pub use caps::Caps;
pub use change::{Copied, Expunged};
pub use code::Code;
pub use decode::{Namespace, Status};
pub use fail::is_refusal;
pub use halves::HeaderItem;
pub use headers::{FetchBy, HEADER_ITEMS};
pub use idle::IdleEnd;
pub use login::{Greeted, Options};
pub use mailbox::Listed;
pub use quota::Quota;
pub use search::Criterion;
pub use seek::Program;
pub use select::{Change, Mode, Resync, Selected};
pub use session::{Enabled, Session};
pub use shim::Pace;
pub use stay::Fresh;
pub use unasked::{FlagItem, Unsolicited};

#[cfg(test)]
mod decode_tests;
#[cfg(test)]
mod script;
#[cfg(test)]
mod sign_in_tests;
#[cfg(test)]
mod command_tests;
#[cfg(test)]
mod idle_tests;
#[cfg(test)]
mod extension_tests;
#[cfg(test)]
mod reading_tests;
#[cfg(test)]
mod stay_tests;
#[cfg(test)]
mod windows_tests;
#[cfg(test)]
mod field_tests;
#[cfg(test)]
mod stumbling_tests;
#[cfg(test)]
mod oddity_tests;
