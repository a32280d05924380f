package request

import (
	"slices"
	"time"

	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// KindName is the kind of service requests in a store.
const KindName = "service_request"

// Request is a service request: something ordered from the catalogue, by somebody, for
// somebody. Its items and their tasks are parts of it. It is changed through a [Service]
// alone; what a Service returns is a copy that the caller may do with as he likes.
type Request struct {
	workflow.Record

	Catalog catalog.Ref    `json:"catalog"`        // the version by which it was ordered; a draft takes the one in force when it is submitted
	For     catalog.Person `json:"for"`            // who it is for, as he was when it was ordered
	Ordered []string       `json:"ordered"`        // everybody who had a hand in the order; none of them approves it
	Begin   time.Time      `json:"begin,omitzero"` // work does not begin before
	CopyOf  workflow.ID    `json:"copy_of,omitzero"`

	Group    string `json:"group,omitempty"`
	Assignee string `json:"assignee,omitempty"` // who sees to the whole of it

	HoldReason HoldReason        `json:"hold_reason,omitempty"` // in the states on hold
	Lines      []catalog.Line    `json:"lines"`                 // the order as it was given; the items follow from it
	Items      []Item            `json:"items"`
	LastLine   int               `json:"last_line"` // the last ids given out, which are not used again
	LastItem   int               `json:"last_item"`
	Approval   *approval.Request `json:"approval,omitempty"` // of the whole of it, if the catalogue asks for that
	Clocks     []sla.Clock       `json:"clocks,omitempty"`

	Outcome     Outcome   `json:"outcome,omitempty"` // once every item is over
	SubmittedAt time.Time `json:"submitted_at,omitzero"`
	FulfilledAt time.Time `json:"fulfilled_at,omitzero"`
	ClosedAt    time.Time `json:"closed_at,omitzero"` // closed, rejected or cancelled
	Reopened    int       `json:"reopened,omitempty"` // times

	RespondedAt time.Time `json:"responded_at,omitzero"`
	AwaitsReply bool      `json:"awaits_reply,omitempty"` // the requester has said something and was not answered yet
	Replies     int       `json:"replies,omitempty"`
}

// HoldReason is what a request or an item waits for.
type HoldReason string

// The reasons.
const (
	AwaitingRequester  HoldReason = "awaiting_requester"
	AwaitingThirdParty HoldReason = "awaiting_third_party"
)

func (h HoldReason) valid() bool { return h == AwaitingRequester || h == AwaitingThirdParty }

// Item is a requested item: so many of something in the catalogue.
type Item struct {
	ID       string          `json:"id"`   // "1", "2", … within the request
	Line     string          `json:"line"` // of the order
	Name     string          `json:"name"`
	Title    string          `json:"title"`
	Service  string          `json:"service"`
	Category string          `json:"category"`
	Bundle   string          `json:"bundle,omitempty"`
	Quantity int             `json:"quantity"`
	Answers  workflow.Fields `json:"answers,omitempty"`
	Price    catalog.Quote   `json:"price"`

	State    ItemState         `json:"state"`
	Hold     HoldReason        `json:"hold,omitempty"` // the item alone waits
	Note     string            `json:"note,omitempty"` // why it ended as it did
	Approval *approval.Request `json:"approval,omitempty"`
	Tasks    []Task            `json:"tasks,omitempty"`
	Clocks   []sla.Clock       `json:"clocks,omitempty"`
	Expected time.Time         `json:"expected,omitzero"` // by the lead times of its tasks
	BegunAt  time.Time         `json:"begun_at,omitzero"`
	EndedAt  time.Time         `json:"ended_at,omitzero"`
}

// ItemState is how far a requested item is.
type ItemState string

// The states of an item.
const (
	ItemRequested  ItemState = "requested"
	ItemWaiting    ItemState = "waiting_for_approval"
	ItemApproved   ItemState = "approved"
	ItemFulfilment ItemState = "in_fulfilment"
	ItemComplete   ItemState = "complete"
	ItemIncomplete ItemState = "incomplete"
	ItemSkipped    ItemState = "skipped"
	ItemRejected   ItemState = "rejected"
	ItemCancelled  ItemState = "cancelled"
)

// Over reports whether nothing happens to the item any more.
func (s ItemState) Over() bool { return s.worked() || s == ItemRejected || s == ItemCancelled }

// worked reports whether work on the item has come to an end.
func (s ItemState) worked() bool {
	return s == ItemComplete || s == ItemIncomplete || s == ItemSkipped
}

// open reports whether work on the item has not begun and may still begin.
func (s ItemState) open() bool {
	return s == ItemRequested || s == ItemWaiting || s == ItemApproved
}

// TaskState is how far a task is.
type TaskState string

// The states of a task.
const (
	TaskWaiting    TaskState = "waiting" // for other tasks
	TaskOpen       TaskState = "open"
	TaskInProgress TaskState = "in_progress"
	TaskComplete   TaskState = "complete"
	TaskIncomplete TaskState = "incomplete"
	TaskSkipped    TaskState = "skipped"
)

// Over reports whether the task has come to an end.
func (s TaskState) Over() bool {
	return s == TaskComplete || s == TaskIncomplete || s == TaskSkipped
}

// Task is a step of the delivery of an item.
type Task struct {
	ID       string    `json:"id"`             // of the item and a number: "1.2"
	Name     string    `json:"name,omitempty"` // in the plan; one that was added by hand has none
	Title    string    `json:"title"`
	Details  string    `json:"details,omitempty"`
	Group    string    `json:"group,omitempty"`
	Assignee string    `json:"assignee,omitempty"`
	After    []string  `json:"after,omitempty"` // the ids of the tasks it waits for
	State    TaskState `json:"state"`
	Note     string    `json:"note,omitempty"`    // how it ended
	Dropped  bool      `json:"dropped,omitempty"` // skipped, because a task it waited for is incomplete
	// PutsRight: it was added when the request was reopened. Once it is complete, what was
	// incomplete before it counts no more, see [RollUp].
	PutsRight bool `json:"puts_right,omitempty"`

	Automation string            `json:"automation,omitempty"`
	Job        workflow.ID       `json:"job,omitzero"`      // what the automation was last asked to do
	Attempt    int               `json:"attempt,omitempty"` // how often
	Failure    string            `json:"failure,omitempty"` // what it said, if it could not; then people decide
	Results    map[string]string `json:"results,omitempty"` // what it, or people, have made: "asset": "LT-4711"

	Record      workflow.Ref `json:"record,omitzero"`        // the child record that does the work
	RecordState string       `json:"record_state,omitempty"` // as it was last seen, also while the task waits

	AddedAt   time.Time `json:"added_at,omitzero"` // by hand; zero: it was planned
	OpenedAt  time.Time `json:"opened_at,omitzero"`
	StartedAt time.Time `json:"started_at,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
}

// Limits of one request. They keep it a document that is read and written at once.
const (
	MaxItems   = 40
	MaxTasks   = 100 // of all items
	MaxResults = 50  // of one task
)

// Quote is the price of the whole request: every line of every item that is neither
// rejected nor cancelled. Its totals are the cart's.
func (r *Request) Quote() catalog.Quote {
	return r.quote(func(it *Item) bool { return it.State != ItemRejected && it.State != ItemCancelled })
}

func (r *Request) quote(counts func(*Item) bool) catalog.Quote {
	var q catalog.Quote
	for i := range r.Items {
		if it := &r.Items[i]; counts(it) {
			q, _ = q.Add(it.Price) // in one currency, as the order was checked
		}
	}
	return q
}

// Item returns a copy of a requested item.
func (r *Request) Item(id string) (Item, bool) {
	if it := r.item(id); it != nil {
		return it.clone(), true
	}
	return Item{}, false
}

func (r *Request) item(id string) *Item {
	i := slices.IndexFunc(r.Items, func(it Item) bool { return it.ID == id })
	if i < 0 {
		return nil
	}
	return &r.Items[i]
}

// Task returns a copy of a task.
func (r *Request) Task(id string) (Task, bool) {
	if _, t := r.task(func(t *Task) bool { return t.ID == id }); t != nil {
		return t.clone(), true
	}
	return Task{}, false
}

func (r *Request) task(is func(*Task) bool) (*Item, *Task) {
	for i := range r.Items {
		for j := range r.Items[i].Tasks {
			if is(&r.Items[i].Tasks[j]) {
				return &r.Items[i], &r.Items[i].Tasks[j]
			}
		}
	}
	return nil, nil
}

func (it *Item) task(id string) *Task {
	i := slices.IndexFunc(it.Tasks, func(t Task) bool { return t.ID == id })
	if i < 0 {
		return nil
	}
	return &it.Tasks[i]
}

func (r *Request) tasks() int {
	n := 0
	for i := range r.Items {
		n += len(r.Items[i].Tasks)
	}
	return n
}
