//! How what is found of a domain is told.

use super::shown::clean;
use crate::lang::tr;
use crate::model::checkup::{Advice, Step};

/// No name server answered.
pub(super) fn nobody(name: &'static str, domain: &str) -> Step {
    let what = tr!("no name server could say anything of {domain}", domain);
    Step::careful(name, Advice::new(what, "", tr!("try again later")))
}

/// It works, and something should be done.
pub(super) fn careful(name: &'static str, what: String, why: &str, todo: &str) -> Step {
    Step::careful(name, Advice::new(what, why, todo))
}

/// Names that others wrote, in a row.
pub(super) fn list(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| clean(name)).collect();
    names.join(tr!(", "))
}
