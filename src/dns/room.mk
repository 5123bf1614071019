below_dns := util
libs_dns  := -lcares -lresolv
