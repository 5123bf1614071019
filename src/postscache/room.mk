below_postscache := global dns tables util
programs         += postscache/postscache
