package request

import (
	"context"
	"fmt"
	"maps"

	"github.com/itsm-go/itsm/workflow"
)

// TopicAutomation is what the topics of automations begin with: a task of the automation
// "directory.account" is sent to "request.automation.directory.account". The payload is a
// [Job] as JSON.
const TopicAutomation = "request.automation."

// Job is a task for a program. Its id is the same however often the message is delivered,
// and another one for each attempt, so the program can do it once. The answer comes back
// through [Service.Report].
type Job struct {
	ID       workflow.ID       `json:"id"`
	Cancel   bool              `json:"cancel,omitempty"` // what was asked for under this id is not needed any more
	Request  workflow.ID       `json:"request"`
	Number   string            `json:"number"`
	Task     string            `json:"task"` // of the request
	Name     string            `json:"name,omitempty"`
	For      string            `json:"for"`
	Customer string            `json:"customer,omitempty"`
	Item     string            `json:"item"` // its name in the catalogue
	Quantity int               `json:"quantity"`
	Answers  workflow.Fields   `json:"answers,omitempty"`
	Results  map[string]string `json:"results,omitempty"` // of the tasks that are done, by name of task and result: "account.login"
}

func (st *step) job(it *Item, t *Task, cancel bool) Job {
	j := Job{ID: t.Job, Cancel: cancel, Request: st.r.ID, Number: st.r.Number, Task: t.ID, Name: t.Name, For: st.r.For.ID, Customer: st.r.For.Customer,
		Item: it.Name, Quantity: it.Quantity, Answers: it.Answers}
	for i := range it.Tasks {
		done := &it.Tasks[i]
		for name, value := range done.Results {
			if j.Results == nil {
				j.Results = map[string]string{}
			}
			key := done.Name
			if key == "" {
				key = done.ID
			}
			j.Results[key+"."+name] = value
		}
	}
	return j
}

// Report is what a program says about its job.
type Report struct {
	Job     workflow.ID       `json:"job"`
	Failed  string            `json:"failed,omitempty"` // why it could not be done; empty = it is done
	Note    string            `json:"note,omitempty"`
	Results map[string]string `json:"results,omitempty"` // what it made: "login": "ann.ex"
}

// ParseReport decodes a report from JSON. Unknown fields are refused.
func ParseReport(data []byte) (Report, error) {
	var a Report
	if err := workflow.ParseJSON(data, "request: report", &a); err != nil {
		return Report{}, err
	}
	return a, nil
}

// Report takes the answer of a program to its [Job]. It bears repetition. A job that failed
// leaves its task open: people do it, try it again with [Service.Retry], or end it
// incomplete. The answer to a job that was superseded or cancelled is refused, matching
// [ErrStaleJob].
func (s *Service) Report(ctx context.Context, actor workflow.Actor, id workflow.ID, a Report) (*Request, error) {
	return s.run(ctx, actor, id, "report", func(st *step) error {
		if err := st.authorize(RoleAgent, RoleManager, workflow.RoleSystem); err != nil {
			return err
		}
		if err := checkResults(a.Results, a.Note, a.Failed); err != nil {
			return fmt.Errorf("request: %s: %w", st.r.Name(), err)
		}
		it, t := st.r.task(func(t *Task) bool { return t.Job == a.Job && t.Job != workflow.ID{} })
		switch {
		case t == nil:
			return fmt.Errorf("request: %s has no job %s now: %w", st.r.Name(), a.Job, ErrStaleJob)
		case a.Failed == "" && t.State == TaskComplete && maps.Equal(t.Results, a.Results),
			a.Failed != "" && t.State == TaskOpen && t.Failure == a.Failed:
			return nil // it has said so before
		case t.State != TaskInProgress || t.Failure != "":
			return fmt.Errorf("request: %s: job %s: task %s is %s: %w", st.r.Name(), a.Job, t.ID, t.State, ErrStaleJob)
		case a.Failed != "":
			t.State, t.Failure, st.told = TaskOpen, a.Failed, a.Job
			return st.tellTask(TopicTaskFailed, it, t)
		}
		t.State, t.Note, t.Results, t.EndedAt, st.told = TaskComplete, a.Note, maps.Clone(a.Results), st.tx.Now(), a.Job
		return nil
	})
}

func checkResults(results map[string]string, texts ...string) error {
	var p workflow.Problems
	if len(results) > MaxResults {
		p.Addf("%d results, at most %d", len(results), MaxResults)
	}
	for _, name := range sortedKeys(results) {
		if name == "" || len(name) > 100 || len(results[name]) > workflow.MaxKey {
			p.Addf("result %.100q: a name has 1 to 100 bytes, a value at most %d", name, workflow.MaxKey)
		}
	}
	for _, text := range texts {
		if len(text) > workflow.MaxText {
			p.Addf("a note has at most %d bytes", workflow.MaxText)
		}
	}
	return p.Err("what was done")
}

// Retry asks an automation again to do a task that it could not do.
func (s *Service) Retry(ctx context.Context, actor workflow.Actor, id workflow.ID, task string) (*Request, error) {
	return s.run(ctx, actor, id, "retry", func(st *step) error {
		it, t, err := st.taskOf(task)
		if err != nil {
			return err
		}
		if err := st.mayBegin(it); err != nil {
			return err
		}
		if t.Automation == "" || t.Failure == "" || t.State != TaskOpen {
			return fmt.Errorf("request: %s: task %s is %s and waits for no other attempt: %w", st.r.Name(), t.ID, t.State, workflow.ErrTransition)
		}
		return st.order(it, t)
	})
}
