//! Who sits at this machine, as far as it knows: the full name that an account may begin with.

use std::fs;

/// Where the system lists its users.
const USERS: &str = "/etc/passwd";

/// The full name of the user that this process runs as, if the system knows one.
pub fn full_name() -> Option<String> {
    let users = fs::read_to_string(USERS).ok()?;
    of_users(&users, rustix::process::getuid().as_raw())
}

/// The full name of the user of this number: what stands before the first comma of the comment
/// field, where `&` is the login name with a capital letter, as it always was. A name that is no
/// more than the login name is none.
fn of_users(users: &str, number: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (login, _) = (fields.next()?, fields.next()?);
        let own: u32 = fields.next()?.parse().ok()?;
        let comment = fields.nth(1)?;
        let name = comment.split(',').next().unwrap_or_default().trim();
        let mut letters = login.chars();
        let first = letters.next().map(|c| c.to_uppercase().to_string());
        let capital = format!("{}{}", first.unwrap_or_default(), letters.as_str());
        let name = name.replace('&', &capital);
        let says = !name.is_empty() && !name.eq_ignore_ascii_case(login);
        (own == number && says).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_comes_from_the_comment_field() {
        let users = "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000:Ada Example,,,:/home/ada:/bin/sh\n\
                     bo:x:1001:1001:& Example:/home/bo:/bin/sh\ncy:x:1002:1002::/home/cy:/bin/sh\nbroken\n";
        let name = |number| of_users(users, number);
        assert_eq!(name(1000).as_deref(), Some("Ada Example"));
        assert_eq!(name(1001).as_deref(), Some("Bo Example"));
        assert_eq!((name(0), name(1002), name(7)), (None, None, None));
    }
}
