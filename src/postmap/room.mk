below_postmap := global dns tables util
programs      += postmap/postmap
