// btree:/path, a file of Berkeley DB.
#include "plugins/berkeley_db.h"

HANDOFF_TABLE_PLUGIN({handoff::plugins::open_berkeley_table,
                      handoff::plugins::create_berkeley_table, handoff::plugins::berkeley_label})
