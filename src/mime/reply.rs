//! Drafts that answer, pass on, or go on with a message.

use crate::model::{Account, Draft, Envelope};

/// An answer. `raw` is the message if its body is here (then it is quoted); `own` are the user's
/// addresses, which are not written to.
pub fn reply(
    _raw: Option<&[u8]>,
    _envelope: &Envelope,
    _account: &Account,
    _all: bool,
    _own: &[String],
) -> Draft {
    unimplemented!()
}

/// A message passed on, inline, with its attachments.
pub fn forward(_raw: &[u8], _envelope: &Envelope, _account: &Account) -> Draft {
    unimplemented!()
}

/// A message taken up again as a draft.
pub fn edit(_raw: &[u8], _account: &Account) -> Draft {
    unimplemented!()
}
