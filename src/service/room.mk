below_service := global dns tables util
libs_service  :=
