package memstore_test

import (
	"testing"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/itsm-go/itsm/workflow/storetest"
)

func open(testing.TB) storetest.Backend {
	db := memstore.New()
	return storetest.Backend{
		Store: func(tenant string) workflow.Store { return db.Tenant(tenant) },
		Queue: func(tenant string) workflow.Queue { return db.Tenant(tenant) },
	}
}

func TestConformance(t *testing.T) { storetest.Run(t, open) }

func BenchmarkStore(b *testing.B) { storetest.Bench(b, open) }
