package postgres

// CollectFew lowers the number of records that a page may collect and sort, so that a
// small database shows what a large one does.
func CollectFew(db *DB, n int) { db.few = n }

// Lanes and Group are what Together sets if nobody does.
const Lanes, Group = travelLanes, travelGroup

// Together sets how many transactions carry commits of several callers at a time, and
// how many batches each; 0 lanes lets every call go alone.
func Together(db *DB, lanes, group int) { db.lanes, db.group = lanes, group }

// Queued is how many commits wait for others that are on their way.
func Queued(db *DB) int {
	db.traffic.mu.Lock()
	defer db.traffic.mu.Unlock()
	return len(db.traffic.waiting)
}

// Travelling is how many transactions carry commits right now.
func Travelling(db *DB) int {
	db.traffic.mu.Lock()
	defer db.traffic.mu.Unlock()
	return db.traffic.leaders
}

// Notify switches Config.Notify.
func Notify(db *DB, on bool) { db.cfg.Notify = on }
