below_scache := service global dns tables util
programs     += scache/scache
