//! The field's nouns, and nothing else: no I/O, no serialisation, no clock. (`step` is here because
//! every floor that it cuts down stands on this one; it does nothing unless built for tests.)
//!
//! Every other floor speaks in these types, so that a UID can't be taken for a row id, a
//! password can't be printed, and a mailbox name can't be taken for text to show.

pub mod step;
pub mod ids;
pub mod uid;
pub mod message_id;
pub mod address;
pub mod flags;
pub mod naming;
pub mod tag;
pub mod mark;
pub mod thread_rule;
pub mod mailbox;
pub mod name;
pub mod envelope;
pub mod secret;
pub mod oauth;
pub mod policy;
pub mod account;
pub mod own;
pub mod op;
pub mod draft;
pub mod submission;
pub mod standing;
pub mod reminder;
pub mod intent;
pub mod query;
pub mod rule;
pub mod status;
pub mod view;
pub mod setup;
pub mod checkup;
pub mod contact;

pub use account::{
    Account, AccountName, ArchiveBy, Auth, Endpoint, Identity, SecretSource, Security, Service,
};
pub use address::{Address, is_mailbox};
pub use contact::{Contact, Group, MailDomain};
pub use draft::{Draft, DraftAttachment, DraftKind, SendOptions};
pub use envelope::Envelope;
pub use flags::{FlagChange, Flags, MDN_SENT, System, is_keyword};
pub use ids::{
    ActionId, DraftId, LocationId, MailboxId, MsgId, OpId, OutboxId, ReminderId, ThreadId,
};
pub use intent::{Done, Intent, Leave, Manage, OutboxVerb, Target, Verb, WhichRules};
pub use mailbox::{MailboxName, Role};
pub use message_id::MessageId;
pub use oauth::{ClientSecret, OAuth, SignInBy, SignInStep, SignInWord};
pub use op::{AsSeen, MessageKey, NewOp, Op, OpKind, OpState};
pub use policy::{MailboxPolicy, Reach, SyncPolicy};
pub use query::{Expr, Query, Term};
pub use reminder::{Reminder, ReminderState};
pub use rule::{Deed, Rule};
pub use secret::Secret;
pub use status::{AccountStatus, Link, Progress, Quota, Running};
pub use step::step;
pub use submission::{Fact, Outgoing, Recipient, RecipientState, Submission, SubmissionState};
pub use thread_rule::ThreadRule;
pub use uid::{ModSeq, Uid, UidSet, UidValidity};
