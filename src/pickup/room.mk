below_pickup := service global dns tables util
programs     += pickup/pickup
