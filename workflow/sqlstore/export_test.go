package sqlstore

// CollectFew lowers the number of records that a page may collect and sort, so
// that a small database shows what a large one does.
func CollectFew(db *DB, n int) { db.few = n }
