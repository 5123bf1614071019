# Tables that need a large library: TYPE.so, loaded by whoever opens such a table. `plugins` names
# them, libs_TYPE what each needs; nothing else of ours is linked into them.
below_plugins := tables
plugins += btree cdb hash ldap lmdb pcre
libs_btree := -ldb-5.3
libs_cdb   := -lcdb
libs_hash  := -ldb-5.3
libs_ldap  := -lldap -llber
libs_lmdb  := -llmdb
libs_pcre  := -lpcre2-8
