// Package sample is an incident log to try things with: 2,000 invented
// incidents of one company's service desk in the 36 columns of ServiceNow,
// opened from March to June 2025 and followed until the last one is closed.
//
// No row of it is anybody's data. [Write] draws it from a seed, and the shares
// it draws from are those that can be counted in the log of Amaral, Fantinato
// and Peres (2018, UCI Machine Learning Repository, CC BY 4.0): arrival by hour
// and weekday, the way from state to state and the time it takes, hold reasons,
// reassignments, reopenings, priorities, and what is missing how often. It is as
// dirty as a real log too. Times are wall clock to the minute without a zone,
// a missing value is "?", and it has what a replay must be able to refuse: a
// state that is none, a clock that goes back, a return from Closed.
package sample

import (
	"bytes"
	_ "embed"
	"io"
)

// Seed and Incidents are what the embedded log is written with.
const (
	Seed      = 20180730
	Incidents = 2000
)

//go:generate go test -run ^TestTheEmbeddedLogIsWhatTheGeneratorWrites$ -args -update

//go:embed incidents.csv.gz
var packed []byte

// Log returns the embedded log, gzipped. Each call starts at its beginning.
func Log() io.Reader { return bytes.NewReader(packed) }
