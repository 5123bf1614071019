below_postlog := global dns tables util
programs      += postlog/postlog
