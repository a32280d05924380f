package postgres

import (
	_ "embed"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed rowsecurity.sql
var rowSecurity string

// RowSecurity returns SQL that lets a role use the schema, one tenant at a time. The
// owner of the schema runs it once, after the migrations; the host's programs connect
// as the role, which must be neither the owner nor a superuser, and set
// [Config].RowSecurity and [Config].Unmigrated.
//
// From then on the role sees and changes only rows of the tenant that the transaction
// has said it is for, which stores do by themselves, and SQL of the host's own by
//
//	SELECT itsm.use_tenant('acme')
//
// Without that there is nothing to see. The role can neither change nor delete events,
// but for what the functions of [Store.Redact] and [Store.Erase] do in that tenant.
// This guards against a forgotten condition, not against somebody who may run any SQL as
// the role, as that may say so too. The tenant whose name is empty is
// nobody's. [DB.Check], [DB.Prune] and [Store.Archive] are for the owner.
func RowSecurity(schema, role string) string {
	names := strings.NewReplacer("ROLE_NAME", pgx.Identifier{role}.Sanitize(), "SCHEMA_NAME", schema)
	return names.Replace(in(schema, rowSecurity))
}
