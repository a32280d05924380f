// Package bench measures compiled lifecycles beside other state machine
// libraries, in one run.
package bench
