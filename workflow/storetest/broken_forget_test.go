package storetest_test

import (
	"errors"
	"iter"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// forgetting are the faults of a store that forgets badly.
type forgetting struct {
	redact  func(s *memstore.Store, ctx ctxt, r workflow.Redaction) error
	erase   func(s *memstore.Store, ctx ctxt, records []workflow.Erasure) error
	tenant  func(s *memstore.Store, ctx ctxt) error
	backlog func(s *memstore.Store, ctx ctxt) iter.Seq2[workflow.Waiting, error]
}

func (f faulty) Redact(ctx ctxt, r workflow.Redaction) error {
	if f.h.forget.redact != nil {
		return f.h.forget.redact(f.Store, ctx, r)
	}
	return f.Store.Redact(ctx, r)
}

func (f faulty) Erase(ctx ctxt, records ...workflow.Erasure) error {
	if f.h.forget.erase != nil {
		return f.h.forget.erase(f.Store, ctx, records)
	}
	return f.Store.Erase(ctx, records...)
}

func (f faulty) EraseTenant(ctx ctxt) error {
	if f.h.forget.tenant != nil {
		return f.h.forget.tenant(f.Store, ctx)
	}
	return f.Store.EraseTenant(ctx)
}

func (f faulty) Backlog(ctx ctxt) iter.Seq2[workflow.Waiting, error] {
	if f.h.forget.backlog != nil {
		return f.h.forget.backlog(f.Store, ctx)
	}
	return f.Store.Backlog(ctx)
}

func badly(f forgetting) func() hooks { return func() hooks { return hooks{forget: f} } }

var brokenForgets = []broken{
	{"keeps no tombstones", []string{"forget/sealed-forms"},
		onEvents(func(s *memstore.Store, ctx ctxt, after workflow.Position, x workflow.Filter) feed {
			return func(yield func(event, error) bool) {
				for e, err := range s.Events(ctx, after, x) {
					e.Redacted = nil
					if !yield(e, err) {
						return
					}
				}
			}
		})},
	{"says it redacted and did not", []string{"forget/redact"},
		badly(forgetting{redact: func(*memstore.Store, ctxt, workflow.Redaction) error { return nil }})},
	{"redacts value by value", []string{"forget/redact-all-or-nothing"},
		badly(forgetting{redact: func(s *memstore.Store, ctx ctxt, r workflow.Redaction) error {
			for _, v := range r.Values {
				if err := s.Redact(ctx, workflow.Redaction{Ref: r.Ref, Values: []workflow.Removal{v}}); err != nil {
					return err
				}
			}
			return nil
		}})},
	{"erases nothing", []string{"forget/erase", "forget/erase-another-version"},
		badly(forgetting{erase: func(*memstore.Store, ctxt, []workflow.Erasure) error { return nil }})},
	{"erases what has changed", []string{"forget/erase-another-version"},
		badly(forgetting{erase: func(s *memstore.Store, ctx ctxt, records []workflow.Erasure) error {
			var all []error
			for _, r := range records {
				doc, err := s.Get(ctx, r.Ref)
				all = append(all, err, s.Erase(ctx, workflow.Erasure{Ref: r.Ref, Version: doc.Version}))
			}
			return errors.Join(all...)
		}})},
	{"erases all tenants", []string{"forget/erase-tenant"},
		badly(forgetting{tenant: func(s *memstore.Store, ctx ctxt) error {
			return errors.Join(s.EraseTenant(ctx), s.Tenant("acme").EraseTenant(ctx))
		}})},
	{"shows no parked work", []string{"forget/backlog"},
		badly(forgetting{backlog: func(s *memstore.Store, ctx ctxt) iter.Seq2[workflow.Waiting, error] {
			return func(yield func(workflow.Waiting, error) bool) {
				for w, err := range s.Backlog(ctx) {
					if !w.Parked && !yield(w, err) {
						return
					}
				}
			}
		}})},
}
