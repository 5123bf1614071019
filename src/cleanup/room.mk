below_cleanup := service global dns tables util
programs      += cleanup/cleanup
