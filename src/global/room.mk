below_global := dns tables util
libs_global  :=
