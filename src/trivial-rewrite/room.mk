below_trivial-rewrite := service global tables util
