//! Whether two hosts are of one owner, as far as names tell: under which names of the DNS anybody
//! can have one of his own.
//!
//! The whole list of such names (publicsuffix.org) would be a twelfth of the program. Here is what
//! mail has: the second levels of countries, and hosters who give their customers names below
//! their own. Where a name is missing two of its customers pass for one; where one is too many, the
//! hosts of one owner for two. The first is worse, so a country's usual second levels count
//! wherever there might be such.

use std::net::IpAddr;

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
const SHARED: [&str; 145] = [
    "000webhostapp.com",
    "altervista.org",
    "appspot.com",
    "atlassian.net",
    "azure-api.net",
    "azurecontainerapps.io",
    "azureedge.net",
    "azurefd.net",
    "azurestaticapps.net",
    "azurewebsites.net",
    "b-cdn.net",
    "bigcartel.com",
    "bitbucket.io",
    "bitrix24.com",
    "blogspot.com",
    "br.com",
    "bubbleapps.io",
    "canva.site",
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
    "ddnss.de",
    "de.com",
    "dedyn.io",
    "deno.dev",
    "digitaloceanspaces.com",
    "dropboxusercontent.com",
    "duckdns.org",
    "dynamics.com",
    "dyndns.org",
    "dynu.net",
    "dynv6.net",
    "edgecompute.app",
    "eu.com",
    "eu.org",
    "fastly.net",
    "firebaseapp.com",
    "firebasestorage.app",
    "fly.dev",
    "force.com",
    "framer.app",
    "framer.website",
    "freeddns.org",
    "freshdesk.com",
    "gb.net",
    "gitbook.io",
    "github.io",
    "githubpreview.dev",
    "githubusercontent.com",
    "gitlab.io",
    "glitch.me",
    "godaddysites.com",
    "goip.de",
    "googleusercontent.com",
    "gr.com",
    "herokuapp.com",
    "hopto.org",
    "hosted.app",
    "hu.net",
    "intercom-mail.com",
    "jimdo.com",
    "jimdofree.com",
    "jimdosite.com",
    "jp.net",
    "jpn.com",
    "linodeusercontent.com",
    "lovable.app",
    "mail.onmicrosoft.com",
    "mailgun.org",
    "medium.com",
    "my.salesforce.com",
    "my.site.com",
    "myfritz.net",
    "myftp.org",
    "myportfolio.com",
    "myqnapcloud.com",
    "myshopify.com",
    "mystrikingly.com",
    "neocities.org",
    "netlify.app",
    "ngrok-free.app",
    "ngrok.app",
    "ngrok.dev",
    "ngrok.io",
    "no-ip.com",
    "no-ip.org",
    "notion.site",
    "okta.com",
    "ondigitalocean.app",
    "onmicrosoft.com",
    "onrender.com",
    "pages.dev",
    "pantheonsite.io",
    "powerappsportals.com",
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
    "selfhost.eu",
    "service-now.com",
    "sharepoint.com",
    "spdns.de",
    "square.site",
    "squarespace.com",
    "strikingly.com",
    "substack.com",
    "supabase.co",
    "surge.sh",
    "synology.me",
    "sytes.net",
    "tilda.ws",
    "trafficmanager.net",
    "translate.goog",
    "trycloudflare.com",
    "tumblr.com",
    "typeform.com",
    "uk.com",
    "uk.net",
    "us.com",
    "vercel.app",
    "web.app",
    "webflow.io",
    "weebly.com",
    "wixstudio.com",
    "wordpress.com",
    "workers.dev",
    "wpcomstaging.com",
    "wpengine.com",
    "yolasite.com",
    "zapto.org",
    "zendesk.com",
];
/// As `SHARED`, with levels between: below these no host is its neighbour's.
const CLOUDS: [&str; 11] = [
    "amazonaws.com",
    "backblazeb2.com",
    "cloudapp.azure.com",
    "cloudapp.net",
    "googleapis.com",
    "linodeobjects.com",
    "list-manage.com",
    "oraclecloud.com",
    "sendgrid.net",
    "windows.net",
    "wixsite.com",
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
    // What two addresses in figures share says nothing.
    if is_address(a) || is_address(b) {
        return false;
    }
    let common = a.rsplit('.').zip(b.rsplit('.'));
    let common = common.take_while(|(x, y)| x == y).count();
    // The last label at least is everybody's: most hosts need no look at the lists.
    common > 1 && matches!((public(a), public(b)), (Some(x), Some(y)) if common > x.max(y))
}

/// Whether a host is named by its address: `192.0.2.1`, `[2001:db8::1]`.
fn is_address(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok()
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
    let shared = SHARED.iter().filter(below);
    if let Some(labels) = shared.map(|name| name.split('.').count()).max() {
        return Some(labels);
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
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whoever_is_asked_first(
            a in "((evil|bank|www|192|portal)\\.){0,2}(com|azure\\.com|cloudapp\\.azure\\.com|github\\.io|my\\.salesforce\\.com|co\\.uk|2\\.1|mail\\.onmicrosoft\\.com|onmicrosoft\\.com)",
            b in "((evil|bank|www|192|portal)\\.){0,2}(com|azure\\.com|cloudapp\\.azure\\.com|github\\.io|salesforce\\.com|uk|0\\.2\\.1|onmicrosoft\\.com)",
        ) {
            prop_assert_eq!(same_site(&a, &b), same_site(&b, &a));
        }
    }

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
            ("192.0.2.1", "192.0.2.1"),
            ("a.tenant.onmicrosoft.com", "tenant.onmicrosoft.com"),
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
            ("portal.azure.com", "evil.eastus.cloudapp.azure.com"),
            ("192.0.2.1", "198.51.2.1"),
            ("192.0.2.1", "x.2.1"),
            ("[2001:db8::1]", "[2001:db8::2]"),
            ("evil.onmicrosoft.com", "bank.onmicrosoft.com"),
            ("evil.mail.onmicrosoft.com", "bank.mail.onmicrosoft.com"),
            ("evil.wordpress.com", "bank.wordpress.com"),
            ("evil.sharepoint.com", "bank.sharepoint.com"),
            ("evil.storage.googleapis.com", "bank.storage.googleapis.com"),
            ("evil.zendesk.com", "bank.zendesk.com"),
            ("evil.my.salesforce.com", "bank.my.salesforce.com"),
            ("evil.us1.list-manage.com", "bank.us1.list-manage.com"),
        ] {
            assert!(!same_site(a, b) && !same_site(b, a), "{a} {b}");
        }
        assert!(is_public("co.uk") && is_public("de") && is_public("github.io"));
        assert!(!is_public("gmx.de") && !is_public("bbc.co.uk"));
    }
}
