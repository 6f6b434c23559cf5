//! Whether two hosts are of one owner, as far as names tell: under which names of the DNS anybody
//! can have one of his own.
//!
//! The whole list of such names (publicsuffix.org) would be a twelfth of the program. Here is what
//! mail has: the second levels of countries, and hosters who give their customers names below
//! their own. Where a name is missing two of its customers pass for one; where one is too many, the
//! hosts of one owner for two. The first is worse, so a country's usual second levels count
//! wherever there might be such.

/// Second levels that countries have where nothing else is known of them.
const USUAL: [&str; 12] = [
    "ac", "co", "com", "edu", "gob", "gouv", "gov", "mil", "ne", "net", "or", "org",
];
/// Countries that have no second levels: everybody has a name of his own there.
const FLAT: [&str; 20] = [
    "be", "bg", "ca", "ch", "cz", "de", "dk", "eu", "fi", "fo", "li", "lu", "md", "nl", "no", "pm",
    "se", "si", "sk", "su",
];
/// Second levels that countries have beside the usual ones.
const MORE: [(&str, &str); 27] = [
    ("ar", "int tur gov musica mutual bet coop"),
    ("at", "gv sth"),
    ("au", "asn id oz conf"),
    ("bd", "info"),
    (
        "br",
        "adm adv agr app arq art ato bio blog bmd cim cng cnt coop dev ecn eco eng esp etc eti far \
         flog fm fnd fot fst g12 ggf imb ind inf jor jus leg lel log med mus nom not ntr odo ppg \
         pro psc psi qsl radio rec seg slg srv taxi teo tmp trd tur tv vet vlog wiki zlg",
    ),
    (
        "cn",
        "ah bj cq fj gd gs gx gz ha hb he hi hk hl hn jl js jx ln mo nm nx qh sc sd sh sn sx tj tw xj xz yn zj",
    ),
    ("es", "nom"),
    ("fr", "asso nom prd tm avocat cci gouv medecin notaires"),
    (
        "hu",
        "info priv sport tm 2000 agrar bolt hotel ingatlan utazas video",
    ),
    ("id", "biz desa go my or sch web"),
    ("il", "idf k12 muni"),
    ("in", "firm gen ind nic res ernet info internet tv travel"),
    ("it", "gov edu"),
    ("jp", "ad ed go gr lg"),
    ("ke", "go info me mobi sc"),
    ("kr", "es go hs kg ms pe re sc busan seoul"),
    ("mx", "gob"),
    (
        "nz",
        "cri geek gen govt health iwi kiwi maori parliament school",
    ),
    (
        "pl",
        "aid agro atm auto biz gmina gsm info mail media miasta nieruchomosci nom pc powiat priv realestate rel sklep sos szkola targi tm tourism travel turystyka waw",
    ),
    ("pt", "int nome publ"),
    ("ro", "arts firm info nom nt rec store tm www"),
    ("ru", "msk spb"),
    ("th", "go in mi"),
    (
        "tr",
        "av bbs bel biz dr gen info k12 kep name pol tel tsk tv web",
    ),
    ("tw", "club ebiz game idv"),
    ("uk", "ltd me nhs plc police sch"),
    ("za", "agric alt grondar law nic ngo nom school tm web"),
];
/// Names below which hosters let anybody have one.
const SHARED: [&str; 91] = [
    "000webhostapp.com",
    "altervista.org",
    "appspot.com",
    "azureedge.net",
    "azurefd.net",
    "azurestaticapps.net",
    "azurewebsites.net",
    "bitbucket.io",
    "blogspot.com",
    "br.com",
    "carrd.co",
    "cloudaccess.host",
    "cloudfront.net",
    "cloudfunctions.net",
    "cloudns.net",
    "cn.com",
    "co.com",
    "co.de",
    "codeberg.page",
    "com.de",
    "ddns.net",
    "de.com",
    "deno.dev",
    "digitaloceanspaces.com",
    "duckdns.org",
    "dyndns.org",
    "dynv6.net",
    "edgecompute.app",
    "eu.com",
    "eu.org",
    "fastly.net",
    "firebaseapp.com",
    "fly.dev",
    "framer.app",
    "framer.website",
    "freeddns.org",
    "gb.net",
    "gitbook.io",
    "github.io",
    "githubpreview.dev",
    "githubusercontent.com",
    "gitlab.io",
    "glitch.me",
    "godaddysites.com",
    "googleusercontent.com",
    "gr.com",
    "herokuapp.com",
    "hopto.org",
    "hosted.app",
    "hu.net",
    "jimdosite.com",
    "jp.net",
    "jpn.com",
    "linodeusercontent.com",
    "lovable.app",
    "myftp.org",
    "myshopify.com",
    "mystrikingly.com",
    "neocities.org",
    "netlify.app",
    "ngrok-free.app",
    "ngrok.app",
    "ngrok.dev",
    "ngrok.io",
    "no-ip.org",
    "notion.site",
    "ondigitalocean.app",
    "onrender.com",
    "pages.dev",
    "r2.dev",
    "railway.app",
    "readthedocs.io",
    "repl.co",
    "replit.app",
    "replit.dev",
    "ru.com",
    "run.app",
    "sa.com",
    "se.net",
    "square.site",
    "surge.sh",
    "translate.goog",
    "trycloudflare.com",
    "uk.com",
    "uk.net",
    "us.com",
    "vercel.app",
    "web.app",
    "webflow.io",
    "weebly.com",
    "workers.dev",
];
/// As `SHARED`, with levels between: below these no host is its neighbour's.
const CLOUDS: [&str; 8] = [
    "amazonaws.com",
    "backblazeb2.com",
    "cloudapp.azure.com",
    "cloudapp.net",
    "linodeobjects.com",
    "oraclecloud.com",
    "wixsite.com",
    "windows.net",
];

/// Whether two hosts, in lower case, belong to one owner, as far as names tell.
pub fn same_site(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    // A bare address beside the host it lives on is no deceit, but another address is.
    if a.contains('@') || b.contains('@') {
        return false;
    }
    let common = a.rsplit('.').zip(b.rsplit('.'));
    let common = common.take_while(|(x, y)| x == y).count();
    public(a).is_some_and(|labels| common > labels)
}

/// Whether anybody can have a name of his own below this one.
pub fn is_public(name: &str) -> bool {
    public(name).is_none_or(|labels| name.split('.').count() <= labels)
}

/// How many labels at the end of a host are everybody's; `None`: all of them, and whose the host
/// is nobody can tell.
fn public(host: &str) -> Option<usize> {
    let below = |name: &&&str| {
        let before = host.strip_suffix(**name);
        before.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if CLOUDS.iter().any(|name| below(&name)) {
        return None;
    }
    if let Some(name) = SHARED.iter().find(below) {
        return Some(name.split('.').count());
    }
    let mut labels = host.rsplit('.');
    let (top, second) = (labels.next()?, labels.next().unwrap_or_default());
    let more = MORE.iter().find(|(country, _)| *country == top);
    let more = more.is_some_and(|(_, names)| names.split(' ').any(|name| name == second));
    let usual = top.len() == 2 && !FLAT.contains(&top) && USUAL.contains(&second);
    // One of a country's written in its own letters, or of none, has no second levels.
    Some(if more || usual { 2 } else { 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_shares_a_site_is_told_by_names() {
        for (a, b) in [
            ("mail.dhl.de", "dhl.de"),
            ("www.gmx.de", "mail.gmx.de"),
            ("a.sbb.ch", "b.sbb.ch"),
            ("x.bbc.co.uk", "bbc.co.uk"),
            ("a.post.example", "b.post.example"),
            ("a.my.github.io", "my.github.io"),
            ("x.y.govt.nz", "y.govt.nz"),
            ("a@x.example", "a@x.example"),
        ] {
            assert!(same_site(a, b) && same_site(b, a), "{a} {b}");
        }
        for (a, b) in [
            ("evil.github.io", "bank.github.io"),
            ("github.io", "evil.github.io"),
            ("evil.co.uk", "bank.co.uk"),
            ("evil.com.br", "bank.com.br"),
            ("evil.med.br", "bank.med.br"),
            ("evil.s3.amazonaws.com", "bank.s3.amazonaws.com"),
            ("evil.de", "bank.de"),
            ("evilgithub.io", "bank.github.io"),
            ("a@x.example", "b@x.example"),
            ("com", "x.com"),
        ] {
            assert!(!same_site(a, b) && !same_site(b, a), "{a} {b}");
        }
        assert!(is_public("co.uk") && is_public("de") && is_public("github.io"));
        assert!(!is_public("gmx.de") && !is_public("bbc.co.uk"));
    }
}
