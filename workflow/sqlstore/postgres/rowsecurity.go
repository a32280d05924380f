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
// From then on the role sees and changes only rows of the tenant that the setting
// "<schema>.tenant" names, for example "itsm.tenant", also by SQL of its own:
//
//	SELECT set_config('itsm.tenant', 'acme', true)
//
// Where it is not set there is nothing to see. The role can neither change nor delete
// events. This guards against a forgotten condition, not against somebody who may run
// any SQL as the role, as that includes the setting. The tenant whose name is empty is
// nobody's. [DB.Check], [DB.Prune] and [Store.Archive] are for the owner.
func RowSecurity(schema, role string) string {
	names := strings.NewReplacer("ROLE_NAME", pgx.Identifier{role}.Sanitize(), "SCHEMA_NAME", schema)
	return names.Replace(in(schema, rowSecurity))
}
