below_tables := util
libs_tables  := -ldl
