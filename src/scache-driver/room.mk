below_scache-driver := global dns tables util
programs            += scache-driver/scache-driver
