below_bounce := service global dns tables util
programs     += bounce/bounce
