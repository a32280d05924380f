package main

import "math/rand/v2"

// A kill is due once the agents have been told of so many commits.
type kill struct {
	after  int
	victim string // the name of a process, or one of the servers
}

// The victims that are no processes of the fleet's own.
const (
	theServer   = "PostgreSQL"
	theReplica  = "PostgreSQL's replica"
	theFailover = "PostgreSQL, for good" // the replica takes over
)

// schedule says who is killed, and when, over a load of so many commits. All follows
// from the seed. Every sort of process has its turn before one has another; half-way the
// server is killed for good, and from then on there is no replica.
func schedule(seed uint64, kills, commits int, agents, relays, boards, brokers []string) []kill {
	r := rand.New(rand.NewPCG(seed, 0xf1ee7))
	sorts := [][]string{agents, relays, boards, brokers, {theServer}, {theReplica}}
	var all []kill
	var bag []int
	for i := range kills {
		k := kill{after: commits * (10*i + 5 + r.IntN(6)) / (12 * kills)}
		if i == kills/2 {
			k.victim = theFailover
		} else {
			if len(bag) == 0 {
				bag = r.Perm(len(sorts))
			}
			sort := sorts[bag[0]]
			bag = bag[1:]
			if k.victim = sort[r.IntN(len(sort))]; k.victim == theReplica && i > kills/2 {
				k.victim = theServer
			}
		}
		all = append(all, k)
	}
	return all
}
