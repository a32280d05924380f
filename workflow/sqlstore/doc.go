// Package sqlstore keeps records in an SQL database.
package sqlstore
