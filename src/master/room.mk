below_master := service global dns tables util
programs     += master/master
