below_sendmail := global dns tables util
programs       += sendmail/sendmail
