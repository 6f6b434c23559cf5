user_pref("mail.accountmanager.accounts", "a,a,,b,../../c");
user_pref("mail.account.a.server", "s");
user_pref("mail.account.a.identities", "i");
user_pref("mail.server.s.type", "imap");
user_pref("mail.server.s.hostname", "h example org");
user_pref("mail.account.b.server", "t");
user_pref("mail.account.b.identities", "i,j");
user_pref("mail.server.t.type", "imap");
user_pref("mail.server.t.hostname", "t.example.org");
user_pref("mail.server.t.userName", "t\u001b[31m");
user_pref("mail.server.t.port", -1);
user_pref("mail.identity.i.useremail", "t@example.org");
user_pref("mail.identity.i.fullName", "T\x1b]0;x\x07");
user_pref("mail.identity.j.useremail", "j@example.org, k@example.org");
user_pref("unclosed
user_pref("mail.smtpservers", "x");
user_pref("mail.smtpserver.x.hostname", "x.example.org");
eval(1);
