below_postlogd := service global dns tables util
programs       += postlogd/postlogd
