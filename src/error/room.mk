below_error := service global tables util
programs    += error/error
