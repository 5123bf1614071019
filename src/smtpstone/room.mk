below_smtpstone := util
programs        += smtpstone/smtp-sink smtpstone/smtp-source
