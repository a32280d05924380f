package knownerror

import (
	"github.com/google/uuid"

	"github.com/itsm-go/itsm/workflow"
)

// RegisterKind is the kind of the one record through which all publishing goes that is
// searched for duplicates.
const RegisterKind = "known_error_register"

// register counts what was published. Whoever publishes writes it, in the same commit,
// having read it before he looks for duplicates: of two who publish at the same moment
// one conflicts, and looks again, when what the other has published is there to be found.
// What looks alike has no key in common that could be kept unique instead.
type register struct {
	workflow.Record
	Published int `json:"published"`
}

var registerID = uuid.NewSHA1(useSpace, []byte(RegisterKind))

func newRegister() (*workflow.Kind[*register], error) {
	return workflow.NewKind(workflow.KindConfig[*register]{
		Name: RegisterKind, New: func() *register { return new(register) },
		Clone: func(r *register) *register {
			c := *r
			c.Record = r.Record.Clone()
			return &c
		},
	})
}

// enter puts a publication into the register.
func (s *Service) enter(tx *workflow.Tx) error {
	r, err := s.register.GetOrCreate(tx, registerID, func() *register {
		return &register{Record: workflow.Record{Title: "published known errors", State: "open"}}
	})
	if err != nil {
		return err
	}
	r.Published++
	return s.register.Put(tx, r, workflow.Entry{})
}
