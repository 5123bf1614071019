below_smtp := service global dns tables util
programs   += smtp/smtp
