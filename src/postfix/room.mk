below_postfix := global dns tables util
programs      += postfix/postfix
