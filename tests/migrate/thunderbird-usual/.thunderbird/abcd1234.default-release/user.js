user_pref("mail.server.server1.name", "My mail");
