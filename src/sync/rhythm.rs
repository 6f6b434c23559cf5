//! Every time that the engine waits, in one place, so that tests need not wait for minutes.

use std::time::Duration;

/// The waits of an account's threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// Without a ring every mailbox is looked at again after this time, where nothing pushes news
    /// of all of them.
    pub sweep: Duration,
    /// The same where the server tells of every mailbox (NOTIFY): in case that it forgot one.
    pub slow_sweep: Duration,
    /// IDLE is begun anew this often. Servers may hang up after 29 minutes (RFC 2177) and routers
    /// forget a silent connection after five.
    pub renew: Duration,
    /// A list that missed a mailbox is asked again after this time.
    pub doubt: Duration,
    /// Without IDLE the inbox is asked this often.
    pub poll: Duration,
    /// The first wait after a failure.
    pub first: Duration,
    /// No wait after a failure is longer.
    pub longest: Duration,
    /// A connection that nobody needs is closed after this time.
    pub linger: Duration,
    /// A connection that was silent for so long is tried before it is relied on.
    pub stale: Duration,
    /// The same before what somebody at the keyboard may have asked for.
    pub prove: Duration,
    /// An answer that takes so long is said to be waited for.
    pub slow: Duration,
    /// A mailbox is checked against the server's counts this often, when something changed.
    pub check: Duration,
    /// A limit on connections that a server set is tried again after this time.
    pub relax: Duration,
    /// A server that makes no progress for so long is left.
    pub stall: Duration,
    /// A provider that files sent mail itself is given so long to do it.
    pub filing: Duration,
    /// A message in doubt is looked for again after this time, then after longer ones.
    pub look: Duration,
    /// A draft that was not typed at for so long is copied to the server.
    pub idle: Duration,
}

impl Default for Rhythm {
    fn default() -> Rhythm {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        Rhythm {
            sweep: minutes(3),
            slow_sweep: minutes(15),
            renew: minutes(4),
            doubt: Duration::from_secs(5),
            poll: minutes(1),
            first: Duration::from_secs(1),
            longest: minutes(15),
            linger: minutes(1),
            stale: minutes(1),
            prove: Duration::from_secs(10),
            slow: Duration::from_secs(4),
            check: minutes(60),
            relax: minutes(15),
            stall: minutes(1),
            filing: Duration::from_secs(30),
            look: Duration::from_secs(30),
            idle: Duration::from_secs(20),
        }
    }
}

/// No server is left for being slow in less than this.
const SHORTEST_STALL: Duration = Duration::from_secs(2);
/// And none is called slow in less than this.
const SHORTEST_SLOW: Duration = Duration::from_millis(500);

impl Rhythm {
    /// All waits divided by `times`, for tests; 0 counts as 1.
    pub fn hurried(times: u32) -> Rhythm {
        let times = times.max(1);
        let usual = Rhythm::default();
        Rhythm {
            sweep: usual.sweep / times,
            slow_sweep: usual.slow_sweep / times,
            renew: usual.renew / times,
            doubt: usual.doubt / times,
            poll: usual.poll / times,
            first: usual.first / times,
            longest: usual.longest / times,
            linger: usual.linger / times,
            stale: usual.stale / times,
            prove: usual.prove / times,
            check: usual.check / times,
            relax: usual.relax / times,
            filing: usual.filing / times,
            look: usual.look / times,
            idle: usual.idle / times,
            // A machine that is busy with tests is slow by itself.
            slow: (usual.slow / times).max(SHORTEST_SLOW),
            stall: (usual.stall / times).max(SHORTEST_STALL),
        }
    }
}
