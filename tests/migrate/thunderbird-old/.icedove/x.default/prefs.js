# Mozilla User Preferences
user_pref("mail.account.account1.identities", "id1");
user_pref("mail.account.account1.server", "server1");
user_pref("mail.accountmanager.accounts", "account1");
user_pref("mail.identity.id1.useremail", "old@example.org");
user_pref("mail.identity.id1.fullName", "Old T\u00efmer");
user_pref("mail.identity.id1.attach_signature", true);
user_pref("mail.identity.id1.sig_file", "relative.txt");
user_pref("mail.server.server1.hostname", "mail.example.org");
user_pref("mail.server.server1.realhostname", "imap.example.org");
user_pref("mail.server.server1.type", "imap");
user_pref("mail.server.server1.userName", "old");
user_pref("mail.server.server1.socketType", 0);
user_pref("mail.smtpserver.smtp1.hostname", "mail.example.org");
user_pref("mail.smtpserver.smtp1.port", 25);
user_pref("mail.smtpservers", "smtp1");
