below_util :=
libs_util  := -lfmt -levent_core
