// Package itsm is the map of a library for IT service management: lifecycles,
// service levels, incidents and the rest of the practices, to be embedded in a
// Go program. It holds no code.
package itsm
