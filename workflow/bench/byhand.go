package main

// The lifecycle as somebody would write it who needs only this one: the floor
// below which no table can be.

type handState uint8

const (
	stateNew handState = iota
	stateInProgress
	stateOnHold
	stateResolved
	stateClosed
	stateCancelled
)

type handAction uint8

const (
	actionStart handAction = iota
	actionHold
	actionResume
	actionResolve
	actionReopen
	actionClose
	actionCancel
)

func (t *ticket) fire(from handState, act handAction) (to handState, ok bool) {
	switch act {
	case actionStart:
		to, ok = stateInProgress, from == stateNew
	case actionHold:
		to, ok = stateOnHold, from == stateInProgress && t.waiting
	case actionResume:
		to, ok = stateInProgress, from == stateOnHold
	case actionResolve:
		to, ok = stateResolved, from <= stateOnHold
	case actionReopen:
		to, ok = stateInProgress, from == stateResolved
	case actionClose:
		to, ok = stateClosed, from == stateResolved
	case actionCancel:
		to, ok = stateCancelled, from <= stateOnHold
	}
	if ok && to == stateInProgress {
		t.started++
	}
	return to, ok
}

func byHand() (func(int) error, error) {
	states := map[string]handState{
		"new": stateNew, "in_progress": stateInProgress, "on_hold": stateOnHold,
		"resolved": stateResolved, "closed": stateClosed, "cancelled": stateCancelled,
	}
	actions := map[string]handAction{
		"start": actionStart, "hold": actionHold, "resume": actionResume, "resolve": actionResolve,
		"reopen": actionReopen, "close": actionClose, "cancel": actionCancel,
	}
	type step struct {
		act handAction
		to  handState
	}
	way, list := walk(), make([]step, steps)
	for i, e := range way {
		list[i] = step{actions[e.action], states[e.to]}
	}
	t := &ticket{waiting: true}
	return func(n int) error {
		state := stateNew
		for i := range n {
			s := &list[i%steps]
			if i%steps == 0 || state >= stateClosed {
				state = stateNew
			}
			to, ok := t.fire(state, s.act)
			if !ok || to != s.to {
				return astray(way[i%steps], to)
			}
			state = to
		}
		return nil
	}, nil
}
