below_trivial-rewrite := service global tables util
programs              += trivial-rewrite/trivial-rewrite
