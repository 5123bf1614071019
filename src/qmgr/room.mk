below_qmgr := service global tables util
programs   += qmgr/qmgr
