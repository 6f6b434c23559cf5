//! What each mailbox is for: by attribute (RFC 6154) where the server tells, else by its name in
//! the languages that servers and clients create mailboxes in. One mailbox a role, no more.

use crate::model::Role;

/// Attribute of LIST, lower case, and its role. `\allmail`, `\spam`, `\starred` and `\inbox` are
/// from the XLIST of old.
const ATTRIBUTES: [(&str, Role); 11] = [
    ("\\inbox", Role::Inbox),
    ("\\drafts", Role::Drafts),
    ("\\sent", Role::Sent),
    ("\\archive", Role::Archive),
    ("\\junk", Role::Junk),
    ("\\spam", Role::Junk),
    ("\\trash", Role::Trash),
    ("\\all", Role::All),
    ("\\allmail", Role::All),
    ("\\flagged", Role::Flagged),
    ("\\starred", Role::Flagged),
];

/// Well-known last levels, lower case, likeliest first.
const NAMES: [(Role, &[&str]); 5] = [
    (
        Role::Drafts,
        &[
            "drafts",
            "draft",
            "entwürfe",
            "brouillons",
            "borradores",
            "bozze",
            "rascunhos",
            "concepten",
            "utkast",
            "kladder",
            "luonnokset",
            "kopie robocze",
            "szkice",
            "koncepty",
            "rozepsané",
            "piszkozatok",
            "черновики",
            "чернетки",
            "πρόχειρα",
            "taslaklar",
            "草稿",
            "草稿箱",
            "下書き",
            "임시보관함",
            "مسودات",
            "טיוטות",
        ],
    ),
    (
        Role::Sent,
        &[
            "sent",
            "sent messages",
            "sent items",
            "sent mail",
            "sent-mail",
            "gesendet",
            "gesendete elemente",
            "gesendete objekte",
            "envoyés",
            "éléments envoyés",
            "messages envoyés",
            "enviados",
            "elementos enviados",
            "posta inviata",
            "inviati",
            "itens enviados",
            "verzonden",
            "verzonden items",
            "skickat",
            "skickade objekt",
            "sendte elementer",
            "sendt",
            "lähetetyt",
            "wysłane",
            "elementy wysłane",
            "odeslané",
            "odoslané",
            "elküldött elemek",
            "отправленные",
            "надіслані",
            "απεσταλμένα",
            "gönderilmiş öğeler",
            "已发送",
            "已傳送郵件",
            "送信済み",
            "보낸편지함",
            "נשלח",
        ],
    ),
    (
        Role::Archive,
        &[
            "archive",
            "archives",
            "archiv",
            "archivo",
            "archivio",
            "arquivo",
            "archief",
            "arkiv",
            "arkisto",
            "archiwum",
            "archív",
            "архив",
            "архів",
            "arşiv",
            "存档",
            "アーカイブ",
        ],
    ),
    (
        Role::Junk,
        &[
            "junk",
            "spam",
            "junk e-mail",
            "junk email",
            "junk mail",
            "bulk mail",
            "bulk",
            "unerwünscht",
            "werbung",
            "indésirables",
            "courrier indésirable",
            "pourriel",
            "correo no deseado",
            "posta indesiderata",
            "lixo eletrônico",
            "ongewenste e-mail",
            "skräppost",
            "søppelpost",
            "uønsket e-post",
            "roskaposti",
            "wiadomości-śmieci",
            "nevyžádaná pošta",
            "спам",
            "нежелательная почта",
            "ανεπιθύμητα",
            "垃圾邮件",
            "迷惑メール",
            "스팸편지함",
        ],
    ),
    (
        Role::Trash,
        &[
            "trash",
            "deleted items",
            "deleted messages",
            "deleted",
            "bin",
            "papierkorb",
            "gelöschte elemente",
            "gelöscht",
            "corbeille",
            "éléments supprimés",
            "papelera",
            "elementos eliminados",
            "cestino",
            "posta eliminata",
            "lixeira",
            "itens excluídos",
            "prullenbak",
            "verwijderde items",
            "papperskorg",
            "borttagna objekt",
            "papirkurv",
            "roskakori",
            "kosz",
            "elementy usunięte",
            "koš",
            "kôš",
            "törölt elemek",
            "корзина",
            "удаленные",
            "кошик",
            "κάδος",
            "çöp kutusu",
            "已删除",
            "已删除邮件",
            "ゴミ箱",
            "휴지통",
            "אשפה",
        ],
    ),
];

/// What the choice is made from.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The decoded path, levels by `/`.
    pub path: &'a str,
    /// Attributes of LIST, lower case.
    pub attributes: &'a [String],
    /// Whether it can hold messages.
    pub selectable: bool,
}

/// The role of each candidate, in the same order.
pub fn assign(candidates: &[Candidate<'_>]) -> Vec<Option<Role>> {
    let mut roles: Vec<Option<Role>> = vec![None; candidates.len()];
    let take = |roles: &mut Vec<Option<Role>>, at: Option<usize>, role: Role| {
        if let Some(slot) = at.and_then(|at| roles.get_mut(at)) {
            *slot = Some(role);
        }
    };
    let inbox = candidates.iter().position(|c| c.path == "INBOX");
    take(&mut roles, inbox, Role::Inbox);
    for (attribute, role) in ATTRIBUTES {
        if roles.contains(&Some(role)) {
            continue;
        }
        let at = candidates.iter().zip(&roles).position(|(c, taken)| {
            taken.is_none() && c.selectable && c.attributes.iter().any(|a| a == attribute)
        });
        take(&mut roles, at, role);
    }
    for (role, names) in NAMES {
        if roles.contains(&Some(role)) {
            continue;
        }
        let at = names.iter().find_map(|name| {
            candidates.iter().zip(&roles).position(|(c, taken)| {
                taken.is_none() && c.selectable && well_known(c.path).as_deref() == Some(*name)
            })
        });
        take(&mut roles, at, role);
    }
    roles
}

/// The name that a role may be read from: only a mailbox on top or right below INBOX or a
/// provider's own level counts; `Projects/Archive` is somebody's archive, not the account's.
fn well_known(path: &str) -> Option<String> {
    let mut levels = path.split('/');
    let (first, second, more) = (levels.next()?, levels.next(), levels.next());
    let name = match (second, more) {
        (None, _) => first,
        (Some(second), None) if first.eq_ignore_ascii_case("INBOX") || first.starts_with("[G") => {
            second
        }
        _ => return None,
    };
    Some(name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(list: &[(&str, &[&str])]) -> Vec<Option<Role>> {
        let attributes: Vec<Vec<String>> = list
            .iter()
            .map(|(_, a)| a.iter().map(|a| (*a).to_owned()).collect())
            .collect();
        let candidates: Vec<Candidate<'_>> = list
            .iter()
            .zip(&attributes)
            .map(|((path, a), attributes)| Candidate {
                path,
                attributes,
                selectable: !a.contains(&"\\noselect"),
            })
            .collect();
        assign(&candidates)
    }

    #[test]
    fn attributes_stand_above_names() {
        assert_eq!(
            roles(&[("INBOX", &[]), ("Sent", &[]), ("Gesendet", &["\\sent"])]),
            [Some(Role::Inbox), None, Some(Role::Sent)]
        );
    }

    #[test]
    fn names_are_known_in_many_languages_but_only_near_the_top() {
        assert_eq!(
            roles(&[
                ("Entwürfe", &[]),
                ("INBOX/Papierkorb", &[]),
                ("Projects/Archive", &[]),
                ("送信済み", &[]),
                ("Spam", &["\\noselect"]),
            ]),
            [
                Some(Role::Drafts),
                Some(Role::Trash),
                None,
                Some(Role::Sent),
                None
            ]
        );
    }

    #[test]
    fn a_role_is_given_once() {
        let got = roles(&[
            ("Sent", &[]),
            ("Sent Items", &[]),
            ("A", &["\\sent"]),
            ("B", &["\\sent"]),
        ]);
        assert_eq!(got, [None, None, Some(Role::Sent), None]);
        assert_eq!(
            roles(&[("Sent Items", &[]), ("Sent", &[])]),
            [None, Some(Role::Sent)]
        );
    }
}
