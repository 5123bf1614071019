below_postconf := global dns tables util
libs_postconf  := -lcrypto
programs       += postconf/postconf
